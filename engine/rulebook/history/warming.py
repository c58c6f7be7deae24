"""History ready before it is asked for: read and typed at start and after each write."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass, field

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from engine.base.text import SluiceError
from engine.rulebook import Rulebook
from engine.rulebook.history.loaded import LoadedHistories, LoadedHistory, Stamp
from engine.rulebook.history.previews import preview_draft, since, valid_draft
from engine.rulebook.texts import headings, live_sources
from engine.runtime.clock import Clock
from engine.runtime.db import transaction

log = logging.getLogger(__name__)

USUAL = "live:90d"
"""What previews and plans look at unless another range is named."""


@dataclass(slots=True)
class Warmer:
    """Keeps the usual range of every history in memory. Used by one thread at a time."""

    engine: sa.Engine
    clock: Clock
    rulebook: Rulebook
    histories: LoadedHistories
    _done: dict[tuple[str, str], tuple[object, Stamp]] = field(default_factory=dict)
    _said: str = ""

    def look(self) -> None:
        """Read what changed since the last look; what cannot be read is told once."""
        self.histories.followed = True
        first = since(USUAL, self.clock.business_date())
        try:
            for kind, subject in self.histories.folder.subjects():
                state = (first, self.histories.folder.stamp(kind, subject))
                if self._done.get((kind, subject)) != state:
                    self._done[(kind, subject)] = state
                    self.histories.refresh(kind, subject, first, self._try)
        except (SluiceError, SQLAlchemyError, pa.ArrowException, OSError) as error:
            if str(error) != self._said:
                log.warning("the decision history could not be read ahead: %s", error)
            self._said = str(error)

    def _try(self, kind: str, subject: str, loaded: LoadedHistory) -> None:
        """Preview what is live as if it were a draft: what a real one needs is ready then."""
        with transaction(self.engine) as session:
            pinned = self.rulebook.at(session)
            sources = live_sources(session)
            for one in headings(sources):
                if (one.kind, one.subject) == (kind, subject):
                    # What cannot be previewed is told to who asks for it.
                    with contextlib.suppress(SluiceError):
                        today = self.clock.business_date()
                        draft = valid_draft(session, pinned, one.file, one.text, on=today)
                        preview_draft(draft, loaded)

"""Hits per row as one caller may see them: of a stored version, or of a text of his own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from api.access import unmasked_orgs
from api.masking import refuse_new_questions
from api.services import Services, histories_of
from engine.rulebook.history import (
    PeriodHits,
    in_place,
    live_world,
    row_hits,
    valid_draft,
)
from engine.rulebook.history.hits import USUAL
from engine.rulebook.history.previews import Draft
from engine.rulebook.models import RulesetVersion
from engine.rulebook.references import read
from engine.rules.model import Ruleset
from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.organisations.rule_grants import rule_reach
from engine.treasury.rulesets.shelf import signed_for
from engine.treasury.rulesets.visible import READ, require_readable


@dataclass(frozen=True, slots=True)
class Hits:
    """The hits of a ruleset's rows in each of the periods asked for, shortest first."""

    ruleset: Ruleset
    periods: tuple[PeriodHits, ...]
    orgs: frozenset[str]
    """Whose documents they speak of."""


class HitCounter:
    """Counts hits for one user within one transaction."""

    def __init__(self, session: Session, services: Services, user_id: str) -> None:
        """Raises HistoryError NO_HISTORY where nobody keeps history."""
        self._session = session
        self._user = user_id
        self._histories = histories_of(services)
        self._pinned = services.rulebook.at(session)
        self._today = services.clock.business_date()
        self._reach = rule_reach(session, user_id, READ)
        reads = visible_orgs(session, user_id, "documents.read")
        self._open = reads & unmasked_orgs(session, user_id)

    def of_version(
        self,
        version: RulesetVersion,
        ruleset: Ruleset | None = None,
        *,
        days: Sequence[int] = USUAL,
    ) -> Hits:
        """The hits of a version the user may see; `ruleset` where it is read already.

        Raises as `row_hits` and `in_place`, RulebookError RULESET_UNREADABLE, and HiddenWords for
        what nobody has signed yet.
        """
        decides = ruleset or read(self._session, version)
        live = live_world(self._pinned, decides.kind, decides.subject, self._today)
        draft = in_place(self._session, decides, live)
        return self._hits(draft, days, signed=version.reviewer is not None)

    def of_text(self, file: str, text: str, *, days: Sequence[int] = USUAL) -> Hits:
        """The hits of a text that is not stored. Raises as `row_hits`, `valid_draft` and
        `require_readable`, and HiddenWords."""
        seen = require_readable(self._session, self._user, text)
        draft = valid_draft(
            self._session, self._pinned, file, text, on=self._today, readable=seen.has
        )
        return self._hits(draft, days, signed=False)

    def _hits(self, draft: Draft, days: Sequence[int], *, signed: bool) -> Hits:
        mine = draft.ruleset
        seen = self._reach.of(mine.kind)
        if not signed and not seen <= self._open:
            known = signed_for(self._session, self._user, mine.kind, mine.subject)
            refuse_new_questions(mine, known)
        periods = row_hits(
            draft, self._histories, self._today, days=sorted(set(days)), visible=seen
        )
        return Hits(mine, periods, seen)

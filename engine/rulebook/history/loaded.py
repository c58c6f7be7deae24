"""History in memory: typed once, kept until its files change, never more than a bound."""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from engine.base.bounded import Bounded
from engine.rulebook.history.period import PeriodHits
from engine.rulebook.history.reading import History, read_since
from engine.rulebook.history.store import HistoryFolder
from engine.rules.model import Ruleset
from engine.rules.preview import Documents, OrgPath

BOUND = 1 << 30
"""Bytes of Arrow tables kept at most; one history larger than that is kept alone."""


KEPT_COUNTS = 256
"""Counts of hits kept per history: one per ruleset, organisations seen, and day."""


@dataclass(frozen=True, slots=True)
class LoadedHistory:
    """A history and its documents, whose typed parts stay with it."""

    history: History
    documents: Documents
    counted: Bounded[Hashable, tuple[Ruleset, tuple[PeriodHits, ...]]] = field(
        default_factory=lambda: Bounded(KEPT_COUNTS)
    )
    """Hits that were counted over it (see engine.rulebook.history.hits)."""


Stamp = tuple[tuple[str, int, int], ...]
_Key = tuple[str, str, dt.date]


class LoadedHistories:
    """Gives out loaded histories; the one asked for longest ago makes room. Safe in threads."""

    def __init__(self, folder: HistoryFolder, bound: int = BOUND) -> None:
        self.folder = folder
        self.followed = False
        """Whether somebody calls `refresh` as files change: then nobody who asks waits for it."""
        self._bound = bound
        self._lock = threading.Lock()
        self._kept: OrderedDict[_Key, tuple[Stamp, LoadedHistory]] = OrderedDict()

    def since(self, kind: str, subject: str, since: dt.date) -> LoadedHistory:
        """The history from `since` on. Raises HistoryError NO_HISTORY, HISTORY_BROKEN."""
        key, stamp = (kind, subject, since), self.folder.stamp(kind, subject)
        with self._lock:
            found = self._kept.get(key)
            if found is not None and (self.followed or found[0] == stamp):
                self._kept.move_to_end(key)
                return found[1]
            # One reads while the others wait: two would read the same.
            made = self._read(key)
            self._keep(key, stamp, made)
            return made

    def refresh(
        self,
        kind: str,
        subject: str,
        since: dt.date,
        ready: Callable[[str, str, LoadedHistory], None],
    ) -> None:
        """Read the history anew and give it out once `ready` has seen it; what is kept of older
        files is given out until then. Raises HistoryError as `since` does."""
        key, stamp = (kind, subject, since), self.folder.stamp(kind, subject)
        made = None
        try:
            made = self._read(key)
            ready(kind, subject, made)
        finally:
            with self._lock:
                for one in [one for one in self._kept if one[:2] == key[:2]]:
                    if self._kept[one][0] != stamp:
                        del self._kept[one]
                if made is not None:
                    self._keep(key, stamp, made)

    def _read(self, key: _Key) -> LoadedHistory:
        history = read_since(self.folder, *key)
        return LoadedHistory(history, Documents(history.table, _no_tree))

    def _keep(self, key: _Key, stamp: Stamp, made: LoadedHistory) -> None:
        self._kept[key] = (stamp, made)
        self._kept.move_to_end(key)
        while len(self._kept) > 1 and self._bytes() > self._bound:
            self._kept.popitem(last=False)

    def _bytes(self) -> int:
        return sum(one.history.table.nbytes for _, one in self._kept.values())


def _no_tree(_code: str | None) -> OrgPath | None:
    """Every recorded decision carries its path; a document without one belongs to nobody."""
    return None

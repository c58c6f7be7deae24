"""History in memory: typed once, kept until its files change, never more than a bound."""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from dataclasses import dataclass

from engine.rulebook.history.reading import History, read_since
from engine.rulebook.history.store import HistoryFolder
from engine.rules.preview import Documents, OrgPath

BOUND = 1 << 30
"""Bytes of Arrow tables kept at most; one history larger than that is kept alone."""


@dataclass(frozen=True, slots=True)
class LoadedHistory:
    """A history and its documents, whose typed parts stay with it."""

    history: History
    documents: Documents


_Key = tuple[str, str, dt.date]
_Stamp = tuple[tuple[str, int, int], ...]


class LoadedHistories:
    """Gives out loaded histories; the one asked for longest ago makes room. Safe in threads."""

    def __init__(self, folder: HistoryFolder, bound: int = BOUND) -> None:
        self.folder = folder
        self._bound = bound
        self._lock = threading.Lock()
        self._kept: OrderedDict[_Key, tuple[_Stamp, LoadedHistory]] = OrderedDict()

    def since(self, kind: str, subject: str, since: dt.date) -> LoadedHistory:
        """The history from `since` on. Raises HistoryError NO_HISTORY, HISTORY_BROKEN."""
        key, stamp = (kind, subject, since), self.folder.stamp(kind, subject)
        with self._lock:
            found = self._kept.get(key)
            if found is not None and found[0] == stamp:
                self._kept.move_to_end(key)
                return found[1]
            # One reads while the others wait: two would read the same.
            history = read_since(self.folder, kind, subject, since)
            made = LoadedHistory(history, Documents(history.table, _no_tree))
            self._kept[key] = (stamp, made)
            self._kept.move_to_end(key)
            while len(self._kept) > 1 and self._bytes() > self._bound:
                self._kept.popitem(last=False)
            return made

    def _bytes(self) -> int:
        return sum(one.history.table.nbytes for _, one in self._kept.values())


def _no_tree(_code: str | None) -> OrgPath | None:
    """Every recorded decision carries its path; a document without one belongs to nobody."""
    return None

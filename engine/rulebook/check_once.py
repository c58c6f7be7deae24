"""The same text is checked once, however many ask about it, one after the other or at once.

While somebody writes, each text is previewed, looked at and saved within moments, and a check of a
large table takes a second or more. Nobody is told by this what he may not read: a check is known
again only by everything that it was decided from, and that holds no text that is not readable.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from threading import Lock

from engine.rulebook.checking import Checked, check_text
from engine.rulebook.texts import Source, vocabulary_of
from engine.rules.extending.heading import may_extend
from engine.rules.params import OrgTree

_KEPT = 4_000_000
"""Characters of the texts whose checks are kept: a few very large rulesets, each of which takes
tens of megabytes, or a whole folder of usual ones, which is checked as it is read, as it is stored
and as it becomes live."""


class _Known:
    """One check: made under its lock by whoever comes first."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.lock = Lock()
        self.checked: Checked | None = None


class Checks:
    """The checks made last. Whoever asks for one that is being made waits for it."""

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept = kept
        self._size = 0
        self._lock = Lock()
        self._known: OrderedDict[bytes, _Known] = OrderedDict()

    def get(self, key: bytes, make: Callable[[], Checked], size: int = 1) -> Checked:
        """The check known as `key`, made now if it is not known; it counts for `size` among what is
        kept. Raises what `make` raises; the next who asks then tries again."""
        with self._lock:
            found = self._known.get(key)
            if found is None:
                found = self._known[key] = _Known(size)
                self._size += size
            self._known.move_to_end(key)
            while self._size > self._kept and len(self._known) > 1:
                self._size -= self._known.popitem(last=False)[1].size
        with found.lock:
            if found.checked is None:
                found.checked = make()
            return found.checked


_CHECKS = Checks()


def check_once(
    file: str,
    text: str,
    vocabulary: str,
    *,
    among: Sequence[Source] = (),
    orgs: OrgTree | None = None,
) -> Checked:
    """As `check_text`, with the vocabulary's text. Raises RulesetRefused for a vocabulary with
    errors."""
    words = vocabulary_of(vocabulary)
    if not may_extend(text):
        among = ()  # nothing of them is asked
    tree = [(org, above or "") for org, above in sorted((orgs or {}).items())]
    parts = (file, text, vocabulary, *(one for pair in (*tree, *among) for one in pair))
    key = _digest((str(len(tree)), *parts))
    return _CHECKS.get(
        key, lambda: check_text(file, text, words, among=among, orgs=orgs), size=len(text)
    )


def _digest(parts: Iterable[str]) -> bytes:
    """One hash of texts, each with its length, so that no two lists of texts run together."""
    found = hashlib.sha256()
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        found.update(len(raw).to_bytes(8, "big"))
        found.update(raw)
    return found.digest()

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
from engine.rules.params import OrgTree

_KEPT = 8
"""Checks that are kept: what a few people write at; a large ruleset takes tens of megabytes."""


class _Known:
    """One check: made under its lock by whoever comes first."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.checked: Checked | None = None


class Checks:
    """The checks made last. Whoever asks for one that is being made waits for it."""

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept = kept
        self._lock = Lock()
        self._known: OrderedDict[bytes, _Known] = OrderedDict()

    def get(self, key: bytes, make: Callable[[], Checked]) -> Checked:
        """The check known as `key`, made now if it is not known. Raises what `make` raises; the
        next who asks then tries again."""
        with self._lock:
            found = self._known.setdefault(key, _Known())
            self._known.move_to_end(key)
            while len(self._known) > self._kept:
                self._known.popitem(last=False)
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
    tree = [(org, above or "") for org, above in sorted((orgs or {}).items())]
    parts = (file, text, vocabulary, *(one for pair in (*tree, *among) for one in pair))
    key = _digest((str(len(tree)), *parts))
    return _CHECKS.get(key, lambda: check_text(file, text, words, among=among, orgs=orgs))


def _digest(parts: Iterable[str]) -> bytes:
    """One hash of texts, each with its length, so that no two lists of texts run together."""
    found = hashlib.sha256()
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        found.update(len(raw).to_bytes(8, "big"))
        found.update(raw)
    return found.digest()

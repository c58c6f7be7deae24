"""Offsets as browsers count them: UTF-16 units of a text whose lines end in LF."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from engine.rules.edit.source import Span
from engine.rules.yaml_marks import lf

_WIDE = 0xFFFF


def for_browser(text: str, spans: Iterable[Span]) -> list[Span]:
    """Spans of `text` as an editor on a page has it: `lf(text)` in UTF-16 code units."""
    lost = [at for at in range(len(text) - 1) if text[at] == "\r" and text[at + 1] == "\n"]
    if text.startswith("\ufeff"):
        lost.insert(0, 0)
    wide = [at for at, character in enumerate(text) if ord(character) > _WIDE]

    def place(offset: int) -> int:
        return offset - bisect_left(lost, offset) + bisect_left(wide, offset)

    return [(place(start), place(end), lf(fresh)) for start, end, fresh in spans]

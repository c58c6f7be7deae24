"""Offsets as browsers count them: UTF-16 units of a text whose lines end in LF."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

from engine.base.findings import Span as FoundSpan
from engine.base.yaml_marks import lf
from engine.rules.edit.source import Span

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


def places(text: str, spans: Sequence[FoundSpan]) -> list[tuple[int, int]]:
    """Begin and end of findings' places as `for_browser` counts them; clipped to the text."""
    lines = lf(text).split("\n")
    starts = list(accumulate((_units(line) + 1 for line in lines), initial=0))
    found = []
    for span in spans:
        at = min(max(span.line, 1), len(lines)) - 1
        line = lines[at]
        first = min(max(span.column - 1, 0), len(line))
        last = min(first + max(span.width, 1), len(line))
        found.append((starts[at] + _units(line[:first]), starts[at] + _units(line[:last])))
    return found


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2

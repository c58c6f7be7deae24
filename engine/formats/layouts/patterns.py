"""Patterns of whole lines: `账号:{account}*币种:{currency}*`, matched in linear time.

`*` stands for anything, `{name}` for anything that is kept under that name; everything else is
itself, blanks and case aside. No regular expressions: a layout is written by many hands, and a
pattern must never be able to run for ever.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_PART = re.compile(r"\*|\{([a-z_]+)\}")
_BLANK = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class LinePattern:
    """A pattern, taken apart: literals, and between them the name that is kept (None: `*`)."""

    source: str
    literals: tuple[str, ...]
    gaps: tuple[str | None, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What it keeps."""
        return tuple(gap for gap in self.gaps if gap is not None)

    def match(self, line: str) -> dict[str, str] | None:
        """What the pattern keeps of `line`; None when it does not fit. Linear: every literal is
        looked for once, from the left."""
        text = _BLANK.sub("", line)
        folded = text.lower()
        if len(folded) != len(text):  # a letter whose small form is longer: compare as written
            folded = text
        if not folded.startswith(self.literals[0]):
            return None
        kept: dict[str, str] = {}
        place = len(self.literals[0])
        for number, (gap, literal) in enumerate(zip(self.gaps, self.literals[1:], strict=True), 1):
            if number == len(self.gaps):
                found = len(folded) - len(literal) if folded.endswith(literal) else -1
            else:
                found = folded.find(literal, place)
            if found < place:
                return None
            if gap is not None:
                kept[gap] = text[place:found]
            place = found + len(literal)
        return kept if place == len(folded) else None


def parse(source: str) -> LinePattern:
    """Take a pattern apart; ValueError with the reason when it cannot be used."""
    if not source.strip():
        raise ValueError("it is empty")
    literals: list[str] = []
    gaps: list[str | None] = []
    place = 0
    for part in _PART.finditer(source):
        literals.append(_BLANK.sub("", source[place : part.start()]).lower())
        gaps.append(part[1])
        place = part.end()
    literals.append(_BLANK.sub("", source[place:]).lower())
    names = [gap for gap in gaps if gap is not None]
    if len(set(names)) != len(names):
        raise ValueError("a name is kept twice")
    if any(not literal for literal in literals[1:-1]):
        raise ValueError("two gaps stand side by side; put what is between them")
    if not any(literals):
        raise ValueError("it would fit any line")
    return LinePattern(source, tuple(literals), tuple(gaps))

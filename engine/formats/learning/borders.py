"""Where the fields of a fixed file begin: behind blanks all rows have, and where kinds change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from engine.formats.learning.days import days_of

_DAY = 8
"""Digits of a day run together: 20261123."""
_BLANK, _DIGIT, _OTHER = " ", "9", "x"
_NUMBER = re.compile(r"[-+,.]")


def borders(lines: Sequence[str], codec: str) -> list[int]:
    """The first byte of each field, from lines that all have the same number of bytes.

    A field begins behind a column of blanks, where figures give way to text or text to figures in
    every line, and behind eight digits that are a day in every line. Blanks before figures are
    theirs: a longer amount than those of the sample finds room, and a longer text before it makes
    a cell that is refused instead of an amount without its first digits.
    """
    kinds = [_kinds(one, codec) for one in lines]
    columns = list(zip(*kinds, strict=True))
    starts = [0]
    for at in range(1, len(columns)):
        before, here = columns[at - 1], columns[at]
        if "" in here:  # the second byte of a character
            continue
        after_blanks = set(before) == {_BLANK} and set(here) != {_BLANK}
        if after_blanks or _gives_way(before, here):
            starts.append(at)
    return _given_room(columns, _split_days(lines, codec, starts))


def cut(line: str, codec: str, starts: Sequence[int]) -> tuple[str, ...]:
    """The cells of a line."""
    raw = line.encode(codec)
    ends = [*starts[1:], len(raw)]
    return tuple(
        raw[start:end].decode(codec, "replace") for start, end in zip(starts, ends, strict=True)
    )


def _kinds(line: str, codec: str) -> list[str]:
    """A kind for each byte; of a character of several, the kind and then nothing."""
    found: list[str] = []
    for one in line:
        if one == " " or one == "\u3000":
            kind = _BLANK
        elif (one.isascii() and one.isdecimal()) or _NUMBER.fullmatch(one):
            kind = _DIGIT
        else:
            kind = _OTHER
        found += [kind, *[""] * (len(one.encode(codec)) - 1)]
    return found


def _gives_way(before: Sequence[str], here: Sequence[str]) -> bool:
    """Whether every line changes from one kind to the other here, or has a blank after it."""
    left, right = set(before), set(here) - {_BLANK}
    last = left - {""}
    if len(last) > 1 or len(right) != 1:
        return False
    # A character of several bytes ends in nothing: it was text.
    kind = last.pop() if last else _OTHER
    if "" in left and kind != _OTHER:
        return False
    return kind != _BLANK and kind not in right


def _given_room(columns: Sequence[Sequence[str]], starts: Sequence[int]) -> list[int]:
    found = [0]
    for start, end in pairwise([*starts[1:], len(columns)]):
        figures = {kind for column in columns[start:end] for kind in column} <= {_BLANK, _DIGIT}
        while figures and start - 1 > found[-1] and set(columns[start - 1]) == {_BLANK}:
            start -= 1
        found.append(start)
    return found


def _split_days(lines: Sequence[str], codec: str, starts: Sequence[int]) -> list[int]:
    found: list[int] = []
    cells = list(zip(*(cut(one, codec, starts) for one in lines), strict=True))
    for start, column in zip(starts, cells, strict=True):
        found.append(start)
        firsts = [one[:_DAY] for one in column]
        digits = all(len(one) > _DAY and one[: _DAY + 1].isdecimal() for one in column)
        if digits and "%Y%m%d" in days_of(firsts).formats:
            found.append(start + _DAY)
    return found

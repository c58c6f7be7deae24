"""Sets as Python integers: bit n stands for atom n or row n."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def members(bits: int) -> Iterator[int]:
    """Positions of the set bits, lowest first."""
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low


def runs(bits: int) -> Iterator[tuple[int, int]]:
    """Maximal runs of set bits as half-open pairs (start, end), lowest first."""
    while bits:
        start = (bits & -bits).bit_length() - 1
        shifted = ~(bits >> start)
        length = (shifted & -shifted).bit_length() - 1
        yield start, start + length
        bits &= ~(((1 << length) - 1) << start)


def transpose(spans: Sequence[int], width: int) -> list[int]:
    """Turn row -> atoms into atom -> rows; `width` is the number of atoms.

    Works on the ends of runs, so a wide range costs as little as a single value.
    """
    toggles = [0] * (width + 1)
    for row, span in enumerate(spans):
        bit = 1 << row
        for start, end in runs(span):
            toggles[start] ^= bit
            toggles[end] ^= bit
    out, here = [], 0
    for toggle in toggles[:width]:
        here ^= toggle
        out.append(here)
    return out


class RangeUnion:
    """Unions over runs of a fixed list of sets, each in two steps (a sparse table)."""

    def __init__(self, sets: Sequence[int]) -> None:
        self._levels = [list(sets)]
        step = 1
        while 2 * step <= len(sets):
            below = self._levels[-1]
            self._levels.append([a | b for a, b in zip(below, below[step:], strict=False)])
            step *= 2
        self._known: dict[int, int] = {}

    def over(self, bits: int) -> int:
        """Union of the sets at the positions in `bits`."""
        found = self._known.get(bits)
        if found is None:
            found = 0
            for start, end in runs(bits):
                level = (end - start).bit_length() - 1
                table = self._levels[level]
                found |= table[start] | table[end - (1 << level)]
            self._known[bits] = found
        return found

"""Sets of whole numbers as ranges, for cells of ordered columns: this evaluator's own reading.

All numbers lie within ±(2**53 - 1), the whole numbers the engine compares soundly. What a table
names beyond them is cut off there, which changes nothing: no such fact is ever given.
"""

from __future__ import annotations

from dataclasses import dataclass

MOST = 2**53 - 1
"""The largest number a message may hold; its negative is the least."""


@dataclass(frozen=True, slots=True)
class Spans:
    """Disjoint closed ranges (low, high), ascending, not touching."""

    ranges: tuple[tuple[int, int], ...]

    def __or__(self, other: Spans) -> Spans:
        """Return the numbers of either."""
        merged: list[tuple[int, int]] = []
        for low, high in sorted((*self.ranges, *other.ranges)):
            if merged and low <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
            else:
                merged.append((low, high))
        return Spans(tuple(merged))

    def __invert__(self) -> Spans:
        """Return the other numbers."""
        found: list[tuple[int, int]] = []
        at = -MOST
        for low, high in self.ranges:
            if at < low:
                found.append((at, low - 1))
            at = high + 1
        if at <= MOST:
            found.append((at, MOST))
        return Spans(tuple(found))

    def __and__(self, other: Spans) -> Spans:
        """Return the numbers of both."""
        return ~(~self | ~other)


def between(low: int, high: int) -> Spans:
    """Return the numbers low..high, both included; none when low is above high."""
    low, high = max(low, -MOST), min(high, MOST)
    return Spans(((low, high),) if low <= high else ())


NOTHING = Spans(())
EVERYTHING = between(-MOST, MOST)

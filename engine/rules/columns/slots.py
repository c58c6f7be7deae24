"""One column of facts as slots: values that satisfy the same cells share one slot.

The masks are the compiled evaluator's own, asked once per distinct value or interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.rules.columns.facts import VALUES, Coded, FactColumn, Ints, Whole
from engine.rules.decide import DecisionRefused, check_fact
from engine.rules.evaluator import Asked, Evaluator
from engine.rules.kind import FactValue
from engine.rules.masks import STEPS
from engine.rules.model import Column

_BUCKETS = 1 << 14
"""Places of the table from numbers to slots; small enough to stay in the first cache."""

State = tuple[int, bool]
"""The rows a value satisfies, and whether deciding refuses the value."""


@dataclass(frozen=True, slots=True)
class CodedSlots:
    """Slot of each code; `table` is None where every code is its own slot."""

    column: Coded
    table: Ints | None
    states: tuple[State, ...]

    def slots(self, start: int, stop: int) -> Ints:
        """Return the slots of documents [start, stop)."""
        codes = self.column.codes[start:stop]
        return codes if self.table is None else self.table.take(codes)


@dataclass(frozen=True, slots=True)
class WholeSlots:
    """Slot of a number: cuts not above it. Buckets answer for all numbers but those near a cut."""

    column: Whole
    cuts: npt.NDArray[np.int64]
    order: Ints
    """Interval -> slot."""
    low: int
    shift: int
    buckets: Ints
    """Bucket -> slot, -1 where a cut lies inside the bucket."""
    null: int
    states: tuple[State, ...]

    def slots(self, start: int, stop: int) -> Ints:
        """Return the slots of documents [start, stop)."""
        numbers = self.column.numbers[start:stop]
        if len(self.cuts):
            found = self._look_up(numbers.astype(np.int64, copy=False))
        else:
            found = np.full(len(numbers), self.order[0], np.int32)
        if self.column.nulls is not None:
            found[self.column.nulls[start:stop]] = self.null
        return found

    def _look_up(self, numbers: npt.NDArray[np.int64]) -> Ints:
        # Differences of 64-bit numbers need 64 bits without a sign.
        place = (numbers - np.int64(self.low)).view(np.uint64)
        if self.shift:
            place >>= np.uint64(self.shift)
        found = self.buckets.take(place.view(np.int64))
        if self.shift:
            near = np.flatnonzero(found < 0)
            if len(near):
                at = np.searchsorted(self.cuts, numbers[near], side="right")
                found[near] = self.order[at]
        return found


ColumnSlots = CodedSlots | WholeSlots


class SlotMaker:
    """Makes the slots of one column that `decide` checks."""

    def __init__(self, evaluator: Evaluator, column: Column, early: Sequence[Asked]) -> None:
        table = evaluator.ruleset.table
        names = [one.name for one in table.inputs]
        self._evaluator = evaluator
        self._column = column
        self._at = names.index(column.name) if column.name in names else None
        self._all = (1 << len(table.rows)) - 1
        self._early = [one for one in early if one.reads == (column.name,)]
        self._known: dict[State, int] = {}

    def make(self, facts: FactColumn) -> ColumnSlots:
        """Return the slots of the documents' facts, which are not empty."""
        self._known.clear()
        if isinstance(facts, Whole):
            return self._whole(facts)
        slots = [self._slot(value) for value in facts.values]
        table = None if slots == list(range(len(slots))) else np.array(slots, np.int32)
        return CodedSlots(facts, table, tuple(self._known))

    def _slot(self, value: FactValue) -> int:
        state = self._state(value)
        return self._known.setdefault(state, len(self._known))

    def _state(self, value: FactValue) -> State:
        evaluator = self._evaluator
        try:
            value = check_fact(
                self._column, value, evaluator.ruleset.currency, lenient=evaluator.lenient
            )
        except DecisionRefused:
            return 0, True
        mask = self._all if self._at is None else evaluator.mask(self._at, value)
        for asked in self._early:
            standing = mask & asked.rows
            if standing and not evaluator.holds(
                asked.row, asked.column, {self._column.name: value}
            ):
                mask ^= standing
        return mask, False

    def _whole(self, facts: Whole) -> WholeSlots:
        null = self._slot(None) if facts.nulls is not None else 0
        low, high = int(facts.numbers.min()), int(facts.numbers.max())
        kept: list[int] = []
        order = [self._slot(VALUES[facts.type](low + facts.origin))]
        for cut in self._cuts(facts):
            if low < cut <= high:
                slot = self._slot(VALUES[facts.type](cut + facts.origin))
                if slot != order[-1]:
                    kept.append(cut)
                    order.append(slot)
        cuts, slots = np.array(kept, np.int64), np.array(order, np.int32)
        shift = max(0, (high - low).bit_length() - _BUCKETS.bit_length() + 1)
        buckets = _buckets(kept, slots, low, high, shift)
        return WholeSlots(facts, cuts, slots, low, shift, buckets, null, tuple(self._known))

    def _cuts(self, facts: Whole) -> list[int]:
        found = set() if self._at is None else set(self._evaluator.cuts(self._at) or ())
        if self._column.minimum is not None:
            found.add(STEPS[facts.type](self._column.minimum))
        return sorted(cut - facts.origin for cut in found)


def _buckets(cuts: list[int], order: Ints, low: int, high: int, shift: int) -> Ints:
    count = ((high - low) >> shift) + 1
    starts = [(cut - low + (1 << shift) - 1) >> shift for cut in cuts]
    table = np.repeat(order, np.diff([0, *starts, count]))
    for cut in cuts:
        if (cut - low) & ((1 << shift) - 1):
            table[(cut - low) >> shift] = -1
    return table

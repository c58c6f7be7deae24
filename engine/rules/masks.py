"""One input column as bit masks: for each value, the rows whose cell it satisfies.

Bit i stands for row i. Rows whose cell cannot be told from the column's value alone (another
column, a text test, a formula) have their bit set everywhere and are asked separately.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.rules.model import (
    ORDERED,
    AnyCell,
    Call,
    Cell,
    Column,
    ColumnRef,
    Compare,
    Formula,
    FormulaOutput,
    Literal,
    Not,
    NullCell,
    OneOf,
    Operand,
    Output,
    ParamRef,
    Range,
    Ruleset,
    Template,
    TextTest,
    Type,
    Value,
    WhenCell,
)

Ranges = list[tuple[int, int]]
"""Disjoint half-open ranges of slots, ascending."""


def is_regular(cell: Cell) -> bool:
    """Whether the cell can be told from its column's value by equality and order alone."""
    if isinstance(cell, WhenCell | TextTest):
        return False
    if isinstance(cell, Compare):
        return not isinstance(cell.operand, ColumnRef)
    if isinstance(cell, Range):
        return not isinstance(cell.low, ColumnRef) and not isinstance(cell.high, ColumnRef)
    if isinstance(cell, OneOf):
        return all(is_regular(item) for item in cell.items)
    return is_regular(cell.item) if isinstance(cell, Not) else True


def is_independent(cell: Cell) -> bool:
    """Whether the cell reads no other column."""
    if isinstance(cell, TextTest):
        return True
    if isinstance(cell, OneOf):
        return all(is_independent(item) for item in cell.items)
    return is_independent(cell.item) if isinstance(cell, Not) else is_regular(cell)


def other_columns(cell: Cell) -> list[str]:
    """Return the columns a cell reads besides its own."""
    if isinstance(cell, WhenCell):
        return _formula_columns(cell.formula)
    if isinstance(cell, OneOf):
        return [name for item in cell.items for name in other_columns(item)]
    if isinstance(cell, Not):
        return other_columns(cell.item)
    operands: tuple[Operand, ...] = ()
    if isinstance(cell, Compare):
        operands = (cell.operand,)
    elif isinstance(cell, Range):
        operands = (cell.low, cell.high)
    return [operand.name for operand in operands if isinstance(operand, ColumnRef)]


def reads(column: Column, cell: Cell) -> set[str]:
    """Return the columns a cell asks about, its own among them."""
    return set() if isinstance(cell, AnyCell) else {column.name, *other_columns(cell)}


def read_by(ruleset: Ruleset, row_id: str) -> frozenset[str]:
    """Return the columns the conditions of a row ask about; none for a row there is not."""
    columns = ruleset.table.inputs
    cells = (row.cells for row in ruleset.table.rows if row.id == row_id)
    return frozenset().union(
        *(reads(column, cell) for row in cells for column, cell in zip(columns, row, strict=True))
    )


def output_columns(output: Output) -> list[str]:
    """Return the columns an output reads."""
    if isinstance(output, Template):
        return [part.name for part in output.parts if isinstance(part, ColumnRef)]
    return _formula_columns(output.formula) if isinstance(output, FormulaOutput) else []


def _formula_columns(formula: Formula) -> list[str]:
    if isinstance(formula, ColumnRef):
        return [formula.name]
    if isinstance(formula, Call):
        return [name for one in formula.arguments for name in _formula_columns(one)]
    return []


def takes_null(cell: Cell) -> bool:
    """Whether null satisfies the cell: only `null` and `-` do; not(X) needs a value."""
    if isinstance(cell, OneOf):
        return any(takes_null(item) for item in cell.items)
    return isinstance(cell, AnyCell | NullCell)


def operand_value(operand: Operand, params: Mapping[str, Value]) -> Value:
    """Return the constant an operand stands for. ValueError for another column."""
    if isinstance(operand, Literal):
        return operand.value
    if isinstance(operand, ParamRef):
        return params[operand.name]
    raise ValueError(f"{operand.name} is a column")


@dataclass(frozen=True, slots=True)
class Listed:
    """A column without order: value -> mask. `other` is None when the values are closed."""

    masks: Mapping[Any, int]
    other: int | None
    null: int

    def mask(self, value: object) -> int:
        """Return the rows `value` satisfies."""
        if value is None:
            return self.null
        found = self.masks.get(value, self.other)
        return 0 if found is None else found


@dataclass(frozen=True, slots=True)
class Stepped:
    """An ordered column of whole steps: slot of a value = number of cuts not above it."""

    cuts: tuple[int, ...]
    masks: tuple[int, ...]
    null: int
    step: Callable[[Any], int]

    def mask(self, value: object) -> int:
        """Return the rows `value` satisfies."""
        if value is None:
            return self.null
        return self.masks[bisect_right(self.cuts, self.step(value))]


@dataclass(frozen=True, slots=True)
class Dense:
    """An ordered column without a smallest step: slots are points and what lies between."""

    points: tuple[Any, ...]
    masks: tuple[int, ...]
    null: int

    def mask(self, value: object) -> int:
        """Return the rows `value` satisfies."""
        if value is None:
            return self.null
        at = bisect_left(self.points, value)
        on = at < len(self.points) and self.points[at] == value
        return self.masks[2 * at + on]


ColumnMasks = Listed | Stepped | Dense


def _itself(value: int) -> int:
    return value


STEPS: Mapping[Type, Callable[[Any], int]] = {
    Type.MONEY: _itself,
    Type.INT: _itself,
    Type.DATE: dt.date.toordinal,
    Type.DURATION: lambda value: int(value.seconds),
}
"""Whole-step types and the number a value stands at."""


def column_masks(column: Column, cells: Sequence[Cell], params: Mapping[str, Value]) -> ColumnMasks:
    """Build the masks of one column; `cells` are its cells, row by row."""
    null = 0
    always = 0
    for row, cell in enumerate(cells):
        bit = 1 << row
        if not is_regular(cell):
            always |= bit
        elif takes_null(cell):
            null |= bit
    regular = [(1 << row, cell) for row, cell in enumerate(cells) if is_regular(cell)]
    if column.type in ORDERED:
        return _ordered(column.type, regular, params, always, null | always)
    return _listed(column, regular, params, always, null | always)


# --- columns without order


def _named(cell: Cell, params: Mapping[str, Value]) -> tuple[frozenset[Value], bool]:
    """Return (values, turned): the cell takes these values, or all but these when turned."""
    if isinstance(cell, AnyCell):
        return frozenset(), True
    if isinstance(cell, Compare):
        return frozenset({operand_value(cell.operand, params)}), cell.op == "!="
    if isinstance(cell, Not):
        values, turned = _named(cell.item, params)
        return values, not turned
    if isinstance(cell, OneOf):
        taken: frozenset[Value] = frozenset()
        turned = False
        for item in cell.items:
            values, all_but = _named(item, params)
            if turned and all_but:
                taken &= values
            elif turned or all_but:
                taken = taken - values if turned else values - taken
            else:
                taken |= values
            turned = turned or all_but
        return taken, turned
    return frozenset(), False


def _listed(
    column: Column,
    cells: Iterable[tuple[int, Cell]],
    params: Mapping[str, Value],
    always: int,
    null: int,
) -> Listed:
    named = [(bit, *_named(cell, params)) for bit, cell in cells]
    other = always
    for bit, _, turned in named:
        other |= bit if turned else 0
    closed: Iterable[Value] = (True, False) if column.type is Type.BOOL else (column.values or ())
    masks: dict[Value, int] = dict.fromkeys(closed, other)
    for bit, values, _ in named:
        for value in values:
            # The default already holds the rows that take all values but some.
            masks[value] = masks.get(value, other) ^ bit
    is_closed = column.type is Type.BOOL or column.values is not None
    return Listed(masks, None if is_closed else other, null)


# --- ordered columns


class _Axis:
    """Slots of an ordered column: every place its cells mention is a boundary."""

    def __init__(self, type_: Type, values: Iterable[Value]) -> None:
        step = STEPS.get(type_)
        self.step = step
        if step is not None:
            cuts = {step(value) for value in values}
            self.cuts: list[Any] = sorted(cuts | {cut + 1 for cut in cuts})
            self.slots = len(self.cuts) + 1
        else:
            self.cuts = sorted(set(values))
            self.slots = 2 * len(self.cuts) + 1
        self.rank = {cut: rank for rank, cut in enumerate(self.cuts)}

    def slot(self, value: Any, after: bool) -> int:
        """Return the first slot at `value`, or the first one after it."""
        if self.step is not None:
            return self.rank[self.step(value) + after] + 1
        return 2 * self.rank[value] + 1 + after

    def ranges(self, cell: Cell, params: Mapping[str, Value]) -> Ranges:
        """Return the slots whose values satisfy the cell."""
        end = self.slots
        if isinstance(cell, AnyCell):
            return [(0, end)]
        if isinstance(cell, NullCell):
            return []
        if isinstance(cell, Compare):
            return self._compare(cell.op, operand_value(cell.operand, params))
        if isinstance(cell, Range):
            low = self.slot(operand_value(cell.low, params), not cell.low_closed)
            high = self.slot(operand_value(cell.high, params), cell.high_closed)
            return [(low, high)] if low < high else []
        if isinstance(cell, Not):
            return _others(self.ranges(cell.item, params), end)
        if isinstance(cell, OneOf):
            return _union([r for item in cell.items for r in self.ranges(item, params)])
        raise TypeError(f"{type(cell).__name__} is not regular")

    def _compare(self, op: str, value: Value) -> Ranges:
        at, after, end = self.slot(value, False), self.slot(value, True), self.slots
        found = {
            "=": [(at, after)],
            "!=": [(0, at), (after, end)],
            "<": [(0, at)],
            "<=": [(0, after)],
            ">": [(after, end)],
            ">=": [(at, end)],
        }
        return found[op]


def _union(ranges: Ranges) -> Ranges:
    merged: Ranges = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def _others(ranges: Ranges, end: int) -> Ranges:
    found: Ranges = []
    at = 0
    for low, high in ranges:
        if at < low:
            found.append((at, low))
        at = high
    return [*found, (at, end)] if at < end else found


def _values(cell: Cell, params: Mapping[str, Value]) -> Iterable[Value]:
    if isinstance(cell, Compare):
        yield operand_value(cell.operand, params)
    elif isinstance(cell, Range):
        yield operand_value(cell.low, params)
        yield operand_value(cell.high, params)
    elif isinstance(cell, OneOf):
        for item in cell.items:
            yield from _values(item, params)
    elif isinstance(cell, Not):
        yield from _values(cell.item, params)


def _ordered(
    type_: Type,
    cells: Sequence[tuple[int, Cell]],
    params: Mapping[str, Value],
    always: int,
    null: int,
) -> Stepped | Dense:
    axis = _Axis(type_, (value for _, cell in cells for value in _values(cell, params)))
    turns = [0] * (axis.slots + 1)
    for bit, cell in cells:
        for low, high in axis.ranges(cell, params):
            turns[low] ^= bit
            turns[high] ^= bit
    masks: list[int] = []
    mask = always
    for turn in turns[:-1]:
        mask ^= turn
        masks.append(mask)
    if axis.step is not None:
        return Stepped(tuple(axis.cuts), tuple(masks), null, axis.step)
    return Dense(tuple(axis.cuts), tuple(masks), null)

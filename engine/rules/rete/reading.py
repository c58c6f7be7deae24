"""Cells of the typed table, read as conditions on fields: this evaluator's own reading.

A cell of constants becomes the set of values that satisfy it; cells that name other columns
become comparisons of two fields. `null` is an absent field, and `not(…)` needs a value.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from engine.rules.model import (
    ORDERED,
    AnyCell,
    Cell,
    Column,
    ColumnRef,
    Compare,
    Not,
    NullCell,
    OneOf,
    Operand,
    Range,
    TextTest,
    WhenCell,
)
from engine.rules.rete.conditions import (
    ALWAYS,
    NEVER,
    Absent,
    Condition,
    Present,
    Relation,
    Scalar,
    Test,
    both,
    either,
)
from engine.rules.rete.interpreter import Interpreter
from engine.rules.rete.scalars import can_hold, position
from engine.rules.rete.spans import EVERYTHING, MOST, NOTHING, Spans, between

_OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def needs_marker(cell: Cell) -> bool:
    """Whether the cell holds a text test or a formula."""
    if isinstance(cell, OneOf):
        return any(needs_marker(item) for item in cell.items)
    if isinstance(cell, Not):
        return needs_marker(cell.item)
    return isinstance(cell, TextTest | WhenCell)


def columns_in(cell: Cell) -> list[str]:
    """Return the columns that a cell (no `when`) compares with."""
    if isinstance(cell, OneOf):
        return [name for item in cell.items for name in columns_in(item)]
    if isinstance(cell, Not):
        return columns_in(cell.item)
    operands: list[Operand] = []
    if isinstance(cell, Compare):
        operands = [cell.operand]
    elif isinstance(cell, Range):
        operands = [cell.low, cell.high]
    return [one.name for one in operands if isinstance(one, ColumnRef)]


def takes_null(cell: Cell) -> bool:
    """Whether null satisfies the cell."""
    if isinstance(cell, OneOf):
        return any(takes_null(item) for item in cell.items)
    return isinstance(cell, AnyCell | NullCell)


@dataclass(frozen=True, slots=True)
class _Names:
    """A set of texts or truth values, or all but a set."""

    named: frozenset[Scalar]
    others: bool

    def __invert__(self) -> _Names:
        return _Names(self.named, not self.others)

    def __or__(self, other: _Names) -> _Names:
        if self.others and other.others:
            return _Names(self.named & other.named, True)
        if self.others:
            return _Names(self.named - other.named, True)
        if other.others:
            return _Names(other.named - self.named, True)
        return _Names(self.named | other.named, False)


class CellReader:
    """Reads cells under one set of parameters; `field` names the field of a column."""

    def __init__(self, interpreter: Interpreter, field: Callable[[str], str]) -> None:
        self._interpreter = interpreter
        self._field = field

    def read(self, cell: Cell, column: Column) -> Condition:
        """Return the condition of a cell that needs no marker."""
        if isinstance(cell, AnyCell):
            return ALWAYS
        field = self._field(column.name)
        if columns_in(cell):
            return self._holds(cell, column, field)
        null: Condition = Absent(field) if takes_null(cell) else NEVER
        if column.type in ORDERED:
            return either(null, _among_numbers(field, self._numbers(cell)))
        return either(null, _among_names(field, self._names(cell)))

    # --- cells of constants: the set of values, null apart

    def _numbers(self, cell: Cell) -> Spans:
        if isinstance(cell, AnyCell):
            return EVERYTHING
        if isinstance(cell, OneOf):
            found = NOTHING
            for item in cell.items:
                found |= self._numbers(item)
            return found
        if isinstance(cell, Not):
            return ~self._numbers(cell.item)
        if isinstance(cell, Compare):
            return _side(cell.op, self._at(cell.operand))
        if isinstance(cell, Range):
            low = _side(">=" if cell.low_closed else ">", self._at(cell.low))
            return low & _side("<=" if cell.high_closed else "<", self._at(cell.high))
        return NOTHING

    def _at(self, operand: Operand) -> Fraction:
        if isinstance(operand, ColumnRef):
            raise TypeError(f"{operand.name} is a column")
        return position(self._interpreter.constant(operand))

    def _names(self, cell: Cell) -> _Names:
        if isinstance(cell, OneOf):
            found = _Names(frozenset(), False)
            for item in cell.items:
                found |= self._names(item)
            return found
        if isinstance(cell, Not):
            return ~self._names(cell.item)
        if isinstance(cell, Compare) and not isinstance(cell.operand, ColumnRef):
            value = self._interpreter.constant(cell.operand)
            if not isinstance(value, str | bool):
                raise TypeError(f"{value!r} is neither text nor true or false")
            return _Names(frozenset({value}), cell.op == "!=")
        return _Names(frozenset(), isinstance(cell, AnyCell))

    # --- cells that name other columns

    def _holds(self, cell: Cell, column: Column, field: str) -> Condition:
        if isinstance(cell, OneOf):
            return either(*(self._holds(item, column, field) for item in cell.items))
        if isinstance(cell, Not):
            return both(Present(field), self._fails(cell.item, column, field))
        if isinstance(cell, Compare) and isinstance(cell.operand, ColumnRef):
            return self._relation(cell.op, field, cell.operand)
        if isinstance(cell, Range) and columns_in(cell):
            return both(*(self._holds(end, column, field) for end in _ends(cell)))
        return self.read(cell, column)

    def _fails(self, cell: Cell, column: Column, field: str) -> Condition:
        """Return when a value that is there does not satisfy the cell."""
        if isinstance(cell, OneOf):
            return both(*(self._fails(item, column, field) for item in cell.items))
        if isinstance(cell, Not):
            return self._holds(cell.item, column, field)
        if isinstance(cell, Compare) and isinstance(cell.operand, ColumnRef):
            other = self._field(cell.operand.name)
            opposite = self._relation(_OPPOSITE[cell.op], field, cell.operand)
            return either(Absent(other), opposite)
        if isinstance(cell, Range) and columns_in(cell):
            return either(*(self._fails(end, column, field) for end in _ends(cell)))
        return _among_numbers(field, ~self._numbers(cell))

    def _relation(self, op: str, field: str, operand: ColumnRef) -> Condition:
        other = self._field(operand.name)
        return both(Present(field), Present(other), Relation(op, field, other))


def _ends(cell: Range) -> tuple[Compare, Compare]:
    low = Compare(">=" if cell.low_closed else ">", cell.low)
    return low, Compare("<=" if cell.high_closed else "<", cell.high)


def _side(op: str, at: Fraction) -> Spans:
    """Return the whole numbers that stand so to `at`, which may lie between two of them."""
    floor, ceiling = math.floor(at), math.ceil(at)
    if op in {"=", "!="}:
        exact = between(floor, floor) if floor == ceiling else NOTHING
        return exact if op == "=" else ~exact
    if op in {"<", ">="}:
        below = between(-MOST, ceiling - 1)
        return below if op == "<" else ~below
    up_to = between(-MOST, floor)
    return up_to if op == "<=" else ~up_to


def _among_numbers(field: str, numbers: Spans) -> Condition:
    if numbers == EVERYTHING:
        return Present(field)
    others = (~numbers).ranges
    if numbers.ranges and all(low == high for low, high in others):
        return both(Present(field), *(Test("!=", field, low) for low, _ in others))
    return either(*(_span(field, low, high) for low, high in numbers.ranges))


def _span(field: str, low: int, high: int) -> Condition:
    if low == high:
        return Test("=", field, low)
    ends: list[Condition] = []
    if low > -MOST:
        ends.append(Test(">=", field, low))
    if high < MOST:
        ends.append(Test("<=", field, high))
    return both(*ends)


def _among_names(field: str, names: _Names) -> Condition:
    # Texts no message can hold are equal to none that one holds.
    named = sorted(one for one in names.named if isinstance(one, bool) or can_hold(str(one)))
    if names.others:
        return both(Present(field), *(Test("!=", field, one) for one in named))
    return either(*(Test("=", field, one) for one in named))

"""One column cut into atoms, and its cells as sets of atoms."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from engine.rules.analysis.atoms import Atom, Missing, Open, OtherValue, Point, TextClass, is_empty
from engine.rules.analysis.texts import text_classes
from engine.rules.model import (
    ORDERED,
    AnyCell,
    Cell,
    Column,
    Compare,
    Literal,
    Not,
    NullCell,
    OneOf,
    Operand,
    ParamRef,
    Range,
    TextTest,
    Type,
    Value,
    WhenCell,
)
from engine.rules.patterns import compiled_pattern

Truth = tuple[int, int]
"""A cell as (must, may): the atoms it surely matches and those it may match.

They differ only where a cell is opaque: another column, a formula, a regular expression.
"""


class Axis(Protocol):
    """A column's atoms. `full` are all that can occur, `values` those that are not null."""

    @property
    def column(self) -> Column: ...
    @property
    def atoms(self) -> tuple[Atom, ...]: ...
    @property
    def full(self) -> int: ...
    @property
    def values(self) -> int: ...
    def compare(self, op: str, value: Value) -> int: ...
    def text_test(self, test: TextTest) -> Truth: ...


def leaves(cell: Cell) -> Iterator[Cell]:
    """The simple tests inside a cell."""
    if isinstance(cell, OneOf):
        for item in cell.items:
            yield from leaves(item)
    elif isinstance(cell, Not):
        yield from leaves(cell.item)
    else:
        yield cell


def operands(cell: Cell) -> Iterator[Operand]:
    """The operands of one simple test."""
    if isinstance(cell, Compare):
        yield cell.operand
    elif isinstance(cell, Range):
        yield cell.low
        yield cell.high


def resolve(operand: Operand, params: Mapping[str, Value]) -> Value | None:
    """The constant an operand stands for; None for another column."""
    if isinstance(operand, Literal):
        return operand.value
    if isinstance(operand, ParamRef):
        return params[operand.name]
    return None


@dataclass(frozen=True, slots=True)
class OrderedAxis:
    """Atoms along a line: interval, point, interval, point ... interval, then null."""

    column: Column
    atoms: tuple[Atom, ...]
    points: tuple[Value, ...]
    full: int
    values: int

    def compare(self, op: str, value: Value) -> int:
        """Atoms `op value` holds on."""
        at = 2 * bisect_left(self.points, value) + 1
        point, below = 1 << at, (1 << at) - 1
        match op:
            case "<":
                found = below
            case "<=":
                found = below | point
            case ">":
                found = ~(below | point)
            case ">=":
                found = ~below
            case "=":
                found = point
            case _:
                found = ~point
        return found & self.values

    def text_test(self, test: TextTest) -> Truth:  # noqa: ARG002 - other axes use it
        """Text tests have no meaning on a line: opaque."""
        return 0, self.values


@dataclass(frozen=True, slots=True)
class NamedAxis:
    """Atoms without order: the values by name, text classes, any other value, null."""

    column: Column
    atoms: tuple[Atom, ...]
    places: Mapping[Value, int]
    full: int
    values: int
    exact_contains: bool

    def compare(self, op: str, value: Value) -> int:
        """Atoms `= value` or `!= value` holds on."""
        point = 1 << self.places[value]
        return (point if op == "=" else ~point) & self.values

    def text_test(self, test: TextTest) -> Truth:
        """Exact on named values and text classes; a regular expression is opaque on classes."""
        must = may = 0
        for place, atom in enumerate(self.atoms):
            truth = self._on_atom(test, atom)
            if truth is not False:
                may |= 1 << place
            if truth is True:
                must |= 1 << place
        return must & self.values, may & self.values

    def _on_atom(self, test: TextTest, atom: Atom) -> bool | None:
        if isinstance(atom, Point) and isinstance(atom.value, str):
            return _text_matches(test, atom.value)
        if isinstance(atom, Missing):
            return False
        if test.function == "matches" or (test.function == "contains" and not self.exact_contains):
            return None
        if isinstance(atom, TextClass):
            return _text_matches(test, atom.sample)
        return not test.argument


def _text_matches(test: TextTest, value: str) -> bool:
    if test.function == "starts":
        return value.startswith(test.argument)
    if test.function == "contains":
        return test.argument in value
    return compiled_pattern(test.argument).fullmatch(value) is not None


def build_axis(column: Column, cells: Iterable[Cell], params: Mapping[str, Value]) -> Axis:
    """Cut `column` into the atoms its cells can tell apart under `params`."""
    tests = [leaf for cell in cells for leaf in leaves(cell)]
    constants = {
        value
        for test in tests
        for operand in operands(test)
        if (value := resolve(operand, params)) is not None
    }
    if column.type in ORDERED:
        return _ordered(column, constants)
    texts = [test for test in tests if isinstance(test, TextTest)]
    return _named(column, constants, texts)


def _ordered(column: Column, constants: set[Value]) -> OrderedAxis:
    if column.minimum is not None:
        constants = constants | {column.minimum}
    points = tuple(sorted(constants))
    atoms: list[Atom] = []
    live = 0
    for place in range(len(points) + 1):
        low = points[place - 1] if place else None
        high = points[place] if place < len(points) else None
        gap = Open(low, high)
        if not is_empty(gap, column.type) and not _below(high, column.minimum, closed=True):
            live |= 1 << len(atoms)
        atoms.append(gap)
        if high is not None:
            if not _below(high, column.minimum, closed=False):
                live |= 1 << len(atoms)
            atoms.append(Point(high))
    null = 1 << len(atoms) if column.nullable else 0
    return OrderedAxis(column, (*atoms, Missing()), points, live | null, live)


def _below(value: Value | None, minimum: Value | None, *, closed: bool) -> bool:
    """Whether everything up to `value` is under the word's `min`."""
    if value is None or minimum is None:
        return False
    # Both were read by one ordered type, so they compare.
    return value <= minimum if closed else value < minimum  # type: ignore[operator]


def _named(column: Column, constants: set[Value], tests: list[TextTest]) -> NamedAxis:
    exact_contains = True
    atoms: list[Atom]
    if column.type is Type.BOOL:
        names: list[Value] = [True, False]
        atoms = [Point(name) for name in names]
    elif column.values is not None:
        names = [*column.values, *sorted(str(c) for c in constants if c not in column.values)]
        atoms = [Point(name) for name in names]
    else:
        names = sorted(str(constant) for constant in constants)
        classes, exact_contains = text_classes({str(name) for name in names}, tests)
        atoms = [
            *(Point(name) for name in names),
            *(TextClass(sample) for sample in classes),
            OtherValue(),
        ]
    values = (1 << len(atoms)) - 1
    null = 1 << len(atoms) if column.nullable else 0
    places = {name: place for place, name in enumerate(names)}
    return NamedAxis(column, (*atoms, Missing()), places, values | null, values, exact_contains)


def cell_truth(cell: Cell, axis: Axis, params: Mapping[str, Value]) -> Truth:
    """A cell as the atoms it surely matches and those it may match; null only by `null` or `-`."""
    match cell:
        case AnyCell():
            return axis.full, axis.full
        case NullCell():
            null = axis.full & ~axis.values
            return null, null
        case Compare(op, operand):
            value = resolve(operand, params)
            if value is None:
                return 0, axis.values
            exact = axis.compare(op, value)
            return exact, exact
        case Range(low, low_closed, high, high_closed):
            return _range_truth(
                (">=" if low_closed else ">", low),
                ("<=" if high_closed else "<", high),
                axis,
                params,
            )
        case OneOf(items):
            must = may = 0
            for item in items:
                sure, possible = cell_truth(item, axis, params)
                must, may = must | sure, may | possible
            return must, may
        case Not(item):
            sure, possible = cell_truth(item, axis, params)
            return axis.values & ~possible, axis.values & ~sure
        case TextTest():
            return axis.text_test(cell)
        case WhenCell():
            return 0, axis.full
    raise AssertionError(f"unknown cell {cell!r}")


def _range_truth(
    low: tuple[str, Operand], high: tuple[str, Operand], axis: Axis, params: Mapping[str, Value]
) -> Truth:
    may, opaque = axis.values, False
    for op, operand in (low, high):
        value = resolve(operand, params)
        if value is None:
            opaque = True
        else:
            may &= axis.compare(op, value)
    return (0 if opaque else may), may

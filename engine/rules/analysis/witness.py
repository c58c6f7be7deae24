"""Witnesses: a box of atoms as one natural set of facts, in words."""

from __future__ import annotations

from collections.abc import Iterable

from engine.base.text import Text
from engine.rules.analysis.atoms import Atom, Missing, Open, OtherValue, Point, TextClass, inside
from engine.rules.analysis.axis import Axis
from engine.rules.analysis.bits import members
from engine.rules.analysis.grid import Box, Grid
from engine.rules.model import AnyCell, Column, Type, Value
from engine.rules.show import show_value
from engine.rules.table import WHEN


def matter(grid: Grid, rows: Iterable[int]) -> list[int]:
    """The columns that one of `rows` restricts; the others may hold anything."""
    table = grid.ruleset.table
    restricted = [
        place
        for place in range(len(table.inputs))
        if any(not isinstance(table.rows[row].cells[place], AnyCell) for row in rows)
    ]
    return restricted or list(range(len(table.inputs)))


def describe(grid: Grid, box: Box, places: Iterable[int], *, hits: bool = True) -> Text:
    """ "amount = 400,000, creditor_type = staff": one point of `box`, for the columns `places`.

    `hits` says whether the rows spoken of match there, which is all that can be said of formulas.
    """
    said = [_column(grid, grid.dimensions[place].axis, box[place], hits=hits) for place in places]
    return Text(", ".join(text.en for text in said), "，".join(text.zh for text in said))


def _column(grid: Grid, axis: Axis, atoms: int, *, hits: bool) -> Text:
    name = axis.column.name
    atom = preferred(axis, atoms)[0]
    if name == WHEN:
        truth = "true" if hits else "false"
        return Text(f"{name} = {truth}", f"{name} = {truth}")
    if isinstance(atom, OtherValue):
        return Text(f"{name} = any other value", f"{name} = 其他任何值")
    shown = shown_fact(atom_value(atom, axis.column), axis.column.type, grid.ruleset.currency)
    return Text(f"{name} = {shown}", f"{name} = {shown}")


def preferred(axis: Axis, atoms: int) -> list[Atom]:
    """The atoms of a set, the most natural first."""
    return sorted((axis.atoms[place] for place in members(atoms)), key=_rank)


def atom_value(atom: Atom, column: Column) -> Value | None:
    """A natural value of one atom."""
    match atom:
        case Point(value):
            return value
        case Open():
            return inside(atom, column.type)
        case TextClass(sample):
            return sample
        case OtherValue():
            return _OTHER
        case Missing():
            return None


_OTHER = "\U000f0000"
"""A private-use character: no rule names it, and none begins with it or contains it."""


def shown_fact(value: Value | None, type_: Type, currency: str) -> str:
    """A fact in a witness."""
    return "null" if value is None else show_value(value, type_, currency)


def _rank(atom: Atom) -> int:
    """Bounded intervals first (their middle convinces more than an edge), null last."""
    match atom:
        case Open(low, high):
            if low is not None and high is not None:
                return 0
            return 2 if low is not None else 3
        case Point():
            return 1
        case TextClass():
            return 4
        case OtherValue():
            return 5
        case _:
            return 6

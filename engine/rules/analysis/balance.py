"""Posting tables: whatever rows can hit together, their debits equal their credits."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from fractions import Fraction
from functools import reduce

from engine.base.text import Text
from engine.rules.analysis.bits import members
from engine.rules.analysis.cover import BUDGET, NotProven
from engine.rules.analysis.grid import Box, Grid
from engine.rules.analysis.linear import NOTHING, Linear, linear, say
from engine.rules.analysis.report import Report
from engine.rules.analysis.witness import describe, matter
from engine.rules.meaning import meaning
from engine.rules.model import (
    FormulaOutput,
    Literal,
    NullOutput,
    Output,
    ParamRef,
    Ruleset,
    Type,
    Value,
)
from engine.rules.show import listed, show_value

_HINT = Text(
    "give every debit a row that credits the same amount under the same conditions",
    "请为每笔借方配一行条件相同、金额相同的贷方",
)


def check_balance(grid: Grid, report: Report) -> None:
    """R310: rows that hit together whose debits and credits differ (envelope key `balance`).

    Amounts are compared as sums of terms, whatever the facts are. R311 (a warning) where rows hang
    on formulas that the analysis does not decide, or amounts are not linear; R304 when the
    combinations exceed the budget.
    """
    sides = _sides(grid.ruleset)
    if sides is None:
        return
    walk = _Combinations(grid)
    try:
        walk.run(0, (1 << len(grid.rows)) - 1, ())
    except NotProven:
        text = Text(
            "not proven: whether every combination of rows balances; there are too many",
            "未能证明：是否所有行组合都借贷平衡；组合过多",
        )
        place = grid.ruleset.key_spans.get("balance", grid.ruleset.table.span)
        report.warning("R304", place, text, _HINT, grid, key="balance")
    for rows, box in sorted(walk.found.items()):
        _judge(grid, report, list(members(rows)), box, sides)


def _sides(ruleset: Ruleset) -> tuple[int, int] | None:
    """Output positions of the debit and credit columns; None when the envelope names none."""
    wanted = ruleset.extras.get("balance")
    if not isinstance(wanted, Mapping):
        return None
    names = [column.name for column in ruleset.table.outputs]
    debit, credit = wanted.get("debit"), wanted.get("credit")
    if debit not in names or credit not in names:
        return None
    return names.index(str(debit)), names.index(str(credit))


class _Combinations:
    """Every set of rows that can hit together, with facts that bring it about."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._seen: set[tuple[int, int]] = set()
        self._left = BUDGET // 10
        self.found: dict[int, Box] = {}

    def run(self, k: int, rows: int, box: Box) -> None:
        if not rows or (k, rows) in self._seen:
            return
        self._seen.add((k, rows))
        if k == len(self._grid.dimensions):
            self.found.setdefault(rows, box)
            return
        dimension = self._grid.dimensions[k]
        classes: dict[int, int] = {}
        for atom in members(dimension.axis.full):
            self._left -= 1
            live = rows & dimension.may_rows[atom]
            classes[live] = classes.get(live, 0) | 1 << atom
        if self._left < 0:
            raise NotProven
        for live, atoms in classes.items():
            self.run(k + 1, live, (*box, atoms))


def _judge(grid: Grid, report: Report, rows: list[int], box: Box, sides: tuple[int, int]) -> None:
    """Rows hanging on the same opaque cells come and go together: each such group must balance."""
    groups: dict[tuple[Hashable, ...], list[int]] = {}
    for row in rows:
        groups.setdefault(_conditions(grid, row, box), []).append(row)
    for conditions, members_ in groups.items():
        debit, credit = (_total(grid, members_, side) for side in sides)
        difference = debit.plus(credit, Fraction(-1))
        if not difference.zero:
            sure = not conditions and difference.plain
            _tell(grid, report, members_, box, (debit, credit), sure=sure)


def _conditions(grid: Grid, row: int, box: Box) -> tuple[Hashable, ...]:
    """The cells of `row` that are not decided on `box`."""
    cells = grid.ruleset.table.rows[row].cells
    return tuple(
        (place, meaning(cells[place]))
        for place, (dimension, atoms) in enumerate(zip(grid.dimensions, box, strict=True))
        if atoms & ~dimension.must[row]
    )


def _total(grid: Grid, rows: list[int], side: int) -> Linear:
    table = grid.ruleset.table
    sums = (_amount(table.rows[row].outputs[side], grid.params) for row in rows)
    return reduce(lambda a, b: a.plus(b), sums, NOTHING)


def _amount(output: Output, params: Mapping[str, Value]) -> Linear:
    match output:
        case FormulaOutput(formula=formula):
            return linear(formula, params)
        case Literal() | ParamRef():
            return linear(output, params)
        case NullOutput():
            return NOTHING
        case _:
            raise AssertionError("a money output is never a text")


def _tell(
    grid: Grid,
    report: Report,
    rows: list[int],
    box: Box,
    sums: tuple[Linear, Linear],
    *,
    sure: bool,
) -> None:
    table = grid.ruleset.table
    names = [table.rows[row].id for row in rows]
    who = Text(listed(names, "and"), "、".join(names))
    where = describe(grid, box, matter(grid, rows))
    amounts = tuple(say(one, lambda minor: _money(grid, minor)) for one in sums)
    span = table.rows[rows[-1]].cell_spans[0]
    if sure:
        text = Text(
            f"{who.en} do not balance when {where.en}: debit {amounts[0]}, credit {amounts[1]}",
            f"当 {where.zh} 时 {who.zh} 借贷不平：借 {amounts[0]}，贷 {amounts[1]}",
        )
        report.error("R310", span, text, _HINT, grid, key=tuple(rows))
        return
    text = Text(
        f"not proven: whether {who.en} balance when {where.en}: "
        f"debit {amounts[0]}, credit {amounts[1]}",
        f"未能证明：当 {where.zh} 时 {who.zh} 是否平衡：借 {amounts[0]}，贷 {amounts[1]}",
    )
    report.warning("R311", span, text, _HINT, grid, key=tuple(rows))


def _money(grid: Grid, minor: Fraction) -> str:
    if minor.denominator != 1:
        return str(minor)
    return show_value(int(minor), Type.MONEY, grid.ruleset.currency)

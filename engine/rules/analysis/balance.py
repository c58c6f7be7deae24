"""Posting tables: whatever rows can hit together, their debits equal their credits."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from operator import and_

from engine.base.text import Text
from engine.rules.analysis.atoms import Point
from engine.rules.analysis.bits import members
from engine.rules.analysis.cover import NotProven
from engine.rules.analysis.grid import Box, Grid
from engine.rules.analysis.linear import NOTHING, Linear, linear, say
from engine.rules.analysis.report import Report
from engine.rules.analysis.trial import Trials, Unbalanced
from engine.rules.analysis.witness import describe
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


BUDGET = 300_000
"""Atoms visited while the combinations are listed."""


def check_balance(grid: Grid, report: Report) -> None:
    """R310: rows that hit together whose debits and credits differ (envelope key `balance`).

    Amounts are compared as sums of terms, whatever the facts are. Where rows hang on formulas that
    the analysis does not decide, or amounts are not linear, trial facts may prove the fault, else
    R311 warns; R304 warns when the combinations exceed the budget.
    """
    ruleset = grid.ruleset
    sides = _sides(ruleset)
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
        place = ruleset.key_spans["balance"]
        report.warning("R304", place, text, _HINT, grid, key="balance")
    names = ruleset.table.outputs[sides[0]].name, ruleset.table.outputs[sides[1]].name
    judge = _Judge(grid, report, sides, Trials(grid, names))
    for rows, box in sorted(walk.found.items()):
        judge.combination(list(members(rows)), box)


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
        self._left = BUDGET
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


class _Judge:
    def __init__(self, grid: Grid, report: Report, sides: tuple[int, int], trials: Trials) -> None:
        self._grid = grid
        self._report = report
        self._sides = sides
        self._trials = trials

    def combination(self, rows: list[int], box: Box) -> None:
        """Rows hanging on the same opaque cells come and go together: each group must balance."""
        groups: dict[tuple[Hashable, ...], list[int]] = {}
        for row in rows:
            groups.setdefault(_conditions(self._grid, row, box), []).append(row)
        known = _pinned(self._grid, rows)
        for conditions, group in groups.items():
            debit, credit = (self._total(group, side, known) for side in self._sides)
            difference = debit.plus(credit, Fraction(-1))
            if difference.zero:
                continue
            if not conditions and difference.plain:
                self._tell(group, box, debit, credit, sure=True)
            elif (proof := self._trials.unbalanced(box)) is not None:
                self._prove(proof)
            else:
                self._tell(group, box, debit, credit, sure=False)

    def _total(self, rows: list[int], side: int, known: Mapping[str, Fraction]) -> Linear:
        table = self._grid.ruleset.table
        sums = (_amount(table.rows[row].outputs[side], self._grid.params) for row in rows)
        return reduce(lambda a, b: a.plus(b), sums, NOTHING).given(known)

    def _tell(
        self, rows: list[int], box: Box, debit: Linear, credit: Linear, *, sure: bool
    ) -> None:
        names = [self._grid.ruleset.table.rows[row].id for row in rows]
        narrowed = [
            place for place, d in enumerate(self._grid.dimensions) if box[place] != d.axis.full
        ]
        where = describe(self._grid, box, narrowed or range(len(box)))
        sides = say(debit, self._money), say(credit, self._money)
        span = self._grid.ruleset.table.rows[rows[-1]].cell_spans[0]
        if sure:
            text = _fault(names, where, *sides)
            self._report.error("R310", span, text, _HINT, self._grid, key=tuple(names))
            return
        verb = "balances" if len(names) == 1 else "balance"
        text = Text(
            f"not proven: whether {listed(names, 'and')} {verb} when {where.en}: "
            f"debit {sides[0]}, credit {sides[1]}",
            f"未能证明：当 {where.zh} 时 {'、'.join(names)} 是否平衡：借 {sides[0]}，贷 {sides[1]}",
        )
        self._report.warning("R311", span, text, _HINT, self._grid, key=tuple(names))

    def _prove(self, proof: Unbalanced) -> None:
        sides = self._money(Fraction(proof.debit)), self._money(Fraction(proof.credit))
        rows = self._grid.ruleset.table.rows
        span = next(row.cell_spans[0] for row in rows if row.id == proof.rows[-1])
        text = _fault(list(proof.rows), proof.where, *sides)
        self._report.error("R310", span, text, _HINT, self._grid, key=proof.rows)

    def _money(self, minor: Fraction) -> str:
        if minor.denominator != 1:
            return str(minor)
        return show_value(int(minor), Type.MONEY, self._grid.ruleset.currency)


def _fault(names: list[str], where: Text, debit: str, credit: str) -> Text:
    do = "does" if len(names) == 1 else "do"
    return Text(
        f"{listed(names, 'and')} {do} not balance when {where.en}: debit {debit}, credit {credit}",
        f"当 {where.zh} 时 {'、'.join(names)} 借贷不平：借 {debit}，贷 {credit}",
    )


def _conditions(grid: Grid, row: int, box: Box) -> tuple[Hashable, ...]:
    """The cells of `row` that are not decided on `box`."""
    cells = grid.ruleset.table.rows[row].cells
    return tuple(
        (place, meaning(cells[place]))
        for place, (dimension, atoms) in enumerate(zip(grid.dimensions, box, strict=True))
        if atoms & ~dimension.must[row]
    )


def _pinned(grid: Grid, rows: list[int]) -> dict[str, Fraction]:
    """Amounts that `rows` together leave one value only."""
    found = {}
    for dimension in grid.dimensions:
        left = reduce(and_, (dimension.may[row] for row in rows))
        atom = dimension.axis.atoms[left.bit_length() - 1] if left.bit_count() == 1 else None
        if isinstance(atom, Point) and isinstance(atom.value, int | Decimal):
            found[dimension.axis.column.name] = Fraction(atom.value)
    return found


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

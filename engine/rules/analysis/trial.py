"""Trial postings: concrete facts that show what the sums of terms leave open.

Where rows hang on formulas, or amounts are rounded, symbols prove nothing; a decision on facts
whose debits and credits differ proves the fault.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice, product

from engine.base.text import Text
from engine.rules.analysis.grid import Box, Grid
from engine.rules.analysis.witness import atom_value, preferred, shown_fact
from engine.rules.compile import compile_ruleset
from engine.rules.decide import DecisionRefused
from engine.rules.evaluator import Evaluator
from engine.rules.kind import FactValue
from engine.rules.model import Column, Duration, Type, Value

MOST_TRIALS = 300
_EACH = 3
"""Values tried for one fact."""

_USUAL: dict[Type, tuple[Value, ...]] = {
    Type.MONEY: (10_000, 123_457, 0),
    Type.INT: (1, 7, 0),
    Type.PERCENT: (Decimal("0.05"), Decimal("1"), Decimal("0")),
    Type.CODE: ("X",),
    Type.TEXT: ("X",),
    Type.BOOL: (True, False),
    Type.DATE: (dt.date(2026, 11, 23),),
    Type.TIME: (dt.time(9), dt.time(18)),
    Type.DURATION: (Duration(86_400, "1d"),),
}


@dataclass(frozen=True, slots=True)
class Unbalanced:
    """Facts under which debits and credits differ, in words, and the rows that hit."""

    rows: tuple[str, ...]
    where: Text
    debit: int
    credit: int


class Trials:
    """Decides trial facts under the parameters of one grid."""

    def __init__(self, grid: Grid, sides: tuple[str, str]) -> None:
        self._grid = grid
        self._sides = sides
        self._evaluator: Evaluator | None = None

    def unbalanced(self, box: Box) -> Unbalanced | None:
        """The first trial in `box` whose debits and credits differ."""
        if self._evaluator is None:
            self._evaluator = compile_ruleset(self._grid.ruleset, self._grid.params)
        for facts in islice(self._facts(box), MOST_TRIALS):
            try:
                decision = self._evaluator.decide(facts)
            except DecisionRefused:
                continue  # facts that no voucher can be made from prove nothing
            debit, credit = (
                sum(_amount(outcome[side]) for outcome in decision.outcomes) for side in self._sides
            )
            if debit != credit:
                return Unbalanced(decision.rows, self._say(facts), debit, credit)
        return None

    def _facts(self, box: Box) -> Iterator[dict[str, FactValue]]:
        columns = self._grid.ruleset.facts
        choices = [self._choices(column, box) for column in columns.values()]
        for values in product(*choices):
            yield dict(zip(columns, values, strict=True))

    def _choices(self, column: Column, box: Box) -> Sequence[FactValue]:
        for dimension, atoms in zip(self._grid.dimensions, box, strict=True):
            if dimension.axis.column.name == column.name:
                chosen = preferred(dimension.axis, atoms)[:_EACH]
                return [_fact(atom_value(atom, column)) for atom in chosen]
        if column.values is not None:
            return list(column.values)[:_EACH]
        least = column.minimum
        # A minimum has the type of its column, so they compare.
        usual = [
            value
            for value in _USUAL[column.type]
            if least is None or value >= least  # type: ignore[operator]
        ]
        return [_fact(value) for value in usual] or [_fact(least)]

    def _say(self, facts: dict[str, FactValue]) -> Text:
        ruleset = self._grid.ruleset
        shown = ", ".join(
            f"{name} = {shown_fact(value, ruleset.facts[name].type, ruleset.currency)}"
            for name, value in facts.items()
            if ruleset.facts[name].type is not Type.TEXT
        )
        return Text(shown, shown.replace(", ", "，"))


def _fact(value: Value | None) -> FactValue:
    assert not isinstance(value, tuple)
    return value


def _amount(value: Value | None) -> int:
    return value if isinstance(value, int) else 0

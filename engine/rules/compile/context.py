"""What every part of one compilation knows."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from engine.rules.compile import tree
from engine.rules.compile.names import Names
from engine.rules.decide import check_fact
from engine.rules.kind import FactValue
from engine.rules.model import Column, Ruleset, Value


class Context:
    """The ruleset, its parameters' values, and the names of what generated code uses."""

    def __init__(self, ruleset: Ruleset, params: Mapping[str, Value], *, lenient: bool) -> None:
        self.ruleset = ruleset
        self.params = dict(params)
        self.lenient = lenient
        self.names = Names()
        self.inputs = ruleset.table.inputs
        self.rows = ruleset.table.rows
        self.outputs = ruleset.table.outputs
        self.tag = f"<{ruleset.kind}/{ruleset.name} {ruleset.version}>"

    def column(self, name: str) -> Column:
        """Return the column a cell or a formula names."""
        for column in self.inputs:
            if column.name == name:
                return column
        return self.ruleset.facts[name]

    def value(self, value: Value) -> ast.expr:
        """Return a constant: written out, or bound where it has no literal."""
        if isinstance(value, str | int):
            return tree.constant(value)
        return self.names.bind(value)

    def check(self, column: Column) -> Callable[[FactValue], FactValue]:
        """Return the check of the column's facts, which raises DecisionRefused."""
        currency, lenient = self.ruleset.currency, self.lenient

        def check(value: FactValue) -> FactValue:
            return check_fact(column, value, currency, lenient=lenient)

        return check

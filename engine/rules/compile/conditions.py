"""A cell as a test of facts that stand in local variables."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from engine.rules.compile import tree
from engine.rules.compile.context import Context
from engine.rules.compile.formulas import COMPARE, Formulas, Reader, column_of, ordered
from engine.rules.model import (
    AnyCell,
    Cell,
    Column,
    ColumnRef,
    Compare,
    Duration,
    Formula,
    Literal,
    Not,
    NullCell,
    OneOf,
    Operand,
    ParamRef,
    TextTest,
    WhenCell,
)

Variables = Mapping[str, str]
"""Fact -> the local variable it stands in."""


class Conditions:
    """Makes tests of one ruleset's cells."""

    def __init__(self, context: Context, formulas: Formulas) -> None:
        self._context = context
        self._formulas = formulas

    def cell(self, cell: Cell, column: Column, variables: Variables) -> ast.expr:
        """Return the test that the facts satisfy the cell of `column`."""
        if isinstance(cell, AnyCell):
            return tree.constant(True)
        if isinstance(cell, WhenCell):
            return self._truth(cell.formula, variables, wanted=True)
        value = tree.name(variables[column.name])
        if isinstance(cell, NullCell):
            return tree.is_null(value)
        if isinstance(cell, OneOf):
            return tree.any_of([self.cell(item, column, variables) for item in cell.items])
        if isinstance(cell, Not):
            inner = self.cell(cell.item, column, variables)
            return tree.all_of([tree.has_value(value), tree.negate(inner)])
        reader = Reader(variables)
        if isinstance(cell, TextTest):
            text = reader.value(column.name)
            test = self._formulas.text_test(cell.function, text, cell.argument)
            return tree.all_of([*reader.guards, test])
        left = ordered(reader.value(column.name), column.type)
        if isinstance(cell, Compare):
            right = self._operand(cell.operand, column, reader)
            return tree.all_of([*reader.guards, tree.compare(left, COMPARE[cell.op](), right)])
        low = self._operand(cell.low, column, reader)
        high = self._operand(cell.high, column, reader)
        first = ast.LtE() if cell.low_closed else ast.Lt()
        second = ast.LtE() if cell.high_closed else ast.Lt()
        return tree.all_of([*reader.guards, ast.Compare(low, [first, second], [left, high])])

    def _operand(self, operand: Operand, column: Column, reader: Reader) -> ast.expr:
        if isinstance(operand, ColumnRef):
            return ordered(reader.value(operand.name), column.type)
        params = self._context.params
        value = operand.value if isinstance(operand, Literal) else params[operand.name]
        return self._context.value(value.seconds if isinstance(value, Duration) else value)

    def _truth(self, formula: Formula, variables: Variables, wanted: bool) -> ast.expr:
        """Return the test that `formula` is certainly `wanted` (true or false).

        A comparison with null, or that divides by zero or rounds to a unit not above zero, is
        neither.
        """
        if isinstance(formula, Literal):
            return tree.constant(formula.value is wanted)
        if isinstance(formula, ParamRef):
            return tree.constant(self._context.params[formula.name] is wanted)
        if isinstance(formula, ColumnRef):
            value = tree.name(variables[formula.name])
            return tree.compare(value, ast.Is(), tree.constant(wanted))
        function, arguments = formula.function, formula.arguments
        if function == "not":
            return self._truth(arguments[0], variables, not wanted)
        if function in {"and", "or"}:
            parts = [self._truth(one, variables, wanted) for one in arguments]
            return tree.all_of(parts) if (function == "and") is wanted else tree.any_of(parts)
        if function == "is_null":
            value = tree.name(variables[column_of(arguments[0])])
            return tree.is_null(value) if wanted else tree.has_value(value)
        reader = Reader(variables)
        test = self._formulas.comparison(formula, reader)
        return tree.all_of([*reader.guards, test if wanted else tree.negate(test)])

"""Formulas as expressions: numbers are int or Fraction, durations their seconds.

In a condition a Reader gives the facts, and gathers what must hold before the expression means
something; in an output there is none, and what is null or has no unit refuses the decision.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction

from engine.rules import arithmetic
from engine.rules.compile import tree
from engine.rules.compile.context import Context
from engine.rules.decide import refuse
from engine.rules.evaluator import Facts
from engine.rules.kind import FactValue
from engine.rules.model import (
    Call,
    Column,
    ColumnRef,
    Duration,
    Formula,
    Literal,
    ParamRef,
    Type,
    Value,
)
from engine.rules.patterns import compiled_pattern

COMPARE: Mapping[str, Callable[[], ast.cmpop]] = {
    "=": ast.Eq,
    "!=": ast.NotEq,
    "<": ast.Lt,
    "<=": ast.LtE,
    ">": ast.Gt,
    ">=": ast.GtE,
}
_ARITHMETIC: Mapping[str, Callable[[], ast.operator]] = {"+": ast.Add, "-": ast.Sub, "*": ast.Mult}
_ROUNDING = {
    "floor_to": arithmetic.floor_to,
    "ceil_to": arithmetic.ceil_to,
    "round_half_up": arithmetic.round_half_up,
}


class Reader:
    """How a condition reads facts: as local variables, with guards."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._kept = 0
        self.guards: list[ast.expr] = []
        """Tests that must hold, in this order, before the expression is evaluated."""

    def value(self, column: str) -> ast.expr:
        """Return a fact that must not be null."""
        self.guards.append(tree.has_value(tree.name(self._variables[column])))
        return tree.name(self._variables[column])

    def kept(self, value: ast.expr, op: ast.cmpop) -> ast.expr:
        """Require `value op 0`; return the variable that then holds the value.

        So a divisor is written once, however deep it stands in others.
        """
        variable = f"d{self._kept}"
        self._kept += 1
        held = ast.NamedExpr(ast.Name(variable, ast.Store()), value)
        self.guards.append(tree.compare(held, op, tree.constant(0)))
        return tree.name(variable)


def column_of(formula: Formula) -> str:
    """Return the column that typing has proven to stand here."""
    if not isinstance(formula, ColumnRef):
        raise TypeError("a column is needed here")
    return formula.name


def ordered(value: ast.expr, type_: Type) -> ast.expr:
    """Return what a value of this type is compared by."""
    if type_ is Type.DURATION:
        return ast.Attribute(value, "seconds", ast.Load())
    return value


class Formulas:
    """Makes expressions of one ruleset's formulas."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._bind = context.names.bind

    def number(self, formula: Formula, reader: Reader | None) -> ast.expr:
        """Return a formula's value; without a reader facts are needed and null refuses."""
        if isinstance(formula, Literal):
            return self._exact(formula.value)
        if isinstance(formula, ParamRef):
            return self._exact(self._context.params[formula.name])
        if isinstance(formula, ColumnRef):
            column = self._context.column(formula.name)
            if reader is not None:
                return self._fact(reader.value(formula.name), column.type)
            needed = tree.call(self._bind(self._need(column)), tree.name("facts"))
            return self._fact(needed, column.type)
        return self._calculated(formula, reader)

    def _calculated(self, formula: Call, reader: Reader | None) -> ast.expr:
        arguments = [self.number(one, reader) for one in formula.arguments]
        function = formula.function
        if function == "neg":
            return ast.UnaryOp(ast.USub(), arguments[0])
        if function in _ARITHMETIC:
            return ast.BinOp(arguments[0], _ARITHMETIC[function](), arguments[1])
        if function == "/":
            if reader is not None:
                arguments[1] = reader.kept(arguments[1], ast.NotEq())
            return tree.call(self._bind(arithmetic.divide), *arguments)
        if function == "days_between":
            first, second = arguments
            return ast.Attribute(ast.BinOp(second, ast.Sub(), first), "days", ast.Load())
        if function in _ROUNDING and reader is not None:
            arguments[1] = reader.kept(arguments[1], ast.Gt())
        helper: object = {"min": min, "max": max, **_ROUNDING}[function]
        return tree.call(self._bind(helper), *arguments)

    def comparison(self, formula: Call, reader: Reader | None) -> ast.expr:
        """Return a comparison of two values, or a test of a text."""
        left, right = formula.arguments
        if formula.function in COMPARE:
            op = COMPARE[formula.function]()
            return tree.compare(self.number(left, reader), op, self.number(right, reader))
        argument = str(right.value) if isinstance(right, Literal) else ""
        return self.text_test(formula.function, self.number(left, reader), argument)

    def text_test(self, function: str, value: ast.expr, argument: str) -> ast.expr:
        """Return starts, contains or matches of a text that is not null."""
        if function == "starts":
            return tree.method(value, "startswith", tree.constant(argument))
        if function == "contains":
            return tree.compare(tree.constant(argument), ast.In(), value)
        pattern = self._bind(compiled_pattern(argument).fullmatch)
        return tree.has_value(tree.call(pattern, value))

    def _exact(self, value: Value) -> ast.expr:
        if isinstance(value, Decimal):
            return self._bind(Fraction(value))
        return self._context.value(value.seconds if isinstance(value, Duration) else value)

    def _fact(self, value: ast.expr, type_: Type) -> ast.expr:
        if type_ is Type.PERCENT:
            return tree.call(self._bind(Fraction), value)
        return ordered(value, type_)

    def _need(self, column: Column) -> Callable[[Facts], FactValue]:
        check = self._context.check(column)

        def need(facts: Facts) -> FactValue:
            value = check(facts.get(column.name))
            if value is None:
                raise refuse(
                    "NULL_OPERAND",
                    f"a formula needs {column.name}, which is null; "
                    "guard the row with a condition on it",
                    f"公式需要 {column.name}，但其为空；请在该行加上条件",
                )
            return value

        return need

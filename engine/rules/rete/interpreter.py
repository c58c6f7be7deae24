"""A small interpreter of cells and formulas, for what durable-rules is not given.

Text tests, `when` and cells too wide for the engine become a field that is true or false;
formulas of outputs become values. Numbers are exact Fractions throughout; nothing here is shared
with the generated functions, so that an error in one cannot hide in the other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import cast

import re2  # type: ignore[import-untyped]

from engine.rules.kind import FactValue
from engine.rules.model import (
    AnyCell,
    Call,
    Cell,
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
    Value,
    WhenCell,
)

Plain = Fraction | str | bool | dt.date | dt.time
"""A value to calculate or compare with: money in minor units, durations in seconds."""
Look = Callable[[str], FactValue]
"""Asks for a fact by name; null is None."""
Params = Mapping[str, Value]


class NullOperand(Exception):
    """A column of a formula is null."""


class ZeroDivisor(Exception):
    """A formula divides by zero, or rounds to a unit that is not above zero."""


def plain(value: Value) -> Plain:
    """Return a value to compare with. A chain or list has none."""
    if isinstance(value, bool | str | dt.date | dt.time):
        return value
    if isinstance(value, Duration):
        return Fraction(value.seconds)
    if isinstance(value, int | Decimal):
        return Fraction(value)
    raise TypeError(f"{value!r} does not compare")


def compares(op: str, left: Plain, right: Plain) -> bool:
    """Return `left op right` for two values of one type."""
    if op == "=":
        return left == right
    if op == "!=":
        return left != right
    # Typing has made both of one ordered type.
    a, b = cast("Fraction", left), cast("Fraction", right)
    if op == "<":
        return a < b
    if op == "<=":
        return a <= b
    return a > b if op == ">" else a >= b


def text_holds(function: str, text: str, argument: str) -> bool:
    """Return whether `text` passes starts, contains or matches."""
    if function == "starts":
        return text[: len(argument)] == argument
    if function == "contains":
        return text.find(argument) >= 0
    options = re2.Options()
    options.log_errors = False
    options.longest_match = True
    # The longest match from the start is the whole value where the whole value matches.
    found = re2.compile(argument, options).match(text)
    return found is not None and found.end() == len(text)


class Interpreter:
    """Interprets cells and formulas under one set of parameters."""

    def __init__(self, params: Params) -> None:
        self._params = params

    # --- cells

    def holds(self, cell: Cell, column: str, look: Look) -> bool:
        """Return whether the facts satisfy the cell of `column`."""
        if isinstance(cell, AnyCell):
            return True
        if isinstance(cell, WhenCell):
            return self.truth(cell.formula, look) is True
        value = look(column)
        if isinstance(cell, OneOf):
            return any(self.holds(item, column, look) for item in cell.items)
        if isinstance(cell, NullCell):
            return value is None
        if value is None:
            return False
        if isinstance(cell, Not):
            return not self.holds(cell.item, column, look)
        if isinstance(cell, TextTest):
            return text_holds(cell.function, str(value), cell.argument)
        if isinstance(cell, Compare):
            return self._compares(cell.op, value, cell.operand, look)
        low, high = (">=" if cell.low_closed else ">"), ("<=" if cell.high_closed else "<")
        return self._compares(low, value, cell.low, look) and self._compares(
            high, value, cell.high, look
        )

    def _compares(self, op: str, value: Value, operand: Operand, look: Look) -> bool:
        other = look(operand.name) if isinstance(operand, ColumnRef) else self.constant(operand)
        return other is not None and compares(op, plain(value), plain(other))

    def constant(self, operand: Literal | ParamRef) -> Value:
        """Return the value of a literal or a parameter."""
        return operand.value if isinstance(operand, Literal) else self._params[operand.name]

    # --- conditions: true, false, or None where null or a zero divisor leaves it open

    def truth(self, formula: Formula, look: Look) -> bool | None:
        """Return whether a truth formula holds."""
        if not isinstance(formula, Call):
            try:
                return bool(self.value(formula, look))
            except NullOperand:
                return None
        function, arguments = formula.function, formula.arguments
        if function == "is_null":
            return look(_name(arguments[0])) is None
        if function == "not":
            inner = self.truth(arguments[0], look)
            return None if inner is None else not inner
        if function in {"and", "or"}:
            settles = function == "or"
            parts = [self.truth(one, look) for one in arguments]
            if settles in parts:
                return settles
            return None if None in parts else not settles
        try:
            return self._test(formula, look)
        except (NullOperand, ZeroDivisor):
            return None

    def certain(self, formula: Formula, look: Look) -> bool:
        """Return a truth formula as an output, read left to right as far as it takes.

        Raises NullOperand, ZeroDivisor.
        """
        if not isinstance(formula, Call):
            return bool(self.value(formula, look))
        function, arguments = formula.function, formula.arguments
        if function == "is_null":
            return look(_name(arguments[0])) is None
        if function == "not":
            return not self.certain(arguments[0], look)
        if function == "and":
            return all(self.certain(one, look) for one in arguments)
        if function == "or":
            return any(self.certain(one, look) for one in arguments)
        return self._test(formula, look)

    def _test(self, formula: Call, look: Look) -> bool:
        left, right = (self.value(one, look) for one in formula.arguments)
        if formula.function in {"starts", "contains", "matches"}:
            return text_holds(formula.function, str(left), str(right))
        return compares(formula.function, left, right)

    # --- values

    def value(self, formula: Formula, look: Look) -> Plain:
        """Return what a formula calculates. Raises NullOperand, ZeroDivisor."""
        if isinstance(formula, ColumnRef):
            found = look(formula.name)
            if found is None:
                raise NullOperand
            return plain(found)
        if not isinstance(formula, Call):
            return plain(self.constant(formula))
        if formula.function == "days_between":
            first, last = (cast("dt.date", self.value(one, look)) for one in formula.arguments)
            return Fraction(last.toordinal() - first.toordinal())
        # Typing lets `min` and `max` take dates and times too; all else is numbers.
        numbers = [cast("Fraction", self.value(one, look)) for one in formula.arguments]
        return _calculate(formula.function, numbers)


def _name(formula: Formula) -> str:
    if not isinstance(formula, ColumnRef):
        raise TypeError("a column is needed here")
    return formula.name


def _calculate(function: str, numbers: list[Fraction]) -> Fraction:
    first, last = numbers[0], numbers[-1]
    if function == "neg":
        return -first
    if function == "+":
        return first + last
    if function == "-":
        return first - last
    if function == "*":
        return first * last
    if function == "min":
        return sorted(numbers)[0]
    if function == "max":
        return sorted(numbers)[-1]
    if function == "/":
        if last == 0:
            raise ZeroDivisor
        return first / last
    if last <= 0:
        raise ZeroDivisor
    # How many units: down, up, or to the nearest with halves away from zero.
    units = first / last
    down = units.numerator // units.denominator
    if function == "floor_to":
        return down * last
    if function == "ceil_to":
        return (down if down == units else down + 1) * last
    away = abs(units) + Fraction(1, 2)
    nearest = away.numerator // away.denominator
    return (nearest if units >= 0 else -nearest) * last

"""The exact arithmetic that compiled formulas call. Numbers are int or Fraction, never float."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from engine.rules.decide import refuse
from engine.rules.model import Duration
from engine.rules.values import decimal_of

Exact = int | Fraction


def divide(left: Exact, right: Exact) -> Fraction:
    """Return left / right exactly. Raises DecisionRefused ZERO_DIVISOR."""
    if right == 0:
        raise refuse(
            "ZERO_DIVISOR",
            "a formula divides by zero; guard the row with a condition",
            "公式中除数为零；请在该行加上条件",
        )
    return Fraction(left) / right


def _positive(unit: Exact) -> None:
    if unit <= 0:
        raise refuse(
            "ZERO_DIVISOR",
            "a formula rounds to a unit that is not above zero; correct the parameter",
            "公式的取整单位不大于零；请更正参数",
        )


def floor_to(value: Exact, unit: Exact) -> Exact:
    """Return the largest multiple of `unit` not above `value` (towards minus infinity)."""
    _positive(unit)
    return (value // unit) * unit


def ceil_to(value: Exact, unit: Exact) -> Exact:
    """Return the smallest multiple of `unit` not below `value`."""
    _positive(unit)
    return -((-value) // unit) * unit


def round_half_up(value: Exact, unit: Exact) -> Exact:
    """Return the nearest multiple of `unit`; a tie goes away from zero (四舍五入).

    So a reversal rounds to the exact negative of its original.
    """
    _positive(unit)
    size: Exact = -value if value < 0 else value
    size = ((2 * size + unit) // (2 * unit)) * unit
    return -size if value < 0 else size


def whole(value: Exact) -> int:
    """Return a number that typing has proven whole as int."""
    if value.denominator != 1:
        raise AssertionError(f"{value} is not whole")
    return value.numerator


def exact_decimal(value: Exact) -> Decimal:
    """Return a terminating fraction as Decimal, exact at any size."""
    twos, fives, rest = 0, 0, value.denominator
    while rest % 2 == 0:
        twos, rest = twos + 1, rest // 2
    while rest % 5 == 0:
        fives, rest = fives + 1, rest // 5
    if rest != 1:
        raise AssertionError(f"{value} has no finite decimals")
    places = max(twos, fives)
    return decimal_of(value.numerator * 10**places // value.denominator, -places)


def duration(seconds: int) -> Duration:
    """Return a computed duration, written in days, hours, minutes."""
    parts = []
    rest = abs(seconds)
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    written = " ".join(parts) or "0min"
    return Duration(seconds, f"-{written}" if seconds < 0 else written)

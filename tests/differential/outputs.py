"""A catalogue of output cells: what is written, and the value it gives."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from engine.rules.model import Duration
from tests.differential.cells import HOUR
from tests.differential.plain import PARAMS, Facts, Given, Output, Refused


def constant(text: str, value: Given) -> Output:
    """The same value for all facts."""
    return Output(text, lambda facts: value)


NULL = constant("-", None)


def _need(facts: Facts, name: str) -> Any:
    if facts[name] is None:
        raise Refused("NULL_OPERAND")
    return facts[name]


def _formula(text: str, gives: Callable[[Callable[[str], Any]], Given]) -> Output:
    return Output(f"= {text}", lambda facts: gives(lambda name: _need(facts, name)))


def half_up(value: Fraction, unit: Fraction) -> Fraction:
    """The nearest multiple; halves away from zero."""
    units = abs(value) / unit
    whole = units.numerator // units.denominator
    if units - whole >= Fraction(1, 2):
        whole += 1
    return (whole if value >= 0 else -whole) * unit


def _divided(of: Callable[[str], Any]) -> Given:
    amount, days = of("amount"), of("days")
    if days == 0:
        raise Refused("ZERO_DIVISOR")
    return int(half_up(Fraction(amount, days), Fraction(1)))


def _share(of: Callable[[str], Any]) -> Given:
    found = half_up(Fraction(of("rate")) / 3, Fraction(1, 10_000))
    return Decimal(int(found * 10_000)).scaleb(-4)


def _template(facts: Facts) -> Given:
    payee = facts["payee"]
    return f"付 {'' if payee is None else payee} {facts['days']} 天 {facts['due']}"


def _certain(of: Callable[[str], Any]) -> Given:
    return bool(of("amount") > of("fee") and of("urgent"))


def _wait(of: Callable[[str], Any]) -> Given:
    return Duration(of("age").seconds + HOUR, "x")


def _later(of: Callable[[str], Any]) -> Given:
    days: tuple[dt.date, dt.date] = of("due"), of("booked")
    return max(days)


LOW = PARAMS["low"][1]

OUTPUTS: Mapping[str, Sequence[Output]] = {
    "level": [NULL, *(constant(one, one) for one in ("low", "middle", "high"))],
    "money": [
        NULL,
        constant("100", 10_000),
        constant("$low", LOW),
        _formula("amount + fee", lambda of: of("amount") + of("fee")),
        _formula("-amount", lambda of: -of("amount")),
        _formula("max(amount, fee, $low)", lambda of: max(of("amount"), of("fee"), LOW)),
        _formula("floor_to(amount, 1万)", lambda of: of("amount") // 1_000_000 * 1_000_000),
        _formula("ceil_to(amount, 100)", lambda of: -(-of("amount") // 10_000) * 10_000),
        _formula(
            "round_half_up(amount * rate, 0.01)",
            lambda of: int(half_up(of("amount") * Fraction(of("rate")), Fraction(1))),
        ),
        _formula("round_half_up(amount / days, 0.01)", _divided),
    ],
    "number": [
        NULL,
        constant("5", 5),
        _formula("repeats + days", lambda of: of("repeats") + of("days")),
        _formula("days_between(due, booked)", lambda of: (of("booked") - of("due")).days),
    ],
    "share": [
        NULL,
        constant("$share", Decimal("0.05")),
        _formula("round_half_up(rate / 3, 0.01%)", _share),
    ],
    "wait": [NULL, constant("4h", Duration(4 * HOUR, "4h")), _formula("age + 1h", _wait)],
    "flag": [NULL, constant("true", True), _formula("amount > fee and urgent", _certain)],
    "text": [NULL, constant("转人工", "转人工"), Output("付 {payee} {days} 天 {due}", _template)],
    "chain": [NULL, constant("reviewer > cfo", ("reviewer", "cfo"))],
    "day": [
        NULL,
        constant("2026-12-01", dt.date(2026, 12, 1)),
        _formula("max(due, booked)", _later),
    ],
}
"""Output column -> cells."""

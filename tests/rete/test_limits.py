"""Facts outside the limits get no opinion, never a wrong one."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from engine.rules import DecisionRefused, FactValue
from engine.rules.rete import NoSecondOpinion
from tests.rete.given import needs_durable, rows

pytestmark = needs_durable

MOST = 2**53 - 1


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        ("amount", "> 5", MOST + 1),
        ("amount", "> 5", -MOST - 1),
        ("amount", "> 123456789012345678.90", 10**30),
        ("amount", "< -123456789012345678.90", 5 - 10**30),
        ("rate", "> 5%", Decimal("0.00000000001")),
        ("rate", "> 5%", Decimal(10) ** 8),
        ("payee", "x", "x" * 4_097),
        ("payee", "x", "\ud800"),
        ("at", "> 16:30", dt.time(16, 31, tzinfo=dt.UTC)),
    ],
)
def test_beyond_the_limits_there_is_no_opinion(column: str, cell: str, value: FactValue) -> None:
    with pytest.raises(NoSecondOpinion) as caught:
        rows(f"id | {column} => level\nA | {cell} => low", **{column: value})
    assert caught.value.code == "RETE_FACT"
    assert column in caught.value.text.en
    assert column in caught.value.text.zh


@pytest.mark.parametrize(
    ("column", "cell", "value", "hits"),
    [
        ("amount", ">= 90071992547409.91", MOST, True),
        ("amount", "> 90071992547409.90", MOST, True),
        ("amount", "= -90071992547409.91", -MOST, True),
        ("amount", "> 90071992547409.91", MOST, False),
        ("amount", "< 123456789012345678.90", MOST, True),
        ("rate", "> 0.049999999", Decimal("0.05"), True),
        ("rate", "> 0.0499999999999", Decimal("0.05"), True),
        ("rate", "= 0.05000000001", Decimal("0.05"), False),
        ("payee", '"' + "长" * 60 + '"', "长" * 60, True),
        ("payee", "not(x)", "x" * 4_096, True),
        ("payee", '"a\\"b\\\\c"', 'a"b\\c', True),
        ("payee", "not(x)", "\x00\n\t'😀", True),
        ("at", "< 16:30", dt.time(16, 29, 59, 999_999), True),
        ("due", "<= 9999-12-31", dt.date.max, True),
    ],
)
def test_up_to_the_limits_it_is_exact(column: str, cell: str, value: FactValue, hits: bool) -> None:
    assert rows(f"id | {column} => level\nA | {cell} => low", **{column: value}) == ("A",) * hits


def test_columns_no_cell_compares_may_hold_anything() -> None:
    assert rows("id | type => level\nA | claim => low", amount=10**40) == ("A",)


@pytest.mark.parametrize("value", [None, 1.5, "5", True])
def test_facts_no_evaluator_takes_are_refused_as_everywhere(value: object) -> None:
    with pytest.raises(DecisionRefused):
        rows("id | amount => level\nA | - => low", amount=value)  # type: ignore[arg-type]


@pytest.mark.parametrize("fee", [None, 0])
def test_a_condition_that_rounds_to_no_unit_is_open(fee: int | None) -> None:
    condition = "floor_to(amount, fee) > 1"
    table = f"id | when => level\nA | {condition} => low\nB | not ({condition}) => high"
    assert rows(table, fee=fee) == ()

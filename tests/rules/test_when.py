"""The `when` column: truth formulas over several columns."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.rules.given import decide, findings

FACTS: dict[str, Any] = {
    "amount": 10_000,
    "fee": 100,
    "days": 2,
    "type": "claim",
    "payee": "张三",
    "urgent": True,
    "due": dt.date(2026, 11, 23),
    "booked": dt.date(2026, 11, 20),
}

# formula, facts that differ, whether the row matches
TRUTHS: list[tuple[str, dict[str, Any], bool]] = [
    ("-", {}, True),
    ("amount > fee", {}, True),
    ("amount > fee", {"fee": None}, False),
    ("not (amount > fee)", {"fee": None}, False),
    ("not amount > fee", {"fee": 10_000}, True),
    ("fee = null", {"fee": None}, True),
    ("fee != null", {"fee": None}, False),
    ("fee = null or amount > fee", {"fee": None}, True),
    ("amount > 50 and urgent", {}, True),
    ("amount > 50 and not urgent", {}, False),
    ("amount ≥ 100 and amount ≤ 100", {}, True),
    ("amount * 2 > fee * 100", {}, True),
    ("amount / days > 50", {}, False),
    ("amount / days > 49.99", {}, True),
    ("amount / days > 1", {"days": 0}, False),
    ("not (amount / days > 1)", {"days": 0}, False),
    ("fee / amount = 1%", {}, True),
    ("floor_to(amount, fee) > 1", {"fee": 3_000}, True),
    ("floor_to(amount, fee) > 1", {"fee": 0}, False),
    ("not (floor_to(amount, fee) > 1)", {"fee": 0}, False),
    ("ceil_to(days, 2 - days) > 1", {"days": 3}, False),
    ("round_half_up(amount, $unit) > 1", {}, False),
    ("floor_to(amount, fee) > 1 or urgent", {"fee": 0}, True),
    ("amount / floor_to(amount, fee) >= 1", {"fee": 0}, False),
    ("amount / floor_to(amount, fee) >= 1", {"fee": 20_000}, False),
    ("amount / floor_to(amount, fee) >= 1", {"fee": 3_000}, True),
    ("floor_to(amount, amount / days) > 1", {"days": 0}, False),
    ("type = claim", {}, True),
    ("type != claim", {}, False),
    ('type = "claim"', {}, True),
    ("type = $kind", {}, True),
    ('payee = "张三"', {}, True),
    ('starts(payee, "张")', {}, True),
    ('contains(payee, "三")', {"payee": None}, False),
    ('not matches(payee, "张")', {}, True),
    ("days_between(booked, due) = 3", {}, True),
    ("due > booked and due > 2026-11-01", {}, True),
    ("true", {}, True),
    ("urgent = true", {}, True),
    ("min(amount, fee) = 1", {}, True),
    ("floor_to(amount, 30) = 90", {}, True),
]


@pytest.mark.parametrize(("formula", "facts", "matches"), TRUTHS)
def test_a_condition_is_true_only_when_it_is_certain(
    formula: str, facts: dict[str, Any], matches: bool
) -> None:
    known = {"$kind": "params: {kind: claim}", "$unit": "params: {unit: 0}"}
    more = "".join(text for name, text in known.items() if name in formula)
    decision = decide(f"id | when => code\nA | {formula} => x", FACTS | facts, more=more)
    assert (decision.rows == ("A",)) is matches


# formula, the finding without its line
MISTAKES: list[tuple[str, str]] = [
    ("amount", "7+6 error[R131] this is an amount, but true or false is needed here"),
    ("amount > days", "16+4 error[R131] this is a whole number, but an amount is needed here"),
    ("amont > 5", "7+5 error[R102] unknown column 'amont'; did you mean 'amount'?"),
    ("type = clam", "14+4 error[R112] 'clam' is not a value of type; did you mean 'claim'?"),
    ("type > claim", "7+12 error[R131] a code has no order"),
    ("amount > null", "7+13 error[R131] only a column can be compared with null"),
    ("starts(payee, 5)", "7+16 error[R131] starts takes a column and a quoted text"),
    ('matches(payee, "(")', "22+3 error[R120] this pattern cannot be read"),
    ("amount + fee", "7+12 error[R131] + does not give true or false"),
    ("amount > 5 > 3", "18+1 error[R130] '>' is not expected here"),
]


@pytest.mark.parametrize(("formula", "expected"), MISTAKES)
def test_a_wrong_condition_gives_one_finding_in_place(formula: str, expected: str) -> None:
    (found,) = findings(f"id | when => code\nA | {formula} => x")
    assert found.startswith(f"10:{expected}"), found


def test_conditions_stand_beside_other_columns() -> None:
    table = "id | type | when => code\nA | claim | amount > fee => x\nB | - | - => y"
    assert decide(table, FACTS, policy="collect").rows == ("A", "B")
    assert decide(table, FACTS | {"type": "refund"}, policy="collect").rows == ("B",)

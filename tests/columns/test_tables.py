"""Wide tables, formulas, templates, `otherwise`, and refusals: equal to one by one."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from engine.rules import Evaluator, FactValue, branch_params, compile_ruleset
from engine.rules.columns import ColumnsEvaluator, facts_of
from engine.rules.model import Duration, HitPolicy
from tests.columns.given import check, counted
from tests.rules.given import ruleset

Documents = list[dict[str, FactValue]]
POOLS: dict[str, list[FactValue]] = {
    "amount": [0, 1, 99, 100, 101, 199, 200, 12_345, -(10**20), 10**20, 10**20 + 1],
    "fee": [None, 0, 1, 100, 10**20],
    "days": [0, 1, 2, 7],
    "type": ["claim", "refund", "premium"],
    "payee": [None, "张三", "张", "a, b", "", "ＡＢ"],
    "urgent": [True, False],
    "due": [dt.date(2026, 2, 28), dt.date(2026, 3, 1), dt.date.max, dt.date.min],
    "booked": [None, dt.date(2026, 2, 28), dt.date(2026, 3, 1)],
    "at": [dt.time(16, 30), dt.time(16, 29, 59)],
    "age": [Duration(86_400, "1d"), Duration(86_400, "24h"), Duration(3_600, "1h")],
}


def documents(count: int, small: bool = False) -> Documents:
    """Documents drawn from a few values per column; `small` keeps amounts within 64 bits."""
    rng = random.Random(count)
    pools = dict(POOLS)
    if small:
        pools["amount"] = [one for one in POOLS["amount"] if abs(int(str(one))) < 2**60]
        pools["fee"] = [None, 0, 1, 100]
    return [{name: rng.choice(pool) for name, pool in pools.items()} for _ in range(count)]


def compiled(table: str, **how: str) -> Evaluator:
    """The compiled evaluator of a table."""
    found = ruleset(table, **how)
    return compile_ruleset(found, branch_params(found, ()))


def wide(rows: int) -> str:
    """A table of some rows, every few of which overlap."""
    rng = random.Random(rows)
    lines = ["id | amount | fee | type | payee | booked => level | text"]
    for row in range(rows):
        low = rng.choice([-5, 0, 0.5, 1, 1.01])
        amount = rng.choice(["-", f">= {low}", f"[{low}..{low + 1})", "> fee", f"[fee..{low + 9}]"])
        type_ = rng.choice(["-", "claim", "not(claim)", "refund, premium"])
        payee = rng.choice(["-", "-", 'starts("张")', "not(null)", "null", 'not(contains("三"))'])
        booked = rng.choice(["-", "-", "<= due", "null, > due"])
        text = rng.choice(["-", "fixed", '"{payee} {amount}"', "fixed"])
        level = rng.choice(["low", "high"])
        lines.append(f"R{row} | {amount} | - | {type_} | {payee} | {booked} => {level} | {text}")
    return "\n".join(lines)


@pytest.mark.parametrize("policy", [one.value for one in HitPolicy])
@pytest.mark.parametrize("rows", [1, 64, 65, 300])
def test_a_table_of_any_width_decides_alike(rows: int, policy: str) -> None:
    ranked = policy in {"priority", "output order"}
    more = "priority: {level: [high, low]}" if ranked else ""
    evaluator = compiled(wide(rows), policy=policy, more=more)
    some = documents(130, small=rows != 65)
    decided = check(evaluator, some)
    assert decided.hits == counted(evaluator, some)


@pytest.mark.parametrize("policy", ["first", "unique", "collect"])
@pytest.mark.parametrize("rows", [64, 65, 128, 300])
def test_hits_far_down_a_table_and_far_apart_are_found(rows: int, policy: str) -> None:
    # Each row takes one amount; every third row that of a row 64, 128 or 192 before it.
    taken = [row if row % 3 else row % 64 for row in range(rows)]
    lines = [f"R{row} | = {amount} => {row}" for row, amount in enumerate(taken)]
    evaluator = compiled("id | amount => number\n" + "\n".join(lines), policy=policy)
    some: Documents = [{"amount": at * 100} for at in range(rows + 1)]
    assert check(evaluator, some).hits == counted(evaluator, some)


# table, envelope lines
TABLES: list[tuple[str, str]] = [
    ("id | when => code\nA | amount * 2 > fee * 100 => x\nB | - => y", ""),
    ("id | when | payee => code\nA | floor_to(amount, fee) = 1 | 张三 => x\nB | - | - => y", ""),
    ('id | payee | when => code\nA | contains("张") | floor_to(amount, fee) = 1 => x', ""),
    ('id | when | payee => code\nA | floor_to(amount, fee) = 1 | contains("三") => x', ""),
    ("id | when => code\nA | amount / days > 1 and urgent => x\nB | not urgent => y", ""),
    ("id | when => code\nA | days_between(booked, due) >= 1 => x", "otherwise: {code: none}"),
    ("id | type => money\nA | claim => = amount + fee\nB | refund => = floor_to(amount, fee)", ""),
    ("id | type => flag\nA | claim => = amount > fee\nB | refund => = booked = null", ""),
    ("id | type => wait\nA | claim => 4h\nB | refund => -", "otherwise: {wait: 1d}"),
    ('id | type => text\nA | claim => "{payee}: {age}, {due}"', 'otherwise: {text: "{fee}元"}'),
    ("id | at => code\nA | < 16:30 => x\nB | [16:30..17:00] => y", ""),
    ("id | age => code\nA | < 1d => x\nB | 24h => y", ""),
    ("id | amount => code\nA | > 1000000000000000000 => x\nB | <= fee => y", ""),
    ("id | amount => code\nA | [1..fee], not(>= fee), 2 => x", ""),
    ("id | due => code\nA | [booked..2026-03-01], 9999-12-31 => x\nB | != booked => y", ""),
    ("id | urgent => code\nA | - => x", ""),
]


@pytest.mark.parametrize(("table", "more"), TABLES)
@pytest.mark.parametrize("small", [True, False])
@pytest.mark.parametrize("policy", ["first", "unique", "collect"])
def test_formulas_templates_and_comparisons_decide_alike(
    table: str, more: str, small: bool, policy: str
) -> None:
    check(compiled(table, policy=policy, more=more), documents(300, small))


def test_a_condition_that_rounds_to_no_unit_does_not_match() -> None:
    evaluator = compiled(
        'id | when | payee => code\nA | floor_to(amount, fee) = 1 | contains("三") => x'
    )
    facts: dict[str, FactValue] = {"amount": 100, "fee": 0, "payee": "张三"}
    decided = check(evaluator, [facts, {**facts, "fee": 1}])
    assert [getattr(one, "rows", None) for one in decided.decisions] == [(), ("A",)]
    assert decided.hits == {"A": 1}


def test_outputs_that_differ_are_refused_alike() -> None:
    table = "id | amount => code\nA | >= 1 => x\nB | >= 2 => y\nC | < 0 => z"
    decided = check(compiled(table, policy="any"), documents(200))
    assert "OUTPUTS_DIFFER" in {getattr(one, "code", None) for one in decided.decisions}


def test_no_document_is_decided_as_nothing() -> None:
    evaluator = compiled("id | amount => code\nA | > 1 => x")
    decided = check(evaluator, [])
    assert (decided.decisions, decided.hits) == ((), {"A": 0})


def test_a_missing_required_fact_is_refused_by_the_first_column_that_lacks_it() -> None:
    evaluator = compiled("id | type | amount => code\nA | claim | > 1 => x")
    decided = check(evaluator, [{}, {"type": "claim"}, {"type": "oops"}, {"amount": 200}])
    assert {getattr(one, "code", None) for one in decided.decisions} == {
        "FACT_MISSING",
        "FACT_NOT_LISTED",
    }


def test_a_value_below_its_minimum_is_refused_between_values_that_are_not() -> None:
    evaluator = compiled("id | days => code\nA | <= 5 => x")
    some: Documents = [{"days": at} for at in (-2, -1, 0, 1, 5, 6, 2**40, None)]
    assert check(evaluator, some).hits == {"A": 3}
    assert check(compiled("id | days => code\nA | - => x"), some).hits == {"A": 5}


def test_a_double_hit_in_another_word_is_seen_beside_a_single_hit() -> None:
    lines = [f"R{row} | = {row} | - => x" for row in range(64)]
    table = "\n".join(["id | amount | urgent => code", *lines, "Z | - | true => x"])
    some: Documents = [{"amount": 300, "urgent": urgent} for urgent in (False, True)]
    decided = check(compiled(table, policy="unique"), some)
    assert {getattr(one, "code", None) for one in decided.decisions} == {None, "DOUBLE_HIT"}


def test_every_distinct_decision_is_made_once() -> None:
    evaluator = compiled("id | amount => code\nA | > 1 => x\nB | - => y")
    asked: list[object] = []
    decide = evaluator.decide

    def counting(facts: dict[str, FactValue]) -> object:
        asked.append(facts)
        return decide(facts)

    evaluator.decide = counting  # type: ignore[assignment]
    amounts: Documents = [{"amount": at} for at in range(1_000)]
    decided = ColumnsEvaluator(evaluator).decide(facts_of(evaluator.ruleset, amounts))
    assert (len(asked), len(decided.decisions)) == (2, 2)
    assert dict(decided.hits) == {"A": 899, "B": 1_000}


def test_blocks_of_documents_meet_without_a_seam() -> None:
    evaluator = compiled("id | amount | type => code\nA | > 1 | claim => x\nB | 0.5 | - => y")
    rng = random.Random(1)
    amounts: Documents = [
        {"amount": rng.choice([0, 50, 100, 101, 999]), "type": rng.choice(["claim", "refund"])}
        for _ in range(70_000)
    ]
    decided = check(evaluator, amounts)
    assert decided.hits["B"] == sum(one["amount"] == 50 for one in amounts)

"""None, one, and more hits than the second engine can hold at once; and rows in any order."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.rules.model import HitPolicy
from tests.differential.cells import negated, one_of
from tests.differential.evaluators import (
    by_reference,
    compare,
    params_of,
    ruleset_of,
    second_opinion,
)
from tests.differential.outputs import OUTPUTS
from tests.differential.plain import Cell, Fact, Plan, Row, hits
from tests.differential.strategies import COLUMNS, NEAR, POLICIES, RANKED, SIMPLE, facts, plans

HITS = (0, 1, 59, 64, 65, 300)
FACTS: dict[str, Fact] = {column: NEAR[column][-1] for column in COLUMNS} | {
    "amount": 10_000,
    "fee": 1,
    "type": "claim",
    "bank": "901",
    "payee": "张三",
}


def _cells(number: int) -> tuple[Cell, ...]:
    """Cells that all hold of FACTS, each row's in its own way."""
    found = []
    for column in ("amount", "fee", "type", "payee"):
        holding = [cell for cell in SIMPLE[column] if cell.holds(FACTS)]
        failing = [cell for cell in SIMPLE[column] if not cell.holds(FACTS)]
        one, other = holding[number % len(holding)], holding[-1 - number % len(holding)]
        shapes = (
            one,
            one_of(one, other),
            negated(column, one_of(*failing[number % 3 : number % 3 + 4])),
            one_of(failing[number % len(failing)], one),
        )
        found.append(shapes[number % len(shapes)])
    return tuple(found)


def _plan(wanted: int) -> Plan:
    """A table in which `wanted` rows hit FACTS, among some that do not."""
    count = wanted + 10
    never = Cell("refund", lambda facts: facts["type"] == "refund")
    order = random.Random(wanted).sample(range(count), count)
    low, high = (one for one in OUTPUTS["level"] if one.text in {"low", "high"})
    rows = []
    for at in range(count):
        cells = _cells(at)
        if order[at] >= wanted:
            cells = (*cells[:2], never, cells[3])
        rows.append(Row(f"R{at}", cells, (high if at % 7 else low,)))
    return Plan(("amount", "fee", "type", "payee"), ("level",), tuple(rows), "collect")


@pytest.mark.parametrize("wanted", HITS)
def test_every_hit_is_found_however_many_there_are(wanted: int) -> None:
    collect = _plan(wanted)
    loaded = ruleset_of(collect)
    assert len(hits(collect, FACTS)) == wanted
    others = [FACTS | {"type": "refund"}, FACTS | {"fee": None}, FACTS | {"payee": None}]
    some = [FACTS, *others, FACTS]
    for policy in POLICIES:
        ranks = ("high", "low") if policy in RANKED else ()
        plan = replace(collect, policy=policy, ranks=ranks)
        ruleset = replace(loaded, hit_policy=HitPolicy(policy), priority={"level": ranks})
        told = [by_reference(plan, one) for one in some]
        compare(ruleset, params_of(ruleset), some, told)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(plans(), st.lists(facts(), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_rows_in_another_order_hit_the_same_facts(
    plan: Plan, some: list[dict[str, Fact]], chance: random.Random
) -> None:
    turned = replace(plan, rows=tuple(chance.sample(plan.rows, len(plan.rows))))
    for one in (plan, turned):
        ruleset = ruleset_of(one)
        compare(ruleset, params_of(ruleset), some, [by_reference(one, facts) for facts in some])
    for facts_ in some:
        assert sorted(hits(plan, facts_)) == sorted(hits(turned, facts_))


def test_the_second_engine_forgets_each_document_before_the_next() -> None:
    plan = _plan(65)
    ruleset = ruleset_of(plan)
    with second_opinion(ruleset, params_of(ruleset)) as second:
        if second is None:
            pytest.skip("NOT RUN: durable-rules is not on this machine")
        before = second.rows(FACTS)
        for _ in range(300):
            second.rows(FACTS | {"type": "refund", "fee": None})
        assert len(before) == 65
        assert second.rows(FACTS) == before

"""The columns evaluator equals the compiled one on random tables and documents."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.rules import compile_ruleset
from engine.rules.model import HitPolicy
from tests.columns.given import check
from tests.rules.given import ruleset
from tests.rules.reference import Fact, Rule
from tests.rules.test_reference import LEVELS, POOLS, RANKS, as_text, cells_of, facts_near

pytestmark = pytest.mark.long

SIZES = (0, 1, 2, 63, 64, 65, 300)

ODD: dict[str, list[object]] = {
    "amount": [None, 1.5, "1", True, -(10**30), 2**63, 2**63 - 1, -(2**63)],
    "fee": [-1, 10**25],
    "type": [None, "claims", ""],
    "payee": ["", "１２", 62],
    "urgent": [None, 1],
    "due": [None, "2026-01-01"],
}
"""Facts that deciding refuses, or that are at the ends of what they may be."""


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[Rule], str]:
    """Columns, rules and a hit policy."""
    columns = draw(st.lists(st.sampled_from(sorted(POOLS)), min_size=1, max_size=5, unique=True))
    rules = [
        Rule(
            f"R{index}",
            tuple(draw(cells_of(column)) for column in columns),
            draw(st.sampled_from([*LEVELS, None])),
            draw(st.booleans()),
        )
        for index in range(draw(st.integers(1, 8)))
    ]
    return columns, rules, draw(st.sampled_from([one.value for one in HitPolicy]))


@st.composite
def documents(draw: st.DrawFn) -> list[dict[str, Fact]]:
    """Documents drawn from a few values per column, some of them odd."""
    pools = {column: draw(st.lists(facts_near(column), min_size=1, max_size=8)) for column in POOLS}
    if draw(st.integers(0, 3)) == 0:
        for column, odd in ODD.items():
            pools[column] = [*pools[column], *odd]  # type: ignore[list-item]
    seed = draw(st.integers(0, 2**32))
    rng = random.Random(seed)
    return [
        {column: rng.choice(pool) for column, pool in pools.items()}
        for _ in range(draw(st.sampled_from(SIZES)))
    ]


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(tables(), documents())
def test_every_document_is_decided_as_the_compiled_evaluator_decides_it(
    table: tuple[list[str], list[Rule], str], some: list[dict[str, Fact]]
) -> None:
    columns, rules, policy = table
    ranked = policy in {"priority", "output order"}
    if ranked:
        rules = [
            r if r.level in {*RANKS, None} else Rule(r.id, r.tests, "low", r.adds) for r in rules
        ]
    more = f"priority: {{level: [{', '.join(RANKS)}]}}" if ranked else ""
    check(compile_ruleset(ruleset(as_text(columns, rules), policy=policy, more=more), {}), some)

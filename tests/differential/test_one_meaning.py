"""Random tables and facts: the description, the compiled function, columns and durable-rules."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.differential.evaluators import by_reference, compare, params_of, ruleset_of
from tests.differential.plain import Fact, Plan
from tests.differential.strategies import facts, plans

pytestmark = pytest.mark.long

TABLES = 800


@settings(
    max_examples=TABLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(plans(), st.lists(facts(), min_size=4, max_size=12))
def test_all_evaluators_say_what_the_description_says(
    plan: Plan, some: list[dict[str, Fact]]
) -> None:
    ruleset = ruleset_of(plan)
    compare(ruleset, params_of(ruleset), some, [by_reference(plan, one) for one in some])

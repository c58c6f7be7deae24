"""Second opinions on small tables; tests that need durable-rules say so where it is missing."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from engine.rules import FactValue
from engine.rules.rete import ReteProgram, build_rete, translate, unavailable
from tests.rules.given import SAMPLE, ruleset

needs_durable = pytest.mark.skipif(
    unavailable() is not None, reason="NOT RUN: durable-rules is not on this machine"
)
"""tests/differential/test_here.py fails where it could be."""


def program(table: str, policy: str = "collect", more: str = "") -> ReteProgram:
    """The program of a ruleset around `table`."""
    found = translate(ruleset(table, policy=policy, more=more), {})
    assert isinstance(found, ReteProgram), found
    return found


def rows(table: str, **facts: FactValue) -> tuple[str, ...]:
    """The rows that hit, before the hit policy."""
    given: Mapping[str, FactValue] = {**SAMPLE, **facts}
    evaluator = build_rete(ruleset(table, policy="collect"), {})
    try:
        return evaluator.rows(given)
    finally:
        evaluator.retire()

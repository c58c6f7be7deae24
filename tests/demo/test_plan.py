"""The drawn day has the troubles of a real one, whatever its size and seed."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from api.demo.claims import Fate, plan_day

DAY = dt.date(2026, 11, 20)


@settings(max_examples=25, deadline=None)
@given(count=st.integers(60, 800), seed=st.integers(0, 10_000))
def test_every_day_has_at_least_the_promised_shares(count: int, seed: int) -> None:
    plan = plan_day(count, seed, DAY)
    fates = Counter(plan.fates.values())
    assert plan.count == count
    assert fates[Fate.INVALID] * 100 >= 5 * count
    assert fates[Fate.REJECT] * 100 >= 3 * count
    assert fates[Fate.DUPLICATE] * 100 >= 2 * count
    assert fates[Fate.TWIN] * 100 >= 2 * count
    assert fates[Fate.BANK_REFUSES] * 100 >= count
    assert fates[Fate.LARGE] == 1
    assert fates[Fate.NO_FUNDS] >= 2
    assert plan.pushed


def test_the_same_seed_draws_the_same_day() -> None:
    assert plan_day(200, 7, DAY) == plan_day(200, 7, DAY)
    assert plan_day(200, 7, DAY) != plan_day(200, 8, DAY)


def test_source_document_numbers_are_unique() -> None:
    plan = plan_day(300, 3, DAY)
    rows = [row for rows in plan.files.values() for row in rows] + plan.pushed
    assert len({row["source_document_no"] for row in rows}) == 300

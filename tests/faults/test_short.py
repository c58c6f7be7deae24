"""A short faulty day in every test run; `make soak` plays many long ones."""

from __future__ import annotations

import pytest

from api.demo.faults.plan import Orders
from tests.faults.conftest import Play
from tests.faults.naive import naive_work

pytestmark = pytest.mark.long


@pytest.mark.timeout(240)
def test_killed_and_paused_workers_pay_nothing_twice_and_lose_nothing(play: Play) -> None:
    orders = Orders(documents=30, kills=8, pauses=4, long_pauses=0, submit_faults=0.8)
    verdict = play(orders)
    assert verdict.broken == (), verdict.to_json()
    assert (verdict.struck.kills, verdict.struck.pauses) == (8, 4)
    # Strikes and faults that met nothing would prove nothing.
    assert verdict.struck.interrupted >= 4
    assert verdict.bank_faults >= 4
    assert verdict.unknown > 0
    assert verdict.executed > 20


@pytest.mark.timeout(240)
def test_the_control_with_naive_retry_pays_twice(play: Play) -> None:
    orders = Orders(documents=24, kills=2, pauses=0, long_pauses=0, submit_faults=1.0)
    verdict = play(orders, naive_work)
    assert verdict.double_payments > 0, "the harness is blind"
    assert "double_payments" in verdict.broken

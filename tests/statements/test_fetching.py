"""Fetching statements and balances from simulated banks over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.runtime import actions, db
from engine.runtime.clock import ManualClock
from engine.treasury import statements
from tests.payments.stage import Stage, prepare, staged


@pytest.fixture
def stage(engine: sa.Engine, clock: ManualClock, tmp_path: Path) -> Iterator[Stage]:
    """Both banks and the small group."""
    prepare(engine)
    with staged(engine, clock, tmp_path) as made:
        yield made


def _credit(stage: Stage, amount: str) -> None:
    stage.banks["bank_a"].admin(
        "credit",
        {
            "account": "6100000001",
            "amount": amount,
            "counterparty_name": "李四",
            "counterparty_account": "6222",
            "remittance": "来款",
        },
    )
    stage.banks["bank_a"].admin("cut", {})


def _fetch(stage: Stage) -> statements.Fetched:
    return statements.fetch_account(
        stage.engine, stage.clock, stage.connectors, stage.world.pay_account
    )


def test_fetching_takes_what_is_new_and_nothing_twice(stage: Stage) -> None:
    for amount in ("1.00", "2.00"):
        _credit(stage, amount)
    assert _fetch(stage).new_lines == 2
    assert _fetch(stage).imported == ()
    _credit(stage, "3.00")
    assert _fetch(stage).new_lines == 1
    assert stage.value("SELECT statement_sequence FROM bank_account ORDER BY id LIMIT 1") == 3


def test_a_bank_that_does_not_answer_is_asked_again(stage: Stage) -> None:
    _credit(stage, "1.00")
    stage.banks["bank_a"].fault("garbage", on="statement")
    found = _fetch(stage)
    assert (found.imported, found.no_answer is None) == ((), False)
    assert _fetch(stage).new_lines == 1


def test_the_scheduled_action_fetches_all_accounts_and_balances(stage: Stage) -> None:
    _credit(stage, "1.00")
    with db.transaction(stage.engine) as session:
        actions.enqueue(session, statements.FETCH_ALL, "test", {})
    stage.work()
    assert stage.value("SELECT count(*) FROM statement_line") == 1
    assert (
        stage.value(
            "SELECT count(DISTINCT account_id) FROM account_balance WHERE source = 'connector'"
        )
        == 3
    )


def test_the_balance_is_what_the_bank_says(stage: Stage) -> None:
    why = statements.refresh_balance(
        stage.engine, stage.clock, stage.connectors, stage.world.pay_account
    )
    assert why is None
    assert stage.value("SELECT bank_booked FROM account_balance") == 500_000_000


def test_no_balance_is_kept_when_the_bank_does_not_answer(stage: Stage) -> None:
    stage.banks["bank_a"].fault("garbage", on="balance")
    why = statements.refresh_balance(
        stage.engine, stage.clock, stage.connectors, stage.world.pay_account
    )
    assert why is not None
    assert stage.value("SELECT count(*) FROM account_balance") == 0

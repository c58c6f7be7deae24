"""Fetching statements and balances from simulated banks over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.banks.contract import FetchedStatement, FetchedStatements
from engine.base.text import Text
from engine.formats.reading import ReadFinding
from engine.runtime import actions, db
from engine.runtime.clock import ManualClock
from engine.treasury import statements
from engine.treasury.accounts.book import account
from tests.payments.stage import Stage, prepare, staged
from tests.statements.test_importing import line, statement


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


def _bank_gives(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, *answers: FetchedStatements
) -> list[int]:
    """Let the account's bank give `answers`, the last one for ever; what it was asked after."""
    with db.transaction(stage.engine) as session:
        bank = account(session, stage.world.pay_account).bank_id
    asked: list[int] = []

    def give(_self: object, _account: str, after: int) -> FetchedStatements:
        asked.append(after)
        assert len(asked) < 10, "asked for ever"
        return answers[min(len(asked), len(answers)) - 1]

    monkeypatch.setattr(type(stage.connectors(bank)), "statements", give)
    return asked


def _finding(fatal: bool = True) -> ReadFinding:
    return ReadFinding("XML_BROKEN", Text("line 7: the XML is broken", "第 7 行:错误"), 7, fatal)


INCIDENTS = "SELECT count(*) FROM alert WHERE code = 'STATEMENT_UNREADABLE'"


def test_what_cannot_be_read_is_an_incident_once_and_no_success(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    _bank_gives(stage, monkeypatch, FetchedStatements((), False, (_finding(),)))
    assert _fetch(stage).unreadable == "line 7: the XML is broken"
    with db.transaction(stage.engine) as session:
        payload = {"account_id": stage.world.pay_account}
        actions.enqueue(session, statements.FETCH, "test", payload)
    stage.work()
    assert stage.value("SELECT state FROM action WHERE key = 'test'") == "dead"
    assert stage.value(INCIDENTS) == 1
    told = str(stage.value("SELECT message_en FROM alert WHERE code = 'STATEMENT_UNREADABLE'"))
    assert "6100000001" in told
    assert "line 7" in told


def test_a_statement_with_an_unreadable_line_is_an_incident_of_its_own(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = statement(0, line(100, "B1"), sequence=1)
    for raw, findings in ((b"1", (_finding(fatal=False),)), (b"2", (_finding(),))):
        given = FetchedStatement(one, raw, findings)
        _bank_gives(stage, monkeypatch, FetchedStatements((given,), False, ()))
        assert (_fetch(stage).unreadable is None, stage.value(INCIDENTS)) == (
            (True, 0) if raw == b"1" else (False, 1)
        )


def test_a_bank_that_promises_more_and_does_not_go_on_is_asked_again_later(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = FetchedStatement(statement(0, line(100, "B1"), sequence=1), b"1", ())
    asked = _bank_gives(stage, monkeypatch, FetchedStatements((given,), True, ()))
    found = _fetch(stage)
    assert (asked, found.new_lines) == ([0, 1], 1)
    assert found.no_answer is not None
    asked = _bank_gives(stage, monkeypatch, FetchedStatements((), True, ()))
    assert _fetch(stage).no_answer is not None
    assert asked == [1]


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

"""An action of the payment path is given up after so many deaths: its payments say so, nothing
pays them meanwhile, and an operator's word brings them to their end, once."""

from __future__ import annotations

import datetime as dt

import pytest

from engine.runtime import db
from engine.runtime.actions.queue import MAX_CRASHES
from engine.treasury.invariants import check_invariants
from engine.treasury.operations import queue_acts
from engine.treasury.organisations.models import RoleGrant, UserAccount
from tests.faults.line import Line
from tests.faults.line import database_url as database_url
from tests.faults.line import line as line
from tests.payments.conftest import prepared  # noqa: F401 - a fixture
from tests.payments.world import Draft

pytestmark = pytest.mark.long

PREPARE = "machines.instruction.send:prepare#1"
ASK = "machines.instruction.query:_settle#1"


def _die(line: Line, boundary: str, times: int) -> None:
    """One worker after the other dies before this commit; each time the action waits longer."""
    for _ in range(times):
        line.boundaries.deadly = (boundary, "before")
        looks = 0
        while not line.one_died():
            looks += 1
            assert looks < 3, f"{boundary} was not passed"
            line.stand(line.stage.clock.now() + dt.timedelta(minutes=10))


def _unpaid(line: Line) -> int:
    line.morning()
    (document,) = line.stage.make(Draft(1, account=line.stage.world.pay_account))
    line.slot()
    return document


def _waiting(line: Line, document: int) -> tuple[str | None, str]:
    with line.stage.engine.connect() as connection:
        row = connection.exec_driver_sql(
            "SELECT waiting_code, waiting_en FROM document WHERE id = %s", (document,)
        ).one()
    return row.waiting_code, row.waiting_en or ""


def _alerts(line: Line) -> list[str]:
    found = line.stage.column("SELECT subject_id FROM alert WHERE code = 'ACTION_DEAD' ORDER BY id")
    return [str(one) for one in found]


def _run_again(line: Line, key: str) -> None:
    with db.transaction(line.stage.engine) as session:
        if session.get(UserAccount, "operator") is None:
            session.add(UserAccount(id="operator", org_id="GROUP", name="operator"))
            session.flush()
            session.add(RoleGrant(user_id="operator", role="operator", org_id="GROUP"))
            session.flush()
        queue_acts.retry(session, "operator", key, "workers run again", line.stage.clock.now())


def _ends_paid_once(line: Line, document: int) -> None:
    for _ in range(2):
        line.later(dt.timedelta(minutes=10))
    line.fetch()
    assert line.stage.states([document]) == ["CONFIRMED"]
    assert line.executed(document) == 1
    assert line.told(document) == ["PAID", "CONFIRMED"]
    assert line.stage.value("SELECT count(*) FROM attempt") == 1
    assert line.stage.value("SELECT count(*) FROM action WHERE state = 'dead'") == 0
    with db.transaction(line.stage.engine) as session:
        assert {k: v for k, v in check_invariants(session).items() if v != "ok"} == {}


def test_a_sending_given_up_before_it_began_waits_for_an_operator(line: Line) -> None:
    document = _unpaid(line)
    key = "payment_batch.send:1"
    for deaths in (1, 2):
        _die(line, PREPARE, MAX_CRASHES)
        line.work()
        assert line.stage.states([document]) == ["UNPAID"]
        code, why = _waiting(line, document)
        assert code == "GIVEN_UP"
        assert f"sluice queue retry {key}" in why
        # Given up again is told again.
        assert _alerts(line) == [key] * deaths
        # Its attempt is live: neither the next slot nor a person makes a second one.
        line.slot()
        line.work()
        (refused,) = line.stage.release(document).items
        assert refused.code == "ALREADY_LIVE"
        assert line.executed(document) == 0
        _run_again(line, key)
        assert _waiting(line, document) == (None, "")
    _ends_paid_once(line, document)


def test_a_question_given_up_waits_for_an_operator(line: Line) -> None:
    document = _unpaid(line)
    line.work()
    line.stand(line.stage.clock.now() + dt.timedelta(minutes=1))
    _die(line, ASK, MAX_CRASHES)
    line.work()
    assert line.stage.states([document]) == ["PROCESSING"]
    code, why = _waiting(line, document)
    assert code == "GIVEN_UP"
    assert "nobody asks what became of it" in why
    _run_again(line, "payment_batch.query:1")
    assert _waiting(line, document) == (None, "")
    _ends_paid_once(line, document)


def test_deaths_after_the_message_is_committed_leave_the_bank_to_be_asked(line: Line) -> None:
    document = _unpaid(line)
    line.boundaries.deadly = ("machines.instruction.send:settle_submission#1", "before")
    assert line.one_died()
    _die(line, PREPARE, MAX_CRASHES - 1)
    line.work()
    assert line.stage.value("SELECT state FROM action WHERE key = 'payment_batch.send:1'") == "dead"
    # Nobody has to do anything for the payment: the question finds what became of it.
    assert _waiting(line, document) == (None, "")
    _run_again(line, "payment_batch.send:1")
    _ends_paid_once(line, document)

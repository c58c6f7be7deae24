"""Banks that are late, forget, do half, show bookings twice or leave statements out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.base.text import SluiceError
from engine.machines.instruction.confirm import Verdict, resolve_review
from engine.machines.instruction.evidence import Evidence
from engine.runtime import db
from engine.runtime.clock import ManualClock
from engine.treasury.accounts.book import AccountDraft, create
from tests.payments.stage import Stage, staged
from tests.payments.world import Draft

QUARANTINED = "SELECT quarantine_code FROM statement WHERE state = 'quarantined' ORDER BY id"
LINES = "SELECT count(*) FROM statement_line"


def _paid(stage: Stage, *numbers: int) -> list[int]:
    documents = stage.make(*(Draft(n, account=stage.world.pay_account) for n in numbers))
    stage.release(*documents)
    stage.work()
    stage.settle()
    return documents


def test_a_message_taken_minutes_after_an_error_is_found_and_paid_once(stage: Stage) -> None:
    documents = stage.make(Draft(1, account=stage.world.pay_account))
    stage.banks["bank_a"].fault("late_accept", seconds=240)
    stage.release()
    stage.work()
    stage.later(minutes=1)
    assert stage.states(documents) == ["UNKNOWN"]
    stage.later(minutes=10)
    stage.later(minutes=20)
    assert stage.states(documents) == ["PAID"]
    assert len(stage.banks["bank_a"].executions()) == 1


def test_a_bank_that_denies_a_payment_for_hours_pays_it_once(stage: Stage) -> None:
    documents = stage.make(Draft(1, account=stage.world.pay_account))
    stage.release()
    stage.work()
    stage.banks["bank_a"].fault("not_found_for", on="query", seconds=4 * 3600)
    for _ in range(3):
        stage.later(hours=1)
    assert stage.states(documents) == ["UNKNOWN"]
    stage.later(hours=3)
    assert stage.states(documents) == ["PAID"]
    assert len(stage.banks["bank_a"].executions()) == 1


def test_a_batch_done_in_part_ends_item_by_item(stage: Stage) -> None:
    documents = stage.make(*(Draft(n, account=stage.world.pay_account) for n in (1, 2, 3)))
    stage.banks["bank_a"].fault("partial", seconds=3600)
    stage.release()
    stage.work()
    stage.settle()
    assert stage.states(documents) == ["PAID", "RETURNED", "PROCESSING"]
    assert stage.value("SELECT state FROM payment_batch_state") == "PROCESSING"
    stage.later(hours=2)
    assert stage.states(documents) == ["PAID", "RETURNED", "PAID"]
    assert stage.value("SELECT state FROM payment_batch_state") == "PARTIAL"


def test_a_payment_called_refused_and_booked_all_the_same_is_an_incident(stage: Stage) -> None:
    documents = stage.make(Draft(1, account=stage.world.pay_account))
    stage.release()
    stage.work()
    stage.banks["bank_a"].fault("wrong_status", on="query", says="refused")
    stage.settle()
    assert stage.states(documents) == ["RETURNED"]
    stage.cut()
    assert stage.value("SELECT count(*) FROM alert WHERE code = 'DUPLICATE_PAYMENT'") == 1
    assert len(stage.banks["bank_a"].executions()) == 1


def test_a_booking_shown_twice_is_quarantined_and_the_right_statement_taken_later(
    stage: Stage,
) -> None:
    documents = _paid(stage, 1, 2)
    stage.banks["bank_a"].fault("duplicate_line", on="statement")
    stage.cut()
    assert stage.column(QUARANTINED) == ["SUM_DIFFERS"]
    assert stage.value(LINES) == 0
    assert stage.value("SELECT count(*) FROM alert WHERE code = 'STATEMENT_QUARANTINED'") == 1
    stage.cut()
    assert stage.value(LINES) == 2
    assert stage.states(documents) == ["CONFIRMED", "CONFIRMED"]


def test_a_first_statement_that_is_not_number_one_is_told_to_people(stage: Stage) -> None:
    first = _paid(stage, 1)
    stage.banks["bank_a"].admin("cut", {})
    second = _paid(stage, 2)
    stage.banks["bank_a"].fault("statement_gap", on="statement")
    stage.cut()
    assert stage.states(first + second) == ["PAID", "CONFIRMED"]
    assert stage.value("SELECT count(*) FROM alert WHERE code = 'STATEMENT_BEGINS_LATE'") == 1


def test_a_gap_in_the_middle_is_quarantined_by_name(stage: Stage) -> None:
    documents = _paid(stage, 1)
    stage.cut()
    documents += _paid(stage, 2)
    stage.banks["bank_a"].admin("cut", {})
    documents += _paid(stage, 3)
    stage.banks["bank_a"].fault("statement_gap", on="statement")
    stage.cut()
    assert stage.column(QUARANTINED) == ["SEQUENCE_GAP"]
    assert stage.states(documents) == ["CONFIRMED", "PAID", "PAID"]
    stage.cut()
    assert stage.states(documents) == ["CONFIRMED"] * 3


@dataclass(frozen=True)
class Silent:
    """A stage with a bank that answers no questions, and the paying account there."""

    stage: Stage
    account: int


@pytest.fixture
def silent(engine: sa.Engine, clock: ManualClock, tmp_path: Path) -> Iterator[Silent]:
    with staged(engine, clock, tmp_path, names=("bank_c",)) as made:
        with db.transaction(engine) as session:
            draft = AccountDraft(
                *("BJ", "bank_c", "6300000001", "演示保险北京", "CNY", "disbursement"),
                *("903100000001", "100201"),
            )
            account = create(session, draft).id
            session.execute(
                sa.text("UPDATE bank_account SET state = 'closed' WHERE bank_id <> 'bank_c'")
            )
        assert account is not None
        yield Silent(made, account)


def _doubted(silent: Silent, fault: str) -> list[int]:
    documents = silent.stage.make(Draft(1, account=silent.account))
    silent.stage.banks["bank_c"].fault(fault)
    silent.stage.release()
    silent.stage.work()
    assert silent.stage.states(documents) == ["UNKNOWN"]
    return documents


def test_at_a_bank_that_answers_no_questions_a_statement_line_ends_the_doubt(
    silent: Silent,
) -> None:
    documents = _doubted(silent, "reset_after")
    silent.stage.later(hours=2)
    assert silent.stage.states(documents) == ["UNKNOWN"]
    silent.stage.cut()
    assert silent.stage.states(documents) == ["CONFIRMED"]
    assert len(silent.stage.banks["bank_c"].executions()) == 1


def test_at_such_a_bank_two_persons_end_the_doubt_after_the_horizon_and_not_before(
    silent: Silent,
) -> None:
    stage = silent.stage
    documents = _doubted(silent, "reset_before")
    proof = Evidence("manual", "not_received", b"letter", "the bank wrote")

    def not_received() -> None:
        with db.transaction(stage.engine) as session:
            attempt = session.execute(sa.text("SELECT max(id) FROM attempt")).scalar_one()
            verdict, now = Verdict.NOT_RECEIVED, stage.clock.now()
            people = ("accountant", "boss")
            changes = resolve_review(session, attempt, verdict, proof, *people, now)
            stage.confirming.listener.on_attempts(session, changes)

    with pytest.raises(SluiceError, match="NOT_IN_REVIEW"):
        not_received()
    for _ in range(28):
        stage.later(hours=1)
    assert stage.value("SELECT state FROM attempt") == "REVIEW"
    assert stage.states(documents) == ["UNKNOWN"]
    not_received()
    assert stage.states(documents) == ["FAILED"]
    stage.release(*documents)
    stage.work()
    stage.later(minutes=1)
    stage.cut()
    assert stage.states(documents) == ["CONFIRMED"]
    executed = [one["instruction_id"] for one in stage.banks["bank_c"].executions()]
    assert executed == ["D20261123-000001-2"]

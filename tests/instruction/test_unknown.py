"""UNKNOWN is left only by evidence: the bank's word, a statement line, two persons."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from engine.machines.instruction.confirm import (
    Confirmation,
    Verdict,
    mark_confirmed,
    resolve_review,
)
from engine.machines.instruction.errors import InstructionError
from engine.machines.instruction.evidence import Evidence
from engine.runtime.db import transaction
from tests.instruction.running import House

MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
PROOF = Evidence("manual", "SHOWN", "银行回单".encode(), "branch confirmed by letter")


def _lost(house: House) -> int:
    """A batch whose connection broke before the bank had it."""
    house.bank.client.fault("reset_before")
    batch = house.batch(1)
    house.work()
    assert house.states(batch) == {1: "UNKNOWN"}
    return batch


def _until_review(house: House) -> int:
    batch = _lost(house)
    for _ in range(40):
        house.later(HOUR)
        if house.states(batch) == {1: "REVIEW"}:
            return batch
    raise AssertionError("never came to a review")


def _resolve(house: House, verdict: Verdict, by: str = "li", second: str = "wang") -> None:
    with transaction(house.engine) as session:
        resolve_review(session, 1, verdict, PROOF, by, second, house.clock.now())


def test_not_found_before_the_horizon_stays_unknown_however_often(at_bank: House) -> None:
    batch = _lost(at_bank)
    for _ in range(20):
        at_bank.later(HOUR)
    assert at_bank.states(batch) == {1: "UNKNOWN"}
    assert at_bank.scalar("SELECT not_found_count FROM attempt") == 0
    asked = at_bank.scalar("SELECT count(*) FROM bank_message WHERE outcome = 'NOT_FOUND'")
    assert isinstance(asked, int)
    assert asked > 15


def test_not_found_twice_after_the_horizon_needs_a_person(at_bank: House) -> None:
    batch = _lost(at_bank)
    at_bank.later(dt.timedelta(hours=25))
    assert at_bank.states(batch) == {1: "UNKNOWN"}
    at_bank.later(HOUR)
    assert at_bank.states(batch) == {1: "REVIEW"}
    at_bank.later(dt.timedelta(days=3))
    assert at_bank.states(batch) == {1: "REVIEW"}
    assert at_bank.executed() == []


def test_a_bank_that_forgets_for_a_while_does_no_harm(at_bank: House) -> None:
    batch = at_bank.batch(1)
    at_bank.work()
    at_bank.bank.client.fault("not_found_once", on="query")
    at_bank.later(MINUTE)
    assert at_bank.states(batch) == {1: "UNKNOWN"}
    at_bank.later(dt.timedelta(minutes=5))
    assert at_bank.states(batch) == {1: "PAID"}
    assert at_bank.owner.course() == ["SENDING", "PROCESSING", "UNKNOWN", "PAID"]
    assert at_bank.executed() == ["D20261123-000001-1"]


def test_a_document_in_unknown_or_review_cannot_be_instructed_again(at_a: House) -> None:
    _until_review(at_a)
    with pytest.raises(InstructionError) as refused:
        at_a.batch(1)
    assert refused.value.code == "ALREADY_LIVE"


def test_two_persons_find_it_not_received_and_a_new_attempt_may_go(at_a: House) -> None:
    _until_review(at_a)
    _resolve(at_a, Verdict.NOT_RECEIVED)
    assert at_a.states() == {1: "FAILED"}
    assert at_a.scalar("SELECT bank_code FROM attempt") == "NOT_RECEIVED"
    at_a.batch(1)
    at_a.work()
    at_a.later(MINUTE)
    assert at_a.executed() == ["D20261123-000001-2"]


def test_two_persons_find_it_paid(at_a: House) -> None:
    _until_review(at_a)
    _resolve(at_a, Verdict.PAID)
    assert at_a.states() == {1: "PAID"}
    row = "SELECT decided_by || '+' || confirmed_by FROM attempt_resolution"
    assert at_a.scalar(row) == "li+wang"


def test_one_person_alone_decides_nothing(at_a: House) -> None:
    _until_review(at_a)
    with pytest.raises(InstructionError) as refused:
        _resolve(at_a, Verdict.NOT_RECEIVED, "li", "li")
    assert refused.value.code == "ONE_PERSON"
    with pytest.raises(sa.exc.IntegrityError), at_a.engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO attempt_resolution (org_id, attempt_id, verdict, evidence_id, "
                "decided_by, confirmed_by, at) VALUES ('BJ', 1, 'paid', 1, 'li', 'li', now())"
            )
        )


def test_nothing_is_found_not_received_before_it_is_in_review(at_a: House) -> None:
    _lost(at_a)
    with pytest.raises(InstructionError) as refused:
        _resolve(at_a, Verdict.NOT_RECEIVED)
    assert refused.value.code == "NOT_IN_REVIEW"


def test_a_decision_needs_evidence(at_a: House) -> None:
    _until_review(at_a)
    nothing = Evidence("manual", "SHOWN", b"")
    with transaction(at_a.engine) as session, pytest.raises(InstructionError) as refused:
        resolve_review(session, 1, Verdict.PAID, nothing, "li", "wang", at_a.clock.now())
    assert refused.value.code == "NO_EVIDENCE"


def test_a_statement_line_ends_unknown_by_way_of_paid(at_a: House) -> None:
    _lost(at_a)
    with transaction(at_a.engine) as session:
        changes = mark_confirmed(session, [_line(1)], at_a.clock.now())
    assert [(c.old.value, c.new.value) for c in changes] == [
        ("UNKNOWN", "PAID"),
        ("PAID", "CONFIRMED"),
    ]
    assert at_a.states() == {1: "CONFIRMED"}
    at_a.later(HOUR)
    assert at_a.states() == {1: "CONFIRMED"}


def test_confirming_twice_with_the_same_match_number_changes_nothing(at_a: House) -> None:
    _paid(at_a)
    for expected in (1, 0):
        with transaction(at_a.engine) as session:
            assert len(mark_confirmed(session, [_line(1)], at_a.clock.now())) == expected
    with transaction(at_a.engine) as session, pytest.raises(InstructionError) as refused:
        mark_confirmed(session, [_line(1, "MN-20261123-000002-1")], at_a.clock.now())
    assert refused.value.code == "MATCHED_OTHERWISE"


def test_a_line_of_an_attempt_called_failed_is_a_late_success(at_a: House) -> None:
    at_a.bank.client.accounts({"number": "6222000000000001", "kind": "external", "state": "closed"})
    at_a.batch(1)
    at_a.work()
    at_a.later(MINUTE)
    assert at_a.states() == {1: "FAILED"}
    with transaction(at_a.engine) as session:
        changes = mark_confirmed(session, [_line(1)], at_a.clock.now())
    assert [change.new.value for change in changes] == ["LATE_SUCCESS"]
    assert at_a.scalar("SELECT match_no FROM attempt") == "MN-20261123-000001-1"


def test_a_batch_that_has_not_left_cannot_be_confirmed(at_a: House) -> None:
    at_a.batch(1)
    with transaction(at_a.engine) as session, pytest.raises(InstructionError) as refused:
        mark_confirmed(session, [_line(1)], at_a.clock.now())
    assert refused.value.code == "NOT_SENT_YET"


def test_five_hundred_lines_are_confirmed_in_a_handful_of_statements(at_a: House) -> None:
    at_a.batch(*range(1, 501), amount=100)
    at_a.work()
    at_a.later(MINUTE)
    count = 0

    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    sa.event.listen(at_a.engine, "before_cursor_execute", counted)
    with transaction(at_a.engine) as session:
        changes = mark_confirmed(session, [_line(one) for one in range(1, 501)], at_a.clock.now())
    assert len(changes) == 500
    assert count < 8


def _paid(house: House) -> None:
    house.batch(1)
    house.work()
    house.later(MINUTE)
    assert house.states() == {1: "PAID"}


def _line(attempt_id: int, match_no: str = "MN-20261123-000001-1") -> Confirmation:
    return Confirmation(attempt_id, match_no, f"statement line {attempt_id}")

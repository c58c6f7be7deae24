"""Banks that answer oddly: late, wrongly, partly, twice, or not at all."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
import sqlalchemy as sa

from engine.banks.connectors.iso20022 import IsoConnector
from engine.banks.contract import ItemStatus, Queried, QueryAnswer, SubmitAnswer, Submitted
from engine.banks.profile import BankProfile
from engine.formats.iso20022.pain002 import Reading
from engine.machines.instruction.ports import Handling
from tests.instruction.running import House

MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
ACCEPTED = SubmitAnswer(Submitted.ACCEPTED, "ACTC", None, None, b"ok")


class Scripted(IsoConnector):
    """Renders like the real one and answers from a list; the last answer is repeated."""

    def __init__(self, real: IsoConnector, submitted: SubmitAnswer, *answers: QueryAnswer) -> None:
        super().__init__(real._setup)
        self.profiled = real.profile
        self._submitted = submitted
        self._answers = list(answers)
        self.asked = 0

    @property
    def profile(self) -> BankProfile:
        return self.profiled

    def submit(self, message_id: str, request: bytes) -> SubmitAnswer:
        return self._submitted

    def query(self, message_id: str) -> QueryAnswer:
        self.asked += 1
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def _scripted(house: House, submitted: SubmitAnswer, *answers: QueryAnswer) -> Scripted:
    real = house.bank.connector
    assert isinstance(real, IsoConnector)
    made = Scripted(real, submitted, *answers)
    house.bank.connector = made
    return made


def _found(*items: tuple[int, str], whole: str | None = None) -> QueryAnswer:
    return QueryAnswer(
        Queried.FOUND,
        None if whole is None else _status("", whole),
        tuple(_status(f"D20261123-{number:06d}-1", code) for number, code in items),
        None,
        b"answer",
    )


def _status(own: str, code: str) -> ItemStatus:
    readings = {"ACSC": Reading.PAID, "ACSP": Reading.PENDING, "RJCT": Reading.REJECTED}
    return ItemStatus(own, readings.get(code, Reading.UNKNOWN), code, None, None, None)


def test_an_item_first_refused_and_then_paid_is_a_late_success(at_a: House) -> None:
    _scripted(at_a, ACCEPTED, _found((1, "RJCT"), (2, "ACSP")), _found((1, "ACSC"), (2, "ACSC")))
    at_a.batch(1, 2)
    at_a.work()
    at_a.later(MINUTE)
    assert at_a.states() == {1: "FAILED", 2: "PROCESSING"}
    at_a.later(5 * MINUTE)
    assert at_a.states() == {1: "LATE_SUCCESS", 2: "PAID"}
    assert at_a.owner.course(1) == ["SENDING", "PROCESSING", "FAILED", "LATE_SUCCESS"]


def test_a_late_success_beside_a_newer_attempt_is_kept(at_a: House) -> None:
    _scripted(at_a, ACCEPTED, _found((1, "RJCT"), (2, "ACSP")), _found((1, "ACSC"), (2, "ACSP")))
    at_a.batch(1, 2)
    at_a.work()
    at_a.later(MINUTE)
    newer = at_a.batch(1)
    at_a.later(5 * MINUTE)
    assert at_a.states()[1] == "LATE_SUCCESS"
    assert at_a.states(newer)[1] in ("PROCESSING", "UNKNOWN")


def test_an_item_the_bank_is_silent_about_is_unknown(at_a: House) -> None:
    _scripted(at_a, ACCEPTED, _found((1, "ACSC")))
    at_a.batch(1, 2)
    at_a.work()
    at_a.later(MINUTE)
    assert at_a.states() == {1: "PAID", 2: "UNKNOWN"}
    at_a.later(25 * HOUR)
    at_a.later(HOUR)
    assert at_a.states() == {1: "PAID", 2: "REVIEW"}


def test_two_different_words_about_one_item_count_as_none(at_a: House) -> None:
    _scripted(at_a, ACCEPTED, _found((1, "RJCT"), (1, "ACSC")))
    at_a.batch(1)
    at_a.work()
    at_a.later(MINUTE)
    assert at_a.states() == {1: "UNKNOWN"}


def test_a_word_about_the_whole_message_holds_for_all_items(at_a: House) -> None:
    _scripted(at_a, ACCEPTED, _found(whole="ACSC"))
    at_a.batch(1, 2)
    at_a.work()
    at_a.later(MINUTE)
    assert at_a.states() == {1: "PAID", 2: "PAID"}


def test_an_unlisted_code_is_unknown_and_comes_to_review_in_the_end(at_a: House) -> None:
    _scripted(at_a, ACCEPTED, _found((1, "E999")))
    at_a.batch(1)
    at_a.work()
    at_a.later(MINUTE)
    assert at_a.states() == {1: "UNKNOWN"}
    assert at_a.scalar("SELECT handling FROM attempt") == Handling.QUERY.value
    at_a.later(25 * HOUR)
    at_a.later(HOUR)
    assert at_a.states() == {1: "REVIEW"}


def test_a_bank_that_does_not_answer_proves_nothing_however_long(at_a: House) -> None:
    silent = QueryAnswer(Queried.NO_ANSWER, None, (), "time-out", b"")
    _scripted(at_a, SubmitAnswer(Submitted.UNKNOWN, None, None, "time-out", b""), silent)
    at_a.batch(1)
    at_a.work()
    for _ in range(60):
        at_a.later(HOUR)
    assert at_a.states() == {1: "UNKNOWN"}


def test_a_bank_that_cannot_be_asked_is_reviewed_after_the_horizon(at_a: House) -> None:
    bank = _scripted(at_a, ACCEPTED, _found((1, "ACSC")))
    bank.profiled = dataclasses.replace(bank.profiled, queryable=False)
    at_a.batch(1)
    at_a.work()
    at_a.later(HOUR)
    assert at_a.states() == {1: "PROCESSING"}
    for _ in range(30):
        at_a.later(HOUR)
    assert at_a.states() == {1: "REVIEW"}
    assert bank.asked == 0


def test_asking_gets_rarer_1_5_15_60_60_minutes(at_a: House) -> None:
    bank = _scripted(at_a, ACCEPTED, _found((1, "ACSP")))
    at_a.batch(1)
    at_a.work()
    asked_at = []
    for minute in range(1, 150):
        before = bank.asked
        at_a.later(MINUTE)
        if bank.asked > before:
            asked_at.append(minute)
    assert asked_at == [1, 6, 21, 81, 141]


@pytest.mark.parametrize("outcome", list(Submitted))
def test_every_answer_is_kept_as_evidence(at_a: House, outcome: Submitted) -> None:
    answer = SubmitAnswer(outcome, "RJCT", "AC01", "text", b"the bank's bytes")
    _scripted(at_a, answer, _found((1, "ACSP")))
    at_a.batch(1)
    at_a.work()
    with at_a.engine.connect() as connection:
        kept = connection.execute(
            sa.text(
                "SELECT m.payload, m.outcome FROM attempt a JOIN bank_message m "
                "ON m.id = a.evidence_id"
            )
        ).one()
    assert (bytes(kept.payload), kept.outcome) == (b"the bank's bytes", outcome.value)

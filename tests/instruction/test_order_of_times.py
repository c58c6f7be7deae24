"""Times are read when nothing is waited for any more: nothing seems earlier or later than it is."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import sqlalchemy as sa

from engine.banks.contract import Connector, QueryAnswer, finality
from engine.banks.profile import BankProfile
from engine.runtime.clock import ManualClock
from tests.instruction.running import House

SECONDS = dt.timedelta(seconds=10)


@dataclass
class SlowAnswer:
    """A bank whose answers to questions are long on their way."""

    bank: Connector
    clock: ManualClock
    takes: dt.timedelta

    @property
    def profile(self) -> BankProfile:
        return self.bank.profile

    def query(self, message_id: str) -> QueryAnswer:
        answer = self.bank.query(message_id)
        self.clock.advance(self.takes)
        return answer

    def __getattr__(self, name: str) -> object:
        return getattr(self.bank, name)


def test_an_answer_asked_for_before_the_horizon_does_not_count_when_it_comes_after(
    at_a: House,
) -> None:
    at_a.bank.client.fault("reset_before")
    at_a.batch(1)
    at_a.work()
    sent_at = at_a.scalar("SELECT sent_at FROM payment_batch")
    value_date = at_a.scalar("SELECT value_date FROM payment_batch")
    assert isinstance(sent_at, dt.datetime)
    assert isinstance(value_date, dt.date)
    due = finality(at_a.bank.connector.profile, sent_at, value_date)
    at_a.bank.connector = SlowAnswer(  # type: ignore[assignment]
        at_a.bank.connector, at_a.clock, dt.timedelta(hours=1)
    )
    at_a.bank.advance(due - at_a.clock.now() - dt.timedelta(minutes=30))
    at_a.worker.run_once()
    assert at_a.clock.now() > due
    asked = at_a.scalar("SELECT count(*) FROM bank_message WHERE outcome = 'NOT_FOUND'")
    assert (asked, at_a.scalar("SELECT not_found_count FROM attempt")) == (1, 0)


def test_a_message_left_when_it_left_and_not_when_it_began_to_wait(at_a: House) -> None:
    batch = at_a.batch(1)
    with ThreadPoolExecutor(1) as pool:
        with at_a.engine.begin() as other:
            other.execute(
                sa.text("SELECT 1 FROM payment_batch WHERE id = :id FOR UPDATE"), {"id": batch}
            )
            waiting = pool.submit(at_a.worker.run_once)
            while not at_a.scalar("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                assert not waiting.done(), waiting.result()
            at_a.bank.advance(SECONDS)
            left = at_a.clock.now()
        waiting.result(30)
    assert at_a.scalar("SELECT sent_at FROM payment_batch") == left
    assert at_a.scalar("SELECT min(at) FROM attempt_event WHERE to_state = 'SENDING'") == left

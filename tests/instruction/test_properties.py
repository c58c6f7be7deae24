"""Any order of bank behaviour, crashes and time: never executed twice, never lost."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from engine.machines.instruction.confirm import Verdict, resolve_review
from engine.machines.instruction.errors import InstructionError
from engine.machines.instruction.evidence import Evidence
from engine.runtime.clock import ManualClock
from engine.runtime.db import make_engine, transaction
from tests.banks.connecting import MORNING
from tests.instruction.running import House, house

DOCUMENTS = (1, 2, 3)
FAULTS = ("reset_before", "reset_after", "error_500_after", "error_503_before", "garbage")
TABLES = (
    "attempt_resolution",
    "attempt_event",
    "attempt",
    "bank_message",
    "payment_batch",
    "action",
)


class Course(RuleBasedStateMachine):
    """Batches of three documents at a bank that does not recognise repeated messages."""

    engine: sa.Engine

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        clock = ManualClock(MORNING)
        self.house: House = self.stack.enter_context(
            house(self.engine, Path(folder), clock, "bank_b")
        )

    @initialize()
    def empty(self) -> None:
        with self.engine.begin() as connection:
            # The guards are switched off for this one connection: a superuser's privilege.
            connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
            for table in TABLES:
                connection.execute(sa.text(f"DELETE FROM {table}"))

    @rule(documents=st.sets(st.sampled_from(DOCUMENTS), min_size=1))
    def instruct(self, documents: set[int]) -> None:
        try:
            self.house.batch(*sorted(documents), amount=100)
        except InstructionError as refused:
            if refused.code != "ALREADY_LIVE":
                raise

    @rule(fault=st.sampled_from(FAULTS), on=st.sampled_from(["submit", "query"]))
    def spoil(self, fault: str, on: str) -> None:
        self.house.bank.client.fault(fault, on=on)

    @rule()
    def forget_once(self) -> None:
        self.house.bank.client.fault("not_found_once", on="query")

    @rule()
    def work(self) -> None:
        self.house.work()

    @rule(minutes=st.sampled_from([1, 6, 61, 26 * 60]))
    def wait(self, minutes: int) -> None:
        self.house.later(dt.timedelta(minutes=minutes))

    @rule()
    def resolve_truthfully(self) -> None:
        executed = set(self.house.executed())
        with self.engine.connect() as connection:
            rows = connection.execute(
                sa.text("SELECT id, instruction_id FROM attempt WHERE state = 'REVIEW'")
            ).all()
        proof = Evidence("manual", "SHOWN", b"letter of the bank")
        for row in rows:
            verdict = Verdict.PAID if row.instruction_id in executed else Verdict.NOT_RECEIVED
            with transaction(self.engine) as session:
                resolve_review(
                    session, row.id, verdict, proof, "li", "wang", self.house.clock.now()
                )

    @invariant()
    def nothing_is_executed_twice(self) -> None:
        paid = Counter(one.rsplit("-", 1)[0] for one in self.house.executed())
        assert all(times == 1 for times in paid.values()), paid

    @invariant()
    def what_is_called_failed_was_not_executed(self) -> None:
        with self.engine.connect() as connection:
            failed = connection.execute(
                sa.text("SELECT instruction_id FROM attempt WHERE state IN ('FAILED', 'WITHDRAWN')")
            ).scalars()
            assert not set(failed) & set(self.house.executed())

    @invariant()
    def what_was_executed_has_an_attempt_that_is_not_forgotten(self) -> None:
        with self.engine.connect() as connection:
            known = set(connection.execute(sa.text("SELECT instruction_id FROM attempt")).scalars())
            open_without_query = connection.execute(
                sa.text(
                    "SELECT count(*) FROM attempt a WHERE state IN "
                    "('SENDING', 'PROCESSING', 'UNKNOWN') AND NOT EXISTS (SELECT 1 FROM action q "
                    "WHERE q.key = 'payment_batch.query:' || a.batch_id AND q.state = 'ready')"
                )
            ).scalar()
        assert set(self.house.executed()) <= known
        assert open_without_query == 0

    def teardown(self) -> None:
        self.stack.close()


@pytest.mark.timeout(120)
def test_no_course_of_events_pays_twice_or_forgets(superuser_url: str) -> None:
    class Bound(Course):
        engine = make_engine(superuser_url)

    run_state_machine_as_test(
        Bound,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    Bound.engine.dispose()

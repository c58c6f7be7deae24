"""Documents, attempts and batches at two banks, in any order of events: I3 to I14 hold.

Each course runs in a database of its own, against two simulated banks over HTTP, on clocks that
only the course moves. A third of the events spoil a call of a bank.
"""

from __future__ import annotations

import tempfile
import uuid
from collections import Counter
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from engine.machines.instruction.confirm import Verdict, resolve_review
from engine.machines.instruction.evidence import Evidence
from engine.runtime import db
from engine.runtime.clock import ManualClock
from engine.runtime.postgres import EmbeddedServer
from engine.treasury.documents.errors import TransitionRefused
from engine.treasury.documents.states import DONE_FOR_THE_DAY
from engine.treasury.intake.ending import void
from engine.treasury.invariants import check_invariants
from engine.treasury.payments.listener import PaymentListener
from tests.copies import create_copy, drop_copy
from tests.payments.stage import MORNING, Stage, staged
from tests.payments.world import CNAPS_A, Draft

pytestmark = pytest.mark.long

SUBMIT_FAULTS = (
    "reset_before",
    "reset_after",
    "error_500_after",
    "error_503_before",
    "garbage",
)
CLOSED = "6222009999"
"""A counterparty account every bank refuses."""

STAY = frozenset({"UNPAID", "FAILED", "UNKNOWN"})
"""Where a document may stand for good until a person orders something: with a reason."""

banks = st.sampled_from(["bank_a", "bank_b"])
some_kinds = st.lists(
    st.sampled_from(["pay_a", "pay_b", "closed", "collect"]), min_size=3, max_size=5
)


class Course(RuleBasedStateMachine):
    """What people, banks and time may do, in any order."""

    server: EmbeddedServer
    template: str

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        name = f"c_{uuid.uuid4().hex[:16]}"
        create_copy(self.server, name, self.template)
        self.stack.callback(drop_copy, self.server, name)
        engine = db.make_engine(self.server.url(name))
        self.stack.callback(engine.dispose)
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.stage: Stage = self.stack.enter_context(staged(engine, ManualClock(MORNING), folder))
        for bank in self.stage.banks.values():
            closed = {"number": CLOSED, "name": "x", "kind": "external", "refuse": "AC04"}
            bank.accounts(closed | {"bank_code": CNAPS_A})
        self.documents: list[int] = []

    # -- people -----------------------------------------------------------------------------

    @initialize(
        kinds=some_kinds,
        yuan=st.integers(1, 50),
    )
    def there_are_documents(self, kinds: list[str], yuan: int) -> None:
        self.documents_are_approved(kinds, yuan)

    @rule(
        kinds=some_kinds,
        yuan=st.integers(1, 50),
    )
    def documents_are_approved(self, kinds: list[str], yuan: int) -> None:
        world, first = self.stage.world, len(self.documents) + 1
        drafts = []
        for number, kind in enumerate(kinds, first):
            account = {"pay_b": world.second_account, "collect": world.collect_account}
            collect = kind == "collect"
            drafts.append(
                Draft(
                    number,
                    yuan * 100,
                    account=account.get(kind, world.pay_account),
                    direction="collect" if collect else "pay",
                    business_type="premium" if collect else "claim",
                    counterparty_account=CLOSED if kind == "closed" else None,
                )
            )
        self.documents += self.stage.make(*drafts)

    @rule(
        at_a=st.sampled_from(SUBMIT_FAULTS),
        at_b=st.sampled_from((*SUBMIT_FAULTS, None)),
        minutes=st.sampled_from([0, 2, 20]),
    )
    def somebody_pays_what_there_is(self, at_a: str, at_b: str | None, minutes: int) -> None:
        for bank, fault in (("bank_a", at_a), ("bank_b", at_b)):
            if fault is not None:
                self.stage.banks[bank].fault(fault)
        self.stage.release()
        self.stage.work()
        self.stage.later(minutes=minutes)

    @rule(data=st.data())
    def somebody_pays_one_whatever_its_state(self, data: st.DataObject) -> None:
        if self.documents:
            self.stage.release(data.draw(st.sampled_from(self.documents)))

    @rule(data=st.data())
    def somebody_voids(self, data: st.DataObject) -> None:
        if not self.documents:
            return
        one = data.draw(st.sampled_from(self.documents))
        with suppress(TransitionRefused), db.transaction(self.stage.engine) as session:
            void(session, "boss", [one], "withdrawn", self.stage.clock.now())

    @rule()
    def two_persons_decide_by_what_the_bank_shows(self) -> None:
        executed = self.executed()
        listener = PaymentListener(self.stage.rulebook, self.stage.clock)
        with db.transaction(self.stage.engine) as session:
            rows = session.execute(
                sa.text("SELECT id, instruction_id FROM attempt WHERE state = 'REVIEW'")
            ).all()
            for row in rows:
                verdict = Verdict.PAID if executed[row.instruction_id] else Verdict.NOT_RECEIVED
                proof = Evidence("manual", "SHOWN", b"letter of the bank")
                people = ("accountant", "boss")
                now = self.stage.clock.now()
                changes = resolve_review(session, row.id, verdict, proof, *people, now)
                listener.on_attempts(session, changes)

    # -- banks and time ---------------------------------------------------------------------

    @rule(bank=banks, fault=st.sampled_from([*SUBMIT_FAULTS, "not_found_once"]))
    def a_query_goes_wrong(self, bank: str, fault: str) -> None:
        self.stage.banks[bank].fault(fault, on="query")

    @rule(minutes=st.sampled_from([0, 2, 20, 70]))
    def time_goes_by(self, minutes: int) -> None:
        self.stage.later(minutes=minutes)

    @rule(data=st.data(), bank=banks)
    def money_comes_back(self, data: st.DataObject, bank: str) -> None:
        done = [one["instruction_id"] for one in self.stage.banks[bank].executions()]
        if done:
            which = {"instruction_id": data.draw(st.sampled_from(done)), "reason": "AC04"}
            assert self.stage.banks[bank].admin("bounce", which).status_code in (201, 409)

    @rule()
    def statements_are_cut_and_fetched(self) -> None:
        self.stage.cut()

    # -- what always holds ------------------------------------------------------------------

    def executed(self) -> Counter[str]:
        """How often the banks carried out each instruction."""
        return Counter(
            one["instruction_id"] for bank in self.stage.banks.values() for one in bank.executions()
        )

    @invariant()
    def no_document_is_executed_twice(self) -> None:
        documents = Counter(one.rsplit("-", 1)[0] for one in self.executed().elements())
        assert all(times == 1 for times in documents.values()), documents

    @invariant()
    def what_is_called_failed_was_not_executed(self) -> None:
        failed = self.stage.column(
            "SELECT instruction_id FROM attempt WHERE state IN ('FAILED', 'WITHDRAWN')"
        )
        assert not set(failed) & set(self.executed())

    @invariant()
    def the_database_agrees(self) -> None:
        with db.transaction(self.stage.engine) as session:
            found = check_invariants(session)
        assert {name: said for name, said in found.items() if said != "ok"} == {}

    def teardown(self) -> None:
        """Left alone for two days, nothing is lost: finished, or waiting for a person by name."""
        try:
            self.no_document_is_lost()
        finally:
            self.stack.close()

    def no_document_is_lost(self) -> None:
        for bank in self.stage.banks.values():
            assert bank.admin("faults", {"clear": True}).status_code == 200
        for _ in range(3):
            self.stage.later(minutes=70)
            self.stage.cut()
        for _ in range(2):
            self.stage.later(hours=30)
            self.two_persons_decide_by_what_the_bank_shows()
        self.no_document_is_executed_twice()
        self.what_is_called_failed_was_not_executed()
        self.the_database_agrees()
        standing = Counter(self.stage.states(self.documents))
        assert set(standing) <= STAY | DONE_FOR_THE_DAY, standing
        executed = {one.rsplit("-", 1)[0] for one in self.executed()}
        arrived = self.stage.column(
            "SELECT document_no FROM document WHERE state IN ('CONFIRMED', 'BOUNCED')"
        )
        assert set(arrived) == executed
        assert self.stage.value("SELECT count(*) FROM attempt WHERE state = 'UNKNOWN'") == 0
        assert self.stage.value("SELECT coalesce(sum(debit - credit), 0) FROM voucher_line") == 0


@pytest.mark.timeout(240)
def test_no_course_of_events_pays_twice_or_loses_a_document(
    postgres_server: EmbeddedServer, prepared: str
) -> None:
    class Bound(Course):
        server = postgres_server
        template = prepared

    run_state_machine_as_test(
        Bound,
        settings=settings(
            max_examples=20,
            stateful_step_count=12,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],  # shrinking a course takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )

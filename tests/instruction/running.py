"""The machine with a simulated bank, a listener that remembers, a fixed reading of codes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import Text
from engine.machines.instruction.create import BatchDraft, ItemDraft, create_batch
from engine.machines.instruction.machine import InstructionMachine
from engine.machines.instruction.ports import (
    AttemptChange,
    BankAnswer,
    Handling,
    Refusal,
    RuledStatus,
    Ruling,
)
from engine.runtime.actions import Registry, Worker
from engine.runtime.clock import ManualClock
from engine.runtime.db import transaction
from tests.banks.connecting import MORNING, OWN_CODE, OWN_NAME, Bank, connected
from tests.simulators.running import OURS

_PAID = ("ACSC", "ACCC", "0000")
_PENDING = ("ACTC", "ACSP", "PDNG", "0001", "0002")


@dataclass
class Owner:
    """Stands for the documents' owner."""

    refuse: dict[int, Refusal] = field(default_factory=dict)
    changes: list[AttemptChange] = field(default_factory=list)
    hashes: dict[int, str] = field(default_factory=dict)

    def before_send(self, session: Session, document_ids: Sequence[int]) -> Mapping[int, Refusal]:
        rows = session.connection().execute(
            sa.text("SELECT document_id, content_hash FROM attempt WHERE state = 'READY'")
        )
        changed = {
            row.document_id: Refusal("HASH_CHANGED", Text("content changed", "内容已变更"))
            for row in rows
            if self.hashes.get(row.document_id, row.content_hash) != row.content_hash
        }
        asked = changed | self.refuse
        return {one: asked[one] for one in document_ids if one in asked}

    def on_attempts(self, session: Session, changes: Sequence[AttemptChange]) -> None:
        self.changes += changes

    def course(self, document_id: int = 1) -> list[str]:
        """The states one document's attempts went through."""
        return [c.new.value for c in self.changes if c.document_id == document_id]


def classify(session: Session, answers: Sequence[BankAnswer]) -> list[Ruling]:
    """Listed codes as in rulesets/failure; everything else is unknown."""
    return [_ruling(answer) for answer in answers]


def _ruling(answer: BankAnswer) -> Ruling:
    code = answer.bank_code or ""
    if code in _PAID:
        return Ruling(RuledStatus.PAID, Handling.CONFIRM)
    if code in _PENDING:
        return Ruling(RuledStatus.PENDING, Handling.QUERY)
    if code == "RJCT" or code.startswith(("E0", "E1", "E2")):
        inside = answer.reason_code == "AM04" or code == "E201"
        handling = Handling.RETRY_INSIDE if inside else Handling.RETURN_TO_SOURCE
        return Ruling(RuledStatus.FAILED, handling)
    return Ruling(RuledStatus.UNKNOWN, Handling.QUERY)


@dataclass
class House:
    """One workspace at one bank."""

    engine: sa.Engine
    bank: Bank
    owner: Owner
    registry: Registry
    worker: Worker

    @property
    def clock(self) -> ManualClock:
        return self.bank.clock

    def batch(self, *documents: int, **changes: object) -> int:
        """Make a batch of these documents, 100.00 yuan each."""
        with transaction(self.engine) as session:
            return create_batch(session, draft(self.bank, *documents, **changes), self.clock.now())

    def work(self) -> None:
        """Carry out what is due."""
        self.worker.run_until_idle()

    def later(self, by: dt.timedelta) -> None:
        """Let time go by everywhere, then carry out what is due."""
        self.bank.advance(by)
        self.work()

    def states(self, batch_id: int = 1) -> dict[int, str]:
        """Document id → state of its attempt in the batch."""
        with self.engine.connect() as connection:
            rows = connection.execute(
                sa.text("SELECT document_id, state FROM attempt WHERE batch_id = :id ORDER BY id"),
                {"id": batch_id},
            )
            return {row.document_id: row.state for row in rows}

    def executed(self) -> list[str]:
        """Instruction ids the bank carried out, in order."""
        return [one["instruction_id"] for one in self.bank.client.executions()]

    def scalar(self, sql: str, **values: object) -> object:
        """One value from the database."""
        with self.engine.connect() as connection:
            return connection.execute(sa.text(sql), values).scalar()


def draft(bank: Bank, *documents: int, **changes: object) -> BatchDraft:
    """A batch draft; `changes` are fields of the batch or `amount`, `name` of its items."""
    amount, name = changes.pop("amount", 10_000), changes.pop("name", "张三")
    assert isinstance(amount, int)
    assert isinstance(name, str)
    values: dict[str, object] = {
        "org_id": "BJ01",
        "account_id": 7,
        "account_number": OURS,
        "account_name": OWN_NAME,
        "account_bank_code": OWN_CODE,
        "bank_id": bank.connector.profile.id,
        "channel": "bank_direct",
        "direction": "pay",
        "currency": "CNY",
        "value_date": MORNING.date(),
        "grouping_decision_id": None,
    } | changes
    items = [
        ItemDraft(
            document_id=one,
            document_no=f"D20261123-{one:06d}",
            content_hash=f"hash{one}",
            amount=amount,
            counterparty_name=name,
            counterparty_account=f"62220000{one:08d}",
            counterparty_bank_code="901290000020",
            remittance=f"D20261123-{one:06d} 理赔款",
        )
        for one in documents
    ]
    return BatchDraft(**values, items=items)  # type: ignore[arg-type]


@contextmanager
def house(
    engine: sa.Engine, folder: Path, clock: ManualClock, bank_id: str = "bank_a", **options: object
) -> Iterator[House]:
    """A machine at one simulated bank."""
    with connected(folder, bank_id, clock, **options) as bank:
        owner = Owner()
        registry = Registry()
        # Looked up at each use, so a test can put another connector in its place.
        InstructionMachine(lambda _: bank.connector, owner, classify).register(registry)
        yield House(engine, bank, owner, registry, Worker(engine, clock, registry, "w1"))

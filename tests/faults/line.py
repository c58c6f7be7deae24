"""The whole product over simulated banks in one process, whose workers die where a test says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from api.assembly import Assembly, assemble
from engine.machines.instruction.confirm import Verdict, resolve_review
from engine.machines.instruction.evidence import Evidence
from engine.runtime import actions, db
from engine.runtime.audit import AnchorFile
from engine.runtime.clock import BUSINESS_ZONE, ManualClock
from engine.treasury import payments, statements
from tests.faults.boundaries import Boundaries, Death, When, listening
from tests.payments.conftest import database_url as database_url
from tests.payments.conftest import prepared  # noqa: F401 - a fixture
from tests.payments.stage import Stage, staged
from tests.payments.world import Draft
from tests.simulators.running import TOKEN
from tests.simulators.test_source import running_source

BACK_OFF = (dt.timedelta(minutes=5), dt.timedelta(minutes=15), *[dt.timedelta(hours=1)] * 30)
"""How long is waited for what a death left open: past the finality horizon of a day."""

HOLIDAYS = (5, 6)


@dataclass
class Line:
    """The whole product over the stage's database, its workers' commits watched."""

    stage: Stage
    assembly: Assembly
    source: httpx.Client
    boundaries: Boundaries
    workers: int = 0
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 1_000)))

    def pay(self, deadly: tuple[str, When] | None = None) -> int:
        """One document from UNPAID to its end, with a death on the way; its id."""
        self.morning()
        number = next(self.numbers)
        (document,) = self.stage.make(Draft(number, account=self.stage.world.pay_account))
        self.boundaries.deadly = deadly
        self.slot()
        self.work()
        self.later(dt.timedelta(minutes=1))
        self.fetch()
        for wait in BACK_OFF:
            if self.over(document):
                break
            self.later(wait)
            self._decide()
            self.fetch()
        return document

    def work(self) -> None:
        """Workers until nothing is due; one that dies is followed by another."""
        while self.one_died():
            pass

    def one_died(self) -> bool:
        """Let one worker work until nothing is due; whether it died. Its leases run out then."""
        self.workers += 1
        name = f"worker-{self.workers}"
        try:
            with self.boundaries.watched():
                self.assembly.worker(name).run_until_idle()
        except Death:
            with db.transaction(self.stage.engine) as session:
                session.execute(
                    sa.text(
                        "UPDATE action SET lease_until = clock_timestamp() - interval '1 s' "
                        "WHERE state = 'leased' AND worker = :worker"
                    ),
                    {"worker": name},
                )
            return True
        return False

    def told(self, document: int) -> list[str]:
        """What the source knows of the document, in order."""
        with self.stage.engine.connect() as connection:
            number = connection.execute(
                sa.text("SELECT document_no FROM document WHERE id = :id"), {"id": document}
            ).scalar_one()
        rows = [row["message"] for row in self.source.get("/admin/messages").json()]
        return [row["status"] for row in rows if row["document_no"] == number]

    def executed(self, document: int) -> int:
        """How often the bank carried it out."""
        ours = self.stage.column(
            "SELECT instruction_id FROM attempt WHERE document_id = :id", id=document
        )
        rows = self.stage.banks["bank_a"].executions()
        return sum(row["instruction_id"] in ours for row in rows)

    def morning(self) -> None:
        """The next business day, nine o'clock."""
        now = self.stage.clock.now().astimezone(BUSINESS_ZONE)
        day = now.date() + dt.timedelta(days=int(now.hour >= 9))
        while day.weekday() in HOLIDAYS:
            day += dt.timedelta(days=1)
        self.stand(dt.datetime.combine(day, dt.time(9), BUSINESS_ZONE))

    def stand(self, now: dt.datetime) -> None:
        """Our clock and the banks' at `now`."""
        self.stage.clock.set(now)
        for bank in self.stage.banks.values():
            bank.clock(now.astimezone(BUSINESS_ZONE).isoformat())

    def later(self, by: dt.timedelta) -> None:
        """Time goes on, and what is due by then is done."""
        self.stand(self.stage.clock.now() + by)
        self.work()

    def slot(self) -> None:
        """Ask for all that is unpaid to be sent."""
        self._ask(payments.SLOT)

    def fetch(self) -> None:
        """Banks cut statements; they are fetched and confirmed."""
        self.stage.banks["bank_a"].admin("cut", {})
        self._ask(statements.FETCH_ALL)
        self.work()

    def over(self, document: int) -> bool:
        """Whether it is confirmed and the source was told."""
        (state,) = self.stage.states([document])
        waiting = self.stage.value("SELECT count(*) FROM outbox_message WHERE state = 'pending'")
        return state == "CONFIRMED" and not waiting

    # -- inside -------------------------------------------------------------------------

    def _ask(self, kind: str) -> None:
        now = self.stage.clock.now()
        with db.transaction(self.stage.engine) as session:
            actions.enqueue(session, kind, f"{kind}:{now.isoformat()}", {})

    def _decide(self) -> None:
        """Two persons find a payment in REVIEW not received; it goes again."""
        with db.transaction(self.stage.engine) as session:
            found = session.execute(
                sa.text("SELECT id, document_id FROM attempt WHERE state = 'REVIEW'")
            ).all()
            now = self.stage.clock.now()
            proof = Evidence("manual", "not_received", b"extract", "the bank's books")
            for one in found:
                people = ("accountant", "boss")
                verdict = Verdict.NOT_RECEIVED
                changes = resolve_review(session, one.id, verdict, proof, *people, now)
                self.assembly.arrivals.listener.on_attempts(session, changes)
        if found:
            self.morning()
            self.stage.release(*(one.document_id for one in found))
            self.later(dt.timedelta(minutes=1))


@pytest.fixture
def line(engine: sa.Engine, clock: ManualClock, tmp_path: Path) -> Iterator[Line]:
    with (
        staged(engine, clock, tmp_path, names=("bank_a",)) as stage,
        running_source(tmp_path / "source.sqlite") as source,
    ):
        with engine.begin() as connection:
            connection.execute(
                sa.text("UPDATE user_account SET endpoint = :url WHERE id = 'claims'"),
                {"url": str(source.base_url)},
            )
            connection.execute(
                sa.text("UPDATE bank_account SET state = 'closed' WHERE bank_id <> 'bank_a'")
            )
        bank = stage.banks["bank_a"]
        assembly = assemble(
            engine,
            clock,
            demo=False,
            endpoints={
                "SLUICE_BANK_A_URL": str(bank.http.base_url),
                "SLUICE_BANK_A_TOKEN": TOKEN,
            },
            secrets={"claims": TOKEN},
            anchors=AnchorFile(tmp_path / "anchor"),
        )
        with listening(Boundaries()) as boundaries:
            yield Line(stage, assembly, source, boundaries)
        assembly.banks.close()

"""The money flow assembled against simulated banks over HTTP, on clocks that stand still."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from engine.banks.connect import Banks
from engine.machines.instruction.machine import InstructionMachine
from engine.rulebook import Rulebook, sync_folder
from engine.runtime import db
from engine.runtime.actions import Registry, Services, Worker
from engine.runtime.clock import BUSINESS_ZONE, ManualClock
from engine.treasury import arrivals, payments, statements
from tests.payments.world import Draft, World, accounts_of, build, states, unpaid
from tests.simulators.running import TOKEN, BankClient, running_bank

RULESETS = Path(__file__).parents[2] / "rulesets"
OWN = {
    "bank_a": ("6100000001", "6100000002"),
    "bank_b": ("6200000001",),
    "bank_c": ("6300000001",),
}


@dataclass
class Stage:
    """Everything a test moves."""

    engine: sa.Engine
    clock: ManualClock
    rulebook: Rulebook
    world: World
    banks: dict[str, BankClient]
    connectors: Banks
    worker: Worker
    confirming: arrivals.Services

    def make(self, *drafts: Draft) -> list[int]:
        """Approved documents."""
        with db.transaction(self.engine) as session:
            return unpaid(session, self.clock, drafts)

    def release(self, *documents: int, user: str = "cashier") -> payments.Released:
        """Release documents by hand (all there are when none is named)."""
        with db.transaction(self.engine) as session:
            return payments.release(
                session,
                self.rulebook,
                user,
                self.clock.now(),
                document_ids=list(documents) or None,
            )

    def work(self) -> None:
        """Let the workers come to rest."""
        self.worker.run_until_idle(most=2_000)

    def later(self, **by: int) -> None:
        """Move our clock and the banks' on, and let the workers come to rest."""
        now = self.clock.advance(dt.timedelta(**by))
        for bank in self.banks.values():
            bank.clock(now.astimezone(BUSINESS_ZONE).isoformat())
        self.work()

    def settle(self) -> None:
        """Until the banks have processed what they have and told it."""
        self.later(minutes=2)
        self.later(minutes=10)

    def cut(self) -> None:
        """Banks cut statements; they are fetched and arrivals confirmed."""
        for bank in self.banks.values():
            bank.admin("cut", {})
        with db.transaction(self.engine) as session:
            accounts = statements.direct_accounts(session)
        for account_id in accounts:
            statements.fetch_account(self.engine, self.clock, self.connectors, account_id)
        self.work()

    def states(self, documents: list[int]) -> list[str]:
        """States of documents, in the order given."""
        with db.transaction(self.engine) as session:
            return states(session, documents)

    def value(self, query: str, **parameters: object) -> object:
        """The one value a query gives."""
        with self.engine.connect() as connection:
            return connection.execute(sa.text(query), parameters).scalar_one()

    def column(self, query: str, **parameters: object) -> list[object]:
        """The first column of a query."""
        with self.engine.connect() as connection:
            return list(connection.execute(sa.text(query), parameters).scalars())


MORNING = dt.datetime(2026, 11, 23, 9, tzinfo=BUSINESS_ZONE)


def prepare(engine: sa.Engine) -> None:
    """Build the small group and make the shipped rulesets live."""
    with db.transaction(engine) as session:
        build(session)
        synced = sync_folder(
            session, RULESETS, author="demo1", approver="demo2", reason="test", now=MORNING
        )
        assert synced.revision is not None, [str(one) for one in synced.findings]


@contextmanager
def staged(
    engine: sa.Engine,
    clock: ManualClock,
    folder: Path,
    options: dict[str, object] | None = None,
    names: tuple[str, ...] = ("bank_a", "bank_b"),
) -> Iterator[Stage]:
    """Start the banks for a database that was prepared, and assemble the flow."""
    rulebook = Rulebook()
    with db.transaction(engine) as session:
        world = accounts_of(session)
    with ExitStack() as stack:
        banks = {
            name: stack.enter_context(
                running_bank(folder / f"{name}.sqlite", name, options=options)
            )
            for name in names
        }
        settings: dict[str, str] = {}
        for name, bank in banks.items():
            bank.accounts(
                *(
                    {"number": one, "name": "演示保险北京", "balance": "5000000.00", "kind": "own"}
                    for one in OWN[name]
                )
            )
            settings[f"SLUICE_{name.upper()}_URL"] = str(bank.http.base_url)
            settings[f"SLUICE_{name.upper()}_TOKEN"] = TOKEN
        connectors = Banks(settings, clock)
        stack.callback(connectors.close)
        listener = payments.PaymentListener(rulebook, clock)
        registry = Registry()
        InstructionMachine(connectors, listener, payments.Answers(rulebook, clock)).register(
            registry
        )
        payments.register(registry, rulebook)
        statements.register(registry)
        confirming = arrivals.Services(rulebook, clock, listener)
        arrivals.register(registry, confirming)
        services = Services()
        services.add(Banks, connectors)
        worker = Worker(engine, clock, registry, "test", services)
        yield Stage(engine, clock, rulebook, world, banks, connectors, worker, confirming)

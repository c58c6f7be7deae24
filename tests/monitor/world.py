"""What tests of the monitor do: balances come in, documents are decided, engines err."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from engine.base.text import SluiceError, Text
from engine.rulebook import Matter, Rulebook
from engine.rules import Decision, FactValue, compile_ruleset
from engine.rules.kinds.approval import PaymentToApprove
from engine.rules.model import Ruleset, Value
from engine.runtime.clock import ManualClock
from engine.runtime.db import transaction
from engine.treasury.accounts.book import record_balance
from engine.treasury.monitor.opinions import Opinions, SecondEngine
from engine.treasury.monitor.stepping import Monitor
from engine.treasury.organisations.tree import path_of
from tests.payments.world import Draft, World, accounts_of, unpaid

Twist = Callable[[Decision], Decision]


@dataclass
class Group:
    """The small group in its database."""

    engine: sa.Engine
    clock: ManualClock
    rulebook: Rulebook = field(default_factory=Rulebook)

    @property
    def accounts(self) -> World:
        """The accounts there are."""
        with transaction(self.engine) as session:
            return accounts_of(session)

    def monitor(self, second: SecondEngine | None = None, batch: int = 500) -> Monitor:
        """A monitor; without `second` it has the compiled evaluator alone."""
        opinions = Opinions(self.engine, second)
        return Monitor(self.engine, self.clock, Rulebook(), opinions, batch)

    def balance(self, account: int, booked: int, at: dt.datetime | None = None) -> None:
        """The bank reports a balance."""
        with transaction(self.engine) as session:
            record_balance(
                session,
                account,
                as_of=at or self.clock.now(),
                booked=booked,
                available=booked,
                source="connector",
            )

    def documents(self, *drafts: Draft) -> list[int]:
        """Approved documents that have not left."""
        with transaction(self.engine) as session:
            return unpaid(session, self.clock, drafts)

    def decide(self, document: int, amount: int = 10_000, org: str = "BJ01") -> int:
        """Record an approval decision about a document; its id."""
        with transaction(self.engine) as session:
            recorded = self.rulebook.at(session).decide(
                session,
                "approval",
                "payment",
                PaymentToApprove(
                    amount=amount,
                    batch_total=amount,
                    currency="CNY",
                    business_type="claim",
                    creditor_type="claimant",
                    urgency="normal",
                    channel="bank_direct",
                    org_level="sub_branch",
                    extra_approver=False,
                    duplicate=False,
                ),
                org_path=path_of(session, org),
                on=self.clock.business_date(),
                matter=Matter("document", str(document)),
                now=self.clock.now(),
            )
        return recorded.decision_id

    def rows(self, query: str, **parameters: object) -> list[tuple[object, ...]]:
        """What a query gives."""
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(query), parameters)]

    def alerts(self) -> list[tuple[object, ...]]:
        """Code, action, subject kind and subject of every alert, oldest first."""
        return self.rows("SELECT code, action, subject_kind, subject_id FROM alert ORDER BY id")


def agreeing(decision: Decision) -> Decision:
    """No twist."""
    return decision


@dataclass
class FakeEngine:
    """A second engine: the compiled evaluator with a twist, for those rulesets it takes."""

    twist: Twist = agreeing
    refuses: Sequence[str] = ()
    asked: list[str] = field(default_factory=list)
    probed: list[str] = field(default_factory=list)
    probed_with: list[dict[str, Value]] = field(default_factory=list)
    loaded_with: list[dict[str, Value]] = field(default_factory=list)

    def opinion(self, ruleset: Ruleset, params: Mapping[str, Value]) -> FakeOpinion:
        """Load."""
        self.loaded_with.append(dict(params))
        return FakeOpinion(self, ruleset, params)

    def probe(self, ruleset: Ruleset, params: Mapping[str, Value]) -> Text | None:
        """Try."""
        self.probed_with.append(dict(params))
        self.probed.append(ruleset.name)
        return Text("no", "否") if ruleset.name in self.refuses else None


class FakeOpinion:
    """One ruleset loaded by FakeEngine."""

    def __init__(self, engine: FakeEngine, ruleset: Ruleset, params: Mapping[str, Value]) -> None:
        self._engine = engine
        self._name = ruleset.name
        self._evaluator = compile_ruleset(ruleset, params)

    def decide(self, facts: Mapping[str, FactValue]) -> Decision | None:
        """Decide, with the twist."""
        self._engine.asked.append(self._name)
        return self._engine.twist(self._evaluator.decide(facts))

    def retire(self) -> None:
        """Nothing to give back."""


class Broken(FakeEngine):
    """An engine that refuses to decide."""

    def opinion(self, ruleset: Ruleset, params: Mapping[str, Value]) -> FakeOpinion:
        """It cannot be loaded."""
        raise SluiceError("NO", Text("no", "否"))

"""Where the capability modules are put together into one running product."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from api.services import Services
from engine.banks.connect import Banks
from engine.base.text import Text
from engine.machines.instruction.machine import InstructionMachine
from engine.rulebook import Rulebook, history
from engine.rulebook.history import HistoryFolder, LoadedHistories
from engine.runtime import outbox
from engine.runtime.actions import TELLING, DeadAction, Registry, Worker
from engine.runtime.actions import Services as ActionServices
from engine.runtime.audit import AnchorFile
from engine.runtime.clock import Clock
from engine.runtime.schedules import LONGEST_WAIT, Schedule, Scheduler
from engine.treasury import arrivals, statements
from engine.treasury.delegations import course as delegations
from engine.treasury.incidents import CHANNELS, raise_incident
from engine.treasury.intake.course import RESUME, resume_handler
from engine.treasury.monitor import ageing
from engine.treasury.notifications import making, sending
from engine.treasury.payments import slots
from engine.treasury.payments.answers import Answers
from engine.treasury.payments.given_up import action_given_up
from engine.treasury.payments.listener import PaymentListener
from engine.treasury.rulesets import activating
from engine.treasury.sources import SourceSender, day_end

PAYMENT_SLOTS = (dt.time(10, 0), dt.time(13, 30), dt.time(15, 30))
"""Times in Shanghai at which whatever is unpaid leaves by itself, on business days."""

STATEMENT_TIMES = "30 8,12,18 * * mon-sun"
"""When banks are asked for statements and balances."""

RESUME_TIMES = "*/10 * * * *"
"""When waiting documents are looked at again: an account may be open by now."""

HISTORY_TIMES = "40 * * * *"
"""When new decisions are added to the history that previews are made on."""


@dataclass(frozen=True, slots=True)
class Assembly:
    """The product over one database and one clock."""

    services: Services
    arrivals: arrivals.Services
    banks: Banks
    registry: Registry
    action_services: ActionServices

    def worker(self, name: str, lane: str | None = None) -> Worker:
        """A worker that carries out actions, of one lane when asked."""
        services = self.services
        return Worker(
            services.engine, services.clock, self.registry, name, self.action_services, lane
        )

    def scheduler(self, longest_wait: dt.timedelta = LONGEST_WAIT) -> Scheduler:
        """What fires the schedules; any number of them fire each time once.

        It looks again after `longest_wait` of real time at the latest.
        """
        services = self.services
        return Scheduler(services.engine, services.clock, services.schedules, longest_wait)


def assemble(
    engine: sa.Engine,
    clock: Clock,
    *,
    demo: bool,
    endpoints: Mapping[str, str],
    secrets: Mapping[str, str],
    anchors: AnchorFile,
    more_schedules: Sequence[Schedule] = (),
    open_banks: Callable[[Mapping[str, str], Clock], Banks] = Banks,
) -> Assembly:
    """Put the product together.

    `endpoints` holds what bank profiles name (SLUICE_BANK_A_URL and so on) and how mail and SMS
    leave (SLUICE_SMTP_HOST and so on); `secrets` the token by source system for messages to it.
    """
    rulebook = Rulebook()
    banks = open_banks(endpoints, clock)
    registry = Registry()
    listener = PaymentListener(rulebook, clock)
    InstructionMachine(banks, listener, Answers(rulebook, clock)).register(registry)
    arrival_services = arrivals.Services(rulebook, clock, listener)
    arrivals.register(registry, arrival_services)
    statements.register(registry)
    slots.register(registry, rulebook)
    registry.register(RESUME, resume_handler)
    ageing.register(registry)
    delegations.register(registry)
    activating.register(registry)
    histories = LoadedHistories(HistoryFolder(anchors.path.parent / "history"))
    history.register(registry, history.Keeper(histories, demo))
    sender = SourceSender(engine, secrets)
    registry.register(outbox.KIND, outbox.deliverer(sender), lane=TELLING)
    day_end.register(registry, sender)
    carriers = sending.open_carriers(endpoints)
    sending.register(registry, carriers)
    registry.on_dead(_tell_dead)
    registry.on_dead(action_given_up)
    kept = ActionServices()
    kept.add(Banks, banks)
    kept.add(Rulebook, rulebook)
    schedules = (
        *slots.slot_schedules(rulebook, PAYMENT_SLOTS),
        Schedule("statements", STATEMENT_TIMES, statements.FETCH_ALL),
        Schedule("documents.resume", RESUME_TIMES, RESUME),
        ageing.SCHEDULE,
        delegations.SCHEDULE,
        day_end.SCHEDULE,
        Schedule("rules.history", HISTORY_TIMES, history.KEEP),
        *more_schedules,
    )
    return Assembly(
        services=Services(
            engine,
            clock,
            demo,
            rulebook,
            anchors,
            histories,
            schedules,
            tuple(registry.kinds()),
            banks,
            carriers,
        ),
        arrivals=arrival_services,
        banks=banks,
        registry=registry,
        action_services=kept,
    )


def _tell_dead(session: Session, dead: DeadAction, now: dt.datetime) -> None:
    """An action nobody will try again needs a person."""
    raise_incident(
        session,
        org_id=dead.org_id or "GROUP",
        code="ACTION_DEAD",
        subject_kind="action",
        subject_id=dead.key,
        message=Text(
            f"the action {dead.key} failed for good: {dead.reason}; mend the cause and revive it",
            f"任务 {dead.key} 最终失败:{dead.reason};请排除原因后重新启动",
        ),
        now=now,
        # What could not be told is not told of by the way it failed.
        channels=("page",) if dead.kind == making.SEND else CHANNELS,
        # Revived and given up again is news.
        occasion=str(dead.attempts),
    )

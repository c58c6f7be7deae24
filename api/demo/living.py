"""The demo group after its first day: simulated banks that live on, on a clock of their own."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import ExitStack

import sqlalchemy as sa

from api.assembly import Assembly
from api.demo.opening import open_source
from api.demo.playing import DEMO_DAY
from api.demo.state import DemoState
from api.demo.surroundings import (
    PRODUCT_TOKEN,
    product_among_banks,
    simulators,
    source_beside,
)
from api.demo.world import Simulator
from api.server import WebServer
from engine.rulebook import Rulebook
from engine.rulebook.history import KEEP
from engine.runtime.clock import BUSINESS_ZONE, SystemClock
from engine.runtime.db import transaction
from engine.runtime.schedules import Schedule
from engine.runtime.workspace import Workspace
from engine.treasury import statements
from engine.treasury.payments import slots
from engine.treasury.payments.business_day import next_slot

OPENS, CLOSES = dt.time(9), dt.time(16)
"""The demo's business hours: started outside them, its clock moves on to the next morning."""

QUICK = (
    Schedule("demo.payments", "* 9-16 * * *", slots.SLOT, also_needs="payments.release"),
    Schedule("demo.statements", "* * * * *", statements.FETCH_ALL),
    Schedule("demo.history", "* * * * *", KEEP),
)
"""A demo does not wait for 15:30: what is unpaid leaves, and statements come, every minute."""

PACE = {"processing_seconds": 5, "auto_cut_seconds": 10}
"""Options of the simulated banks: how soon they book, and cut a statement after a booking."""


def clock_of(workspace: Workspace, engine: sa.Engine) -> SystemClock:
    """The demo's clock: it goes on where it was, and skips nights and holidays when started."""
    state = DemoState.read(workspace)
    real = dt.datetime.now(dt.UTC)
    evening = dt.datetime.combine(DEMO_DAY, dt.time(23), BUSINESS_ZONE)
    then = evening if state is None else real + state.offset
    local = then.astimezone(BUSINESS_ZONE)
    with transaction(engine) as session:
        pinned = Rulebook().at(session)
        morning = next_slot(pinned, OPENS, then - dt.timedelta(days=1), ("GROUP",))
        if morning is None or not (
            morning.astimezone(BUSINESS_ZONE).date() == local.date()
            and OPENS <= local.time() < CLOSES
        ):
            following = next_slot(pinned, OPENS, then, ("GROUP",))
            then = following or then
    offset = dt.timedelta(seconds=int((then - real).total_seconds()) + 1)
    DemoState(offset).write(workspace)
    return SystemClock(offset)


def live(
    stack: ExitStack, workspace: Workspace, engine: sa.Engine, clock: SystemClock
) -> tuple[Assembly, list[Simulator]]:
    """Start the simulated banks and mailbox on the demo's clock, and the product among them."""
    options = simulators(workspace) / "pace.json"
    options.write_text(json.dumps(PACE))
    assembly, banks, mailbox = product_among_banks(
        stack,
        workspace,
        engine,
        clock,
        seed=1,
        frozen=False,
        options=options,
        more_schedules=QUICK,
    )
    return assembly, [*banks, mailbox]


def live_source(
    stack: ExitStack, workspace: Workspace, assembly: Assembly, server: WebServer
) -> Simulator:
    """Start the simulated source system and tell the product where its messages go."""
    source = source_beside(stack, workspace, server, seed=1)
    with transaction(assembly.services.engine) as session:
        token = workspace.secrets().get(PRODUCT_TOKEN)
        open_source(session, token, f"{source.url}/messages")
    return source

"""The demo group after its first day: simulated banks that live on, on a clock of their own."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import ExitStack

import sqlalchemy as sa

from api.assembly import Assembly, assemble
from api.demo.opening import SOURCE, open_source
from api.demo.playing import DEMO_DAY
from api.demo.state import DemoState
from api.demo.world import BANKS, Simulator, start_bank, start_source
from api.server import WebServer
from engine.rulebook import Rulebook
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
    Schedule("demo.payments", "* 9-16 * * *", slots.SLOT),
    Schedule("demo.statements", "* * * * *", statements.FETCH_ALL),
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
    """Start the simulated banks on the demo's clock and put the product together around them."""
    folder = workspace.folder / "simulators"
    folder.mkdir(exist_ok=True)
    options = folder / "pace.json"
    options.write_text(json.dumps(PACE))
    secrets = workspace.secrets()
    banks = []
    for name in BANKS:
        bank = start_bank(name, folder, seed=1, token=secrets.get(f"{name}_token"), options=options)
        stack.callback(bank.stop)
        bank.set_clock(clock.now(), frozen=False)
        banks.append(bank)
    endpoints = {f"SLUICE_{bank.name.upper()}_URL": bank.url for bank in banks}
    endpoints |= {f"SLUICE_{bank.name.upper()}_TOKEN": bank.token for bank in banks}
    assembly = assemble(
        engine,
        clock,
        demo=True,
        endpoints=endpoints,
        secrets={SOURCE: secrets.get("source_token")},
        anchors=workspace.anchors,
        more_schedules=QUICK,
    )
    stack.callback(assembly.banks.close)
    return assembly, banks


def live_source(
    stack: ExitStack, workspace: Workspace, assembly: Assembly, server: WebServer
) -> Simulator:
    """Start the simulated source system and tell the product where its messages go."""
    secrets = workspace.secrets()
    product_token = secrets.get("claims_system_token")
    source = start_source(
        workspace.folder / "simulators",
        seed=1,
        token=secrets.get("source_token"),
        product_url=server.url,
        product_token=product_token,
    )
    stack.callback(source.stop)
    with transaction(assembly.services.engine) as session:
        open_source(session, product_token, f"{source.url}/messages")
    return source

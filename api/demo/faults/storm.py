"""The driver of a faulty day: documents come in, workers die, banks misbehave; then all settles."""

from __future__ import annotations

import datetime as dt
import json
import logging
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import sqlalchemy as sa

from api.demo.claims import Row, as_csv
from api.demo.day import Tell, as_message
from api.demo.faults.clock import SharedClock
from api.demo.faults.crew import Crew, Work
from api.demo.faults.desk import Desk
from api.demo.faults.plan import (
    FAULTY_BANKS,
    WORKERS,
    FaultyPlan,
    Orders,
    Pause,
    Tick,
    plan_faults,
)
from api.demo.faults.verdict import Struck, Verdict, judge
from api.demo.faults.worker import SCHEDULES, Place, work
from api.demo.opening import SOURCE
from api.demo.playing import opened_stage
from api.demo.stage import Stage
from api.demo.surroundings import endpoints_of
from engine.base.money import format_major
from engine.runtime.clock import BUSINESS_ZONE
from engine.runtime.db import transaction
from engine.runtime.holds import HELD
from engine.runtime.jsontypes import JsonValue
from engine.runtime.postgres import EmbeddedServer
from engine.runtime.workspace import Workspace
from engine.treasury.intake.imports import import_file

log = logging.getLogger(__name__)

FAULTY_DAY = dt.date(2026, 11, 24)
"""A Tuesday: two more business days follow for what waits for a finality horizon."""

BANK_OPTIONS = {"hang_seconds": 1, "bounce_percent": 3, "bounce_days": 1}
"""A bank that hangs closes the connection after a second: the day is not spent on waiting. Some
payments come back on the next day."""

GROUP = 6
"""Documents the cashier sends at once: many small batches give many points to strike at."""

FIRST_HOPS = (1, 1, 5, 15, 30)
"""Minutes the clock leaps while all settles; then to the next of LOOKS."""

LOOKS = (dt.time(10), dt.time(18), dt.time(19))
"""Times of day: when batches leave, and two questions after a finality horizon has passed."""
NEXT_STATEMENT = dt.timedelta(minutes=30)
"""So soon statements are fetched again; from none of LOOKS does it lead past a bank's opening."""

MOST_HOPS = 36
IDLE_SECONDS = 120.0
"""Longest the driver waits for the workers to finish what is due (real time)."""

AT_WORK_SECONDS = 5.0
"""Longest a strike waits for its worker to have something in hand (real time)."""

_BUSY = sa.text(
    "SELECT EXISTS (SELECT 1 FROM action a WHERE state = 'leased' "  # noqa: S608 - constants
    f"OR (state = 'ready' AND (due_at IS NULL OR due_at <= :now) AND NOT {HELD}))"
)
_OPEN = sa.text(
    "SELECT (SELECT count(*) FROM attempt WHERE state IN "
    "('READY', 'SENDING', 'PROCESSING', 'UNKNOWN', 'REVIEW', 'PAID')) "
    "+ (SELECT count(*) FROM document WHERE state IN ('UNPAID', 'SENDING', 'FAILED', "
    "'IN_APPROVAL', 'VALIDATED', 'DRAFT')) "
    "+ (SELECT count(*) FROM outbox_message WHERE state = 'pending')"
)


def play_faults(
    workspace: Workspace,
    engine: sa.Engine,
    rulesets: Path,
    orders: Orders,
    tell: Tell,
    *,
    worker: Work = work,
    server: Callable[[], EmbeddedServer] | None = None,
) -> Verdict:
    """Play a faulty day in an empty workspace and judge it.

    `worker` is what a worker process does; `server` gives an object for the database server of
    `engine`, needed when `orders` asks for database crashes.
    """
    started = time.monotonic()
    plan = plan_faults(orders, FAULTY_DAY)
    with _driver(workspace, engine, rulesets, orders, plan, worker, server) as driver:
        tell("09:00 the group opens; strikes begin")
        driver.storm(plan)
        tell("the strikes are over; everything settles")
        driver.settle()
        struck = driver.struck()
        return judge(driver.stage, struck, plan.documents, orders.seed, time.monotonic() - started)


def _until_look(now: dt.datetime) -> dt.timedelta:
    local = now.astimezone(BUSINESS_ZONE)
    days = (local.date(), local.date() + dt.timedelta(days=1))
    looks = (dt.datetime.combine(day, at, BUSINESS_ZONE) for day in days for at in LOOKS)
    return next(look for look in looks if look > now) - now


@contextmanager
def _driver(
    workspace: Workspace,
    engine: sa.Engine,
    rulesets: Path,
    orders: Orders,
    plan: FaultyPlan,
    worker: Work,
    server: Callable[[], EmbeddedServer] | None,
) -> Iterator[Driver]:
    clock = SharedClock(workspace.folder / "clock")
    clock.set(dt.datetime.combine(FAULTY_DAY, dt.time(9), BUSINESS_ZONE))
    options = workspace.folder / "bank_options.json"
    options.write_text(json.dumps(BANK_OPTIONS))
    with opened_stage(
        workspace,
        engine,
        rulesets,
        seed=orders.seed,
        clock=clock,
        names=FAULTY_BANKS,
        more_accounts=resources.files("api.demo.faults").joinpath("silent_bank.yaml").read_text(),
        options=options,
        more_schedules=SCHEDULES,
    ) as stage:
        place = Place(
            name="",
            database=engine.url.render_as_string(hide_password=False),
            clock=clock.file,
            anchors=workspace.anchors.path,
            log=workspace.folder / "workers.log",
            endpoints=endpoints_of(stage.banks),
            secrets={SOURCE: workspace.secrets().get("source_token")},
        )
        crew = Crew(place, worker, engine, WORKERS)
        try:
            yield Driver(stage, crew, plan.refused, server)
        finally:
            crew.stop()
            clock.close()


class Driver:
    """Moves the clock, strikes, and waits until everything has come to rest."""

    def __init__(
        self,
        stage: Stage,
        crew: Crew,
        refused: Collection[str],
        server: Callable[[], EmbeddedServer] | None,
    ) -> None:
        self.stage = stage
        self._services = stage.assembly.services
        self._crew = crew
        self._server = server
        self._desk = Desk(stage, refused)
        self._scheduler = stage.assembly.scheduler()
        self._database_crashes = 0
        self._files = 0

    def storm(self, plan: FaultyPlan) -> None:
        """Play the plan; afterwards fresh workers stand ready and no fault waits at a bank."""
        self._prepare_banks(plan)
        resting: list[tuple[int, Pause]] = []
        for number, tick in enumerate(plan.ticks):
            self._come_in(tick)
            for name, faults in tick.faults.items():
                self.stage.bank(name).admin("faults", {"next": list(faults)})
            self._hop(dt.timedelta(minutes=tick.minutes))
            self._desk.release(GROUP)
            if tick.cut:
                self._cut()
            for end, pause in resting:
                if end <= number:
                    self._crew.resume(pause.worker)
            resting = [one for one in resting if one[0] > number]
            resting += self._strike(number, tick)
            self._crew.look()
        self._crew.rest()
        for bank in self.stage.banks:
            bank.admin("faults", {"clear": True})

    def settle(self) -> None:
        """Hop on until nothing is open, or no further hop is allowed."""
        self._until_answered()
        for number in range(MOST_HOPS):
            self._desk.revive()
            self._desk.approve()
            self._desk.review()
            self._desk.release_again()
            self._until_idle()
            self._cut()
            self._hop(
                dt.timedelta(minutes=FIRST_HOPS[number])
                if number < len(FIRST_HOPS)
                else _until_look(self._services.clock.now())
            )
            self._reconciled()
            if not self._open():
                # What came back with the last leap over a morning is on no statement yet.
                self._cut()
                self._hop(NEXT_STATEMENT)
                self._reconciled()
                if not self._open():
                    break
        self.stage.sealer.run_once()

    def struck(self) -> Struck:
        """What was done to the product."""
        crew = self._crew
        return Struck(
            crew.kills,
            crew.pauses,
            crew.interrupted,
            crew.fell,
            self._database_crashes,
            self._desk.revived,
        )

    # -- what comes in ------------------------------------------------------------------

    def _prepare_banks(self, plan: FaultyPlan) -> None:
        for bank in self.stage.banks:
            accounts: list[JsonValue] = [
                {"number": number, "kind": "external", "refuse": reason}
                for number, reason in sorted(plan.refused_accounts.items())
            ]
            accounts += [
                {"number": number, "kind": "external", "balance": format_major(minor, "CNY")}
                for number, minor in sorted(plan.poor_payers.items())
            ]
            bank.admin("accounts", accounts)

    def _come_in(self, tick: Tick) -> None:
        if tick.pushed:
            documents: list[JsonValue] = [as_message(row) for row in tick.portion]
            self.stage.source.admin("send", {"documents": documents, "repeat_percent": 10})
        elif tick.portion:
            self._import(tick.portion)
        if tick.portion:
            self._desk.approve()

    def _import(self, rows: list[Row]) -> None:
        files: dict[tuple[str, str], list[Row]] = {}
        for row in rows:
            files.setdefault((row["organisation"][:2], row["direction"]), []).append(row)
        for (branch, direction), part in sorted(files.items()):
            self._files += 1
            # The head office has no maker of its own.
            maker = "accountant" if branch == "GR" else f"{branch.lower()}.maker"
            with transaction(self._services.engine) as session:
                import_file(
                    session,
                    self._services.rulebook,
                    maker,
                    f"{branch}-{direction}-{self._files}.csv",
                    as_csv(part),
                    self._services.clock.now(),
                )

    # -- strikes ------------------------------------------------------------------------

    def _strike(self, number: int, tick: Tick) -> list[tuple[int, Pause]]:
        """Strike at random points of what the workers are doing; pauses that go on."""
        delays = iter(tick.delays)
        going_on = []
        for slot in tick.kills:
            self._until_at_work(slot)
            time.sleep(next(delays))
            self._crew.kill(slot)
        if tick.dies_for_ever is not None:
            self._crew.kill(tick.dies_for_ever, replaced=False)
        time.sleep(next(delays))
        for pause in tick.pauses:
            self._crew.pause(pause.worker, outrun=pause.outrun)
            if pause.seconds:
                time.sleep(pause.seconds)
                self._crew.resume(pause.worker)
            else:
                going_on.append((number + pause.ticks, pause))
        if tick.database_crash:
            self._crash_database()
        return going_on

    def _until_at_work(self, slot: int) -> None:
        """A strike on a worker that only begins, while work waits for it, would meet nothing."""
        until = time.monotonic() + AT_WORK_SECONDS
        while time.monotonic() < until and not self._crew.at_work(slot) and self._busy():
            time.sleep(0.02)

    def _crash_database(self) -> None:
        assert self._server is not None, "a database crash needs the server"
        server = self._server()
        server.crash()
        time.sleep(0.5)
        # Returns when the server has recovered and answers again.
        server.start()
        server.stop()
        self._database_crashes += 1

    # -- settling -----------------------------------------------------------------------

    def _hop(self, by: dt.timedelta) -> None:
        self.stage.stand_at(self._services.clock.now() + by)
        self._scheduler.run_once()

    def _cut(self) -> None:
        for bank in self.stage.banks:
            bank.admin("cut", {})

    def _reconciled(self) -> None:
        """The workers come to rest, and again after the accountant has decided."""
        self._until_idle()
        self._desk.reconcile()
        self._until_idle()

    def _until_answered(self) -> None:
        """Until the product has answered all the source sent."""
        until = time.monotonic() + IDLE_SECONDS
        while time.monotonic() < until:
            sent = self.stage.source.look("sent")
            assert isinstance(sent, list)
            if all(isinstance(one, dict) and one["state"] == "answered" for one in sent):
                return
            time.sleep(0.1)
        log.error("the source still waits for answers")

    def _until_idle(self) -> None:
        until = time.monotonic() + IDLE_SECONDS
        while time.monotonic() < until:
            self._crew.look()
            if not self._busy():
                return
            time.sleep(0.05)
        log.error("the workers did not come to rest in %.0f s", IDLE_SECONDS)

    def _busy(self) -> bool:
        with transaction(self._services.engine) as session:
            now = self._services.clock.now()
            return bool(session.execute(_BUSY, {"now": now}).scalar_one())

    def _open(self) -> bool:
        with transaction(self._services.engine) as session:
            return bool(session.execute(_OPEN).scalar_one())

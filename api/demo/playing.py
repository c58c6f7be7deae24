"""Setting a demo day up in a workspace and playing it to its end."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import sqlalchemy as sa

from api.app import create_app
from api.demo.claims import plan_day
from api.demo.day import Tell, play_day
from api.demo.day_log import DayLog
from api.demo.opening import (
    demo_password,
    open_banks,
    open_delegation,
    open_desks,
    open_group,
    open_rules,
    open_source,
)
from api.demo.report import Report, report
from api.demo.second_opinion import look_again
from api.demo.stage import MovableClock, Stage
from api.demo.surroundings import PRODUCT_TOKEN, product_among_banks, source_beside
from api.demo.world import BANKS
from api.server import WebServer
from engine.runtime.audit import Sealer
from engine.runtime.clock import BUSINESS_ZONE, ManualClock
from engine.runtime.db import transaction
from engine.runtime.schedules import Schedule
from engine.runtime.workspace import Workspace
from engine.treasury.accounts.group import load_group

DEMO_DAY = dt.date(2026, 11, 20)
"""The business day that is played: a Friday; `sluice run` goes on from the Monday after it."""


@dataclass(frozen=True, slots=True)
class Played:
    """A day that was played."""

    report: Report
    log: DayLog


def shipped_rulesets() -> Path:
    """The folder of the rulesets that come with the product."""
    return Path(str(resources.files("rulesets").joinpath("vocabulary.yaml"))).parent


@contextmanager
def opened_stage(
    workspace: Workspace,
    engine: sa.Engine,
    rulesets: Path,
    *,
    seed: int,
    clock: MovableClock,
    names: Sequence[str] = BANKS,
    more_accounts: str = "",
    options: Path | None = None,
    more_schedules: Sequence[Schedule] = (),
) -> Iterator[Stage]:
    """The product and its simulated world, with the group opened; everything ends with it.

    `names` are the simulated banks and `options` a file with their options; `more_accounts` is a
    group file (YAML) beside the demo's own.
    """
    with ExitStack() as stack:
        assembly, banks, _ = product_among_banks(
            stack,
            workspace,
            engine,
            clock,
            seed=seed,
            frozen=True,
            names=names,
            options=options,
            more_schedules=more_schedules,
        )
        server = WebServer(create_app(assembly.services), "127.0.0.1", 0)
        server.start()
        stack.callback(server.stop)
        source = source_beside(stack, workspace, server, seed=seed)
        with transaction(engine) as session:
            open_group(session, demo_password(workspace))
            if more_accounts:
                load_group(session, more_accounts)
            token = workspace.secrets().get(PRODUCT_TOKEN)
            open_source(session, token, f"{source.url}/messages")
            open_banks(session, banks, clock.now())
            open_desks(session, clock.now())
            open_delegation(session, clock.now())
        with transaction(engine) as session:
            open_rules(session, rulesets, clock.now())
        yield Stage(assembly, clock, banks, source, Sealer(engine, workspace.anchors))


def play(
    workspace: Workspace,
    engine: sa.Engine,
    rulesets: Path,
    *,
    documents: int,
    seed: int,
    tell: Tell,
) -> Played:
    """Open the group in an empty workspace and play its day with `documents` documents."""
    started = time.monotonic()
    morning = dt.datetime.combine(DEMO_DAY, dt.time(8), BUSINESS_ZONE)
    clock = ManualClock(morning)
    plan = plan_day(documents, seed, DEMO_DAY)
    tell("08:00 the group, its accounts and its rules")
    with opened_stage(workspace, engine, rulesets, seed=seed, clock=clock) as stage:
        log = play_day(stage, plan, tell)
        again = look_again(workspace, clock)
        counted = report(
            stage,
            log.rows_in,
            log.refused_rows,
            log.all_told,
            again,
            time.monotonic() - started,
        )
    return Played(counted, log)

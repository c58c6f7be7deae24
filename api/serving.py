"""Everything `sluice run` starts, and stops again: database, web, workers, simulated banks."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from api.app import create_app
from api.assembly import Assembly, assemble
from api.demo import opening
from api.demo.living import clock_of, live, live_source
from api.demo.people import APPROVERS
from api.demo.playing import play, shipped_rulesets
from api.demo.report import summary
from api.demo.state import DemoState
from api.demo.world import MAILBOX, Simulator
from api.running import Running
from api.server import WebServer
from api.supervising import SIGN, Supervisor, start_monitor
from engine.base.text import SluiceError, Text
from engine.runtime.clock import SystemClock
from engine.runtime.settings import Settings
from engine.runtime.workspace import Workspace

FIRST_DAY = 240
"""Documents of the day that a new demo workspace begins with."""


def serve(
    workspace: Path | None, host: str | None, port: int | None, rulesets: Path | None
) -> None:
    """Open the workspace (a new one becomes a demo) and serve until SIGINT or SIGTERM."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s", stream=sys.stderr)
    settings = Settings.load(workspace)
    place = _opened(settings)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    folder = (rulesets or _followed()).absolute()
    if place.demo and DemoState.read(place) is None:
        place = _fresh(place)
    with ExitStack() as stack:
        stack.enter_context(place.running())
        engine = stack.enter_context(place.database(settings))
        if place.demo and DemoState.read(place) is None:
            _play_first_day(place, engine, folder)
        address = (host or settings.host, port if port is not None else settings.port)
        _serve(stack, place, settings, engine, address, folder, stop)


def _opened(settings: Settings) -> Workspace:
    """The workspace. A demo never touches a server that DATABASE_URL names."""
    if settings.database_url is None:
        return Workspace.open_or_create(settings.workspace, demo=True)
    place = None
    if (settings.workspace / "workspace.json").exists():
        place = Workspace.open(settings.workspace)
    if place is None or place.demo:
        raise SluiceError(
            "DEMO_ON_SERVER",
            Text(
                f"{settings.workspace} is {'a demo' if place else 'no workspace yet'}, and a demo "
                "is never played in the database DATABASE_URL names; unset it for a demo, or make "
                "a workspace with `sluice init`",
                f"{settings.workspace} {'是演示工作区' if place else '尚不是工作区'},"
                "演示绝不写入 DATABASE_URL 指定的数据库;演示请取消该变量,"
                "正式使用请先执行 `sluice init`",
            ),
        )
    return place


def _followed() -> Path:
    """The rulesets a demo follows: ./rulesets where that is one, else the shipped ones."""
    here = Path("rulesets")
    return here if (here / "vocabulary.yaml").is_file() else shipped_rulesets()


def _fresh(place: Workspace) -> Workspace:
    """A demo whose first day was interrupted begins anew."""
    place.destroy()
    return Workspace.create(place.folder, demo=True)


def _play_first_day(place: Workspace, engine: sa.Engine, rulesets: Path) -> None:
    _tell("A new demo workspace: its group lives through a first day, which takes about 20 s.")
    played = play(place, engine, rulesets, documents=FIRST_DAY, seed=1, tell=_tell)
    _tell(summary(played.report, played.log.lines))
    if not played.report.good:
        raise SluiceError(
            "DEMO_DAY",
            Text(
                f"the first day was not good (above); delete {place.folder} and start again",
                f"首日演示未达标(见上);请删除 {place.folder} 后重新启动",
            ),
        )


def _serve(
    stack: ExitStack,
    place: Workspace,
    settings: Settings,
    engine: sa.Engine,
    address: tuple[str, int],
    rulesets: Path,
    stop: threading.Event,
) -> None:
    assembly, simulators = _assembled(stack, place, engine)
    server = WebServer(create_app(assembly.services), *address)
    stack.callback(server.stop)
    running = Running(stop)
    if place.demo:
        simulators.append(live_source(stack, place, assembly, server))
        running.watch_rules(assembly, rulesets, opening.AUTHOR, opening.APPROVER)
    running.start(assembly, server, place.anchors, settings.workers)
    starting = partial(start_monitor, place.folder)
    supervisor = Supervisor("the monitor", starting, stop, place.folder / SIGN)
    running.keep("monitor", supervisor.run)
    mailbox = next((one for one in simulators if one.name == MAILBOX), None)
    _tell(_welcome(place, server.url, rulesets, mailbox))
    while not stop.wait(1):
        gone = [one.name for one in simulators if not one.child.running()]
        if gone:
            logging.error("%s ended; see %s", ", ".join(gone), place.folder / "simulators")
            stop.set()
    _tell("stopping")
    running.join()


def _assembled(
    stack: ExitStack, place: Workspace, engine: sa.Engine
) -> tuple[Assembly, list[Simulator]]:
    if place.demo:
        return live(stack, place, engine, clock_of(place, engine))
    assembly = assemble(
        engine,
        SystemClock(),
        demo=False,
        endpoints=os.environ,
        secrets=_source_tokens(),
        anchors=place.anchors,
    )
    stack.callback(assembly.banks.close)
    return assembly, []


def _source_tokens() -> dict[str, str]:
    """Tokens for messages to source systems: SLUICE_SOURCE_TOKEN_CLAIMS_SYSTEM is the one for
    the user claims-system."""
    prefix = "SLUICE_SOURCE_TOKEN_"
    return {
        name.removeprefix(prefix).lower().replace("_", "-"): value
        for name, value in os.environ.items()
        if name.startswith(prefix)
    }


def _welcome(place: Workspace, url: str, rulesets: Path, mailbox: Simulator | None) -> str:
    lines = ["", f"Sluicegate is running: {url}   (Ctrl-C stops it)"]
    if place.demo:
        lines += [
            "Sign in as one of:",
            "  bj.maker sh.maker gd.maker (make documents)   accountant (reconcile)",
            f"  {' '.join(APPROVERS)} (approve)",
            "  cashier (release payments)   analyst operator auditor admin",
            f"Password of all of them: {opening.demo_password(place)}",
            f"Rules followed: {rulesets} (save a file with a higher version: it becomes live)",
        ]
    if mailbox is not None:
        lines.append(f"Mail and SMS it sends: {mailbox.url}/?token={mailbox.token}")
    return "\n".join(lines)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)

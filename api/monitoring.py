"""The monitor process: `python -m api.monitoring --workspace FOLDER`. Prints `ready` once.

It is a process of its own because the second engine can end it. Killed at any moment it loses
and doubles nothing: `sluice run` starts it again, and it goes on where it was.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import logging
import signal
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from api.demo.state import clock_for
from api.supervising import SIGN
from engine.base.text import SluiceError, Text
from engine.rulebook import Rulebook
from engine.runtime.clock import Clock, ManualClock
from engine.runtime.db import transaction
from engine.runtime.settings import Settings
from engine.runtime.workspace import Workspace
from engine.treasury.monitor.heartbeat import beat
from engine.treasury.monitor.opinions import Opinions
from engine.treasury.monitor.rete import second_engine
from engine.treasury.monitor.stepping import BATCH, Monitor

log = logging.getLogger("monitor")

LOOK_SECONDS = 0.5
"""How soon it looks again when nothing was there."""

BEAT_SECONDS = 5.0
TROUBLE_SECONDS = 5.0


class Process:
    """Steps and gives signs of life until it is told to stop."""

    def __init__(
        self, db: sa.Engine, clock: Clock, batch: int, stop: threading.Event, sign: Path
    ) -> None:
        self._sign = sign
        self._trouble: Text | None = None
        self._good: float | None = None
        second, self._why_off = second_engine()
        if self._why_off is not None:
            log.warning("second opinion off: %s", self._why_off.en)
        self._db = db
        self._stop = stop
        self.monitor = Monitor(db, clock, Rulebook(), Opinions(db, second), batch)

    def beat(self) -> None:
        """One sign of life, with the trouble that the last step left; the log says why when the
        database does not take it."""
        good = None if self._good is None else time.monotonic() - self._good
        try:
            with transaction(self._db) as session:
                beat(session, self._why_off, self._trouble, good)
        except SQLAlchemyError as error:
            log.warning("no sign of life could be given: %s", error)

    def run(self) -> None:
        """Until told to stop."""
        threading.Thread(target=self._beats, name="heartbeat", daemon=True).start()
        while not self._stop.is_set():
            self._stop.wait(self._turn())
            self._sign.touch()

    def _turn(self) -> float:
        """One step; how many seconds to wait for the next one."""
        try:
            idle = self.monitor.step().idle
        except SluiceError as error:
            log.error("%s", error)
            return self._in_trouble(error.text)
        except SQLAlchemyError as error:
            log.warning("the database does not answer, trying again: %s", error)
            said = str(error).partition("\n")[0]
            return self._in_trouble(
                Text(
                    f"the monitor's last step failed at the database: {said}",
                    f"监控进程最近一步在数据库处失败:{said}",
                )
            )
        self._good = time.monotonic()
        if self._trouble is not None:
            self._trouble = None
            self.beat()
        return LOOK_SECONDS if idle else 0

    def _in_trouble(self, trouble: Text) -> float:
        """It stays told until a step goes well."""
        self._trouble = trouble
        self.beat()
        return TROUBLE_SECONDS

    def _beats(self) -> None:
        while not self._stop.wait(BEAT_SECONDS):
            self.beat()


def main() -> None:
    """Run the monitor of a workspace."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s", stream=sys.stderr)
    given = _arguments()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    settings = Settings.load(given.workspace)
    place = Workspace.open(settings.workspace)
    with place.database(settings) as db:
        clock = clock_for(place) if given.at is None else ManualClock(given.at)
        process = Process(db, clock, given.batch, stop, place.folder / SIGN)
        process.beat()
        print("ready", flush=True)
        if given.until_idle:
            print(json.dumps(asdict(process.monitor.run_until_idle())), flush=True)
        else:
            process.run()


class _Given(argparse.Namespace):
    workspace: Path
    batch: int
    until_idle: bool
    at: dt.datetime | None


def _arguments() -> _Given:
    reader = argparse.ArgumentParser(prog="python -m api.monitoring")
    reader.add_argument("--workspace", type=Path, required=True)
    reader.add_argument("--batch", type=int, default=BATCH, help="rows of one step")
    reader.add_argument("--until-idle", action="store_true", help="end when nothing is left")
    reader.add_argument("--at", type=dt.datetime.fromisoformat, help="stand at this instant")
    return reader.parse_args(namespace=_Given())


if __name__ == "__main__":
    main()

"""The worker process of a faulty day: the product's actions and schedules, made to be killed."""

from __future__ import annotations

import datetime as dt
import logging
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from api.assembly import Assembly, assemble
from api.demo.faults.clock import SharedClock
from api.processes import end_with_parent
from api.running import Running
from engine.banks.connect import Banks
from engine.runtime.audit import AnchorFile
from engine.runtime.clock import Clock
from engine.runtime.db import make_engine
from engine.runtime.schedules import Schedule
from engine.treasury import statements
from engine.treasury.payments import slots

SCHEDULES = (
    Schedule("faults.payments", "*/20 9-16 * * *", slots.SLOT, also_needs="payments.release"),
    Schedule("faults.statements", "*/30 * * * *", statements.FETCH_ALL),
)
"""What the day adds to the product's own schedules, so that it has enough to interrupt."""

LOOK = dt.timedelta(milliseconds=500)
"""How soon the scheduler looks again: the clock leaps, so it cannot sleep until a due time."""


FROZEN_SECONDS = 1
"""A paused worker's open transaction is ended so soon: the other one must not wait for it."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a worker needs to know of its surroundings; it goes to the process as it is."""

    name: str
    database: str
    clock: Path
    anchors: Path
    log: Path
    endpoints: Mapping[str, str]
    secrets: Mapping[str, str]


def assembled(
    place: Place, open_banks: Callable[[Mapping[str, str], Clock], Banks] = Banks
) -> Assembly:
    """The product as this process sees it."""
    return assemble(
        make_engine(place.database, application=place.name, idle_seconds=FROZEN_SECONDS),
        SharedClock(place.clock),
        demo=True,
        endpoints=place.endpoints,
        secrets=place.secrets,
        anchors=AnchorFile(place.anchors),
        more_schedules=SCHEDULES,
        open_banks=open_banks,
    )


def work(place: Place, make: Callable[[Place], Assembly] = assembled) -> None:
    """Be a worker until ended: SIGTERM after the action in hand, SIGKILL at once.

    Ends with status 1 when a part of it ends by itself.
    """
    end_with_parent(signal.SIGKILL)
    stop, told = threading.Event(), threading.Event()

    def tell(_number: int, _frame: object) -> None:
        told.set()
        stop.set()

    signal.signal(signal.SIGTERM, tell)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(filename=place.log, level=logging.ERROR, force=True)
    assembly = make(place)
    running = Running(stop)
    scheduler = assembly.scheduler(LOOK)
    running.keep("scheduler", partial(scheduler.run_forever, stop))
    running.keep("worker", partial(assembly.worker(place.name).run_forever, stop))
    stop.wait()
    running.join()
    sys.exit(0 if told.is_set() else 1)

"""The stage of a demo day: product and simulated world on one clock that hops from event to event.

Nothing waits for real time: the clock stands still while actions run, then moves to the next
instant at which something is due.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa

from api.assembly import Assembly
from api.demo.world import Simulator
from engine.runtime.audit import Sealer
from engine.runtime.clock import BUSINESS_ZONE, Clock
from engine.runtime.db import transaction
from engine.runtime.holds import HELD

_NEXT_DUE = sa.text(
    f"SELECT min(due_at) FROM action a WHERE state = 'ready' AND NOT {HELD}"  # noqa: S608 - constants
)

OUTBOX_DRAIN = dt.timedelta(hours=6)
"""Longest the end of the day waits for the source to acknowledge everything."""


class MovableClock(Clock, Protocol):
    """A business clock that stands still until it is set."""

    def set(self, instant: dt.datetime) -> None:
        """Stand at `instant` (aware)."""
        ...


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything a day is played with."""

    assembly: Assembly
    clock: MovableClock
    banks: Sequence[Simulator]
    source: Simulator
    sealer: Sealer

    def at(self, hour: int, minute: int = 0) -> dt.datetime:
        """This business day's instant at `hour`:`minute` in Shanghai."""
        day = self.clock.business_date()
        return dt.datetime.combine(day, dt.time(hour, minute), BUSINESS_ZONE)

    def bank(self, name: str) -> Simulator:
        """The simulated bank `name`."""
        return next(bank for bank in self.banks if bank.name == name)

    def play_until(self, end: dt.datetime) -> None:
        """Let everything happen that is due until `end`, then stand at `end`."""
        scheduler = self.assembly.scheduler()
        worker = self.assembly.worker("demo")
        while True:
            scheduler.run_once()
            worker.run_until_idle()
            due = self._next_due()
            wake = scheduler.next_wake()
            following = min((t for t in (due, wake) if t is not None and t <= end), default=None)
            if following is None:
                break
            self.stand_at(max(following, self.clock.now()))
        self.stand_at(end)
        self.sealer.run_once()

    def drain(self) -> bool:
        """Play on until the source has acknowledged every message; False when it never does."""
        last = self.clock.now() + OUTBOX_DRAIN
        while self._unacked():
            due = self._next_due()
            if due is None or due > last:
                return False
            self.play_until(due)
        return True

    def stand_at(self, now: dt.datetime) -> None:
        """Put our clock, the banks' and the source system's day at `now`."""
        self.clock.set(now)
        self.source.admin("clock", {"today": self.clock.business_date().isoformat()})
        for bank in self.banks:
            bank.set_clock(now, frozen=True)

    def _next_due(self) -> dt.datetime | None:
        with transaction(self.assembly.services.engine) as session:
            found: dt.datetime | None = session.execute(_NEXT_DUE).scalar_one()
        return found

    def _unacked(self) -> bool:
        with transaction(self.assembly.services.engine) as session:
            return bool(
                session.execute(
                    sa.text("SELECT EXISTS (SELECT 1 FROM outbox_message WHERE state = 'pending')")
                ).scalar_one()
            )

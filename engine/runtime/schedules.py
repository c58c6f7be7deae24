"""Schedules: when an action becomes due by itself, fired once however many replicas look.

APScheduler reads triggers and computes times, nothing else. Firing is one row in `run`: the
replica whose INSERT succeeds enqueues the action, the others find it fired.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa
from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from engine.base.text import SluiceError, Text
from engine.runtime import actions, db, holds
from engine.runtime.clock import BUSINESS_ZONE, Clock, business_date_of
from engine.runtime.jsontypes import JsonValue

log = logging.getLogger(__name__)

NextDue = Callable[[Session, datetime], datetime | None]
"""The first due instant strictly after the given one; None when there is none (yet)."""

LONGEST_WAIT = timedelta(seconds=30)
"""A waiting replica looks again after this long at the latest."""

DATABASE_WAIT = 1.0
"""Seconds until a database that did not answer is asked again."""

LOOKS_BACK = (timedelta(hours=1), timedelta(days=1), timedelta(days=31))
"""Where the latest missed time is looked for first."""

MOST_MISSED = 1000
"""Due times one look goes through per schedule; the rest follow at the next look."""


class ScheduleError(SluiceError):
    """A schedule that cannot be read."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """`kind` is enqueued at every due time.

    `trigger` is a cron line of five fields in Asia/Shanghai with weekdays as names
    ("30 17 * * mon-fri"). A capability whose times come from the business calendar gives
    `next_due`, and `trigger` only describes it. `missed`: after a standstill fire only the
    latest time that was missed, or all of them.
    """

    name: str
    trigger: str
    kind: str
    next_due: NextDue | None = None
    missed: Literal["latest", "all"] = "latest"
    org_id: str | None = None
    also_needs: str | None = None
    """A permission, besides the one to operate, without which nobody runs it by hand."""
    names_missed: bool = False
    """Whether the action's payload names the times that passed and were not fired, as "missed"."""


def cron(line: str) -> CronTrigger:
    """A trigger from a cron line; ScheduleError SCHEDULE_TRIGGER when it cannot be read.

    Numbered weekdays are refused: cron counts them from Sunday, APScheduler from Monday.
    """
    fields = line.split()
    if len(fields) == 5 and not re.search(r"(?<![#/\d])\d", fields[4]):
        try:
            return CronTrigger.from_crontab(line, timezone=BUSINESS_ZONE)
        except ValueError:
            pass  # answered below, with the form that is wanted
    raise ScheduleError(
        "SCHEDULE_TRIGGER",
        Text(
            f"{line!r} is not a trigger; write minute, hour, day, month and weekday name, "
            "such as '30 17 * * mon-fri'",
            f"{line!r} 不是触发时间;请写成分、时、日、月、星期名,如 '30 17 * * mon-fri'",
        ),
    )


def next_due(session: Session, schedule: Schedule, after: datetime) -> datetime | None:
    """The first due instant of `schedule` strictly after `after`."""
    if schedule.next_due is not None:
        return schedule.next_due(session, after)
    found: datetime | None = cron(schedule.trigger).get_next_fire_time(
        None, after + timedelta(microseconds=1)
    )
    return found


def fire_due(session: Session, schedules: Iterable[Schedule], now: datetime) -> list[str]:
    """Enqueue every schedule that became due until `now`; keys of the actions made here.

    A schedule never seen before is due from `now` on; one that is held is not due. Of the times
    that passed while it was held only the latest is fired after its release. The action's key is
    `schedule:<name>:<due instant>`, its payload {"schedule", "due_at", "business_date"}, and
    "missed" where the schedule names them.
    """
    fired: list[str] = []
    holds.claims_see_holds(session)
    paused = {one.name for one in holds.open_holds(session, "schedule")}
    for schedule in schedules:
        _see(session, schedule, now)
        if schedule.name in paused:
            continue
        after = _fired_last(session, schedule)
        for due in _to_fire(session, schedule, after, now):
            missed = _missed(session, schedule, after, due) if schedule.names_missed else []
            if _fire(session, schedule, due, now):
                fired.append(_enqueue(session, schedule, due, missed))
            after = due
    return fired


def run_now(session: Session, schedule: Schedule, by: str, now: datetime) -> str | None:
    """One extra run, due `now`, that changes none of the schedule's times; its action's key.

    It runs also while the schedule is held: holding stops what comes by itself. None when there
    is a run of this very instant already. Record who and why with `audit.record` beside it.
    """
    _see(session, schedule, now)
    if not _fire(session, schedule, now, now, by):
        return None
    return _enqueue(session, schedule, now)


def _fired_last(session: Session, schedule: Schedule) -> datetime:
    """The last time that was fired by itself; where there is none, since when it is seen."""
    found: datetime = session.execute(
        sa.text(
            "SELECT coalesce((SELECT max(due_at) FROM run WHERE schedule = :name "
            "AND asked_by IS NULL), since) FROM schedule WHERE name = :name"
        ),
        {"name": schedule.name},
    ).scalar_one()
    return found


def _to_fire(
    session: Session, schedule: Schedule, after: datetime, now: datetime
) -> list[datetime]:
    if schedule.missed == "latest":
        return _latest(session, schedule, after, now)
    times: list[datetime] = []
    for hold in holds.ended_holds(session, "schedule", schedule.name, after):
        assert hold.released_at is not None
        times += _times(session, schedule, after, hold.held_at)
        if len(times) >= MOST_MISSED:
            return times
        times += _latest(session, schedule, max(after, hold.held_at), hold.released_at)
        after = max(after, hold.released_at)
    return times + _times(session, schedule, after, now)


def _missed(session: Session, schedule: Schedule, after: datetime, due: datetime) -> list[datetime]:
    """Times between two that fired at which nobody held the schedule and nobody fired it."""
    quiet = holds.ended_holds(session, "schedule", schedule.name, after)
    return [
        time
        for time in _times(session, schedule, after, due)[:-1]
        if not any(one.held_at <= time < (one.released_at or time) for one in quiet)
    ]


def _latest(session: Session, schedule: Schedule, after: datetime, now: datetime) -> list[datetime]:
    """The latest due time after a standstill of any length, looked for from the end."""
    for back in LOOKS_BACK:
        if now - back <= after:
            break
        times = _times(session, schedule, now - back, now)
        if times:
            return times[-1:]
    return _times(session, schedule, after, now)[-1:]


def _see(session: Session, schedule: Schedule, now: datetime) -> None:
    session.execute(
        sa.text(
            "INSERT INTO schedule (name, org_id, since) VALUES (:name, :org, :now) "
            "ON CONFLICT (name) DO NOTHING"
        ),
        {"name": schedule.name, "org": schedule.org_id, "now": now},
    )


def _times(session: Session, schedule: Schedule, after: datetime, now: datetime) -> list[datetime]:
    times: list[datetime] = []
    while len(times) < MOST_MISSED:
        due = next_due(session, schedule, after)
        if due is None or due > now:
            break
        times.append(due)
        after = due
    return times


def _fire(
    session: Session, schedule: Schedule, due: datetime, now: datetime, by: str | None = None
) -> bool:
    made = session.execute(
        sa.text(
            "INSERT INTO run (schedule, due_at, org_id, fired_at, asked_by) "
            "VALUES (:name, :due, :org, :now, :by) ON CONFLICT DO NOTHING RETURNING schedule"
        ),
        {"name": schedule.name, "due": due, "org": schedule.org_id, "now": now, "by": by},
    )
    return made.first() is not None


def key_of(name: str, due: datetime) -> str:
    """The key of the action a schedule makes for a due time."""
    return f"schedule:{name}:{due.astimezone(BUSINESS_ZONE).isoformat()}"


def _enqueue(
    session: Session, schedule: Schedule, due: datetime, missed: Sequence[datetime] = ()
) -> str:
    key = key_of(schedule.name, due)
    payload: dict[str, JsonValue] = {
        "schedule": schedule.name,
        "due_at": due.astimezone(BUSINESS_ZONE).isoformat(),
        "business_date": business_date_of(due).isoformat(),
    }
    if missed:
        payload["missed"] = [one.astimezone(BUSINESS_ZONE).isoformat() for one in missed]
    actions.enqueue(session, schedule.kind, key, payload, due, org_id=schedule.org_id)
    return key


class Scheduler:
    """Looks at the schedules of this process and fires what is due."""

    def __init__(
        self,
        engine: sa.Engine,
        clock: Clock,
        schedules: Iterable[Schedule],
        longest_wait: timedelta = LONGEST_WAIT,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._schedules = tuple(schedules)
        self._longest_wait = longest_wait
        for schedule in self._schedules:
            if schedule.next_due is None:
                cron(schedule.trigger)

    def run_once(self) -> list[str]:
        """Fire what is due now; keys of the actions made."""
        with db.transaction(self._engine) as session:
            return fire_due(session, self._schedules, self._clock.now())

    def next_wake(self) -> datetime | None:
        """When the next schedule becomes due; None when none will."""
        now = self._clock.now()
        with db.transaction(self._engine) as session:
            times = [next_due(session, schedule, now) for schedule in self._schedules]
        return min((t for t in times if t is not None), default=None)

    def run_forever(self, stop: threading.Event) -> None:
        """Fire until `stop` is set; an unreachable database is waited for."""
        while not stop.is_set():
            try:
                self.run_once()
                wake = self.next_wake()
            except DBAPIError as error:
                log.warning("the schedules cannot be looked at, trying again: %s", error)
                stop.wait(DATABASE_WAIT)
                continue
            wait = self._longest_wait
            if wake is not None:
                wait = min(wake - self._clock.now(), wait)
            stop.wait(max(wait.total_seconds(), 0.05))

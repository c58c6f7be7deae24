"""Schedules: fired once, at the business's time, also after a standstill."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from engine.runtime import db, schedules
from engine.runtime.clock import BUSINESS_ZONE, ManualClock
from engine.runtime.schedules import Schedule, ScheduleError, Scheduler, cron

DAILY = Schedule("daily", "30 17 * * mon-fri", "daily.do")


def _due(engine: sa.Engine) -> list[datetime]:
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT due_at FROM action ORDER BY due_at")).scalars()
        return [row.astimezone(BUSINESS_ZONE) for row in rows]


def test_a_new_schedule_fires_at_its_next_time_and_not_for_the_past(
    engine: sa.Engine, clock: ManualClock
) -> None:
    scheduler = Scheduler(engine, clock, [DAILY])
    assert scheduler.run_once() == []
    clock.advance(timedelta(hours=8, minutes=29))
    assert scheduler.run_once() == []
    clock.advance(timedelta(minutes=1))
    assert scheduler.run_once() == ["schedule:daily:2026-11-23T17:30:00+08:00"]
    assert scheduler.run_once() == []
    assert _due(engine) == [datetime(2026, 11, 23, 17, 30, tzinfo=BUSINESS_ZONE)]


def test_the_action_carries_the_business_date(engine: sa.Engine, clock: ManualClock) -> None:
    scheduler = Scheduler(engine, clock, [DAILY])
    scheduler.run_once()
    clock.advance(timedelta(days=1))
    scheduler.run_once()
    with engine.connect() as connection:
        payload = connection.execute(sa.text("SELECT payload FROM action")).scalar_one()
    assert payload == {
        "schedule": "daily",
        "due_at": "2026-11-23T17:30:00+08:00",
        "business_date": "2026-11-23",
    }


def test_many_replicas_fire_once(engine: sa.Engine, clock: ManualClock) -> None:
    fired: list[str] = []
    Scheduler(engine, clock, [DAILY]).run_once()
    clock.advance(timedelta(days=1))

    def replica() -> None:
        fired.extend(Scheduler(engine, clock, [DAILY]).run_once())

    threads = [threading.Thread(target=replica) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(fired) == 1
    assert len(_due(engine)) == 1


def test_after_a_standstill_the_latest_missed_time_is_fired(
    engine: sa.Engine, clock: ManualClock
) -> None:
    scheduler = Scheduler(engine, clock, [DAILY])
    scheduler.run_once()
    clock.advance(timedelta(days=3))
    scheduler.run_once()
    assert _due(engine) == [datetime(2026, 11, 25, 17, 30, tzinfo=BUSINESS_ZONE)]


def test_after_a_standstill_every_missed_time_is_fired_where_asked(
    engine: sa.Engine, clock: ManualClock
) -> None:
    every = Schedule("daily", "30 17 * * mon-fri", "daily.do", missed="all")
    scheduler = Scheduler(engine, clock, [every])
    scheduler.run_once()
    clock.advance(timedelta(days=5))
    scheduler.run_once()
    assert [due.day for due in _due(engine)] == [23, 24, 25, 26, 27]


def test_times_may_come_from_a_calendar_of_the_business(
    engine: sa.Engine, clock: ManualClock
) -> None:
    only = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)

    def next_due(session: Session, after: datetime) -> datetime | None:
        return only if after < only else None

    scheduler = Scheduler(engine, clock, [Schedule("once", "after lunch", "x", next_due)])
    scheduler.run_once()
    assert scheduler.next_wake() == only
    clock.set(only)
    assert len(scheduler.run_once()) == 1
    assert scheduler.next_wake() is None


def test_a_firing_is_not_forgotten(engine: sa.Engine, clock: ManualClock) -> None:
    scheduler = Scheduler(engine, clock, [DAILY])
    scheduler.run_once()
    clock.advance(timedelta(days=1))
    scheduler.run_once()
    with pytest.raises(sa.exc.IntegrityError), db.transaction(engine) as session:
        session.execute(sa.text("DELETE FROM run"))


@pytest.mark.parametrize("line", ["", "30 17 * *", "30 17 * * 1-5", "61 17 * * mon", "noon"])
def test_a_trigger_that_cannot_be_read_is_refused(line: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        cron(line)
    assert caught.value.code == "SCHEDULE_TRIGGER"


def test_a_scheduler_waits_for_a_database_that_does_not_answer(
    engine: sa.Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedules, "DATABASE_WAIT", 0.01)
    stop, looks = threading.Event(), 0

    class Away(Scheduler):
        def run_once(self) -> list[str]:
            nonlocal looks
            looks += 1
            if looks < 3:
                raise sa.exc.OperationalError("BEGIN", None, Exception("the database is away"))
            stop.set()
            return super().run_once()

    Away(engine, clock, [DAILY]).run_forever(stop)
    assert looks == 3

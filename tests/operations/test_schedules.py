"""Schedules that are held fire nothing; a run by hand is one more and moves no time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

import pytest
import sqlalchemy as sa

from engine.runtime import db, holds
from engine.runtime.clock import BUSINESS_ZONE, ManualClock
from engine.runtime.schedules import Schedule, Scheduler, run_now

DAILY = Schedule("daily", "30 17 * * mon-sun", "daily.do")
EVERY = Schedule("every", "30 17 * * mon-sun", "daily.do", missed="all")
MINUTE = Schedule("minute", "* * * * *", "minute.do")


def _due(engine: sa.Engine) -> list[datetime]:
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT due_at FROM action ORDER BY due_at")).scalars()
        return [row.astimezone(BUSINESS_ZONE) for row in rows]


def _hold(engine: sa.Engine, clock: ManualClock, name: str) -> None:
    with db.transaction(engine) as session:
        holds.hold(session, "schedule", name, org_id=None, by="oli", reason="fair", now=clock.now())


def _release(engine: sa.Engine, clock: ManualClock, name: str) -> None:
    with db.transaction(engine) as session:
        holds.release(session, "schedule", name, by="oli", reason="over", now=clock.now())


def test_a_held_schedule_does_not_fire_and_the_others_do(
    engine: sa.Engine, clock: ManualClock
) -> None:
    scheduler = Scheduler(engine, clock, [DAILY, EVERY])
    scheduler.run_once()
    _hold(engine, clock, "daily")
    clock.advance(timedelta(days=1))
    assert scheduler.run_once() == ["schedule:every:2026-11-23T17:30:00+08:00"]


@pytest.mark.parametrize("schedule", [DAILY, EVERY], ids=["latest", "all"])
def test_after_the_release_only_the_latest_time_that_passed_is_fired(
    engine: sa.Engine, clock: ManualClock, schedule: Schedule
) -> None:
    scheduler = Scheduler(engine, clock, [schedule])
    scheduler.run_once()
    _hold(engine, clock, schedule.name)
    clock.advance(timedelta(days=3))
    scheduler.run_once()
    _release(engine, clock, schedule.name)
    scheduler.run_once()
    assert [due.day for due in _due(engine)] == [25]
    clock.advance(timedelta(days=1))
    scheduler.run_once()
    assert [due.day for due in _due(engine)] == [25, 26]


def test_times_missed_in_a_standstill_before_a_hold_are_all_fired(
    engine: sa.Engine, clock: ManualClock
) -> None:
    scheduler = Scheduler(engine, clock, [EVERY])
    scheduler.run_once()
    clock.advance(timedelta(days=2))  # 23rd and 24th pass while nothing runs
    _hold(engine, clock, "every")
    clock.advance(timedelta(days=3))  # 25th to 27th pass while it is held
    _release(engine, clock, "every")
    clock.advance(timedelta(days=2))  # 28th and 29th pass while nothing runs
    scheduler.run_once()
    assert [due.day for due in _due(engine)] == [23, 24, 27, 28, 29]


def test_of_two_holds_each_leaves_its_latest_time(engine: sa.Engine, clock: ManualClock) -> None:
    scheduler = Scheduler(engine, clock, [EVERY])
    scheduler.run_once()
    for _ in range(2):
        _hold(engine, clock, "every")
        clock.advance(timedelta(days=2))
        _release(engine, clock, "every")
        clock.advance(timedelta(days=1))
    scheduler.run_once()
    assert [due.day for due in _due(engine)] == [24, 25, 27, 28]


def test_a_schedule_released_before_a_time_passed_fires_nothing_at_once(
    engine: sa.Engine, clock: ManualClock
) -> None:
    scheduler = Scheduler(engine, clock, [DAILY])
    scheduler.run_once()
    _hold(engine, clock, "daily")
    clock.advance(timedelta(hours=1))
    _release(engine, clock, "daily")
    assert scheduler.run_once() == []


@pytest.mark.parametrize("missed", ["latest", "all"])
def test_after_weeks_of_minutes_one_time_is_fired(
    engine: sa.Engine, clock: ManualClock, missed: Literal["latest", "all"]
) -> None:
    scheduler = Scheduler(engine, clock, [replace(MINUTE, missed=missed)])
    scheduler.run_once()
    _hold(engine, clock, "minute")
    clock.advance(timedelta(days=20))
    _release(engine, clock, "minute")
    scheduler.run_once()
    scheduler.run_once()
    assert _due(engine) == [clock.now()]


def test_a_run_by_hand_is_one_more_and_moves_no_time(engine: sa.Engine, clock: ManualClock) -> None:
    scheduler = Scheduler(engine, clock, [DAILY])
    scheduler.run_once()
    clock.advance(timedelta(hours=9))
    with db.transaction(engine) as session:
        assert run_now(session, DAILY, "oli", clock.now()) is not None
    assert scheduler.run_once() == ["schedule:daily:2026-11-23T17:30:00+08:00"]
    assert [due.hour for due in _due(engine)] == [17, 18]
    with engine.connect() as connection:
        asked = connection.execute(sa.text("SELECT asked_by FROM run ORDER BY due_at")).scalars()
        assert list(asked) == [None, "oli"]


def test_a_run_by_hand_at_one_instant_is_one(engine: sa.Engine, clock: ManualClock) -> None:
    with db.transaction(engine) as session:
        first = run_now(session, DAILY, "oli", clock.now())
        assert run_now(session, DAILY, "oli", clock.now()) is None
    assert first == "schedule:daily:2026-11-23T09:00:00+08:00"


def test_a_held_schedule_may_be_run_by_hand(engine: sa.Engine, clock: ManualClock) -> None:
    _hold(engine, clock, "daily")
    with db.transaction(engine) as session:
        assert run_now(session, DAILY, "oli", clock.now()) is not None

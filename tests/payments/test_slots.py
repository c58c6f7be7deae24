"""Automatic batches: once per slot with several schedulers and restarts; missed ones are named."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

from engine.runtime import db, holds
from engine.runtime.clock import BUSINESS_ZONE
from engine.runtime.schedules import Scheduler
from engine.treasury import payments
from tests.payments.stage import Stage
from tests.payments.world import Draft

SLOTS = (dt.time(10, 0), dt.time(13, 30), dt.time(15, 0))


def _at(stage: Stage, day: int, hour: int, minute: int = 0) -> None:
    stage.clock.set(dt.datetime(2026, 11, day, hour, minute, tzinfo=BUSINESS_ZONE))


def _process(stage: Stage) -> Scheduler:
    """A scheduler as a process of its own has it, with connections of its own."""
    url = stage.engine.url.render_as_string(hide_password=False)
    slots = payments.slot_schedules(stage.rulebook, SLOTS)
    return Scheduler(db.make_engine(url, pooled=False), stage.clock, slots)


def test_two_schedulers_and_a_restart_pay_once_per_slot(stage: Stage) -> None:
    processes = [_process(stage), _process(stage)]
    _at(stage, 23, 9)
    assert processes[0].run_once() == []
    fired: list[str] = []
    for number, (hour, minute) in enumerate(((10, 0), (13, 30), (15, 0)), start=1):
        stage.make(Draft(number, account=stage.world.pay_account))
        _at(stage, 23, hour, minute)
        with ThreadPoolExecutor(2) as pool:
            for keys in pool.map(lambda one: one.run_once(), processes):
                fired += keys
        processes = [_process(stage), _process(stage)]  # both are started anew
        fired += [key for one in processes for key in one.run_once()]
        stage.work()
    assert len(fired) == len(set(fired)) == 3
    assert stage.value("SELECT count(*) FROM run") == 3
    assert stage.value("SELECT count(*) FROM payment_batch") == 3
    sent = stage.banks["bank_a"].executions()
    stage.settle()
    assert len(stage.banks["bank_a"].executions()) == 3
    assert len(sent) <= 3
    assert stage.column("SELECT code FROM alert WHERE code = 'SLOT_MISSED'") == []


def test_slots_that_passed_while_nothing_ran_are_named_and_the_latest_pays(stage: Stage) -> None:
    _at(stage, 23, 9)
    _process(stage).run_once()
    documents = stage.make(Draft(1, account=stage.world.pay_account))
    _at(stage, 24, 13, 45)
    assert len(_process(stage).run_once()) == 3  # the latest of each of the three times of day
    stage.work()
    assert stage.states(documents) == ["PROCESSING"]
    assert stage.value("SELECT count(*) FROM payment_batch") == 1
    said = stage.column("SELECT message_en FROM alert WHERE code = 'SLOT_MISSED' ORDER BY id")
    assert len(said) == 2
    assert all("2026-11-23" in str(one) for one in said)
    assert sorted(str(one).split("slots ")[1][:16] for one in said) == [
        "2026-11-23 10:00",
        "2026-11-23 13:30",
    ]


def test_slots_that_passed_while_they_were_held_are_not_missed(stage: Stage) -> None:
    _at(stage, 23, 9)
    _process(stage).run_once()
    with db.transaction(stage.engine) as session:
        holds.hold(
            session,
            "schedule",
            "payments.slot.1000",
            org_id=None,
            by="operator",
            reason="audit",
            now=stage.clock.now(),
        )
    _at(stage, 25, 9)
    with db.transaction(stage.engine) as session:
        holds.release(
            session,
            "schedule",
            "payments.slot.1000",
            by="operator",
            reason="over",
            now=stage.clock.now(),
        )
    _at(stage, 25, 10, 1)
    _process(stage).run_once()
    stage.work()
    said = stage.column("SELECT message_en FROM alert WHERE code = 'SLOT_MISSED'")
    assert not any("10:00" in str(one).split(" passed")[0] for one in said)


def test_after_the_cut_off_a_slot_leaves_everything_unpaid_and_says_why(stage: Stage) -> None:
    _at(stage, 23, 9)
    _process(stage).run_once()
    documents = stage.make(Draft(1, account=stage.world.pay_account))
    _at(stage, 23, 22)
    assert len(_process(stage).run_once()) == 3
    stage.work()
    assert stage.states(documents) == ["UNPAID"]
    assert stage.value("SELECT waiting_code FROM document") == "AFTER_CUT_OFF"
    assert stage.banks["bank_a"].executions() == []

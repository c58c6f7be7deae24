"""Every evening what a source sent and received is compared with what stands here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from engine.runtime import db, outbox
from engine.runtime.actions import Registry, Worker
from engine.runtime.schedules import Scheduler
from engine.treasury.sources import SourceSender, day_end
from engine.treasury.sources.models import SourceDay
from simulators.common.store import Store
from simulators.source.days import Days
from simulators.source.schema import SCHEMA
from tests.payments.stage import Stage
from tests.payments.world import Draft
from tests.simulators.running import TOKEN
from tests.simulators.test_source import running_source

TODAY = "2026-11-23"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """What the source system keeps."""
    opened = Store(tmp_path / "source.sqlite", SCHEMA)
    yield opened
    opened.close()


@pytest.fixture
def book(store: Store) -> Days:
    """The source's own book of the day."""
    return Days(store)


@pytest.fixture
def source(stage: Stage, store: Store) -> Iterator[httpx.Client]:
    """The source system, on our business day."""
    with running_source(store) as client:
        assert client.post("/admin/clock", json={"today": TODAY}).status_code == 200
        with stage.engine.begin() as connection:
            connection.execute(
                sa.text("UPDATE user_account SET endpoint = :url WHERE id = 'claims'"),
                {"url": str(client.base_url)},
            )
        yield client


def _worker(stage: Stage) -> Worker:
    registry = Registry()
    sender = SourceSender(stage.engine, {"claims": TOKEN})
    registry.register(outbox.KIND, outbox.deliverer(sender))
    day_end.register(registry, sender)
    return Worker(stage.engine, stage.clock, registry, "evening")


def _evening(stage: Stage) -> SourceDay:
    """The schedule fires at 20:30; the comparison it leads to."""
    scheduler = Scheduler(stage.engine, stage.clock, [day_end.SCHEDULE])
    scheduler.run_once()
    stage.later(hours=12)
    worker = _worker(stage)
    assert len(scheduler.run_once()) == 1
    assert scheduler.run_once() == []
    worker.run_until_idle()
    with db.transaction(stage.engine) as session:
        (found,) = day_end.days(session, None)
        session.expunge(found)
    return found


def _told(stage: Stage, book: Days, *drafts: Draft) -> None:
    """Documents the source sent, paid, and told back to it."""
    stage.make(*drafts)
    for one in drafts:
        document: dict[str, object] = {
            "source_document_no": f"C{one.number}",
            "direction": "pay",
            "currency": "CNY",
            "amount": f"{one.amount // 100}.{one.amount % 100:02d}",
        }
        book.sent(document, f"M{one.number}")
        book.answered(f"M{one.number}", 201)
    stage.release()
    stage.settle()
    _worker(stage).run_until_idle()


def _alerts(stage: Stage) -> int:
    return int(str(stage.value("SELECT count(*) FROM alert WHERE code = 'SOURCE_DAY_DIFFERS'")))


def test_a_day_on_which_both_sides_hold_the_same_is_equal(
    stage: Stage, source: httpx.Client, book: Days
) -> None:
    account = stage.world.pay_account
    _told(stage, book, Draft(1, 100, account=account), Draft(2, 250, account=account))
    found = _evening(stage)
    assert (found.equal, found.differences, found.error) == (True, [], None)
    sent, told = found.totals
    assert (sent["ours"], sent["theirs"], sent["our_amount"]) == (2, 2, "3.50")
    assert (told["ours"], told["theirs"]) == (2, 2)
    assert _alerts(stage) == 0


def test_what_differs_is_named_document_by_document(
    stage: Stage, source: httpx.Client, book: Days
) -> None:
    account = stage.world.pay_account
    _told(stage, book, Draft(1, 100, account=account))
    stage.make(Draft(2, 200, account=account), Draft(3, 300, account=account))
    claim = {"direction": "pay", "currency": "CNY"}
    for number, amount in (("C3", "3.01"), ("C4", "4.00"), ("C5", "5.00")):
        book.sent({**claim, "source_document_no": number, "amount": amount}, number)
        book.answered(number, 422 if number == "C5" else 201)
    book.received("stranger")
    found = _evening(stage)
    assert {str(one["number"]): one["code"] for one in found.differences} == {
        "C2": "MISSING_THERE",
        "C3": "CONTENT_DIFFERS",
        "C4": "MISSING_HERE",
        "stranger": "MISSING_HERE",
    }
    assert _alerts(stage) == 1


def test_a_message_not_acknowledged_by_the_evening_is_named(
    stage: Stage, source: httpx.Client, book: Days
) -> None:
    _told(stage, book, Draft(1, 100, account=stage.world.pay_account))
    with stage.engine.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE outbox_message SET state = 'dead', acked_at = NULL "
                "WHERE id = (SELECT max(id) FROM outbox_message)"
            )
        )
    found = _evening(stage)
    (one,) = found.differences
    assert (one["code"], one["theirs"]) == ("NOT_ACKNOWLEDGED", "received")


def test_a_source_that_stays_silent_is_told_as_a_difference(stage: Stage) -> None:
    scheduler = Scheduler(stage.engine, stage.clock, [day_end.SCHEDULE])
    scheduler.run_once()
    stage.later(hours=12)
    scheduler.run_once()
    worker = _worker(stage)
    for _ in range(day_end.PATIENCE + 1):
        worker.run_until_idle()
        stage.later(minutes=10)
    with db.transaction(stage.engine) as session:
        (found,) = day_end.days(session, None)
        assert (found.equal, found.business_date.isoformat()) == (False, TODAY)
        assert "127.0.0.1:9" in (found.error or "")
    assert _alerts(stage) == 1


def test_the_source_tells_its_day_over_http(source: httpx.Client, book: Days) -> None:
    book.received("M1")
    said = source.get("/reconciliation", params={"date": TODAY}).json()
    assert said == json.loads('{"date": "2026-11-23", "sent": [], "received": ["M1"]}')

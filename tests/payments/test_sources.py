"""Messages to a source system over real HTTP, until it acknowledges."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from engine.runtime import outbox
from engine.runtime.actions import Registry, Worker
from engine.runtime.outbox import Letter, NotAcked, Refused
from engine.treasury.sources import SourceSender
from tests.payments.stage import Stage
from tests.payments.world import Draft
from tests.simulators.running import TOKEN
from tests.simulators.test_source import running_source


@pytest.fixture
def losing(stage: Stage, tmp_path: Path) -> Iterator[httpx.Client]:
    """A source system that loses a third of what it gets."""
    with running_source(tmp_path / "source.sqlite", lose_percent=35) as client:
        with stage.engine.begin() as connection:
            connection.execute(
                sa.text("UPDATE user_account SET endpoint = :url WHERE id = 'claims'"),
                {"url": str(client.base_url)},
            )
        yield client


def _deliver(stage: Stage, token: str = TOKEN) -> None:
    registry = Registry()
    sender = SourceSender(stage.engine, {"claims": token})
    registry.register(outbox.KIND, outbox.deliverer(sender))
    worker = Worker(stage.engine, stage.clock, registry, "relay")
    for _ in range(12):
        worker.run_until_idle()
        stage.later(hours=1)
    sender.close()


def test_every_message_arrives_in_order_though_the_source_loses_some(
    stage: Stage, losing: httpx.Client
) -> None:
    stage.make(*(Draft(n, 100 * n, account=stage.world.pay_account) for n in range(1, 9)))
    stage.release()
    stage.settle()
    stage.cut()
    _deliver(stage)
    told = losing.get("/admin/messages").json()
    figures = losing.get("/admin/stats").json()
    assert len(told) == 16
    assert figures["lost"] > 0
    assert figures["out_of_order"] == 0
    assert stage.column("SELECT DISTINCT state FROM outbox_message") == ["acked"]


def test_a_wrong_token_is_tried_again_and_nothing_is_called_delivered(
    stage: Stage, losing: httpx.Client
) -> None:
    sender = SourceSender(stage.engine, {"claims": "wrong"})
    said = sender.send(Letter("M1", "claims", "D1", "document_status", {"a": 1}))
    sender.close()
    assert isinstance(said, NotAcked)


def test_a_source_without_endpoint_makes_a_dead_letter(stage: Stage) -> None:
    sender = SourceSender(stage.engine, {})
    said = sender.send(Letter("M1", "boss", "D1", "document_status", {"a": 1}))
    sender.close()
    assert isinstance(said, Refused)


def test_an_unreachable_source_is_tried_again(stage: Stage) -> None:
    sender = SourceSender(stage.engine, {"claims": TOKEN})
    said = sender.send(Letter("M1", "claims", "D1", "document_status", {"a": 1}))
    sender.close()
    assert isinstance(said, NotAcked)

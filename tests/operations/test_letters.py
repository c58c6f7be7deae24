"""Dead letters: seen by who operates, replayed with a reason, and what they held back follows."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.app import create_app
from api.services import Services
from engine.runtime import db, outbox
from engine.runtime.actions import Registry, Worker
from engine.runtime.clock import ManualClock
from engine.runtime.outbox import Acked, Letter, NotAcked, Refused
from tests.operations.test_rest import said
from tests.versions.conftest import ruled

__all__ = ["ruled"]

PATH = "/api/v1/dead-letters"


class Source:
    """Refuses what it is told to refuse, then takes everything."""

    def __init__(self) -> None:
        self.refuses = True
        self.got: list[str] = []

    def send(self, letter: Letter) -> Acked | NotAcked | Refused:
        if self.refuses:
            return Refused("HTTP 404: unknown claim")
        self.got.append(str(letter.body["status"]))
        return Acked({})


@pytest.fixture
def source() -> Source:
    """A source that refuses at first."""
    return Source()


@pytest.fixture
def worker(ruled: sa.Engine, clock: ManualClock, source: Source) -> Worker:
    """Three messages about one document of SH, of which the first became a dead letter."""
    with db.transaction(ruled) as session:
        for status in ("PAID", "CONFIRMED", "BOUNCED"):
            body = {"status": status}
            outbox.put(session, "claims", "D1", "document_status", body, "SH", clock.now())
    registry = Registry()
    registry.register(outbox.KIND, outbox.deliverer(source))
    made = Worker(ruled, clock, registry, "w")
    made.run_until_idle()
    return made


@pytest.fixture
def web(ruled: sa.Engine, clock: ManualClock, worker: Worker) -> TestClient:
    """The application over it."""
    return TestClient(create_app(Services(ruled, clock, demo=False)))


def test_a_dead_letter_holds_back_its_followers_and_replay_delivers_in_order(
    web: TestClient, worker: Worker, source: Source, ruled: sa.Engine
) -> None:
    (dead,) = web.get(PATH, headers=said("oli")).json()
    assert (dead["document_no"], dead["status"], dead["waiting"]) == ("D1", "PAID", 2)
    assert dead["last_error"] == "HTTP 404: unknown claim"
    worker.run_until_idle()
    assert source.got == []
    source.refuses = False
    path = f"{PATH}/{dead['message_id']}/replay"
    assert web.post(path, json={"reason": ""}, headers=said("oli")).status_code == 422
    assert web.post(path, json={"reason": "fixed"}, headers=said("oli")).status_code == 200
    worker.run_until_idle()
    assert source.got == ["PAID", "CONFIRMED", "BOUNCED"]
    assert web.get(PATH, headers=said("oli")).json() == []
    assert web.post(path, json={"reason": "again"}, headers=said("oli")).status_code == 409
    with ruled.connect() as connection:
        kept = sa.text("SELECT actor, reason FROM audit_entry WHERE action = 'outbox.replay'")
        assert [tuple(row) for row in connection.execute(kept)] == [("oli", "fixed")]


def test_who_may_not_operate_there_neither_sees_nor_replays(
    web: TestClient, ruled: sa.Engine
) -> None:
    with ruled.connect() as connection:
        message = connection.execute(
            sa.text("SELECT message_id FROM outbox_message WHERE state = 'dead'")
        ).scalar_one()
    path = f"{PATH}/{message}/replay"
    assert web.get(PATH, headers=said("ann")).status_code == 403
    assert web.post(path, json={"reason": "x"}, headers=said("ann")).status_code == 403
    assert web.get(PATH, headers=said("bob")).json() == []
    assert web.post(path, json={"reason": "x"}, headers=said("bob")).status_code == 404
    missing = web.post(f"{PATH}/nothing/replay", json={"reason": "x"}, headers=said("oli"))
    assert missing.status_code == 404

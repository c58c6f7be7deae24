"""The inbox: one effect per message, the first answer for repeats, conflict for changes."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from engine.runtime import db, inbox
from engine.runtime.inbox import Conflict, InboxError, New, Seen
from engine.runtime.jsontypes import content_hash

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
ONE, OTHER = content_hash({"amount": 1}), content_hash({"amount": 2})


def _receive(engine: sa.Engine, hashed: str = ONE, source: str = "claims") -> object:
    with db.transaction(engine) as session:
        got = inbox.receive(session, source, "M1", hashed, NOW, org_id="SH")
        if isinstance(got, New):
            inbox.answer(session, source, "M1", {"document": "D1"}, NOW)
        return got


def test_a_message_is_new_once(engine: sa.Engine) -> None:
    assert _receive(engine) == New()
    assert _receive(engine) == Seen({"document": "D1"})


def test_the_same_id_with_other_content_conflicts(engine: sa.Engine) -> None:
    _receive(engine)
    assert _receive(engine, OTHER) == Conflict(NOW, {"document": "D1"})


def test_sources_do_not_share_message_ids(engine: sa.Engine) -> None:
    _receive(engine)
    assert _receive(engine, source="expenses") == New()


def test_i5_fifty_calls_at_once_have_one_effect(engine: sa.Engine) -> None:
    got: list[object] = []
    threads = [threading.Thread(target=lambda: got.append(_receive(engine))) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 50
    assert got.count(New()) == 1
    assert got.count(Seen({"document": "D1"})) == 49


def test_a_message_whose_handling_failed_may_come_again(engine: sa.Engine) -> None:
    with pytest.raises(ZeroDivisionError):
        db.run_in_transaction(
            engine, lambda s: (inbox.receive(s, "claims", "M1", ONE, NOW), 1 // 0)
        )
    assert _receive(engine) == New()


def test_a_message_is_answered_once(engine: sa.Engine) -> None:
    _receive(engine)
    with pytest.raises(InboxError) as caught, db.transaction(engine) as session:
        inbox.answer(session, "claims", "M1", {"document": "D2"}, NOW)
    assert caught.value.code == "INBOX_ANSWER"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE inbox_message SET answer = '{}'",
        "UPDATE inbox_message SET payload_hash = 'x'",
        "DELETE FROM inbox_message",
    ],
)
def test_what_was_received_stays_as_it_is(engine: sa.Engine, change: str) -> None:
    _receive(engine)
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        connection.execute(sa.text(change))

"""The outbox: in order, until acknowledged, dead letters held and replayed."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine.runtime import actions, db, outbox
from engine.runtime.actions import Registry, Worker
from engine.runtime.clock import ManualClock
from engine.runtime.outbox import Acked, Letter, NotAcked, OutboxError, Refused


class Wire:
    """A receiver that says what it is told to, then acknowledges."""

    def __init__(self, *answers: Acked | NotAcked | Refused) -> None:
        self.got: list[Letter] = []
        self._answers = list(answers)

    def send(self, letter: Letter) -> Acked | NotAcked | Refused:
        self.got.append(letter)
        return self._answers.pop(0) if self._answers else Acked({"ok": True})

    @property
    def kinds(self) -> list[str]:
        return [letter.kind for letter in self.got]


def _put(engine: sa.Engine, clock: ManualClock, *kinds: str, aggregate: str = "D1") -> list[str]:
    with db.transaction(engine) as session:
        return [
            outbox.put(session, "claims", aggregate, kind, {"n": 1}, "SH", clock.now())
            for kind in kinds
        ]


def _worker(engine: sa.Engine, clock: ManualClock, wire: Wire) -> Worker:
    registry = Registry()
    registry.register(outbox.KIND, outbox.deliverer(wire))
    return Worker(engine, clock, registry, "w")


def _states(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT state FROM outbox_message ORDER BY id"))
        return list(rows.scalars())


def test_messages_arrive_in_order_once_acknowledged(engine: sa.Engine, clock: ManualClock) -> None:
    wire = Wire()
    _put(engine, clock, "paid", "matched", "bounced")
    _worker(engine, clock, wire).run_until_idle()
    assert wire.kinds == ["paid", "matched", "bounced"]
    assert _states(engine) == ["acked"] * 3


def test_a_message_of_a_rolled_back_transaction_is_not_sent(
    engine: sa.Engine, clock: ManualClock
) -> None:
    wire = Wire()
    with pytest.raises(ZeroDivisionError):
        db.run_in_transaction(
            engine,
            lambda s: (outbox.put(s, "claims", "D1", "paid", {}, "SH", clock.now()), 1 // 0),
        )
    _worker(engine, clock, wire).run_until_idle()
    assert wire.got == []


def test_a_lost_message_is_sent_again_with_the_same_id_and_nothing_overtakes_it(
    engine: sa.Engine, clock: ManualClock
) -> None:
    wire = Wire(NotAcked("timeout"))
    _put(engine, clock, "paid", "matched")
    worker = _worker(engine, clock, wire)
    worker.run_until_idle()
    assert wire.kinds == ["paid"]
    clock.advance(timedelta(seconds=10))
    worker.run_until_idle()
    assert wire.kinds == ["paid", "paid", "matched"]
    assert wire.got[0].message_id == wire.got[1].message_id


def test_messages_of_another_aggregate_do_not_wait(engine: sa.Engine, clock: ManualClock) -> None:
    wire = Wire(NotAcked("timeout"))
    _put(engine, clock, "paid")
    _put(engine, clock, "other", aggregate="D2")
    _worker(engine, clock, wire).run_until_idle()
    assert wire.kinds == ["paid", "other"]
    assert _states(engine) == ["pending", "acked"]


def test_a_message_never_acknowledged_becomes_a_dead_letter_that_holds_the_next(
    engine: sa.Engine, clock: ManualClock
) -> None:
    wire = Wire(*[NotAcked("timeout")] * outbox.MAX_ATTEMPTS)
    _put(engine, clock, "paid", "matched")
    worker = _worker(engine, clock, wire)
    for _ in range(outbox.MAX_ATTEMPTS + 3):
        worker.run_until_idle()
        clock.advance(timedelta(hours=1))
    assert wire.kinds == ["paid"] * outbox.MAX_ATTEMPTS
    assert _states(engine) == ["dead", "pending"]
    with engine.connect() as connection:
        why = sa.text("SELECT last_error FROM outbox_message WHERE state = 'dead'")
        assert connection.execute(why).scalar_one() == "timeout"


def test_a_replayed_dead_letter_goes_out_and_the_next_follows(
    engine: sa.Engine, clock: ManualClock
) -> None:
    wire = Wire(Refused("unknown claim"))
    first, _ = _put(engine, clock, "paid", "matched")
    worker = _worker(engine, clock, wire)
    worker.run_until_idle()
    assert _states(engine) == ["dead", "pending"]
    with db.transaction(engine) as session:
        outbox.replay(session, first)
    worker.run_until_idle()
    assert wire.kinds == ["paid", "paid", "matched"]
    assert _states(engine) == ["acked", "acked"]


def test_only_dead_letters_are_replayed(engine: sa.Engine, clock: ManualClock) -> None:
    (message,) = _put(engine, clock, "paid")
    with pytest.raises(OutboxError) as caught, db.transaction(engine) as session:
        outbox.replay(session, message)
    assert caught.value.code == "OUTBOX_NOT_DEAD"


def test_a_message_put_while_an_earlier_one_waits_goes_out_after_it(
    engine: sa.Engine, clock: ManualClock
) -> None:
    wire = Wire(NotAcked("timeout"))
    worker = _worker(engine, clock, wire)
    _put(engine, clock, "paid")
    worker.run_until_idle()
    _put(engine, clock, "matched")
    worker.run_until_idle()
    clock.advance(timedelta(seconds=10))
    worker.run_until_idle()
    assert wire.kinds == ["paid", "paid", "matched"]
    with engine.connect() as connection:
        open_actions = sa.text("SELECT count(*) FROM action WHERE state <> 'done'")
        assert connection.execute(open_actions).scalar_one() == 0


def test_what_is_sent_is_what_was_written(engine: sa.Engine, clock: ManualClock) -> None:
    _put(engine, clock, "paid")
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        connection.execute(sa.text("UPDATE outbox_message SET body = '{}'"))


def test_deliveries_have_a_kind_of_their_own(engine: sa.Engine, clock: ManualClock) -> None:
    _put(engine, clock, "paid")
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT kind FROM action")).scalar_one() == outbox.KIND
    assert actions.Worker(engine, clock, Registry(), "w").run_until_idle() == 0

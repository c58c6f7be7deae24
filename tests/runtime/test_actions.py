"""The action queue: order, retries, leases, fencing, death."""

from __future__ import annotations

import os
import signal
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine.runtime import db
from engine.runtime.actions import (
    MONEY,
    TELLING,
    ActionContext,
    ActionError,
    DeadAction,
    Done,
    Failed,
    Handler,
    LeaseLost,
    Outcome,
    Registry,
    Retry,
    Services,
    Worker,
    enqueue,
    revive,
)
from engine.runtime.actions.queue import MAX_CRASHES
from engine.runtime.actions.worker import FIRST_BACK_OFF
from engine.runtime.clock import ManualClock
from engine.runtime.jsontypes import JsonObject

NO_LEASE = timedelta(0)


def _ask(engine: sa.Engine, *keys: str) -> None:
    with db.transaction(engine) as session:
        for key in keys:
            enqueue(session, "do", key, {"key": key}, org_id="SH")


def _row(engine: sa.Engine, key: str) -> sa.Row[tuple[object, ...]]:
    with engine.connect() as connection:
        query = sa.text("SELECT * FROM action WHERE key = :key")
        return connection.execute(query, {"key": key}).one()


class Book:
    """A handler that writes down what it was given and answers as told."""

    def __init__(self, *answers: Outcome | Exception) -> None:
        self.seen: list[str] = []
        self._answers = list(answers)

    def __call__(self, context: ActionContext, payload: JsonObject) -> Outcome:
        self.seen.append(context.key)
        answer = self._answers.pop(0) if self._answers else Done()
        if isinstance(answer, Exception):
            raise answer
        return answer


def _worker(
    engine: sa.Engine, clock: ManualClock, handler: Handler, lease: timedelta = timedelta(minutes=1)
) -> Worker:
    registry = Registry()
    registry.register("do", handler, lease=lease)
    return Worker(engine, clock, registry, "w")


def test_actions_run_once_in_order(engine: sa.Engine, clock: ManualClock) -> None:
    book = Book()
    _ask(engine, "a", "b", "c")
    assert _worker(engine, clock, book).run_until_idle() == 3
    assert book.seen == ["a", "b", "c"]
    assert _row(engine, "a").state == "done"


def test_an_action_asked_for_twice_is_one(engine: sa.Engine, clock: ManualClock) -> None:
    book = Book()
    _ask(engine, "a")
    _ask(engine, "a")
    _worker(engine, clock, book).run_until_idle()
    assert book.seen == ["a"]


def test_an_action_of_a_rolled_back_decision_does_not_exist(
    engine: sa.Engine, clock: ManualClock
) -> None:
    book = Book()
    with pytest.raises(ZeroDivisionError):
        db.run_in_transaction(engine, lambda s: (enqueue(s, "do", "a", {}), 1 // 0))
    assert _worker(engine, clock, book).run_until_idle() == 0


def test_an_action_waits_until_the_business_clock_reaches_it(
    engine: sa.Engine, clock: ManualClock
) -> None:
    book = Book()
    with db.transaction(engine) as session:
        enqueue(session, "do", "later", {}, clock.now() + timedelta(hours=1))
    worker = _worker(engine, clock, book)
    assert worker.run_until_idle() == 0
    clock.advance(timedelta(hours=1))
    assert worker.run_until_idle() == 1


def test_a_retry_waits_as_long_as_the_handler_says(engine: sa.Engine, clock: ManualClock) -> None:
    book = Book(Retry(timedelta(minutes=5), "bank is closed"))
    _ask(engine, "a")
    worker = _worker(engine, clock, book)
    worker.run_until_idle()
    assert _row(engine, "a").last_error == "bank is closed"
    clock.advance(timedelta(minutes=4))
    assert worker.run_until_idle() == 0
    clock.advance(timedelta(minutes=1))
    assert worker.run_until_idle() == 1
    assert _row(engine, "a").state == "done"


def test_a_handler_that_raises_is_run_again_and_the_error_kept(
    engine: sa.Engine, clock: ManualClock
) -> None:
    book = Book(ValueError("odd"))
    _ask(engine, "a")
    worker = _worker(engine, clock, book)
    worker.run_until_idle()
    assert (_row(engine, "a").state, _row(engine, "a").last_error) == ("ready", "ValueError: odd")
    clock.advance(timedelta(seconds=5))
    worker.run_until_idle()
    assert book.seen == ["a", "a"]
    assert _row(engine, "a").state == "done"


def test_a_handler_that_always_raises_ends_as_dead_and_listeners_hear(
    engine: sa.Engine, clock: ManualClock
) -> None:
    told: list[DeadAction] = []
    registry = Registry()
    registry.register("do", Book(*[ValueError("odd")] * 99))
    registry.on_dead(lambda session, dead, now: told.append(dead))
    _ask(engine, "a")
    worker = Worker(engine, clock, registry, "w")
    for _ in range(MAX_CRASHES + 3):
        worker.run_until_idle()
        clock.advance(timedelta(hours=2))
    row = _row(engine, "a")
    assert (row.state, row.crashes, row.last_error) == ("dead", MAX_CRASHES, "ValueError: odd")
    assert [(d.key, d.org_id, d.payload) for d in told] == [("a", "SH", {"key": "a"})]


def test_a_listener_that_raises_does_not_stop_the_queue(
    engine: sa.Engine, clock: ManualClock
) -> None:
    registry = Registry()
    registry.register("do", Book(Failed("no")))
    registry.on_dead(lambda session, dead, now: session.execute(sa.text("SELECT 1/0")))
    _ask(engine, "a", "b")
    Worker(engine, clock, registry, "w").run_until_idle()
    assert [_row(engine, key).state for key in "ab"] == ["dead", "done"]


def test_a_failed_action_is_dead_until_somebody_revives_it(
    engine: sa.Engine, clock: ManualClock
) -> None:
    book = Book(Failed("no such account"))
    _ask(engine, "a")
    worker = _worker(engine, clock, book)
    worker.run_until_idle()
    assert (_row(engine, "a").state, _row(engine, "a").last_error) == ("dead", "no such account")
    with db.transaction(engine) as session:
        assert revive(session, "a")
        assert not revive(session, "a")
    worker.run_until_idle()
    assert _row(engine, "a").state == "done"


def test_two_workers_at_once_run_each_action_once(engine: sa.Engine, clock: ManualClock) -> None:
    book = Book()
    keys = [f"k{n}" for n in range(60)]
    _ask(engine, *keys)
    threads = [
        threading.Thread(target=_worker(engine, clock, book).run_until_idle) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(book.seen) == sorted(keys)


class Killed(BaseException):
    """Stands for kill -9: nothing after it runs."""


def test_when_a_worker_is_killed_another_takes_over_after_its_lease(
    engine: sa.Engine, clock: ManualClock
) -> None:
    def killed(context: ActionContext, payload: JsonObject) -> Outcome:
        raise Killed

    book = Book()
    _ask(engine, "a")
    with pytest.raises(Killed):
        _worker(engine, clock, killed, lease=timedelta(minutes=1)).run_once()
    other = _worker(engine, clock, book)
    assert other.run_once() == 0
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE action SET lease_until = clock_timestamp()"))
    assert other.run_once() == 1
    row = _row(engine, "a")
    assert (row.state, row.epoch, row.crashes) == ("done", 2, 1)


def test_an_action_of_a_process_killed_with_kill_9_is_carried_out_by_another(
    engine: sa.Engine, clock: ManualClock, database_url: str
) -> None:
    reader, writer = os.pipe()

    def stalls(context: ActionContext, payload: JsonObject) -> Outcome:
        os.write(writer, b"begun")
        signal.pause()
        return Done()

    _ask(engine, "a")
    child = os.fork()
    if child == 0:
        own = db.make_engine(database_url, pooled=False)
        try:
            _worker(own, clock, stalls, lease=NO_LEASE).run_once()
        finally:
            os._exit(1)
    assert os.read(reader, 5) == b"begun"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    book = Book()
    assert _worker(engine, clock, book).run_once() == 1
    assert (book.seen, _row(engine, "a").epoch) == (["a"], 2)


def test_an_action_that_kills_every_worker_ends_as_dead(
    engine: sa.Engine, clock: ManualClock
) -> None:
    def killed(context: ActionContext, payload: JsonObject) -> Outcome:
        raise Killed

    _ask(engine, "a")
    worker = _worker(engine, clock, killed, lease=NO_LEASE)
    deaths = 0
    for _ in range(3 * MAX_CRASHES):
        try:
            worker.run_once()
        except Killed:
            deaths += 1
        clock.advance(timedelta(hours=1))
    assert deaths == MAX_CRASHES
    assert _row(engine, "a").state == "dead"


def test_an_action_in_hand_at_two_deaths_lets_others_go_first_and_waits_longer_each_time(
    engine: sa.Engine, clock: ManualClock
) -> None:
    def killed(context: ActionContext, payload: JsonObject) -> Outcome:
        raise Killed

    _ask(engine, "a", "b")
    dying = _worker(engine, clock, killed, lease=NO_LEASE)
    for _ in range(2):
        with pytest.raises(Killed):
            dying.run_once(limit=1)
    # The third finds the other action at the head.
    book = Book()
    other = _worker(engine, clock, book)
    other.run_until_idle()
    assert book.seen == ["b"]
    clock.advance(FIRST_BACK_OFF)
    with pytest.raises(Killed):
        dying.run_once()
    assert other.run_once() == 0
    clock.advance(FIRST_BACK_OFF)
    assert other.run_once() == 0
    clock.advance(FIRST_BACK_OFF)
    other.run_until_idle()
    assert book.seen == ["b", "a"]
    assert (_row(engine, "a").state, _row(engine, "a").crashes) == ("done", 3)


def test_a_vanished_worker_counts_as_a_crash_of_the_action_in_hand_alone(
    engine: sa.Engine, clock: ManualClock
) -> None:
    class Death(BaseException):
        pass

    def dies_at_b(context: ActionContext, _payload: JsonObject) -> Outcome:
        if context.key == "b":
            raise Death
        return Done()

    _ask(engine, "a", "b", "c", "d")
    with pytest.raises(Death):
        _worker(engine, clock, dies_at_b).run_once()
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE action SET lease_until = clock_timestamp() - interval '1 second' "
                "WHERE state = 'leased'"
            )
        )
    _worker(engine, clock, Book()).run_until_idle()
    assert [_row(engine, key).crashes for key in "abcd"] == [0, 1, 0, 0]
    assert [_row(engine, key).state for key in "abcd"] == ["done"] * 4


def test_a_worker_that_lost_its_lease_writes_nothing(engine: sa.Engine, clock: ManualClock) -> None:
    """The first worker stalls past its lease; the second one finishes meanwhile."""
    lost: list[bool] = []
    second = _worker(engine, clock, Book())

    def stalls(context: ActionContext, payload: JsonObject) -> Outcome:
        assert second.run_once() == 1
        try:
            with db.transaction(context.engine) as session:
                context.guard(session)
                session.execute(sa.text("UPDATE action SET org_id = 'written'"))
        except LeaseLost:
            lost.append(True)
            raise
        return Done()

    _ask(engine, "a")
    _worker(engine, clock, stalls, lease=NO_LEASE).run_once()
    row = _row(engine, "a")
    assert lost == [True]
    assert (row.state, row.epoch, row.org_id) == ("done", 2, "SH")


def test_the_answer_of_a_worker_that_lost_its_lease_is_not_taken(
    engine: sa.Engine, clock: ManualClock
) -> None:
    second = _worker(engine, clock, Book())

    def stalls(context: ActionContext, payload: JsonObject) -> Outcome:
        assert second.run_once() == 1
        return Failed("too late to say so")

    _ask(engine, "a")
    _worker(engine, clock, stalls, lease=NO_LEASE).run_once()
    assert _row(engine, "a").state == "done"


def test_nobody_takes_an_action_over_while_its_guarded_transaction_is_open(
    engine: sa.Engine, clock: ManualClock
) -> None:
    second = _worker(engine, clock, Book())

    def slow(context: ActionContext, payload: JsonObject) -> Outcome:
        with db.transaction(context.engine) as session:
            context.guard(session)
            assert second.run_once() == 0
        return Done()

    _ask(engine, "a")
    _worker(engine, clock, slow, lease=NO_LEASE).run_once()
    assert (_row(engine, "a").state, _row(engine, "a").epoch) == ("done", 1)


def test_actions_nobody_handles_here_are_left_alone(engine: sa.Engine, clock: ManualClock) -> None:
    with db.transaction(engine) as session:
        enqueue(session, "other", "x", {})
    assert _worker(engine, clock, Book()).run_until_idle() == 0
    assert _row(engine, "x").state == "ready"


def test_a_handler_that_retries_at_once_for_ever_is_found(
    engine: sa.Engine, clock: ManualClock
) -> None:
    _ask(engine, "a")
    worker = _worker(engine, clock, Book(*[Retry(timedelta(0), "again")] * 99))
    with pytest.raises(ActionError) as caught:
        worker.run_until_idle(most=20)
    assert caught.value.code == "ACTIONS_NEVER_IDLE"


def test_a_running_worker_ends_when_told(engine: sa.Engine, clock: ManualClock) -> None:
    stop = threading.Event()

    def last(context: ActionContext, payload: JsonObject) -> Outcome:
        stop.set()
        return Done()

    _ask(engine, "a")
    _worker(engine, clock, last).run_forever(stop)
    assert _row(engine, "a").state == "done"


def test_a_handler_that_waits_on_a_silent_server_holds_no_payment_up(
    engine: sa.Engine, clock: ManualClock
) -> None:
    silent, paid = threading.Event(), Book()

    def tell(context: ActionContext, payload: JsonObject) -> Outcome:
        del context, payload
        silent.wait(30)
        return Done()

    registry = Registry()
    registry.register("tell", tell, lane=TELLING)
    registry.register("pay", paid)
    assert registry.lanes() == [MONEY, TELLING]
    with db.transaction(engine) as session:
        for number in range(30):
            enqueue(session, "tell", f"tell{number}", {})
        enqueue(session, "pay", "pay1", {})
    telling = threading.Thread(
        target=Worker(engine, clock, registry, "telling", lane=TELLING).run_once
    )
    telling.start()
    try:
        assert Worker(engine, clock, registry, "money", lane=MONEY).run_once() == 1
        assert paid.seen == ["pay1"]
        assert telling.is_alive()
    finally:
        silent.set()
        telling.join(30)


def test_a_batch_goes_on_when_its_connections_are_cut(
    engine: sa.Engine, clock: ManualClock
) -> None:
    cut = sa.text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    seen: list[str] = []

    def handler(context: ActionContext, _payload: JsonObject) -> Outcome:
        seen.append(context.key)
        if context.key == "b":
            with engine.connect() as connection:
                assert connection.execute(cut).scalar_one() >= 1
            if context.attempts == 1:
                return Retry(timedelta(0), "cut")
        return Done()

    _ask(engine, "a", "b", "c")
    _worker(engine, clock, handler).run_until_idle()
    assert sorted(seen) == ["a", "b", "b", "c"]
    assert {_row(engine, key).state for key in "abc"} == {"done"}
    assert _row(engine, "b").crashes == 0


def test_a_claim_reads_no_more_of_a_long_queue_than_it_takes(
    engine: sa.Engine, clock: ManualClock
) -> None:
    _ask(engine, *map(str, range(1_000)))
    read: list[int] = []

    def count(connection: sa.Connection) -> None:
        found = connection.exec_driver_sql(
            "SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) "
            "FROM pg_stat_xact_user_tables WHERE relname = 'action'"
        )
        read.append(found.scalar_one())

    sa.event.listen(engine, "commit", count)
    _worker(engine, clock, Book()).run_once()
    sa.event.remove(engine, "commit", count)
    assert 20 <= read[0] < 200


def test_a_kind_has_one_handler() -> None:
    registry = Registry()
    registry.register("do", Book())
    with pytest.raises(ActionError) as caught:
        registry.register("do", Book())
    assert caught.value.code == "KIND_TWICE"


def test_services_are_found_by_their_type(clock: ManualClock) -> None:
    services = Services()
    services.add(ManualClock, clock)
    assert services.get(ManualClock) is clock
    with pytest.raises(ActionError) as caught:
        services.get(Registry)
    assert caught.value.code == "SERVICE_MISSING"

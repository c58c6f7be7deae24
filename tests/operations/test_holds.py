"""Held work: no worker begins it, a run under way ends as it would, nothing is lost."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from engine.base.text import SluiceError
from engine.runtime import db, holds
from engine.runtime.actions import (
    ActionContext,
    Done,
    Failed,
    Handler,
    Outcome,
    Registry,
    Retry,
    Worker,
    enqueue,
)
from engine.runtime.clock import ManualClock
from engine.runtime.holds import HoldError, Scope
from engine.runtime.jsontypes import JsonObject

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)


def _ask(engine: sa.Engine, *keys: str, kind: str = "do") -> None:
    with db.transaction(engine) as session:
        for key in keys:
            enqueue(session, kind, key, {}, org_id="BJ")


def _hold(engine: sa.Engine, scope: Scope, name: str, reason: str = "look") -> None:
    with db.transaction(engine) as session:
        holds.hold(session, scope, name, org_id=None, by="oli", reason=reason, now=NOW)


def _release(engine: sa.Engine, scope: Scope, name: str) -> None:
    with db.transaction(engine) as session:
        holds.release(session, scope, name, by="oli", reason="mended", now=NOW)


def _state(engine: sa.Engine, key: str) -> tuple[str, int]:
    with engine.connect() as connection:
        query = sa.text("SELECT state, attempts FROM action WHERE key = :key")
        row = connection.execute(query, {"key": key}).one()
        return row.state, row.attempts


class Book:
    """A handler that writes down what it was given, and does as told in between."""

    def __init__(self, answer: Outcome | None = None) -> None:
        self.seen: list[str] = []
        self._answer = answer or Done()

    def __call__(self, context: ActionContext, payload: JsonObject) -> Outcome:
        self.seen.append(context.key)
        self.meanwhile(context)
        return self._answer

    def meanwhile(self, context: ActionContext) -> None:
        """What happens while an action runs."""


def _worker(engine: sa.Engine, clock: ManualClock, handler: Handler, *kinds: str) -> Worker:
    registry = Registry()
    for kind in kinds or ("do",):
        registry.register(kind, handler)
    return Worker(engine, clock, registry, "w")


def test_an_action_that_is_held_waits_and_its_neighbours_run(
    engine: sa.Engine, clock: ManualClock
) -> None:
    book = Book()
    _ask(engine, "a", "b", "c")
    _hold(engine, "action", "b")
    assert _worker(engine, clock, book).run_until_idle() == 2
    assert book.seen == ["a", "c"]
    assert _state(engine, "b") == ("ready", 0)


def test_a_kind_that_is_held_holds_what_is_asked_for_later_too(
    engine: sa.Engine, clock: ManualClock
) -> None:
    book = Book()
    worker = _worker(engine, clock, book, "do", "other")
    _hold(engine, "kind", "do")
    _ask(engine, "a")
    _ask(engine, "b", kind="other")
    worker.run_until_idle()
    assert book.seen == ["b"]


def test_what_is_released_runs_as_before(engine: sa.Engine, clock: ManualClock) -> None:
    book = Book()
    worker = _worker(engine, clock, book)
    _ask(engine, "a")
    _hold(engine, "kind", "do")
    _hold(engine, "action", "a")
    _release(engine, "kind", "do")
    assert worker.run_until_idle() == 0
    _release(engine, "action", "a")
    assert worker.run_until_idle() == 1
    assert _state(engine, "a") == ("done", 1)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [(Done(), "done"), (Failed("no"), "dead"), (Retry(timedelta(0), "later"), "ready")],
)
def test_an_action_held_while_it_runs_ends_this_run_and_begins_no_other(
    engine: sa.Engine, clock: ManualClock, outcome: Outcome, state: str
) -> None:
    book = Book(outcome)

    def held_meanwhile(context: ActionContext) -> None:
        _hold(engine, "action", "a")
        with db.transaction(engine) as session:
            context.guard(session)

    book.meanwhile = held_meanwhile  # type: ignore[method-assign]
    _ask(engine, "a")
    _worker(engine, clock, book).run_until_idle()
    assert book.seen == ["a"]
    assert _state(engine, "a") == (state, 1)


def test_what_was_claimed_and_not_begun_goes_back_to_the_queue(
    engine: sa.Engine, clock: ManualClock
) -> None:
    book = Book()

    def held_meanwhile(context: ActionContext) -> None:
        if context.key == "a":
            _hold(engine, "kind", "do")

    book.meanwhile = held_meanwhile  # type: ignore[method-assign]
    _ask(engine, "a", "b", "c")
    worker = _worker(engine, clock, book)
    worker.run_until_idle()
    assert book.seen == ["a"]
    assert (_state(engine, "b"), _state(engine, "c")) == (("ready", 0), ("ready", 0))
    _release(engine, "kind", "do")
    assert worker.run_until_idle() == 2
    assert book.seen == ["a", "b", "c"]


def test_a_held_action_whose_worker_vanished_is_taken_back_and_waits(
    engine: sa.Engine, clock: ManualClock
) -> None:
    _ask(engine, "a")
    with db.transaction(engine) as session:
        session.execute(
            sa.text(
                "UPDATE action SET state = 'leased', epoch = 1, attempts = 1, worker = 'gone', "
                "lease_until = clock_timestamp() - interval '1 second'"
            )
        )
    _hold(engine, "action", "a")
    book = Book()
    assert _worker(engine, clock, book).run_until_idle() == 0
    assert _state(engine, "a") == ("ready", 1)


def test_many_workers_never_begin_what_was_held_before(
    engine: sa.Engine, clock: ManualClock
) -> None:
    """Workers run as fast as they can while kinds are held and released: whoever runs an action
    while the hold of its kind stands has claimed it after the hold was committed."""
    kinds = ("one", "two")
    standing: set[str] = set()
    lock = threading.Lock()
    wrong: list[str] = []
    done: list[str] = []
    started = threading.Event()

    def handler(context: ActionContext, payload: JsonObject) -> Outcome:
        with lock:
            if context.kind in standing:
                wrong.append(context.key)
            done.append(context.key)
        started.set()
        return Done()

    for number in range(300):
        _ask(engine, f"{number}", kind=kinds[number % 2])
    stop = threading.Event()
    workers = [
        threading.Thread(target=_run, args=(_worker(engine, clock, handler, *kinds), stop))
        for _ in range(3)
    ]
    for one in workers:
        one.start()
    started.wait(10)
    for number in range(6):
        kind = kinds[number % 2]
        _hold(engine, "kind", kind)
        _drained(engine, kind)
        with lock:
            standing.add(kind)
        _ask(engine, *(f"{kind}-{number}-{one}" for one in range(20)), kind=kind)
        with lock:
            standing.discard(kind)
        _release(engine, "kind", kind)
    _wait_until_empty(engine)
    stop.set()
    for one in workers:
        one.join(10)
    assert wrong == []
    assert len(done) == len(set(done)) == 420


def _run(worker: Worker, stop: threading.Event) -> None:
    while not stop.is_set():
        worker.run_once(5)


def _drained(engine: sa.Engine, kind: str) -> None:
    """Until no action of the kind is with a worker: what was claimed before the hold has ended."""
    query = sa.text("SELECT count(*) FROM action WHERE kind = :kind AND state = 'leased'")
    for _ in range(10_000):
        with engine.connect() as connection:
            if not connection.execute(query, {"kind": kind}).scalar_one():
                return
    raise AssertionError(f"{kind} never came to rest")


def _wait_until_empty(engine: sa.Engine) -> None:
    query = sa.text("SELECT count(*) FROM action WHERE state <> 'done'")
    for _ in range(20_000):
        with engine.connect() as connection:
            if not connection.execute(query).scalar_one():
                return
    raise AssertionError("the queue never became empty")


def test_a_claim_under_way_is_waited_for(engine: sa.Engine, clock: ManualClock) -> None:
    held = threading.Event()

    def hold() -> None:
        _hold(engine, "kind", "do")
        held.set()

    with db.transaction(engine) as session:
        holds.claims_see_holds(session)
        thread = threading.Thread(target=hold)
        thread.start()
        assert not held.wait(0.2)
    thread.join(10)
    assert held.is_set()


def test_holding_and_releasing_twice_is_refused(engine: sa.Engine) -> None:
    _hold(engine, "kind", "do")
    with pytest.raises(HoldError) as twice:
        _hold(engine, "kind", "do")
    assert twice.value.code == "HELD_ALREADY"
    _release(engine, "kind", "do")
    with pytest.raises(HoldError) as again:
        _release(engine, "kind", "do")
    assert again.value.code == "NOT_HELD"


def test_a_hold_says_why(engine: sa.Engine) -> None:
    with pytest.raises(SluiceError) as caught:
        _hold(engine, "kind", "do", reason="  ")
    assert caught.value.code == "NO_REASON"


def test_who_held_and_released_stays_in_table_and_audit_log(engine: sa.Engine) -> None:
    _hold(engine, "action", "a")
    _release(engine, "action", "a")
    with engine.connect() as connection:
        told = connection.execute(
            sa.text("SELECT action, actor, subject_id, reason FROM audit_entry ORDER BY id")
        ).all()
    assert [tuple(one) for one in told] == [
        ("queue.hold", "oli", "a", "look"),
        ("queue.release", "oli", "a", "mended"),
    ]
    for change in (
        "DELETE FROM work_hold",
        "UPDATE work_hold SET reason = 'other'",
        "UPDATE work_hold SET released_by = 'eve'",
    ):
        with pytest.raises(sa.exc.IntegrityError), db.transaction(engine) as session:
            session.execute(sa.text(change))

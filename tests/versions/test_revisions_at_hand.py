"""Revisions in memory: few are kept, none in use is lost, and nothing is compiled twice."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from engine.rulebook import Pinned, Rulebook
from engine.rulebook.following import Follower
from engine.rulebook.reloading import reload_signed, undo
from engine.runtime import db
from tests.rulebook.support import BJ, NOW, TODAY, approval_text, live, published, words


def revisions(engine: sa.Engine, many: int) -> None:
    """`many` revisions: version 1, then changes to and fro."""
    with db.transaction(engine) as session:
        words(session)
        live(session, approval_text())
        reload_signed(
            session,
            [published(session, approval_text(version=2, large="40万")).hash],
            by="oli",
            reason="r",
            now=NOW,
        )
    for number in range(many - 2):
        with db.transaction(engine) as session:
            undo(session, 1 + number % 2, by="oli", reason="r", now=NOW)


def test_only_the_revisions_used_last_are_kept(engine: sa.Engine) -> None:
    revisions(engine, 7)
    book = Rulebook(kept=2)
    with db.transaction(engine) as session:
        for number in range(1, 8):
            book.at(session, number)
    assert book.held() == {6, 7}


def test_a_revision_in_use_is_never_dropped(engine: sa.Engine) -> None:
    revisions(engine, 7)
    book = Rulebook(kept=2)
    with db.transaction(engine) as session:
        began = book.at(session, 1)
        for number in range(2, 8):
            book.at(session, number)
        assert book.held() == {1, 6, 7}
        assert book.at(session, 1) is began


def test_what_did_not_change_is_compiled_once(engine: sa.Engine) -> None:
    revisions(engine, 4)
    book = Rulebook()

    def evaluator(pinned: Pinned) -> object:
        return pinned.find("approval", "payment", org_path=BJ, on=TODAY).evaluator(BJ)

    with db.transaction(engine) as session:
        first = evaluator(book.at(session, 1))
        assert evaluator(book.at(session, 3)) is first
        assert evaluator(book.at(session, 2)) is not first


def rows(engine: sa.Engine) -> list[tuple[str, int]]:
    """Kind and revision of every process that says it is there."""
    with engine.connect() as connection:
        found = connection.execute(sa.text("SELECT kind, revision FROM replica ORDER BY name"))
        return [(kind, revision) for kind, revision in found]


def wait_for(engine: sa.Engine, wanted: list[tuple[str, int]]) -> None:
    """Until the processes say what is wanted; fails after 10 s."""
    never = threading.Event()
    for _ in range(500):
        if rows(engine) == wanted:
            return
        never.wait(0.02)
    assert rows(engine) == wanted


def test_looking_alone_is_enough_to_follow(engine: sa.Engine) -> None:
    follower = Follower(engine, Rulebook(), "worker")
    assert follower.look() == 0
    assert rows(engine) == [("worker", 0)]
    revisions(engine, 2)
    assert follower.look() == 2
    assert rows(engine) == [("worker", 2)]


@pytest.mark.parametrize("cut", [False, True])
def test_a_process_follows_also_when_its_listening_connection_is_killed(
    engine: sa.Engine, superuser_url: str, cut: bool
) -> None:
    stop = threading.Event()
    follower = Follower(engine, Rulebook(), "api")
    thread = threading.Thread(target=follower.run_forever, args=(stop,))
    thread.start()
    try:
        wait_for(engine, [("api", 0)])
        revisions(engine, 2)
        wait_for(engine, [("api", 2)])
        if cut:
            killer = db.make_engine(superuser_url, pooled=False)
            with killer.connect() as connection:
                connection.execute(
                    sa.text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )
        with db.transaction(engine) as session:
            undo(session, by="oli", reason="r", now=NOW)
        wait_for(engine, [("api", 3)])
    finally:
        stop.set()
        thread.join(10)
    assert rows(engine) == [], "a process that ends takes its leave"

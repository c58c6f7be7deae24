"""Sessions: commit, rollback, UTC, retries."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from engine.runtime import db, migrate


def _one(engine: sa.Engine, query: str) -> object:
    with engine.connect() as connection:
        return connection.execute(sa.text(query)).scalar_one()


def test_a_session_speaks_utc(engine: sa.Engine) -> None:
    assert _one(engine, "SHOW timezone") == "UTC"


def test_the_product_is_no_superuser(engine: sa.Engine) -> None:
    assert _one(engine, "SHOW is_superuser") == "off"


def test_a_block_that_ends_well_is_committed(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        session.execute(sa.text("CREATE TABLE thing (id int)"))
        session.execute(sa.text("INSERT INTO thing VALUES (1)"))
    assert _one(engine, "SELECT count(*) FROM thing") == 1


def test_a_block_that_raises_leaves_nothing(engine: sa.Engine) -> None:
    def work(session: Session) -> None:
        session.execute(sa.text("CREATE TABLE thing (id int)"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        db.run_in_transaction(engine, work)
    assert _one(engine, "SELECT to_regclass('thing') IS NULL")


def test_a_migrated_database_stands_at_the_head(engine: sa.Engine) -> None:
    assert migrate.current(engine) == migrate.head()


def test_migrating_twice_changes_nothing(engine: sa.Engine) -> None:
    migrate.upgrade(engine)
    assert migrate.current(engine) == migrate.head()


def test_work_that_deadlocks_is_run_again(engine: sa.Engine) -> None:
    tries: list[int] = []

    def work(session: Session) -> str:
        tries.append(1)
        if len(tries) < 3:
            session.execute(
                sa.text("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE='40P01'; END $$")
            )
        return "done"

    assert db.run_in_transaction(engine, work) == "done"
    assert len(tries) == 3


def test_the_server_ends_a_transaction_in_which_nothing_happens(database_url: str) -> None:
    frozen, other = (db.make_engine(database_url, idle_seconds=1) for _ in range(2))
    with db.transaction(other) as session:
        session.execute(sa.text("CREATE TABLE thing (id int)"))
        session.execute(sa.text("INSERT INTO thing VALUES (1)"))
    with frozen.connect() as connection:
        connection.execute(sa.text("SELECT id FROM thing FOR UPDATE"))
        with db.transaction(other) as session:
            session.execute(sa.text("UPDATE thing SET id = 2"))
        with pytest.raises(sa.exc.DBAPIError):
            connection.execute(sa.text("SELECT 1"))
    assert _one(other, "SELECT id FROM thing") == 2
    frozen.dispose()
    other.dispose()


def test_every_engine_asks_for_that(engine: sa.Engine) -> None:
    assert _one(engine, "SHOW idle_in_transaction_session_timeout") == "2min"


@pytest.mark.parametrize("url", ["sqlite:///x.db", "not an address", "mysql://u@h/d"])
def test_another_database_than_postgresql_is_refused(url: str) -> None:
    with pytest.raises(db.DatabaseError) as caught:
        db.make_engine(url)
    assert caught.value.code == "DATABASE_URL"

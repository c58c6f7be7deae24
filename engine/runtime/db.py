"""Engine, session and transaction: psycopg 3 through SQLAlchemy and SQLModel, always UTC.

Only the outermost command or handler opens a transaction; functions take the session.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool
from sqlmodel import Session

from engine.base.text import SluiceError, Text

T = TypeVar("T")

SERIALIZATION_FAILURE = "40001"
DEADLOCK = "40P01"
_CONFLICTS = (SERIALIZATION_FAILURE, DEADLOCK)


IDLE_SECONDS = 120
"""A transaction in which nothing happens for so long is ended by the server: whoever opened it is
frozen or gone, and the rows it has locked would stop everybody else for as long."""


class DatabaseError(SluiceError):
    """The database cannot be used as asked."""


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def driver_url(url: str) -> sa.URL:
    """`url` with psycopg 3 as driver; DatabaseError DATABASE_URL when it is no PostgreSQL."""
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        parsed = None
    if parsed is None or parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise DatabaseError(
            "DATABASE_URL",
            Text(
                "DATABASE_URL is not a PostgreSQL address; write it as "
                "postgresql://user:password@host:5432/database",
                "DATABASE_URL 不是 PostgreSQL 地址;"
                "请写成 postgresql://user:password@host:5432/database",
            ),
        )
    return parsed.set(drivername="postgresql+psycopg")


def make_engine(
    url: str,
    *,
    pooled: bool = True,
    application: str = "sluicegate",
    idle_seconds: int = IDLE_SECONDS,
) -> sa.Engine:
    """An engine for `url`; sessions speak UTC, dead connections are noticed before use, and a
    transaction idle for `idle_seconds` is ended by the server."""
    server = f"-c timezone=UTC -c idle_in_transaction_session_timeout={idle_seconds}s"
    options = {
        "connect_args": {"application_name": application, "options": server},
        "json_serializer": _dump,
        # Names and account numbers have no place in an error's text or in a log.
        "hide_parameters": True,
        # Locks are taken before the next statement looks: it must see what was committed till then.
        "isolation_level": "READ COMMITTED",
    }
    if not pooled:
        return sa.create_engine(driver_url(url), poolclass=NullPool, **options)
    return sa.create_engine(
        driver_url(url), pool_pre_ping=True, pool_size=10, max_overflow=20, **options
    )


@contextmanager
def transaction(engine: sa.Engine) -> Iterator[Session]:
    """One transaction: commit when the block ends well, roll back when it raises.

    Rows read in it stay readable afterwards (they do not expire at commit).
    """
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def statement(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection on which each statement commits by itself: one round trip, not three."""
    with engine.connect() as connection:
        yield _each_commits(connection)


def connected_again(connection: sa.Connection) -> sa.Connection:
    """A connection of `statement` that was cut (`connection_invalidated`), usable again."""
    connection.rollback()
    return _each_commits(connection)


def _each_commits(connection: sa.Connection) -> sa.Connection:
    return connection.execution_options(isolation_level="AUTOCOMMIT")


def sqlstate(error: BaseException) -> str | None:
    """The SQLSTATE of a database error, None for other errors."""
    if not isinstance(error, DBAPIError):
        return None
    return getattr(error.orig, "sqlstate", None)


def constraint(error: BaseException) -> str | None:
    """The name of the constraint a database error speaks of, None when there is none."""
    if not isinstance(error, DBAPIError):
        return None
    return getattr(getattr(error.orig, "diag", None), "constraint_name", None)


def run_in_transaction(engine: sa.Engine, work: Callable[[Session], T], *, attempts: int = 5) -> T:
    """Run `work` in a transaction, again from the beginning on deadlock or serialisation
    failure, `attempts` times at most. `work` must have no effect outside the session.
    """
    for attempt in range(1, attempts + 1):
        try:
            with transaction(engine) as session:
                return work(session)
        except DBAPIError as error:
            if sqlstate(error) not in _CONFLICTS or attempt == attempts:
                raise
    raise AssertionError("attempts must be 1 or more")

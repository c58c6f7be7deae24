"""Two transactions in a fixed order: one holds the lock, the other one is seen to wait for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import sqlalchemy as sa
from sqlmodel import Session

from engine.runtime import db

T = TypeVar("T")

_WAITING = sa.text("""
    SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE NOT l.granted AND a.datname = current_database()""")


@contextmanager
def while_waiting(
    engine: sa.Engine, first: Callable[[Session], object], second: Callable[[], T]
) -> Iterator[Future[T]]:
    """Let `second` run into the locks of `first`, which commits once `second` waits for them."""
    with ThreadPoolExecutor(1) as pool:
        with db.transaction(engine) as session:
            first(session)
            session.flush()
            done = pool.submit(second)
            with engine.connect() as watch:
                while not watch.execute(_WAITING).scalar() and not done.done():
                    watch.rollback()
        yield done

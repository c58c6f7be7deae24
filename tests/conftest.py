"""Fixtures for everybody: a real PostgreSQL, a migrated database per test, a clock.

One server serves all workers of a test run. Each test that asks for `engine` gets a database
of its own, copied from a migrated template, so tests see no rows of each other.
"""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from hypothesis import settings
from psycopg import sql

from engine.runtime import db, migrate
from engine.runtime.clock import ManualClock
from engine.runtime.postgres import ROLE, SUPERUSER, EmbeddedServer
from engine.treasury.organisations import signin
from tests.copies import create_copy, drop_copy
from tests.places import HOMES, server_at
from tests.starting import TEMPLATE, starting_clock

pytest_plugins = ("tests.prepared",)

settings.register_profile("same", derandomize=True)
settings.register_profile("explore", derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
"""The same commit gives the same answer; HYPOTHESIS_PROFILE=explore looks for new cases."""

FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "jit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "shared_buffers": "64MB",
}
"""Only for tests: data that need not survive a power cut."""


def _sweep() -> None:
    """Remove servers that killed test runs left behind."""
    for place in HOMES.iterdir():
        if place.is_dir() and server_at(place).destroy():
            shutil.rmtree(place, ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported stays for the whole run: the garbage collector need not look at it."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> None:
    """Passwords are hashed by the same algorithm at its least cost: the product's is high on
    purpose, and nothing here is worth guessing."""
    signin._HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files marked long begin first: a worker that took one last would end minutes later."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> Iterator[EmbeddedServer]:
    """The server of this test run, shared by its xdist workers, gone at the end."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid.uuid4().hex
    HOMES.mkdir(mode=0o711, exist_ok=True)
    with (HOMES / "sweep.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        place = HOMES / run[:16]
        if not place.exists():
            _sweep()
        place.mkdir(exist_ok=True)
        server = server_at(place, FAST)
        server.start()
        _make_template(server)
    yield server
    with (HOMES / "sweep.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if server.destroy() and place.exists():
            shutil.rmtree(place, ignore_errors=True)


def _make_template(server: EmbeddedServer) -> None:
    with server.admin() as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE])
        if found.fetchone() is not None:
            return
    server.ensure_database("template_unfinished")
    engine = db.make_engine(server.url("template_unfinished"), pooled=False)
    migrate.upgrade(engine)
    with server.admin() as connection:
        connection.execute(
            sql.SQL("ALTER DATABASE template_unfinished RENAME TO {}").format(
                sql.Identifier(TEMPLATE)
            )
        )


@contextmanager
def _fresh_database(server: EmbeddedServer, template: str) -> Iterator[str]:
    name = f"t_{uuid.uuid4().hex[:16]}"
    create_copy(server, name, template)
    yield server.url(name)
    drop_copy(server, name)


@pytest.fixture
def template(request: pytest.FixtureRequest) -> str:
    """The database the test gets a copy of: the migrated one, or the one a fixture asks for."""
    wanted = [name for name in request.fixturenames if name.endswith("_template")]
    assert len(wanted) <= 1, f"one test stands on {wanted}"
    return str(request.getfixturevalue(wanted[0])) if wanted else TEMPLATE


@pytest.fixture
def database_url(postgres_server: EmbeddedServer, template: str) -> Iterator[str]:
    """URL of a fresh database, dropped after the test."""
    with _fresh_database(postgres_server, template) as url:
        yield url


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """An engine on a fresh migrated database."""
    made = db.make_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def module_engine(postgres_server: EmbeddedServer) -> Iterator[sa.Engine]:
    """An engine on one migrated database for a whole module, as Hypothesis tests need."""
    with _fresh_database(postgres_server, TEMPLATE) as url:
        made = db.make_engine(url)
        yield made
        made.dispose()


@pytest.fixture
def superuser_url(database_url: str) -> str:
    """The same fresh database as the server's superuser, to tamper with it."""
    return database_url.replace(f"//{ROLE}@", f"//{SUPERUSER}@")


@pytest.fixture
def clock() -> ManualClock:
    """A clock standing at 2026-11-23 09:00 in Shanghai, a Monday."""
    return starting_clock()

"""The stage for tests of the money flow, on copies of one prepared database."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.runtime.clock import ManualClock
from engine.runtime.postgres import ROLE, SUPERUSER, EmbeddedServer
from tests.copies import create_copy, drop_copy
from tests.payments.stage import Stage, prepare, staged
from tests.prepared import built


@pytest.fixture(scope="session")
def prepared(postgres_server: EmbeddedServer) -> Iterator[str]:
    """A database with the small group and the shipped rulesets live, only ever copied."""
    with built(postgres_server, prepare) as name:
        yield name


@pytest.fixture
def database_url(postgres_server: EmbeddedServer, prepared: str) -> Iterator[str]:
    """URL of a copy of the prepared database, dropped after the test."""
    name = f"t_{uuid.uuid4().hex[:16]}"
    create_copy(postgres_server, name, prepared)
    yield postgres_server.url(name)
    drop_copy(postgres_server, name)


@pytest.fixture
def superuser_url(database_url: str) -> str:
    """The same database as the server's superuser, to tamper with it."""
    return database_url.replace(f"//{ROLE}@", f"//{SUPERUSER}@")


@pytest.fixture
def stage(engine: sa.Engine, clock: ManualClock, tmp_path: Path) -> Iterator[Stage]:
    """Both simulated banks, the small group and the shipped rulesets."""
    with staged(engine, clock, tmp_path) as made:
        yield made

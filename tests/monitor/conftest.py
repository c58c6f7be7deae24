"""A small group with the shipped rulesets live: copies of one prepared database."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from engine.rulebook import sync_folder
from engine.runtime import db
from engine.runtime.clock import ManualClock
from engine.runtime.postgres import EmbeddedServer
from tests.copies import create_copy, drop_copy
from tests.monitor.world import Group
from tests.payments.stage import MORNING, RULESETS
from tests.payments.world import build
from tests.prepared import built


@pytest.fixture(scope="session")
def prepared(postgres_server: EmbeddedServer) -> Iterator[str]:
    """A database with the small group, only ever copied."""
    with built(postgres_server, _prepare) as name:
        yield name


def _prepare(engine: sa.Engine) -> None:
    """The small group, and the shipped rulesets live."""
    with db.transaction(engine) as session:
        build(session)
        synced = sync_folder(
            session, RULESETS, author="demo1", approver="demo2", reason="test", now=MORNING
        )
        assert synced.revision is not None, [str(one) for one in synced.findings]


@pytest.fixture
def database_url(postgres_server: EmbeddedServer, prepared: str) -> Iterator[str]:
    """URL of a copy, dropped after the test."""
    name = f"t_{uuid.uuid4().hex[:16]}"
    create_copy(postgres_server, name, prepared)
    yield postgres_server.url(name)
    drop_copy(postgres_server, name)


@pytest.fixture
def group(engine: sa.Engine, clock: ManualClock) -> Group:
    """The group, and what tests do to it."""
    return Group(engine, clock)

"""Fixtures of the played day, for tests/pages and tests/api."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.runtime.postgres import EmbeddedServer
from tests.pages.world import Played, World, played_day, world_of


@pytest.fixture(scope="session")
def played(postgres_server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The day, played once for all workers of the run."""
    base = tmp_path_factory.getbasetemp()
    shared: Path = base.parent if base.name.startswith("popen-") else base
    return played_day(postgres_server, shared / "played-day")


@pytest.fixture
def world(postgres_server: EmbeddedServer, played: Played) -> Iterator[World]:
    """A copy to change."""
    with world_of(postgres_server, played, f"t_{uuid.uuid4().hex[:16]}") as made:
        yield made


@pytest.fixture(scope="module")
def read_only(postgres_server: EmbeddedServer, played: Played) -> Iterator[World]:
    """A copy for tests of one module that only look."""
    with world_of(postgres_server, played, f"t_{uuid.uuid4().hex[:16]}") as made:
        yield made

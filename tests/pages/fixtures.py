"""Fixtures of the played day, for tests/pages and tests/api."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from engine.rulebook.history import HistoryFolder, Keeper, LoadedHistories, write_made_up
from engine.runtime.postgres import EmbeddedServer
from tests.pages.browser import launched, serving
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


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's browser."""
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def served(read_only: World) -> Iterator[str]:
    """The product over the played day, only looked at."""
    with serving(read_only) as address:
        yield address


@pytest.fixture
def changed(world: World) -> Iterator[str]:
    """The product over a copy of its own."""
    with serving(world) as address:
        yield address


def with_history(world: World, folder: Path, documents: int = 3000) -> World:
    """The day with its decision history, and made-up documents beside it."""
    histories = LoadedHistories(HistoryFolder(folder))
    today = world.clock.business_date()
    Keeper(histories, demo=False).keep(world.engine, today)
    paths = [("GROUP",), ("GROUP", "BJ"), ("GROUP", "SH"), ("GROUP", "SH", "SH01")]
    write_made_up(histories.folder, paths, last=today, documents=documents)
    return replace(world, services=replace(world.services, histories=histories))

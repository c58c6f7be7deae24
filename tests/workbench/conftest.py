"""The played day with its history, served to a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.pages.browser import serving
from tests.pages.fixtures import chromium, played, read_only, with_history, world
from tests.pages.world import World
from tests.workbench.desk import Desk

__all__ = ["chromium", "played", "read_only", "world"]


@pytest.fixture(scope="module")
def kept(read_only: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A copy of the day with 3,000 made-up documents beside it. Its drafts are each test's own."""
    return with_history(read_only, tmp_path_factory.mktemp("history"))


@pytest.fixture(scope="module")
def shared(kept: World, chromium: Browser) -> Iterator[Desk]:
    """The product over that day."""
    with serving(kept) as address:
        yield Desk(kept, chromium, address)


@pytest.fixture
def desk(shared: Desk) -> Iterator[Desk]:
    """The product, and people who come to it with browsers of their own."""
    yield shared
    shared.close()


@pytest.fixture
def own_desk(world: World, chromium: Browser, tmp_path: Path) -> Iterator[Desk]:
    """The product over a copy of the day in which versions may become live."""
    made = with_history(world, tmp_path / "history")
    with serving(made) as address:
        desk = Desk(made, chromium, address)
        yield desk
        desk.close()

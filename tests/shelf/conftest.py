"""The played day with its decision history and a browser."""

from __future__ import annotations

import pytest

from tests.pages.fixtures import changed, chromium, played, read_only, served, with_history, world
from tests.pages.world import World

__all__ = ["changed", "chromium", "played", "read_only", "served", "world"]


@pytest.fixture(scope="module")
def kept(read_only: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The day with its history, and 3,000 made-up documents."""
    return with_history(read_only, tmp_path_factory.mktemp("history"))

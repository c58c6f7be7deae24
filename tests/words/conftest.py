"""The played day, a browser, and a small group with live rules."""

from tests.pages.fixtures import changed, chromium, played, read_only, served, world
from tests.versions.conftest import ruled, web

__all__ = ["changed", "chromium", "played", "read_only", "ruled", "served", "web", "world"]

"""The played day and a browser for the tests of this folder."""

from tests.pages.fixtures import changed, chromium, played, read_only, served, world

__all__ = ["changed", "chromium", "played", "read_only", "served", "world"]

"""The played day for the tests of this folder."""

from tests.pages.fixtures import chromium, played, read_only, served, world

__all__ = ["chromium", "played", "read_only", "served", "world"]

"""The played day for the tests of this folder."""

from tests.pages.fixtures import played, read_only, world

__all__ = ["played", "read_only", "world"]

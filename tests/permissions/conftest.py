"""A small group over HTTP, and the played day."""

from __future__ import annotations

from tests.pages.fixtures import played, read_only, world
from tests.versions.conftest import ruled, web

__all__ = ["played", "read_only", "ruled", "web", "world"]

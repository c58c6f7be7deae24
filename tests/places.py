"""Where the databases of a test run lie: in memory where there is enough of it.

A test's database is a thousand small files that are copied and soon deleted: on a disk that others
use too, that takes up to ten times as long.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from engine.runtime.postgres import EmbeddedServer
from engine.runtime.serverhome import ServerHome, server_owner

MEMORY = Path("/dev/shm")
ENOUGH = 4 << 30
"""Bytes that must be free there; a run takes a quarter of it."""


def _base() -> Path:
    usable = MEMORY.is_dir() and os.access(MEMORY, os.W_OK)
    if usable and shutil.disk_usage(MEMORY).free >= ENOUGH:
        return MEMORY
    return Path(tempfile.gettempdir())


HOMES = Path(os.environ.setdefault("SLUICEGATE_TEST_HOMES", str(_base()))) / (
    f"sluicegate-tests-{os.geteuid()}"
)
"""Of all runs of this user; decided once for all processes of a run."""


def server_at(place: Path, settings: Mapping[str, str] | None = None) -> EmbeddedServer:
    """The server of the run that has the folder `place` in HOMES."""
    if not place.is_relative_to(MEMORY):
        return EmbeddedServer.for_folder(place, settings=settings)
    home = ServerHome(place / "postgres", place / "postgres" / "socket", server_owner())
    return EmbeddedServer(home, settings=settings)

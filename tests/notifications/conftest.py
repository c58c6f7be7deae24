"""A small group whose people have addresses, and a mailbox over real SMTP and HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.runtime.clock import ManualClock
from tests.monitor.conftest import database_url, prepared
from tests.notifications.stage import Stage, receiving

__all__ = ["database_url", "prepared"]


@pytest.fixture
def stage(engine: sa.Engine, clock: ManualClock, tmp_path: Path) -> Iterator[Stage]:
    """The group and its mailbox."""
    with receiving(tmp_path / "mailbox.sqlite") as (box, environ):
        made = Stage(engine, clock, box, environ)
        made.people()
        yield made

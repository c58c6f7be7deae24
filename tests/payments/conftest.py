"""The stage for tests of the money flow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.runtime.clock import ManualClock
from tests.payments.stage import Stage, staged


@pytest.fixture
def stage(engine: sa.Engine, clock: ManualClock, tmp_path: Path) -> Iterator[Stage]:
    """Both simulated banks, the small group and the shipped rulesets."""
    with staged(engine, clock, tmp_path) as made:
        yield made

"""A house at an ISO bank, and one at each bank."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.runtime.clock import ManualClock
from tests.instruction.running import House, house


@pytest.fixture
def at_a(engine: sa.Engine, tmp_path: Path, clock: ManualClock) -> Iterator[House]:
    with house(engine, tmp_path, clock) as made:
        yield made


@pytest.fixture(params=["bank_a", "bank_b"])
def at_bank(
    request: pytest.FixtureRequest, engine: sa.Engine, tmp_path: Path, clock: ManualClock
) -> Iterator[House]:
    with house(engine, tmp_path, clock, str(request.param)) as made:
        yield made

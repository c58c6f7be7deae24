"""The contract tests run against every connector."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.runtime.clock import ManualClock
from tests.banks.connecting import Bank, connected


@pytest.fixture(params=["bank_a", "bank_b"])
def bank(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> Iterator[Bank]:
    with connected(tmp_path, str(request.param), clock) as made:
        yield made

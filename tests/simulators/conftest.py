"""One fresh bank of each dialect per test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulators.running import BankClient, running_bank


@pytest.fixture
def bank_a(tmp_path: Path) -> Iterator[BankClient]:
    with running_bank(tmp_path / "a.sqlite") as client:
        yield client


@pytest.fixture
def bank_b(tmp_path: Path) -> Iterator[BankClient]:
    with running_bank(tmp_path / "b.sqlite", "bank_b") as client:
        yield client

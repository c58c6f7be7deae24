"""A fresh workspace over a fresh database, and a way to play a faulty day in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.demo.faults.plan import Orders
from api.demo.faults.storm import play_faults
from api.demo.faults.verdict import Verdict
from api.demo.faults.worker import Place, work
from api.demo.playing import shipped_rulesets
from engine.runtime.workspace import Workspace

Play = Callable[..., Verdict]


@pytest.fixture
def play(engine: sa.Engine, tmp_path: Path) -> Play:
    """Plays a day by orders, with these worker processes, and judges it."""

    def played(orders: Orders, worker: Callable[[Place], None] = work) -> Verdict:
        workspace = Workspace.create(tmp_path / "workspace", demo=True)
        return play_faults(
            workspace, engine, shipped_rulesets(), orders, lambda _said: None, worker=worker
        )

    return played

"""Outages: a worker that never comes back, and a database that stops in the middle."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.demo.faults.plan import Orders
from api.demo.faults.storm import play_faults
from api.demo.playing import shipped_rulesets
from engine.runtime import db, migrate
from engine.runtime.postgres import EmbeddedServer
from engine.runtime.workspace import Workspace

pytestmark = pytest.mark.long

KILLABLE = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB"}
"""What is committed survives the server's death, as in production; a power cut is not played."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    """A server of this test's own: it is stopped under everybody's feet."""
    (tmp_path / "server").mkdir()
    made = EmbeddedServer.for_folder(tmp_path / "server", settings=KILLABLE)
    made.start()
    yield made
    made.destroy()


@pytest.mark.timeout(300)
def test_a_worker_dies_for_ever_and_postgresql_stops_at_once_and_nothing_is_lost(
    server: EmbeddedServer, tmp_path: Path
) -> None:
    workspace = Workspace.create(tmp_path / "workspace", demo=True)
    engine: sa.Engine = db.make_engine(server.url())
    migrate.upgrade(engine)
    verdict = play_faults(
        workspace,
        engine,
        shipped_rulesets(),
        Orders(
            documents=30,
            kills=1,
            pauses=1,
            long_pauses=0,
            one_dies_for_ever=True,
            database_crashes=2,
        ),
        lambda _said: None,
        server=lambda: EmbeddedServer(server.home, settings=KILLABLE),
    )
    engine.dispose()
    assert verdict.broken == (), verdict.to_json()
    assert verdict.struck.database_crashes == 2
    assert verdict.executed > 20

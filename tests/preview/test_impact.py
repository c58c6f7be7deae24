"""`sluice plan` tells how many recent documents each version would send another way."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from api.cli.main import build
from api.demo.state import clock_for
from api.services import Services
from engine.rulebook import Matter, Rulebook
from engine.rulebook.history import HistoryFolder, LoadedHistories, update
from engine.runtime.db import transaction
from engine.runtime.workspace import Workspace
from tests.rulebook.support import BJ, NOW, SH, approval_text, payment
from tests.versions.conftest import ruled, web
from tests.versions.support import said
from tests.versions.test_commands import AHEAD
from tests.versions.test_reload import signed

__all__ = ["ruled", "web"]


@pytest.fixture
def place(
    ruled: sa.Engine,
    web: httpx.Client,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Workspace:
    """A workspace in which payment-approval 2 (from 400,000 on, not 500,000) is signed."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    made = Workspace.create(tmp_path / "workspace", demo=True)
    AHEAD.write(made)
    monkeypatch.setenv("SLUICE_WORKSPACE", str(made.folder))
    signed(web, approval_text(version=2, large="40万"))
    return made


@pytest.fixture
def kept(place: Workspace, ruled: sa.Engine) -> LoadedHistories:
    """Decisions of the last 90 days: one of 450,000 in Beijing, one in Shanghai, a small one."""
    today = clock_for(place).business_date()
    given = [(45_000_000, BJ), (45_000_000, SH), (1_00, BJ)]
    with transaction(ruled) as session:
        pinned = Rulebook().at(session)
        for number, (amount, path) in enumerate(given):
            pinned.decide(
                session,
                "approval",
                "payment",
                replace(payment(amount), creditor_type="agent"),
                org_path=path,
                on=today,
                matter=Matter("document", str(number)),
                now=NOW,
            )
    folder = HistoryFolder(place.folder / "history")
    with transaction(ruled) as session:
        assert list(update(session, folder))
    return LoadedHistories(folder)


def plan(*words: str) -> str:
    """What `sluice plan` prints."""
    found = CliRunner().invoke(build("plan"), ["plan", *words])
    assert found.exit_code == 0, (found.output, found.exception)
    return found.stdout


def test_the_plan_tells_documents_and_money(kept: LoadedHistories) -> None:
    line = "impact: 1 of 3 documents of the last 90 days change outcome (CNY 450,000.00)"
    assert line in plan()
    assert "影响：近 90 天 3 笔单据中 1 笔结果改变（CNY 450,000.00）" in plan("--lang", "zh")
    [change] = json.loads(plan("--format", "json"))["changes"]
    assert change["impact"] == {
        "documents": 3,
        "changed": 1,
        "amount_changed": "450000.00",
        "currency": "CNY",
        "made_up": 0,
    }


def test_without_history_the_plan_says_so(place: Workspace) -> None:
    assert "no history: the history has no approval decisions about payment" in plan()
    assert "无历史数据：" in plan("--lang", "zh")
    [change] = json.loads(plan("--format", "json"))["changes"]
    assert change["impact"] is None


def test_over_the_api_only_documents_one_may_see_count(
    kept: LoadedHistories, place: Workspace, ruled: sa.Engine
) -> None:
    services = Services(ruled, clock_for(place), demo=False, histories=kept)
    with TestClient(create_app(services)) as client:
        answer = client.get("/api/v1/rulesets/plan", headers=said("aud"))
    [change] = answer.json()["changes"]
    # The auditor of head office sees no SH01: this group has none.
    assert (change["impact"]["documents"], change["impact"]["changed"]) == (2, 1)

"""Statements by REST and command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from api.cli.main import build
from api.services import Services
from engine.runtime import db
from engine.runtime.clock import ManualClock
from engine.runtime.workspace import Workspace
from engine.treasury.organisations.signin import set_token
from tests.statements.test_filing import ACCOUNT, LATER, ONE, TWO, house, take
from tests.versions.support import said, token

__all__ = ["house"]
API = "/api/v1/statements"


def test_a_file_and_hand_entry_by_rest(house: sa.Engine, clock: ManualClock) -> None:
    with db.transaction(house) as session:
        for user in ("accountant", "cashier"):
            set_token(session, user, token(user))
        account = session.execute(
            sa.text("SELECT id FROM bank_account WHERE number = :n"), {"n": ACCOUNT}
        ).scalar_one()
    web = TestClient(create_app(Services(house, clock, demo=False)))
    sent = {"file": ("s.csv", ONE.encode())}
    done = web.post(
        f"{API}/files", data={"account": ACCOUNT}, files=sent, headers=said("accountant")
    )
    assert done.status_code == 200, done.text
    assert [one["new_lines"] for one in done.json()["statements"]] == [1]
    body = {
        "account": account,
        "lines": [{"booking_date": "2026-11-20", "direction": "debit", "amount": "30.00"}],
        "closing": "70.00",
        "reason": "by post",
    }
    refused = web.post(f"{API}/by-hand", json=body, headers=said("cashier"))
    assert refused.status_code == 403
    made = web.post(f"{API}/by-hand", json=body, headers=said("accountant")).json()
    assert (made["state"], made["new_lines"], made["account"]) == ("accepted", 1, ACCOUNT)
    tried = web.post(f"{API}/again", json={"account": account}, headers=said("accountant"))
    assert tried.json() == {"taken": 0}


def test_what_is_quarantined_is_decided_by_two_persons_by_rest(
    house: sa.Engine, clock: ManualClock
) -> None:
    with db.transaction(house) as session:
        for user in ("accountant", "auditor", "cashier"):
            set_token(session, user, token(user))
    take(house, clock, ONE)
    take(house, clock, LATER)
    web = TestClient(create_app(Services(house, clock, demo=False)))
    (one,) = web.get(f"{API}/quarantined", headers=said("cashier")).json()
    assert (one["difference"], one["new_lines"], one["asked"]) == ("-30.00", 1, None)
    address = f"{API}/quarantined/{one['id']}"
    wanted = {"wanted": "take", "reason": "lost"}
    for user, status in (("cashier", 403), ("accountant", 201), ("auditor", 409)):
        answer = web.post(f"{address}/proposals", json=wanted, headers=said(user))
        assert answer.status_code == status, answer.text
    (one,) = web.get(f"{API}/quarantined", headers=said("auditor")).json()
    assert one["asked"]["proposed_by"] == "accountant"
    for user, status in (("cashier", 403), ("accountant", 403), ("auditor", 200), ("auditor", 409)):
        answer = web.post(f"{address}/decision", json={"approve": True}, headers=said(user))
        assert answer.status_code == status, answer.text
    assert web.get(f"{API}/quarantined", headers=said("auditor")).json() == []
    unknown = web.post(
        f"{API}/quarantined/99/decision", json={"approve": True}, headers=said("auditor")
    )
    assert unknown.status_code == 404


def test_what_is_quarantined_is_decided_by_two_persons_by_command(
    house: sa.Engine,
    clock: ManualClock,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    made = Workspace.create(tmp_path / "workspace", demo=True)
    monkeypatch.setenv("SLUICE_WORKSPACE", str(made.folder))
    take(house, clock, ONE)
    take(house, clock, LATER)

    def sluice(*words: str, user: str = "accountant", code: int = 0) -> str:
        ran = CliRunner().invoke(build(), ["statements", *words, "--as", user])
        assert ran.exit_code == code, (words, ran.output, ran.exception)
        return ran.output

    number = str(json.loads(sluice("stopped", "--format", "json"))[0]["id"])
    assert "1 new lines, CNY -30.00 named" in sluice("stopped")
    sluice("ask", number, "--refuse", "--reason", "old")
    assert "FOUR_EYES" in sluice("decide", number, "--approve", code=2)
    assert "stays" in sluice("decide", number, "--decline", "--reason", "no", user="auditor")
    asked = json.loads(sluice("ask", number, "--refuse", "--reason", "old", "--format", "json"))
    assert asked["statement"] == int(number)
    assert "永久拒绝" in sluice("stopped", "--lang", "zh")
    done = sluice("decide", number, "--approve", "--lang", "zh", user="auditor")
    assert "已永久拒绝" in done
    assert "0 in quarantine" in sluice("stopped")


def test_files_and_hand_entry_by_command(
    house: sa.Engine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    made = Workspace.create(tmp_path / "workspace", demo=True)
    monkeypatch.setenv("SLUICE_WORKSPACE", str(made.folder))

    def sluice(*words: str, code: int = 0) -> str:
        ran = CliRunner().invoke(build(), ["statements", *words, "--as", "accountant"])
        assert ran.exit_code == code, (words, ran.output, ran.exception)
        return ran.output

    def file(name: str, text: str) -> str:
        (tmp_path / name).write_text(text, "utf-8")
        return str(tmp_path / name)

    named = ("--account", ACCOUNT)
    assert "1 new lines" in sluice("import", file("1.csv", ONE), *named)
    assert "QUARANTINED" in sluice("import", file("3.csv", LATER), *named, code=1)
    assert "0 statements" in sluice("again", *named)
    done = json.loads(sluice("import", file("2.csv", TWO), *named, "--format", "json"))
    assert [one["new_lines"] for one in done[0]["statements"]] == [1]
    line = ("--line", "2026-11-22,credit,25.00,interest", "--closing", "100.00")
    said_so = sluice("enter", *named, *line, "--reason", "by post", "--lang", "zh")
    assert "已导入" in said_so
    bad = ("--line", "22 Nov,in,25", "--closing", "100.00", "--reason", "x")
    sluice("enter", *named, *bad, code=2)

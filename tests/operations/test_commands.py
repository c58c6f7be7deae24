"""`sluice queue`, `schedules` and `banks` as operators type them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from api.cli.main import build
from api.schedule_words import when
from engine.runtime import db
from engine.runtime.actions import enqueue
from engine.runtime.schedules import Schedule
from engine.runtime.workspace import Workspace
from tests.versions.conftest import ruled

__all__ = ["ruled"]

Sluice = Callable[..., Result]
AS = ("--as", "oli", "--reason", "look")


@pytest.fixture
def sluice(
    ruled: sa.Engine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Sluice:
    """Gives a command on a workspace with a waiting and a dead action; a code other than the one
    wanted (default 0) fails the test."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    made = Workspace.create(tmp_path / "workspace", demo=True)
    monkeypatch.setenv("SLUICE_WORKSPACE", str(made.folder))
    with db.transaction(ruled) as session:
        for key in ("a", "b"):
            enqueue(session, "outbox.deliver", key, {}, org_id="BJ")
        session.execute(
            sa.text("UPDATE action SET state = 'dead', last_error = 'odd' WHERE key = 'b'")
        )

    def run(*words: str, code: int = 0) -> Result:
        ran = CliRunner().invoke(build(words[0]), list(words))
        assert ran.exit_code == code, (words, ran.output, ran.exception)
        return ran

    return run


def test_the_queue_is_listed_and_dead_ones_are_retried(sluice: Sluice) -> None:
    assert sluice("queue", "ls").stdout.splitlines()[-1] == "2 actions"
    assert "given up  b  BJ" in sluice("queue", "dead").stdout
    assert "b 将重试" in sluice("queue", "retry", "b", *AS, "--lang", "zh").stdout
    assert "NOT_DEAD" in sluice("queue", "revive", "b", *AS, code=2).stderr
    assert json.loads(sluice("queue", "dead", "--format", "json").stdout)["count"] == 0


def test_an_action_and_a_kind_are_held_and_released(sluice: Sluice) -> None:
    held = json.loads(sluice("queue", "hold", "a", *AS, "--format", "json").stdout)
    assert (held["scope"], held["name"]) == ("action", "a")
    sluice("queue", "hold", "--kind", "outbox.deliver", *AS)
    assert "outbox.deliver  held 1, given up 1  held: look" in sluice("queue", "kinds").stdout
    status = sluice("status", code=4).stdout
    assert "0 due, 0 later, 1 held, 1 given up" in status
    assert "all actions outbox.deliver (oli: look)" in status
    sluice("queue", "release", "a", *AS)
    sluice("queue", "release", "--kind", "outbox.deliver", *AS)
    assert "due  a" in sluice("queue", "ls", "--state", "due").stdout


def test_a_hold_is_of_one_thing(sluice: Sluice) -> None:
    assert "QUEUE_UNCLEAR" in sluice("queue", "hold", *AS, code=2).stderr
    assert "STATE_UNCLEAR" in sluice("queue", "ls", "--state", "odd", code=2).stderr
    refused = sluice("queue", "hold", "none", *AS, "--format", "json", code=2).stdout
    assert json.loads(refused)["code"] == "ACTION_UNKNOWN"


def test_who_may_not_operate_is_refused(sluice: Sluice) -> None:
    asked = ("queue", "hold", "a", "--as", "aud", "--reason", "x")
    assert "NOT_PERMITTED" in sluice(*asked, code=2).stderr


def test_schedules_are_listed_held_run_and_released(sluice: Sluice) -> None:
    assert "payments.slot.1000  10:00 on business days" in sluice("schedules", "ls").stdout
    sluice("schedules", "hold", "statements", *AS)
    assert "held by oli: look" in sluice("schedules", "ls").stdout
    assert "schedule:statements:" in sluice("schedules", "run", "statements", *AS).stdout
    sluice("schedules", "release", "statements", *AS)
    rows = json.loads(sluice("schedules", "ls", "--format", "json").stdout)
    (found,) = [one for one in rows if one["name"] == "statements"]
    assert (found["hold"], found["last"]["asked_by"]) == (None, "oli")


def test_banks_are_one_line_each(sluice: Sluice) -> None:
    assert sluice("banks").stdout.splitlines()[-1] == "3 banks"
    assert [one["id"] for one in json.loads(sluice("banks", "--format", "json").stdout)] == [
        "bank_a",
        "bank_b",
        "bank_c",
    ]


@pytest.mark.parametrize(
    ("trigger", "en", "zh"),
    [
        ("* * * * *", "every minute", "每分钟"),
        ("*/10 * * * *", "every 10 minutes", "每 10 分钟"),
        ("40 * * * *", "hourly at minute 40", "每小时第 40 分"),
        ("* 9-16 * * *", "every minute from 09:00 to 16:59", "09:00 至 16:59 每分钟"),
        ("30 8,12 * * mon-sun", "daily at 08:30, 12:30", "每日 08:30、12:30"),
        ("5 9 * * mon-fri", "Monday to Friday at 09:05", "周一至周五 09:05"),
        ("10:00 on business days", "10:00 on business days", "工作日 10:00"),
        ("0 9 1 * mon", "0 9 1 * mon", "0 9 1 * mon"),
    ],
)
def test_a_trigger_is_said_in_words(trigger: str, en: str, zh: str) -> None:
    said = when(Schedule("x", trigger, "x"))
    assert (said.en, said.zh) == (en, zh)

"""The monitor as a process: killed at any moment it loses nothing and doubles nothing."""

from __future__ import annotations

import datetime as dt
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.processes import Child
from api.supervising import Supervisor
from engine.runtime.workspace import Workspace
from tests.monitor.world import Group
from tests.payments.world import Draft

DAYS, LIVES = 30, 4
LOW = 1_000_000
"""Balance in fen that raises B1."""


@pytest.fixture
def workspace(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace whose database is the test's."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    return Workspace.create(tmp_path / "workspace").folder


def _monitor(workspace: Path, *arguments: str) -> Child:
    given = ["--workspace", str(workspace), "--batch", "4", *arguments]
    return Child("monitor", "api.monitoring", given, log=workspace / "monitor.log")


def _lives(workspace: Path, dice: random.Random) -> Iterator[None]:
    """Start the process and kill it, again and again."""
    while True:
        child = _monitor(workspace)
        child.wait_ready()
        threading.Event().wait(dice.uniform(0, 0.5))
        os.kill(child.pid, signal.SIGKILL)
        child.stop()
        yield


def test_kill_9_loses_and_doubles_no_alert(group: Group, workspace: Path) -> None:
    accounts = (group.accounts.pay_account, group.accounts.second_account)
    documents = group.documents(*(Draft(n, account=accounts[0]) for n in range(1, 21)))

    def pour() -> None:
        for day in range(DAYS):
            for account in accounts:
                group.balance(account, LOW)
            group.decide(documents[day % len(documents)])
            group.clock.advance(dt.timedelta(days=1))

    pouring = threading.Thread(target=pour)
    pouring.start()
    lives = _lives(workspace, random.Random(7))
    for _ in range(LIVES):
        next(lives)
    pouring.join()
    done = subprocess.run(
        [sys.executable, "-m", "api.monitoring", "--workspace", workspace, "--until-idle"],
        capture_output=True,
        check=True,
    )
    assert done.stdout.startswith(b"ready")
    first = dt.date(2026, 11, 23)
    wanted = {
        f"event:balance:{account}:{first + dt.timedelta(days=day)}:balance-alerts:B1"
        for day in range(DAYS)
        for account in accounts
    }
    raised = [str(key) for (key,) in group.rows("SELECT dedupe_key FROM alert")]
    assert set(raised) == wanted
    assert len(raised) == len(wanted)
    handled = group.rows("SELECT name, handled, disagreed FROM monitor_cursor ORDER BY name")
    events = 2 * DAYS
    assert handled == [("decisions", DAYS + events, 0), ("events", events, 0)]
    assert group.rows("SELECT count(*) FROM decision WHERE subject = 'balance'") == [(events,)]


def test_a_process_that_ends_is_started_again(workspace: Path, group: Group) -> None:
    stop = threading.Event()
    started: list[Child] = []
    again = threading.Event()

    def start() -> Child:
        started.append(_monitor(workspace))
        if len(started) == 1:
            os.kill(started[0].pid, signal.SIGKILL)
        else:
            again.set()
        return started[-1]

    keeping = threading.Thread(target=Supervisor("the monitor", start, stop).run)
    keeping.start()
    assert again.wait(20)
    stop.set()
    keeping.join(20)
    assert not keeping.is_alive()
    assert not any(child.running() for child in started)
    del group

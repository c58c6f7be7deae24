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
from engine.rules.rete import unavailable
from engine.runtime.db import transaction
from engine.runtime.workspace import Workspace
from engine.treasury.monitor.opinions import MOST_CRASHES
from engine.treasury.status import status
from tests.monitor.world import Group
from tests.payments.world import Draft

pytestmark = pytest.mark.long

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


def _until_idle(workspace: Path) -> None:
    """A last process, which is left alone."""
    done = subprocess.run(
        [sys.executable, "-m", "api.monitoring", "--workspace", workspace, "--until-idle"],
        capture_output=True,
        check=True,
    )
    assert done.stdout.startswith(b"ready")


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
    _until_idle(workspace)
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


def test_without_durable_rules_the_first_evaluator_goes_on_and_the_status_says_why(
    group: Group, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = group.accounts.pay_account
    group.balance(account, LOW)
    group.decide(group.documents(Draft(1, account=account))[0])
    (tmp_path / "durable_rules_engine.py").write_text("raise ImportError('built for another')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    _until_idle(workspace)
    with transaction(group.engine) as session:
        monitor = status(session, group.clock.now()).monitor
    assert not monitor.second_opinion
    assert monitor.why_off is not None
    assert "durable-rules cannot be loaded (built for another)" in monitor.why_off.en
    # The approval, and the decision about the balance that raised its alert.
    assert (monitor.events, monitor.decisions, monitor.by_rete) == (1, 2, 0)
    assert [alert[0] for alert in group.alerts()] == ["B1"]


CRASHING = """
import importlib.machinery, importlib.util, os, signal, sys
here = os.path.dirname(__file__)
others = [one for one in sys.path if one != here]
found = importlib.machinery.PathFinder.find_spec(__name__, others)
real = importlib.util.module_from_spec(found)
found.loader.exec_module(real)
if sys.argv[0].endswith("monitoring.py"):
    real.assert_fact = lambda handle, message: os.kill(os.getpid(), signal.SIGSEGV)
sys.modules[__name__] = real
"""
"""durable-rules that takes every ruleset in its trial, and ends the monitor when it is asked."""


@pytest.mark.skipif(unavailable() is not None, reason="durable-rules is not installed here")
def test_an_engine_that_crashes_ends_the_process_three_times_and_is_then_left_out(
    group: Group, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    group.decide(group.documents(Draft(1, account=group.accounts.pay_account))[0])
    (tmp_path / "durable_rules_engine.py").write_text(CRASHING)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    for _ in range(MOST_CRASHES):
        with pytest.raises(subprocess.CalledProcessError) as ended:
            _until_idle(workspace)
        assert ended.value.returncode == -signal.SIGSEGV
        assert group.alerts() == []
    _until_idle(workspace)
    assert [alert[0] for alert in group.alerts()] == ["MONITOR_CRASHED"]
    handled = group.rows("SELECT handled, by_rete FROM monitor_cursor WHERE name = 'decisions'")
    assert handled == [(1, 0)]


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

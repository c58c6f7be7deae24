"""The monitor: its trouble stays told; standing still or not starting is an end like any other."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from api import supervising
from api.monitoring import Process
from api.processes import Child
from api.supervising import Supervisor
from engine.base.text import SluiceError, Text
from engine.runtime.db import make_engine, transaction
from engine.treasury.monitor.stepping import Stepped
from engine.treasury.status import monitor_state
from engine.treasury.status_shapes import MonitorState
from tests.monitor.world import Group

STUCK = SluiceError("STUCK", Text("stuck", "停滞"))


class Steps:
    """A monitor that steps as it is told to."""

    def __init__(self, process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wrong: Exception | None = None
        self._process = process
        monkeypatch.setattr(process.monitor, "step", self._step)

    def _step(self) -> Stepped:
        if self.wrong is not None:
            raise self.wrong
        return Stepped()

    def turn(self, wrong: Exception | None = None) -> None:
        """One turn of the process, which goes wrong or not."""
        self.wrong = wrong
        self._process._turn()


@pytest.fixture
def process(group: Group, tmp_path: Path) -> Process:
    """A process that is not run."""
    return Process(group.engine, group.clock, 10, threading.Event(), tmp_path / "sign")


def _state(group: Group) -> MonitorState:
    with transaction(group.engine) as session:
        return monitor_state(session)


def test_trouble_stays_told_until_a_step_goes_well(
    group: Group, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = Steps(process, monkeypatch)
    steps.turn()
    process.beat()
    good = _state(group).good_at
    assert good is not None
    steps.turn(STUCK)
    process.beat()
    assert _state(group).trouble == STUCK.text
    steps.turn(OperationalError("SELECT 1", {}, Exception("gone away")))
    process.beat()
    trouble = _state(group).trouble
    assert trouble is not None
    assert "gone away" in trouble.en
    steps.turn()
    state = _state(group)
    assert state.trouble is None
    assert state.good_at is not None
    assert state.good_at > good


def test_a_database_that_does_not_answer_does_not_end_the_process(
    group: Group, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = Process(group.engine, group.clock, 10, threading.Event(), tmp_path / "sign")
    nowhere = make_engine(f"postgresql:///none?host={tmp_path}", pooled=False)
    monkeypatch.setattr(process, "_db", nowhere)
    Steps(process, monkeypatch).turn(STUCK)
    process.beat()
    with pytest.raises(OperationalError), nowhere.connect() as connection:
        connection.execute(sa.text("SELECT 1"))


def _again(monkeypatch: pytest.MonkeyPatch, life: Callable[[int], Child], sign: Path) -> int:
    """Lives a supervisor begins until the third, of which the first two end at once."""
    monkeypatch.setattr(supervising, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(supervising, "LOOK_SECONDS", 0.01)
    stop, count = threading.Event(), itertools.count(1)
    lives: list[int] = []

    def start() -> Child:
        lives.append(next(count))
        if len(lives) == 3:
            stop.set()
        return life(lives[-1])

    keeping = threading.Thread(target=Supervisor("it", start, stop, sign, stuck=0.05).run)
    keeping.start()
    keeping.join(20)
    assert not keeping.is_alive()
    return len(lives)


def test_a_process_that_cannot_be_started_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def life(number: int) -> Child:
        raise OSError(11, f"no process to be had, {number}")

    assert _again(monkeypatch, life, tmp_path / "sign") == 3


def test_a_process_that_stands_still_is_ended_and_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "still.py").write_text(
        "import signal\nprint('ready', flush=True)\nsignal.pause()\n", encoding="utf-8"
    )
    search = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    children: list[Child] = []

    def life(_number: int) -> Child:
        environment = {"PYTHONPATH": search}
        log = tmp_path / "log"
        children.append(Child("it", "still", [], log=log, environment=environment))
        return children[-1]

    assert _again(monkeypatch, life, tmp_path / "sign") == 3
    assert not any(child.running() for child in children)

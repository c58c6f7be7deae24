"""A demo day in a fresh workspace, which is gone afterwards unless it was asked for."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from tqdm import tqdm

from api.demo.day import Tell
from api.demo.faults.plan import Orders
from api.demo.faults.storm import play_faults
from api.demo.faults.verdict import Verdict
from api.demo.playing import Played, play, shipped_rulesets
from engine.runtime.settings import Settings
from engine.runtime.workspace import Workspace

T = TypeVar("T")

STEPS, FAULT_STEPS = 12, 2
"""Steps of a day, for the progress bar."""


def play_alone(
    documents: int, seed: int, rulesets: Path | None, keep: Path | None = None
) -> Played:
    """Play one day; a progress bar on a terminal. `keep` is a new workspace that stays."""

    def play_in(workspace: Workspace, engine: sa.Engine, tell: Tell) -> Played:
        folder = rulesets or shipped_rulesets()
        return play(workspace, engine, folder, documents=documents, seed=seed, tell=tell)

    return _alone(play_in, keep, STEPS)


def play_faults_alone(orders: Orders, rulesets: Path | None, keep: Path | None = None) -> Verdict:
    """Play a faulty day; a progress bar on a terminal. `keep` is a new workspace that stays."""

    def play_in(workspace: Workspace, engine: sa.Engine, tell: Tell) -> Verdict:
        folder = rulesets or shipped_rulesets()
        return play_faults(workspace, engine, folder, orders, tell, server=workspace.server)

    return _alone(play_in, keep, FAULT_STEPS)


def _alone(play_in: Callable[[Workspace, sa.Engine, Tell], T], keep: Path | None, steps: int) -> T:
    if keep is not None:
        return _play(Workspace.create(keep, demo=True), play_in, steps)
    with tempfile.TemporaryDirectory(prefix="sluice-demo-") as folder:
        workspace = Workspace.create(Path(folder) / "workspace", demo=True)
        try:
            return _play(workspace, play_in, steps)
        finally:
            workspace.destroy()


def _play(
    workspace: Workspace, play_in: Callable[[Workspace, sa.Engine, Tell], T], steps: int
) -> T:
    settings = Settings.load(workspace.folder, environ={})
    shown = sys.stderr.isatty()
    with (
        tqdm(
            total=steps, disable=not shown, file=sys.stderr, bar_format="{l_bar}{bar}| {desc}"
        ) as bar,
        workspace.database(settings) as engine,
    ):

        def tell(title: str) -> None:
            bar.set_description_str(title)
            bar.update()

        return play_in(workspace, engine, tell)

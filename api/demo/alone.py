"""A demo day in a fresh workspace, which is gone afterwards unless it was asked for."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tqdm import tqdm

from api.demo.playing import Played, play, shipped_rulesets
from engine.runtime.settings import Settings
from engine.runtime.workspace import Workspace

STEPS = 12
"""Steps of a day, for the progress bar."""


def play_alone(
    documents: int, seed: int, rulesets: Path | None, keep: Path | None = None
) -> Played:
    """Play one day; a progress bar on a terminal. `keep` is a new workspace that stays."""
    rulesets = rulesets or shipped_rulesets()
    if keep is not None:
        return _play(Workspace.create(keep, demo=True), rulesets, documents, seed)
    with tempfile.TemporaryDirectory(prefix="sluice-demo-") as folder:
        workspace = Workspace.create(Path(folder) / "workspace", demo=True)
        try:
            return _play(workspace, rulesets, documents, seed)
        finally:
            workspace.destroy()


def _play(workspace: Workspace, rulesets: Path, documents: int, seed: int) -> Played:
    settings = Settings.load(workspace.folder, environ={})
    shown = sys.stderr.isatty()
    with (
        tqdm(
            total=STEPS, disable=not shown, file=sys.stderr, bar_format="{l_bar}{bar}| {desc}"
        ) as bar,
        workspace.database(settings) as engine,
    ):

        def tell(title: str) -> None:
            bar.set_description_str(title)
            bar.update()

        return play(workspace, engine, rulesets, documents=documents, seed=seed, tell=tell)

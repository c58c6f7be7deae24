"""A demo day in a fresh workspace that is gone afterwards: what `sluice demo` runs."""

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


def play_alone(documents: int, seed: int, rulesets: Path | None) -> Played:
    """Play one day; a progress bar on a terminal."""
    with tempfile.TemporaryDirectory(prefix="sluice-demo-") as folder:
        workspace = Workspace.create(Path(folder) / "workspace", demo=True)
        try:
            return _play(workspace, rulesets or shipped_rulesets(), documents, seed)
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

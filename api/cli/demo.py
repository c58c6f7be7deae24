"""`sluice demo`: one business day of the demo group, in a fresh workspace of its own."""

from __future__ import annotations

import json
import sys
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from tqdm import tqdm

from api.demo.playing import Played, play, shipped_rulesets
from api.demo.report import summary
from engine.runtime.settings import Settings
from engine.runtime.workspace import Workspace

STEPS = 12
"""Steps of a day, for the progress bar."""


class Format(StrEnum):
    """Output formats."""

    FULL = "full"
    JSON = "json"


def demo(
    documents: Annotated[int, typer.Option(min=60, max=100_000, help="How many.")] = 300,
    seed: Annotated[int, typer.Option(help="The same seed gives the same day.")] = 1,
    format: Annotated[Format, typer.Option(help="full or json.")] = Format.FULL,
    rulesets: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Another rulesets folder.")
    ] = None,
) -> None:
    """Play one business day against simulated banks and check every invariant; exit 1 if the
    day is not good."""
    with tempfile.TemporaryDirectory(prefix="sluice-demo-") as folder:
        workspace = Workspace.create(Path(folder) / "workspace", demo=True)
        try:
            played = _play(workspace, rulesets or shipped_rulesets(), documents, seed)
        finally:
            workspace.destroy()
    if format is Format.JSON:
        typer.echo(json.dumps(played.report.to_json(), ensure_ascii=False))
    else:
        typer.echo(summary(played.report, played.log.lines))
    if not played.report.good:
        raise typer.Exit(1)


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


def register(app: typer.Typer) -> None:
    """Add `demo`."""
    app.command("demo")(demo)

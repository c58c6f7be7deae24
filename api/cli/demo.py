"""`sluice demo`: one business day of the demo group, in a fresh workspace of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from api.cli.say import Format


def demo(
    documents: Annotated[int, typer.Option(min=60, max=100_000, help="How many.")] = 300,
    seed: Annotated[int, typer.Option(help="The same seed gives the same day.")] = 1,
    output: Format = "full",
    rulesets: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Another rulesets folder.")
    ] = None,
    workspace: Annotated[
        Path | None,
        typer.Option(help="Play in this new workspace and keep it; other commands may use it."),
    ] = None,
) -> None:
    """Play one business day against simulated banks and check every invariant; exit 1 if the
    day is not good."""
    # The web stack takes a second to import; commands on files must not wait for it.
    from api.demo.alone import play_alone
    from api.demo.report import summary

    played = play_alone(documents, seed, rulesets, workspace)
    if output == "json":
        typer.echo(json.dumps(played.report.to_json(), ensure_ascii=False))
    else:
        typer.echo(summary(played.report, played.log.lines))
    if not played.report.good:
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add `demo`."""
    app.command("demo")(demo)

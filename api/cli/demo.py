"""`sluice demo`: one business day of the demo group, in a fresh workspace of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from api.cli.say import Format

LEAST_DOCUMENTS = 60
"""So many are needed for every trouble of a day to occur."""


def demo(
    documents: Annotated[
        int | None,
        typer.Option(min=20, max=100_000, help="How many (300; with --faults 500)."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same day.")] = 1,
    output: Format = "full",
    rulesets: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Another rulesets folder.")
    ] = None,
    workspace: Annotated[
        Path | None,
        typer.Option(help="Play in this new workspace and keep it; other commands may use it."),
    ] = None,
    faults: Annotated[
        bool,
        typer.Option(
            "--faults",
            help="Kill and pause the workers, let the banks misbehave, and count what was paid.",
        ),
    ] = False,
    kill: Annotated[int, typer.Option(min=0, help="With --faults: kill -9 so often.")] = 60,
    pause: Annotated[int, typer.Option(min=0, help="With --faults: SIGSTOP so often.")] = 30,
) -> None:
    """Play one business day against simulated banks and check every invariant; exit 1 if the
    day is not good."""
    # The web stack takes a second to import; commands on files must not wait for it.
    from api.demo.alone import play_alone, play_faults_alone
    from api.demo.faults.plan import Orders
    from api.demo.faults.verdict import told
    from api.demo.report import summary

    if faults:
        orders = Orders(documents=documents or 500, kills=kill, pauses=pause, seed=seed)
        verdict = play_faults_alone(orders, rulesets, workspace)
        if output == "json":
            typer.echo(json.dumps(verdict.to_json(), ensure_ascii=False))
        else:
            typer.echo(told(verdict))
        if not verdict.good:
            raise typer.Exit(1)
        return
    if documents is not None and documents < LEAST_DOCUMENTS:
        raise typer.BadParameter(f"a demo day has at least {LEAST_DOCUMENTS} documents")
    played = play_alone(documents or 300, seed, rulesets, workspace)
    if output == "json":
        typer.echo(json.dumps(played.report.to_json(), ensure_ascii=False))
    else:
        typer.echo(summary(played.report, played.log.lines))
    if not played.report.good:
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add `demo`."""
    app.command("demo")(demo)

"""`sluice run`: database, API and pages, workers, and in a demo the simulated banks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.workspace import WorkspaceOption


def run(
    workspace: WorkspaceOption = None,
    host: Annotated[
        str | None, typer.Option(help="Address (default: $SLUICE_HOST, 127.0.0.1).")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port (default: $SLUICE_PORT, 8000).")] = None,
    rulesets: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Rulesets a demo workspace follows."),
    ] = None,
) -> None:
    """Start everything and stay until Ctrl-C. Without a workspace a demo group is made."""
    # The web stack takes a second to import; commands on files must not wait for it.
    from api.serving import serve

    serve(workspace, host, port, rulesets)


def register(app: typer.Typer) -> None:
    """Add `run`."""
    app.command("run")(run)

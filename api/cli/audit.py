"""`sluice audit verify`: is every row of the audit log what it was when it was written."""

from __future__ import annotations

import json

import typer

from api.cli.say import Format
from api.cli.workspace import WorkspaceOption, opened
from engine.runtime import audit
from engine.runtime.db import transaction


def verify(
    workspace: WorkspaceOption = None,
    output: Format = "full",
) -> None:
    """Check the chain of the audit log and its anchors; exit 1 when a row is not genuine."""
    with opened(workspace) as (place, _, engine), transaction(engine) as session:
        report = audit.verify(session, place.anchors)
    if output == "json":
        typer.echo(json.dumps(report.to_json(), ensure_ascii=False))
    elif report.first_bad is None:
        typer.echo(f"{report.rows} audit rows, all genuine")
    else:
        typer.echo(json.dumps(report.first_bad.to_json(), ensure_ascii=False))
        typer.echo(f"{report.rows} audit rows; the row above is not what was written")
    if not report.ok:
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add `audit verify`."""
    group = typer.Typer(help="The audit log.", no_args_is_help=True)
    group.command("verify")(verify)
    app.add_typer(group, name="audit")

    @group.callback()
    def only_group() -> None: ...

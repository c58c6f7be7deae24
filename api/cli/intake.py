"""`sluice import FILE`: a file of documents, one row one document, one file one batch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from api.cli.person import AsOption, proven
from api.cli.say import Format
from api.cli.workspace import WorkspaceOption, opened
from api.demo.state import clock_for


def import_documents(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV or xlsx.")],
    user: AsOption,
    workspace: WorkspaceOption = None,
    output: Format = "full",
    refused: Annotated[
        Path | None, typer.Option(help="Write refused and returned rows to this xlsx file.")
    ] = None,
) -> None:
    """Import documents; exit 1 when a row was refused or returned, or the file came before."""
    # pandas and its kin take a second to import; other commands must not wait for them.
    from engine.rulebook import Rulebook
    from engine.runtime.db import transaction
    from engine.treasury.intake.imports import import_file
    from engine.treasury.intake.refusals import refusals_xlsx

    with opened(workspace) as (place, _, engine):
        clock = clock_for(place)
        person = proven(place, engine, clock, user)
        with transaction(engine) as session:
            answer = import_file(
                session, Rulebook(), person, file.name, file.read_bytes(), clock.now()
            )
            batch_no = answer.body.get("batch_no")
            if refused is not None and isinstance(batch_no, str):
                refused.write_bytes(refusals_xlsx(session, person, batch_no))
    body = answer.body
    if output == "json":
        typer.echo(json.dumps({"status": answer.status, **body}, ensure_ascii=False))
    else:
        for one in _refusals(body.get("refusals")):
            typer.echo(one)
        came = " (this file was taken before; this is the first answer)"
        typer.echo(
            f"{body.get('batch_no') or file.name}: {body.get('rows')} rows, "
            f"{body.get('accepted')} accepted, {body.get('returned')} returned, "
            f"{body.get('refused')} refused{came if answer.status == 409 else ''}"
        )
    if answer.status != 201 or body.get("returned") or body.get("refused"):
        raise typer.Exit(1)


def _refusals(rows: object) -> list[str]:
    if not isinstance(rows, list):
        return []
    return [
        f"row {row.get('row')}: {row.get('column') or '-'}: [{row.get('code')}] "
        f"{row.get('message_en')}"
        for row in rows
        if isinstance(row, dict)
    ]


def register(app: typer.Typer) -> None:
    """Add `import`."""
    app.command("import")(import_documents)

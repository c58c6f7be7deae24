"""`sluice init` and `sluice rules`: a workspace of one's own, and its rules by two persons."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from api.cli import rule_versions
from api.cli.person import AsOption, proven
from api.cli.rule_drafts import drafts_group
from api.cli.workspace import WorkspaceOption, opened
from api.demo.state import clock_for
from engine.base.text import SluiceError, Text
from engine.rulebook import folder_state, pending, sync_folder
from engine.runtime.clock import SystemClock
from engine.runtime.db import transaction
from engine.runtime.settings import Settings
from engine.runtime.workspace import Workspace
from engine.treasury.accounts.group import load_group
from engine.treasury.organisations.grants import require
from engine.treasury.rulesets.reviewing import sign_and_activate
from engine.treasury.rulesets.writing import propose_text


def init(
    group: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="The group as YAML.")],
    rulesets: Annotated[Path, typer.Option(exists=True, file_okay=False, help="First rulesets.")],
    author: Annotated[str, typer.Option(help="Who answers for the first rulesets.")],
    reviewer: Annotated[str, typer.Option(help="Who signs them: another person.")],
    reason: Annotated[str, typer.Option(help="Why these rules.")],
    workspace: WorkspaceOption = None,
) -> None:
    """Make a workspace that is no demo: its group, and its first rulesets signed by two."""
    settings = Settings.load(workspace)
    place = Workspace.create(settings.workspace)
    now = SystemClock().now()
    made = False
    try:
        with place.database(settings) as engine:
            with transaction(engine) as session:
                loaded = load_group(session, group.read_text("utf-8"))
                require(session, author, "rulesets.edit", "GROUP")
                require(session, reviewer, "rulesets.approve", "GROUP")
            with transaction(engine) as session:
                synced = sync_folder(
                    session, rulesets, author=author, approver=reviewer, reason=reason, now=now
                )
                states = folder_state(session)
        made = synced.revision is not None
    finally:
        if not made:
            # Nothing half made stays: the same command can be given again, corrected.
            place.server().destroy()
            shutil.rmtree(place.folder)
    for state in states:
        for one in state.findings:
            typer.echo(f"{rulesets / one.file}:{one.span.line}: [{one.code}] {one.message.en}")
    typer.echo(
        f"{place.folder}: {loaded.organisations} organisations, {loaded.users} users, "
        f"{loaded.accounts} accounts; "
        + (f"revision {synced.revision}" if made else "nothing was kept: correct the rulesets")
    )
    if synced.revision is None:
        raise typer.Exit(1)


def propose_files(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False)],
    user: AsOption,
    reason: Annotated[str, typer.Option(help="Why the rule changes.")],
    workspace: WorkspaceOption = None,
) -> None:
    """Propose changed rulesets; they rule nothing until another person approves them."""
    with opened(workspace) as (place, _, engine):
        clock = clock_for(place)
        person = proven(place, engine, clock, user)
        with transaction(engine) as session:
            made = [
                propose_text(
                    session, person, file.read_text("utf-8"), file.name, reason, clock.now()
                )
                for file in files
            ]
    for version in made:
        typer.echo(f"{version.hash[:12]} {version.kind} {version.name} {version.version} proposed")


def approve_hash(
    hash: Annotated[str, typer.Argument(help="Hash, or its beginning, as `rules pending` shows.")],
    user: AsOption,
    workspace: WorkspaceOption = None,
) -> None:
    """Sign a proposed ruleset as another person than its author; it is live from then on."""
    with opened(workspace) as (place, _, engine):
        clock = clock_for(place)
        person = proven(place, engine, clock, user)
        with transaction(engine) as session:
            found = [one for one in pending(session) if one.hash.startswith(hash)]
            if len(found) != 1:
                raise SluiceError(
                    "HASH_UNCLEAR",
                    Text(
                        f"{len(found)} proposed rulesets begin with {hash}; "
                        "see `sluice rules pending`",
                        f"有 {len(found)} 个待批规则以 {hash} 开头;请查看 `sluice rules pending`",
                    ),
                )
            revision = sign_and_activate(session, person, found[0].hash, clock.now())
    typer.echo(f"revision {revision}: {found[0].name} {found[0].version} is live")


def list_pending(workspace: WorkspaceOption = None) -> None:
    """Proposed rulesets that wait for a second person."""
    with opened(workspace) as (_, _, engine), transaction(engine) as session:
        waiting = pending(session)
    for one in waiting:
        typer.echo(
            f"{one.hash[:12]} {one.kind} {one.name} {one.version} by {one.author}: {one.reason}"
        )
    typer.echo(f"{len(waiting)} waiting")


def register(app: typer.Typer) -> None:
    """Add `init` and the group `rules`."""
    app.command("init")(init)
    group = typer.Typer(help="Rulesets by two persons.", no_args_is_help=True)
    group.command("propose")(propose_files)
    group.command("approve")(approve_hash)
    group.command("pending")(list_pending)
    group.add_typer(drafts_group(), name="draft")
    rule_versions.add_to(group)
    app.add_typer(group, name="rules")

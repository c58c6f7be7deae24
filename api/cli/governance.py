"""`sluice init` and `sluice rules`: a workspace of one's own, and its rules by two persons."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from api.cli import rule_beginnings, rule_versions
from api.cli.files import named
from api.cli.person import AsOption, proven
from api.cli.reload import refusals
from api.cli.rule_drafts import drafts_group
from api.cli.rule_json import version_json
from api.cli.rule_words import version_named, version_now
from api.cli.say import Format, Language, explained, say, say_json
from api.cli.vocabulary import words_group
from api.cli.workspace import WorkspaceOption, opened
from api.demo.state import clock_for
from engine.base.text import SluiceError, Text
from engine.rulebook import folder_state, pending, sync_folder
from engine.rules.check import read_file
from engine.runtime.clock import SystemClock
from engine.runtime.db import transaction
from engine.runtime.settings import Settings
from engine.runtime.workspace import Workspace
from engine.treasury.accounts.group import load_group
from engine.treasury.organisations.rule_grants import require_every_kind
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
                require_every_kind(session, author, "rulesets.edit", "GROUP")
                require_every_kind(session, reviewer, "rulesets.approve", "GROUP")
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
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Propose changed rulesets; they rule nothing until another person approves them."""
    with explained(lang), refusals(lang), opened(workspace) as (place, _, engine):
        clock = clock_for(place)
        person = proven(place, engine, clock, user)
        with transaction(engine) as session:
            made = [
                propose_text(session, person, read_file(file), named(file), reason, clock.now())
                for file in files
            ]
    for version in made:
        say(version_now(version, lang))


def approve_hash(
    hash: Annotated[str, typer.Argument(help="Hash, or its beginning, as `rules pending` shows.")],
    user: AsOption,
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Sign a proposed ruleset as another person than its author; it is live from then on."""
    with explained(lang), refusals(lang), opened(workspace) as (place, _, engine):
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
    live = f"{found[0].name} {found[0].version}"
    say(
        Text(f"revision {revision}: {live} is live", f"第 {revision} 次激活:{live} 已生效").say(
            lang
        )
    )


def list_pending(
    output: Format = "full", lang: Language = "en", workspace: WorkspaceOption = None
) -> None:
    """Proposed rulesets that wait for a second person."""
    with (
        explained(lang, output),
        opened(workspace) as (_, _, engine),
        transaction(engine) as session,
    ):
        waiting = pending(session)
    if output == "json":
        say_json([version_json(one) for one in waiting])
        return
    for one in waiting:
        by = Text(f"by {one.author}", f"编写 {one.author}").say(lang)
        say(f"{version_named(one)} {by}: {one.reason}")
    say(Text(f"{len(waiting)} waiting", f"{len(waiting)} 个待复核").say(lang))


def register(app: typer.Typer) -> None:
    """Add `init` and the group `rules`."""
    app.command("init")(init)
    group = typer.Typer(help="Rulesets by two persons.", no_args_is_help=True)
    group.command("propose")(propose_files)
    group.command("approve")(approve_hash)
    group.command("pending")(list_pending)
    group.add_typer(drafts_group(), name="draft")
    group.add_typer(words_group(), name="words")
    rule_versions.add_to(group)
    rule_beginnings.add_to(group)
    app.add_typer(group, name="rules")

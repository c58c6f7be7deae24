"""`sluice rules draft …`: rulesets in the making, from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.acting import acting
from api.cli.beside import written_beside
from api.cli.files import named
from api.cli.person import AsOption, proven
from api.cli.reload import refusals
from api.cli.rule_json import draft_json
from api.cli.rule_words import DRAFT, version_now
from api.cli.say import Format, Language, complain, explained, say, say_json
from api.cli.workspace import WorkspaceOption, opened
from api.demo.state import clock_for
from engine.base.text import Lang, Text
from engine.rulebook.draft_errors import DraftConflict
from engine.rulebook.drafts import draft_findings
from engine.rulebook.models import RulesetDraft
from engine.rules.render import counted, finding_text
from engine.runtime.db import transaction
from engine.treasury.rulesets import visible, writing

Number = Annotated[int, typer.Argument(help="Number of the draft, as `rules draft list` shows.")]


def save(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The text.")],
    user: AsOption,
    draft: Annotated[int | None, typer.Option(help="Save over this draft (default: new).")] = None,
    seen: Annotated[
        str | None, typer.Option(help="Hash of the text it started from, as `save` told it.")
    ] = None,
    base: Annotated[str | None, typer.Option(help="Hash of the version it changes.")] = None,
    note: Annotated[str, typer.Option(help="What it is about.")] = "",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Save a text as a draft, with its errors; exit 1 when there are some."""
    with explained(lang), opened(workspace) as (place, _, engine):
        clock = clock_for(place)
        person = proven(place, engine, clock, user)
        text = file.read_bytes().decode("utf-8", "replace")
        try:
            with transaction(engine) as session:
                if draft is None:
                    saved = writing.begin(
                        session, person, text, clock.now(), base=base, file=named(file), note=note
                    )
                else:
                    stored = visible.draft_for(session, person, draft).text_hash
                    saved = writing.save(
                        session,
                        person,
                        draft,
                        text,
                        _whole(seen or "", stored),
                        clock.now(),
                        note=note or None,
                    )
        except DraftConflict as conflict:
            _conflict(conflict, file, lang)
            raise typer.Exit(1) from None
    _findings(saved, lang)
    say(_line(saved, lang))
    if saved.errors:
        raise typer.Exit(1)


def _whole(seen: str, stored: str) -> str:
    """The stored hash when `seen` is that or 8 digits of it or more; otherwise `seen`."""
    return stored if len(seen) >= 8 and stored.startswith(seen) else seen


def _conflict(conflict: DraftConflict, file: Path, lang: Lang) -> None:
    """Both texts are kept: the user's in his file, the stored one beside it."""
    theirs = written_beside(file, "theirs", conflict.stored.text)
    label = Text("error", "错误").say(lang)
    complain(f"{label}[{conflict.code}] {conflict.text.say(lang)}")
    complain(
        Text(
            f"the stored text is in {theirs}; after merging save with "
            f"--seen {conflict.stored.hash[:12]}",
            f"已存文本在 {theirs};合并后请以 --seen {conflict.stored.hash[:12]} 保存",
        ).say(lang)
    )


def _findings(draft: RulesetDraft, lang: Lang) -> None:
    for one in draft_findings(draft):
        complain(finding_text(one, draft.text, lang, colour=False))


def _line(one: RulesetDraft, lang: Lang) -> str:
    wrong = Text(counted(one.errors, "error", "errors"), f"{one.errors} 个错误").say(lang)
    name = f"{one.kind or '?'}/{one.name or '?'}"
    state = DRAFT[one.state].say(lang)
    return f"{one.id} {state} {name} {one.text_hash[:12]} {', '.join(one.editors)}: {wrong}"


def show(
    number: Number,
    user: AsOption,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """The text of a draft to stdout, its findings to stderr."""
    with explained(lang), acting(workspace, user) as (session, person, _):
        found = visible.draft_for(session, person, number)
    if output == "json":
        say_json(
            {
                "id": found.id,
                "state": found.state,
                "hash": found.text_hash,
                "errors": found.errors,
                "editors": found.editors,
                "text": found.text,
            }
        )
        return
    _findings(found, lang)
    typer.echo(found.text, nl=False)


def list_drafts(
    user: AsOption,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """The open drafts the person may see."""
    with explained(lang, output), acting(workspace, user) as (session, person, _):
        found = writing.visible_drafts(session, person)
    if output == "json":
        say_json([draft_json(one) for one in found])
        return
    for one in found:
        say(_line(one, lang))
    say(Text(counted(len(found), "draft", "drafts"), f"{len(found)} 份草稿").say(lang))


def drop(
    number: Number, user: AsOption, lang: Language = "en", workspace: WorkspaceOption = None
) -> None:
    """Give a draft up; it stays readable."""
    with explained(lang), acting(workspace, user) as (session, person, clock):
        say(_line(writing.drop(session, person, number, clock.now()), lang))


def submit(
    number: Number,
    user: AsOption,
    reason: Annotated[str, typer.Option(help="Why the rule changes.")],
    seen: Annotated[
        str | None,
        typer.Option(help="Hash of the text you have read: another one is not proposed."),
    ] = None,
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Propose the draft as a version; nobody who edited it may sign it."""
    with explained(lang), refusals(lang), opened(workspace) as (place, _, engine):
        clock = clock_for(place)
        person = proven(place, engine, clock, user)
        with transaction(engine) as session:
            stored = visible.draft_for(session, person, number).text_hash
            text = stored if seen is None else _whole(seen, stored)
            made = writing.submit(session, person, number, text, reason, clock.now())
    say(version_now(made, lang))


def drafts_group() -> typer.Typer:
    """The group `draft`."""
    group = typer.Typer(help="Rulesets in the making.", no_args_is_help=True)
    group.command("save")(save)
    group.command("show")(show)
    group.command("list")(list_drafts)
    group.command("drop")(drop)
    group.command("submit")(submit)
    return group

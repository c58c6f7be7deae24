"""`sluice plan` and `sluice reload`: what would become live, and making it live or undoing it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session

from api.cli.person import AsOption, proven
from api.cli.plan_text import plan_lines
from api.cli.rule_json import refused_json
from api.cli.say import Format, Language, complain, explained, say, say_json
from api.cli.workspace import WorkspaceOption, opened
from api.demo.state import clock_for
from api.plan_json import plan_json
from engine.base.findings import Finding, Severity
from engine.base.text import Lang, SluiceError, Text
from engine.rulebook import Rulebook, RulesetRefused
from engine.rulebook.folder_plan import plan_folder
from engine.rulebook.history import HistoryFolder, LoadedHistories
from engine.rulebook.impact import MOST, Impact, impacts
from engine.rulebook.library import shelved
from engine.rulebook.planning import Plan, plan_reload
from engine.rulebook.reloading import Reloaded
from engine.rulebook.words.standing import signed_words
from engine.rules.render import finding_json, finding_text
from engine.runtime.db import transaction
from engine.treasury.rulesets import activating


@contextmanager
def refusals(lang: Lang, output: str = "full") -> Iterator[None]:
    """A refused set ends with its findings on stderr and exit code 1: nothing has changed.

    `output` json: they are data on stdout, as the API answers.
    """
    try:
        yield
    except RulesetRefused as refused:
        if output == "json":
            say_json(refused_json(refused))
            raise typer.Exit(1) from None
        tell_errors(refused.findings, lang)
        complain(Text("nothing has changed", "未作任何改变").say(lang))
        raise typer.Exit(1) from None


def tell_errors(findings: tuple[Finding, ...], lang: Lang) -> None:
    """Errors to stderr, one line each."""
    for one in findings:
        if one.severity is Severity.ERROR:
            complain(finding_text(one, None, lang, colour=False))


def plan(
    folder: Annotated[
        Path | None,
        typer.Argument(exists=True, file_okay=False, help="Compare this folder with what is live."),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--hash", help="Only these signed versions or vocabulary.")
    ] = None,
    most: Annotated[
        int, typer.Option("--impacts", min=0, help="Versions whose impact is looked for.")
    ] = MOST,
    output: Format = "full",
    lang: Language = "en",
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 3 if something would change.")
    ] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """What a reload would make live; with a folder, what its files would change. Writes nothing."""
    with explained(lang), opened(workspace) as (place, _, engine), transaction(engine) as session:
        told = None
        if folder is not None:
            found = plan_folder(session, folder)
        else:
            hashes = None if only is None else [_whole(session, one) for one in only]
            found = plan_reload(session, hashes)
            histories = LoadedHistories(HistoryFolder(place.folder / "history"))
            today = clock_for(place).business_date()
            told = impacts(session, found, Rulebook().at(session), histories, today, most=most)
    _show(found, told, output, lang)
    if found.broken:
        raise typer.Exit(1)
    if exit_code and not found.empty:
        raise typer.Exit(3)


def _whole(session: Session, hash: str) -> str:
    words = signed_words(session, hash)
    return shelved(session, hash).version.hash if words is None else words.hash


def _show(found: Plan, told: Mapping[str, Impact | Text] | None, output: str, lang: Lang) -> None:
    if output == "json":
        said = plan_json(found, told)
        say_json({**said, "findings": [finding_json(one, lang) for one in found.findings]})
        return
    tell_errors(found.findings, lang)
    for line in plan_lines(found, lang, told):
        say(line)


def reload(
    user: AsOption,
    reason: Annotated[str, typer.Option(help="Why the rules change, or go back.")],
    which: Annotated[
        list[str] | None,
        typer.Argument(
            help="Hashes of signed versions or of a signed vocabulary (default: all that wait);"
            " a revision after --undo (default: the one before)."
        ),
    ] = None,
    back: Annotated[
        bool, typer.Option("--undo", help="Let an earlier revision rule again.")
    ] = False,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Make signed rulesets live, all at once or none; prints the command that undoes it."""
    with explained(lang, output), refusals(lang, output), opened(workspace) as (place, _, engine):
        clock = clock_for(place)
        person = proven(place, engine, clock, user)
        with transaction(engine) as session:
            if back:
                to = _revision(which)
                done = activating.take_back(session, person, to, reason, clock.now())
            else:
                done = activating.reload(session, person, which or None, reason, clock.now())
    if output == "json":
        undo = f"sluice reload --undo {done.before}" if done.changed and done.before else None
        say_json(
            {
                "revision": done.revision,
                "before": done.before,
                "changed": done.changed,
                "undo": undo,
            }
        )
        return
    for line in _told(done, lang):
        say(line)


def _revision(which: list[str] | None) -> int | None:
    if not which:
        return None
    if len(which) > 1 or not which[0].isascii() or not which[0].isdigit():
        raise SluiceError(
            "REVISION_UNCLEAR",
            Text(
                "after --undo stands one revision number; see `sluice rules revisions`",
                "--undo 后应为一个激活编号；请查看 `sluice rules revisions`",
            ),
        )
    return int(which[0])


def _told(done: Reloaded, lang: Lang) -> Iterator[str]:
    if not done.changed:
        yield Text(
            f"nothing waits; revision {done.revision} stays live",
            f"没有待激活的版本；第 {done.revision} 次激活继续有效",
        ).say(lang)
        return
    yield Text(f"revision {done.revision} is live", f"第 {done.revision} 次激活已生效").say(lang)
    if done.before:
        undo = f"sluice reload --undo {done.before} --as USER --reason TEXT"
        yield Text(f"undo: {undo}", f"撤销：{undo}").say(lang)


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("plan")(plan)
    app.command("reload")(reload)

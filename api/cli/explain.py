"""`sluice explain DOCUMENT`: why each of its decisions came out so, row by row, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session

from api.cli.say import Format, Language, explained, say, say_json
from api.cli.workspace import WorkspaceOption, opened
from engine.base.text import Lang, SluiceError, Text
from engine.rulebook.references import read_text, refer
from engine.rulebook.under_words import under_text
from engine.rulebook.why import Under, Why, why
from engine.rulebook.why_json import why_json
from engine.rules.check import read_file
from engine.rules.explaining_text import explanation_lines
from engine.rules.model import Ruleset
from engine.rules.render import counted
from engine.runtime.clock import BUSINESS_ZONE
from engine.runtime.db import transaction
from engine.treasury import trace as tracing


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("explain")(explain)


def explain(
    document: Annotated[str, typer.Argument(help="Document number, or another of its numbers.")],
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="Only decisions of this kind; repeatable.")
    ] = None,
    decision: Annotated[int | None, typer.Option(help="Only the decision with this id.")] = None,
    under: Annotated[
        str | None,
        typer.Option(
            help="Also decide under this: a file, NAME@VERSION, live:NAME, draft:NUMBER or a hash."
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also rows that missed by several conditions.")
    ] = False,
    workspace: WorkspaceOption = None,
    output: Format = "full",
    lang: Language = "en",
) -> None:
    """Explain the decisions about a document, and what another ruleset would make of them."""
    with explained(lang), opened(workspace) as (_, _, engine), transaction(engine) as session:
        steps = [one for trace in tracing.trace(session, document) for one in trace.decisions]
        ids = [
            one.id for one in steps if (not kind or one.kind in kind) and decision in (None, one.id)
        ]
        if not ids:
            raise _none(document, [one.kind for one in steps])
        other = None if under is None else ruleset_named(session, under)
        found = why(session, ids, under=other)
    if output == "json":
        say_json({"decisions": [why_json(one, lang) for one in found]})
        return
    for one in found:
        for line in why_lines(one, lang, everything=everything):
            say(line)
    say(_summary(found).say(lang))


def ruleset_named(session: Session, reference: str) -> Ruleset:
    """The ruleset in a file, or the stored one a reference names."""
    path = Path(reference)
    if path.is_file():
        return read_text(session, read_file(path), reference)
    return refer(session, reference)


def why_lines(found: Why, lang: Lang, *, everything: bool) -> Iterator[str]:
    """One decision as lines: by what, the rows that fired, then row by row."""
    stored = found.stored
    at = stored.at.astimezone(BUSINESS_ZONE).strftime("%Y-%m-%d %H:%M:%S +08:00")
    signed = stored.reviewer or Text("nobody", "无人").say(lang)
    yield Text(
        f"{stored.kind} · {stored.ruleset} {stored.version} · {stored.hash[:12]} · revision "
        f"{stored.revision} · written by {stored.author}, signed by {signed} · decision "
        f"{stored.id} · {at}",
        f"{stored.kind} · {stored.ruleset} {stored.version} · {stored.hash[:12]} · 第 "
        f"{stored.revision} 次激活 · 编写 {stored.author}，复核 {signed} · 决策 {stored.id} · {at}",
    ).say(lang)
    for sentence in stored.sentences:
        yield f"  {sentence.say(lang)}"
    for line in explanation_lines(found.explanation, lang, everything=everything):
        yield f"    {line}"
    if found.under is not None:
        yield from (f"  {line}" for line in _under_lines(found, found.under, lang, everything))


def _under_lines(found: Why, under: Under, lang: Lang, everything: bool) -> Iterator[str]:
    yield under_text(found, under).say(lang)
    yield from (f"  {note.say(lang)}" for note in under.notes)
    if under.explanation is not None and under.differs:
        for line in explanation_lines(under.explanation, lang, everything=everything):
            yield f"  {line}"


def _none(document: str, kinds: list[str]) -> SluiceError:
    known = ", ".join(dict.fromkeys(kinds)) or "-"
    return SluiceError(
        "NOTHING_FOUND",
        Text(
            f"{document} has no such decision; it has decisions of these kinds: {known}",
            f"{document} 没有这样的决策；已有决策的种类：{known}",
        ),
    )


def _summary(found: list[Why]) -> Text:
    differing = sum(one.under is not None and one.under.differs for one in found)
    asked = any(one.under is not None for one in found)
    en, zh = counted(len(found), "decision", "decisions"), f"{len(found)} 个决策"
    if not asked:
        return Text(en, zh)
    return Text(f"{en}, {differing} would differ", f"{zh}，其中 {differing} 个会不同")

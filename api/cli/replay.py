"""`sluice replay`: decide stored decisions again; plainly nothing may differ."""

from __future__ import annotations

import datetime as dt
import sys
import time
from typing import Annotated

import typer
from sqlmodel import Session

from api.cli.say import Format, Language, complain, explained, say, say_json
from api.cli.workspace import WorkspaceOption, opened
from engine.base.text import SluiceError, Text
from engine.rulebook import Rulebook
from engine.rulebook.replay import AsOf, Difference, Selection, count, replay_all
from engine.rulebook.replay_json import difference_json
from engine.rules.render import counted
from engine.runtime.clock import BUSINESS_ZONE
from engine.runtime.db import transaction
from engine.treasury import trace as tracing

MOST_SHOWN = 200
"""Differences shown as text or JSON; the rest is counted."""
SLOW_SECONDS = 2
"""Progress is shown for what takes longer, on a terminal only."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("replay")(replay)


def replay(
    documents: Annotated[
        list[str] | None, typer.Argument(help="Numbers of documents; or give --all.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every stored decision.")] = False,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="Only decisions of this kind; repeatable.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Made on this day or later: 2026-11-23, or an instant.")
    ] = None,
    on: Annotated[
        str | None, typer.Option(help="Under the rules of this business date: 2026-11-23.")
    ] = None,
    known: Annotated[
        str | None,
        typer.Option(help="As known at this instant: 2026-11-23 or 2026-11-23T09:30+08:00."),
    ] = None,
    workspace: WorkspaceOption = None,
    output: Format = "full",
    lang: Language = "en",
) -> None:
    """Decide stored decisions again; exit 1 if any comes out otherwise.

    Plainly each is decided by the text, words and parameters it was made by. With --on or
    --known the rules of that date, as known at that instant, decide: what would differ.
    """
    started = time.monotonic()
    found: list[Difference] = []
    done = differing = 0
    with explained(lang), opened(workspace) as (_, _, engine), transaction(engine) as session:
        wanted = _selection(session, documents or [], kind or [], since, everything=everything)
        as_of = _as_of(session, on, known)
        total = count(session, wanted)
        for batch in replay_all(session, wanted, as_of):
            done += batch.count
            differing += len(batch.differences)
            found += batch.differences[: MOST_SHOWN - len(found)]
            _progress(done, total, time.monotonic() - started)
    seconds = time.monotonic() - started
    if output == "json":
        said = [difference_json(one, lang) for one in found]
        summary = {"decisions": done, "differing": differing, "seconds": f"{seconds:.3f}"}
        say_json({**summary, "differences": said, "hidden": differing - len(found)})
    else:
        for one in found:
            say(_line(one).say(lang))
        if differing > len(found):
            more = differing - len(found)
            say(Text(f"... {more:,} more hidden", f"……另有 {more:,} 条未显示").say(lang))
        say(_summary(done, differing, seconds).say(lang))
    if differing:
        raise typer.Exit(1)


def _selection(
    session: Session, documents: list[str], kinds: list[str], since: str | None, *, everything: bool
) -> Selection:
    if not documents and not everything and not kinds and since is None:
        raise SluiceError(
            "NOTHING_CHOSEN",
            Text(
                "name documents, or choose decisions with --all, --kind or --since",
                "请给出单据号,或用 --all、--kind、--since 选择决策",
            ),
        )
    ids = [
        step.id
        for document in documents
        for trace in tracing.trace(session, document)
        for step in trace.decisions
    ]
    return Selection(
        tuple(ids) if documents else None,
        tuple(kinds),
        None if since is None else moment(since),
    )


def _as_of(session: Session, on: str | None, known: str | None) -> AsOf | None:
    if on is None and known is None:
        return None
    rulebook = Rulebook()
    pinned = rulebook.at(session) if known is None else rulebook.known_at(session, moment(known))
    return AsOf(pinned, None if on is None else day(on))


def day(text: str) -> dt.date:
    """A business date. Raises SluiceError BAD_DATE."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise _unreadable(text) from None


def moment(text: str) -> dt.datetime:
    """An instant; without a zone it is the business zone's, a date alone is its first instant.

    Raises SluiceError BAD_DATE.
    """
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        raise _unreadable(text) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=BUSINESS_ZONE)


def _unreadable(text: str) -> SluiceError:
    return SluiceError(
        "BAD_DATE",
        Text(
            f"{text[:40]!r} is no date or instant; write 2026-11-23 or 2026-11-23T09:30+08:00",
            f"{text[:40]!r} 不是日期或时刻;请写 2026-11-23 或 2026-11-23T09:30+08:00",
        ),
    )


def _progress(done: int, total: int, seconds: float) -> None:
    if seconds > SLOW_SECONDS and sys.stderr.isatty():
        complain(f"{done:,} / {total:,}")


def _line(one: Difference) -> Text:
    now = one.ruleset_now or "-"
    by = one.ruleset if now == one.ruleset else f"{one.ruleset} → {now}"
    head = f"{one.decision_id}  {one.matter}  {one.kind}  {by}"
    then, rows = (", ".join(rows) or "-" for rows in (one.rows, one.rows_now))
    if one.error is not None:
        return Text(
            f"{head}  {then} → cannot be decided: {one.error.en}",
            f"{head}  {then} → 无法决策：{one.error.zh}",
        )
    if then == rows:
        return Text(f"{head}  {then}, with another outcome", f"{head}  {then}，结果不同")
    return Text(f"{head}  {then} → {rows}", f"{head}  {then} → {rows}")


def _summary(done: int, differing: int, seconds: float) -> Text:
    return Text(
        f"{counted(done, 'decision', 'decisions')} decided again in {seconds:.1f} s, "
        f"{differing:,} came out otherwise",
        f"重新决策 {done:,} 个，用时 {seconds:.1f} 秒，{differing:,} 个结果不同",
    )

"""`sluice queue`: what waits, runs, is held or was given up; retry, hold and release."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Annotated

import typer
from sqlmodel import Session

from api.cli.operating import Act, looking, operate
from api.cli.person import AsOption
from api.cli.rule_words import local
from api.cli.say import Format, Language, explained, say, say_json
from api.cli.workspace import WorkspaceOption
from api.pages.language import word
from api.rest.dead_letters import DeadLetterOut
from api.rest.queue import ActionList, ActionOut, HoldOut, KindOut
from api.services import Services
from engine.base.text import Lang, SluiceError, Text
from engine.rules.render import counted
from engine.runtime.models import WorkHold
from engine.treasury.operations import letters, queue, queue_acts

Key = Annotated[str | None, typer.Argument(help="Key, as `queue ls` shows.")]
Kind = Annotated[str | None, typer.Option(help="All actions of this kind, those to come too.")]
Reason = Annotated[str, typer.Option(help="Why: it is kept in the audit log.")]


def ls(
    state: Annotated[
        str | None, typer.Option(help="due, later, running, held, dead or done.")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="Only this kind.")] = None,
    text: Annotated[str | None, typer.Option(help="Part of the key or the last reason.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Actions that are not done, or those of a state."""
    with (
        explained(lang, output),
        looking(workspace) as (session, services),
    ):
        if state is not None and state not in queue.STATES:
            raise _unclear(state)
        wanted = queue.QueueFilter(state, kind, text)
        found = queue.find(session, None, wanted, services.clock.now(), limit=limit)
    if output == "json":
        rows = [ActionOut.of(one) for one in found.rows]
        say_json(ActionList(rows=rows, count=found.count).model_dump(mode="json"))
        return
    for one in found.rows:
        say(_line(one, lang))
    hidden = found.count - len(found.rows)
    more = Text(f", {hidden:,} hidden (--limit)", f"，另有 {hidden:,} 个未显示（--limit）")
    total = Text(counted(found.count, "action", "actions"), f"{found.count:,} 个任务").say(lang)
    say(total + (more.say(lang) if hidden else ""))


def kinds(
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Kinds of action, how many stand how, and which are held."""
    with (
        explained(lang, output),
        looking(workspace) as (session, services),
    ):
        found = queue.kinds(session, None, services.kinds, services.clock.now())
    if output == "json":
        say_json([KindOut.of(one).model_dump(mode="json") for one in found])
        return
    for one in found:
        counts = (f"{word(lang, f'queue.{name}')} {many:,}" for name, many in one.counts.items())
        told = ", ".join(counts) or "-"
        held = "" if one.hold is None else f"  {word(lang, 'queue.held')}: {one.hold.reason}"
        say(f"{one.kind}  {told}{held}")
    say(Text(counted(len(found), "kind", "kinds"), f"{len(found)} 种任务").say(lang))


def dead(
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Actions that were given up: `queue ls --state dead`."""
    ls(state="dead", output=output, lang=lang, workspace=workspace)


def dead_letters(
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Messages to sources that were given up, with how many wait behind each."""
    with (
        explained(lang, output),
        looking(workspace) as (session, _),
    ):
        found = letters.dead_letters(session, None)
    if output == "json":
        say_json([DeadLetterOut.of(one).model_dump(mode="json") for one in found])
        return
    for one in found:
        behind = Text(f"{one.waiting} behind it", f"后续 {one.waiting} 条").say(lang)
        about = f"{one.destination} {one.aggregate} {one.status or one.kind}"
        say(f"{one.message_id}  {about}  {local(one.created_at)}  {behind}: {one.last_error}")
    say(Text(f"{len(found)} dead letters", f"{len(found)} 条死信").say(lang))


def replay(
    message: Annotated[str, typer.Argument(help="Message id, as `queue letters` shows.")],
    user: AsOption,
    reason: Annotated[str, typer.Option(help="What was mended.")],
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Send a dead letter again; those it held back follow in order."""

    def act(session: Session, person: str, services: Services) -> dict[str, object]:
        letters.replay(session, person, message, reason, services.clock.now())
        return {"message_id": message}

    said = Text(f"{message} is sent again", f"{message} 将重发")
    operate(act, said, user, output, lang, workspace)


def retry(
    key: Annotated[str, typer.Argument(help="Key, as `queue ls --state dead` shows.")],
    user: AsOption,
    reason: Annotated[str, typer.Option(help="What was mended.")],
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Let a given-up action be tried again, after its cause was mended."""

    def act(session: Session, person: str, services: Services) -> dict[str, object]:
        queue_acts.retry(session, person, key, reason, services.clock.now())
        return {"key": key}

    said = Text(f"{key} will be tried again", f"{key} 将重试")
    operate(act, said, user, output, lang, workspace)


def hold(
    user: AsOption,
    reason: Reason,
    key: Key = None,
    kind: Kind = None,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Let no worker begin an action, or any of a kind. What runs now ends its run."""

    said = Text(f"{key or kind} is held", f"{key or kind} 已暂停")

    def of_kind(session: Session, person: str, services: Services) -> WorkHold:
        now = services.clock.now()
        return queue_acts.hold_kind(session, person, kind or "", services.kinds, reason, now)

    act = _one_of(key, kind, reason, queue_acts.hold_action, of_kind)
    operate(act, said, user, output, lang, workspace)


def release(
    user: AsOption,
    reason: Reason,
    key: Key = None,
    kind: Kind = None,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Let workers take a held action, or kind, again."""

    said = Text(f"{key or kind} is released", f"{key or kind} 已恢复")

    def of_kind(session: Session, person: str, services: Services) -> WorkHold:
        now = services.clock.now()
        return queue_acts.release_kind(session, person, kind or "", reason, now)

    act = _one_of(key, kind, reason, queue_acts.release_action, of_kind)
    operate(act, said, user, output, lang, workspace)


OfAction = Callable[[Session, str, str, str, dt.datetime], WorkHold]
OfKind = Callable[[Session, str, Services], WorkHold]


def _one_of(
    key: str | None, kind: str | None, reason: str, of_action: OfAction, of_kind: OfKind
) -> Act:
    """The act on one action, or on a kind. It raises QUEUE_UNCLEAR for both or neither."""

    def act(session: Session, person: str, services: Services) -> dict[str, object]:
        if (key is None) == (kind is None):
            raise SluiceError(
                "QUEUE_UNCLEAR", Text("name a key, or --kind KIND", "请指定任务键，或 --kind 类型")
            )
        if key is None:
            made = of_kind(session, person, services)
        else:
            made = of_action(session, person, key, reason, services.clock.now())
        return HoldOut.of(made).model_dump(mode="json")

    return act


def _unclear(state: str) -> SluiceError:
    states = ", ".join(queue.STATES)
    return SluiceError(
        "STATE_UNCLEAR",
        Text(f"{state!r} is no state; use one of {states}", f"没有状态 {state!r};可用:{states}"),
    )


def _line(one: queue.QueueRow, lang: Lang) -> str:
    parts = [word(lang, f"queue.{one.standing}"), one.key, one.org_id or "-"]
    if one.due_at is not None:
        parts.append(local(one.due_at))
    parts.append(Text(counted(one.attempts, "attempt", "attempts"), f"{one.attempts} 次").say(lang))
    if one.crashes:
        parts.append(
            Text(counted(one.crashes, "crash", "crashes"), f"出错 {one.crashes} 次").say(lang)
        )
    if one.held and one.standing == "running":
        parts.append(Text("held after this run", "本次执行后暂停").say(lang))
    line = "  ".join(parts)
    return f"{line}: {one.last_error}" if one.last_error else line


def register(app: typer.Typer) -> None:
    """Add the group `queue`."""
    group = typer.Typer(help="What workers carry out.", no_args_is_help=True)
    group.command("ls")(ls)
    group.command("kinds")(kinds)
    group.command("dead")(dead)
    group.command("letters")(dead_letters)
    group.command("replay")(replay)
    group.command("retry")(retry)
    group.command("revive", hidden=True)(retry)
    group.command("hold")(hold)
    group.command("release")(release)
    app.add_typer(group, name="queue")

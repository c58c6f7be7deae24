"""`sluice notifications`: alerts told by e-mail and SMS, sent again, tried out; templates."""

from __future__ import annotations

import os
from typing import Annotated

import typer
from sqlmodel import Session

from api.cli.operating import looking, operate, operating
from api.cli.person import AsOption
from api.cli.rule_words import local
from api.cli.say import Format, Language, explained, say, say_json
from api.cli.workspace import WorkspaceOption
from api.pages.language import word
from api.rest.notifications import NotificationList, NotificationOut
from api.services import Services
from engine.base import message_folders
from engine.base.masking import masked_address
from engine.base.text import SluiceError, Text
from engine.formats.message_templates import CHANNELS, load
from engine.formats.reading import FormatError
from engine.rules.render import counted
from engine.treasury.notifications import listing, resending, trying
from engine.treasury.notifications.listing import NotificationFilter
from engine.treasury.notifications.sending import open_carriers
from engine.treasury.organisations.addresses import set_addresses

State = Annotated[str | None, typer.Option(help=", ".join(listing.STATES))]
Channel = Annotated[str | None, typer.Option(help="email or sms.")]
Reason = Annotated[str, typer.Option(help="Why: it is kept in the audit log.")]


def list_(
    state: State = None,
    channel: Channel = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Alerts told by e-mail and SMS, newest first."""
    with explained(lang, output), looking(workspace) as (session, _):
        _known(state, listing.STATES)
        _known(channel, CHANNELS)
        found = listing.find(session, None, NotificationFilter(state, channel), limit=limit)
    if output == "json":
        rows = [NotificationOut.of(one) for one in found.rows]
        page = NotificationList(rows=rows, count=found.count, states=found.states)
        say_json(page.model_dump(mode="json"))
        return
    for one in found.rows:
        who = f"{one.user_id} <{one.address}>" if one.user_id else one.role or "-"
        at = local(one.ended_at or one.next_at or one.created_at)
        how = f"{word(lang, f'tell_by.{one.channel}')}  {word(lang, f'notification.{one.state}')}"
        said = one.answer or one.cause or "-"
        say(f"{one.id}  {one.code}  {one.org_id}  {who}  {how}  {one.tries}  {at}  {said}")
    say(
        Text(counted(found.count, "notification", "notifications"), f"{found.count:,} 条通知").say(
            lang
        )
    )


def resend(
    user: AsOption,
    reason: Reason,
    number: Annotated[int | None, typer.Argument(help="Number, as `list` shows.")] = None,
    state: State = None,
    channel: Channel = None,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Send one again, or all of a state and channel, with the same words and the same id."""

    def act(session: Session, person: str, services: Services) -> dict[str, object]:
        now = services.clock.now()
        if number is not None and state is None and channel is None:
            resending.resend(session, person, number, reason, now)
            return {"count": 1}
        if number is None and state is not None and channel is not None:
            _known(state, resending.AGAIN)
            _known(channel, CHANNELS)
            sent = resending.resend_all(session, person, state, channel, reason, now)
            return {"count": sent}
        raise SluiceError(
            "ONE_OF",
            Text(
                "name a number, or a state and a channel",
                "请指定通知编号,或同时指定状态和方式",
            ),
        )

    operate(act, Text("sent again", "将重发"), user, output, lang, workspace)


def try_out(
    user: AsOption,
    channel: Annotated[str, typer.Option(help="email or sms.")] = "email",
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Send a test message to your own address, as this command's environment says."""
    with explained(lang, output):
        _known(channel, CHANNELS)
        carriers = open_carriers(os.environ)
        try:
            with operating(workspace, user) as (session, person, services):
                now = services.clock.now()
                message = trying.trial(session, person, carriers, channel, now)
            answer = trying.carried(carriers, channel, message)
        finally:
            carriers.close()
    if output == "json":
        say_json({"answer": answer, "address": masked_address(message.address)})
    else:
        say(Text(f"taken: {answer}", f"已接收:{answer}").say(lang))


def address(
    person: Annotated[str, typer.Argument(help="Sign-in name of whose addresses these are.")],
    user: AsOption,
    email: Annotated[str | None, typer.Option(help="None when left out.")] = None,
    phone: Annotated[str | None, typer.Option(help="None when left out.")] = None,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Set both addresses of a person (permission users.manage)."""

    def act(session: Session, actor: str, services: Services) -> dict[str, object]:
        found = set_addresses(session, actor, person, email, phone, services.clock.now())
        return {"email": masked_address(found.email), "phone": masked_address(found.phone)}

    said = Text(f"the addresses of {person} are set", f"{person} 的联系方式已登记")
    operate(act, said, user, output, lang, workspace)


def templates(output: Format = "full", lang: Language = "en") -> None:
    """Templates there are, and what is wrong with them; exit 1 when something is."""
    wrong: dict[str, str | None] = {}
    titles: dict[str, str] = {}
    for name in sorted(message_folders.names()):
        try:
            titles[name], wrong[name] = load(name).title.say(lang), None
        except FormatError as error:
            titles[name], wrong[name] = name, error.text.say(lang)
    if output == "json":
        say_json([{"name": one, "title": titles[one], "error": wrong[one]} for one in wrong])
    else:
        for name, fault in wrong.items():
            say(f"{name}  {fault or titles[name]}")
    if any(wrong.values()):
        raise typer.Exit(1)


def _known(given: str | None, among: tuple[str, ...]) -> None:
    if given is not None and given not in among:
        known = ", ".join(among)
        raise SluiceError(
            "VALUE_UNKNOWN",
            Text(f"there is no {given}; use {known}", f"没有 {given};可用:{known}"),
        )


def register(app: typer.Typer) -> None:
    """Add the group `notifications`."""
    group = typer.Typer(help="Alerts told by e-mail and SMS.", no_args_is_help=True)
    group.command("list")(list_)
    group.command("resend")(resend)
    group.command("test")(try_out)
    group.command("address")(address)
    group.command("templates")(templates)
    app.add_typer(group, name="notifications")

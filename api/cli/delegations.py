"""`sluice delegations`: who approves in whose place."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from api.cli.acting import acting
from api.cli.person import AsOption
from api.cli.say import Format, Language, explained, say, say_json
from api.cli.workspace import WorkspaceOption
from api.rest.delegations import DelegationOut, NewDelegation
from engine.base.text import SluiceError, Text
from engine.treasury.delegations import giving, lists

One = Annotated[int, typer.Argument(help="Delegation, as `delegations list` shows it.")]


def listed(
    user: AsOption,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Delegations you gave or received, and those you may read; the latest first."""
    with explained(lang, output), acting(workspace, user) as (session, person, clock):
        found = [DelegationOut.of(one) for one in lists.find(session, person, clock.now())]
    if output == "json":
        say_json([one.model_dump(mode="json") for one in found])
        return
    for one in found:
        who = Text(f"{one.delegate} for {one.principal}", f"{one.delegate} 代 {one.principal}")
        caps = ", ".join(f"{code} {most}" for code, most in (one.caps or {}).items()) or "-"
        say(
            f"{one.id}  {one.state}  {who.say(lang)}  {one.organisation}  "
            f"{one.valid_from}..{one.valid_until}  {caps}"
        )
    say(Text(f"{len(found)} delegation(s)", f"{len(found)} 项授权").say(lang))


def give(
    to: Annotated[str, typer.Option("--to", help="Who approves in the other's place.")],
    organisation: Annotated[str, typer.Option("--org", help="With everything below it.")],
    first: Annotated[str, typer.Option("--from", help="First day, 2026-11-23.")],
    last: Annotated[str, typer.Option("--until", help="Last day, included.")],
    reason: Annotated[str, typer.Option(help="Why: it is kept.")],
    user: AsOption,
    principal: Annotated[
        str | None, typer.Option("--for", help="In whose place; an administrator names him.")
    ] = None,
    away: Annotated[
        str | None, typer.Option(help="He is away until this day: steps do not count on him.")
    ] = None,
    role: Annotated[list[str] | None, typer.Option(help="Only steps of this role.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Only this business type.")] = None,
    cap: Annotated[list[str] | None, typer.Option(help="Most: CNY=50000.00")] = None,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Let somebody approve in your place, or as an administrator in another's."""
    with explained(lang, output), acting(workspace, user) as (session, person, clock):
        wanted = NewDelegation(
            principal=principal,
            delegate=to,
            organisation=organisation,
            valid_from=_day(first),
            valid_until=_day(last),
            away_until=None if away is None else _day(away),
            roles=role,
            business_types=kind,
            caps=dict(_cap(one) for one in cap or ()),
            reason=reason,
        )
        made = giving.give(session, person, wanted.terms(person), clock.now())
        own = made.given_by == made.principal
        value = {"id": made.id, "confirmed": own}
    if output == "json":
        say_json(value)
        return
    stands = Text(f"delegation {value['id']} stands", f"授权 {value['id']} 已生效")
    waits = Text(
        f"delegation {value['id']} waits for a second person's confirmation",
        f"授权 {value['id']} 待他人确认",
    )
    say((stands if own else waits).say(lang))


def confirm(
    delegation: One,
    user: AsOption,
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Confirm what an administrator gave: as the principal, or as another administrator."""
    with explained(lang, "full"), acting(workspace, user) as (session, person, clock):
        giving.confirm(session, person, delegation, clock.now())
    say(Text(f"delegation {delegation} stands", f"授权 {delegation} 已生效").say(lang))


def revoke(
    delegation: One,
    user: AsOption,
    reason: Annotated[str, typer.Option(help="Why; an administrator gives one.")] = "",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """End a delegation at once, or refuse one that waits."""
    with explained(lang, "full"), acting(workspace, user) as (session, person, clock):
        giving.revoke(session, person, delegation, reason, clock.now())
    say(Text(f"delegation {delegation} is revoked", f"授权 {delegation} 已撤销").say(lang))


def come_back(user: AsOption, lang: Language = "en", workspace: WorkspaceOption = None) -> None:
    """Say that you are no longer away."""
    with explained(lang, "full"), acting(workspace, user) as (session, person, clock):
        giving.come_back(session, person, clock.now())
    say(Text(f"{user} is back", f"{user} 已返岗").say(lang))


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise SluiceError(
            "DATE_UNREADABLE",
            Text(f"{text} is no date; write 2026-11-23", f"{text} 不是日期;请写成 2026-11-23"),
        ) from None


def _cap(text: str) -> tuple[str, str]:
    currency, mark, amount = text.partition("=")
    if not mark:
        raise SluiceError(
            "CAP_UNREADABLE",
            Text(f"{text} is no cap; write CNY=50000.00", f"{text} 不是限额;请写成 CNY=50000.00"),
        )
    return currency, amount


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Who approves in whose place.", no_args_is_help=True)
    group.command("list")(listed)
    group.command("give")(give)
    group.command("confirm")(confirm)
    group.command("revoke")(revoke)
    group.command("return")(come_back)
    app.add_typer(group, name="delegations")

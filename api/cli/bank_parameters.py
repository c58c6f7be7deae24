"""`sluice bank show`, `set`, `on` and `off`: limits, cut-offs and channels while it runs."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlmodel import Session

from api.cli.operating import looking, operate
from api.cli.person import AsOption
from api.cli.rule_words import local
from api.cli.say import Format, Language, explained, say, say_json
from api.cli.workspace import WorkspaceOption
from api.rest.banks import BankSettingsOut, SettingOut, settings_out
from api.services import Services
from engine.banks.parameters import ROOT
from engine.base.text import Lang, Text
from engine.treasury.banks import Change, bank_view, changes, set_parameter
from engine.treasury.organisations.tree import organisations

Bank = Annotated[str, typer.Argument(help="Bank, as `sluice banks` shows.")]
Channel = Annotated[str, typer.Option(help="One channel; without it every channel.")]
Org = Annotated[str, typer.Option(help="Organisation it holds for, with everything below.")]
Reason = Annotated[str, typer.Option(help="Why: it is kept.")]


def show(
    bank: Bank,
    org: Org = ROOT,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """A bank as an organisation meets it: channels, cut-offs, limits, and who set what."""
    with explained(lang, output), looking(workspace) as (session, _):
        made = changes(session, bank, organisations(session))
        found = BankSettingsOut.of(bank_view(session, bank, org), org, made)
    if output == "json":
        say_json(found.model_dump(mode="json"))
        return
    for channel in found.channels:
        state = Text("on", "开通") if channel.on else Text("OFF", "关闭")
        until = Text(f"until {channel.cut_off:%H:%M}", f"截止 {channel.cut_off:%H:%M}")
        say(f"{channel.channel}  {state.say(lang)}  {until.say(lang)}")
    for one in found.settings:
        say(_line(one, lang))


def put(
    bank: Bank,
    name: Annotated[
        str, typer.Argument(help="cut_off, max_payment, max_day, max_in_flight or quiet.")
    ],
    value: Annotated[str, typer.Argument(help="Its value; `reset` takes the setting back.")],
    user: AsOption,
    reason: Reason,
    channel: Channel = "",
    org: Org = ROOT,
    currency: Annotated[str, typer.Option(help="Of a limit.")] = "CNY",
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Set a parameter; every process goes by it from now on."""
    wanted = None if value == "reset" else value
    change = Change(bank, name, wanted, reason, channel, org, currency)
    said = Text(f"{name} of {bank} is {value}", f"{bank} 的 {name} 已设为 {value}")
    _change(change, said, user, output, lang, workspace)


def on(
    bank: Bank,
    channel: Annotated[str, typer.Argument(help="Channel to open.")],
    user: AsOption,
    reason: Reason,
    org: Org = ROOT,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Open a channel again."""
    said = Text(f"{channel} of {bank} is on", f"{bank} 的渠道 {channel} 已开通")
    change = Change(bank, "channel", "on", reason, channel, org)
    _change(change, said, user, output, lang, workspace)


def off(
    bank: Bank,
    channel: Annotated[str, typer.Argument(help="Channel to close.")],
    user: AsOption,
    reason: Reason,
    org: Org = ROOT,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Close a channel: nothing leaves by it; what has left is not touched."""
    said = Text(f"{channel} of {bank} is OFF", f"{bank} 的渠道 {channel} 已关闭")
    change = Change(bank, "channel", "off", reason, channel, org)
    _change(change, said, user, output, lang, workspace)


def _change(
    change: Change,
    said: Text,
    user: str,
    output: Format,
    lang: Lang,
    workspace: WorkspaceOption,
) -> None:
    def act(session: Session, person: str, services: Services) -> dict[str, object]:
        set_parameter(session, person, change, services.clock.now())
        found = settings_out(session, person, change.bank_id, change.org_id)
        return found.model_dump(mode="json")

    operate(act, said, user, output, lang, workspace)


def _line(one: SettingOut, lang: Lang) -> str:
    by = f"{one.changed_by} {local(one.changed_at)}: {one.reason}"
    value = f"{one.currency} {one.value}".strip()
    channel = one.channel or Text("every channel", "全部渠道").say(lang)
    return f"  {one.organisation}  {channel}  {one.name} {value}  ({by})"


def add(group: typer.Typer) -> None:
    """Add the commands to `sluice bank`."""
    group.command("show")(show)
    group.command("set")(put)
    group.command("on")(on)
    group.command("off")(off)

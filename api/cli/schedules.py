"""`sluice schedules` and `sluice banks`: what fires by itself, and what the banks sent last."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Annotated

import typer
from sqlmodel import Session

from api.cli.operating import Act, looking, operate, operating
from api.cli.person import AsOption
from api.cli.rule_words import local
from api.cli.say import Format, Language, explained, say, say_json
from api.cli.workspace import WorkspaceOption
from api.pages.language import word
from api.rest.banks import BankOut
from api.rest.queue import HoldOut
from api.rest.schedules import ScheduleOut
from api.schedule_words import when
from api.services import Services
from engine.base.text import Lang, Text
from engine.rules.render import counted
from engine.runtime.models import WorkHold
from engine.runtime.schedules import Schedule
from engine.treasury.operations import banks as bank_rows
from engine.treasury.operations import schedules
from engine.treasury.operations.banks import BankRow
from engine.treasury.operations.schedules import ScheduleRow

Name = Annotated[str, typer.Argument(help="Name, as `schedules ls` shows.")]
Reason = Annotated[str, typer.Option(help="Why: it is kept in the audit log.")]


def ls(
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Schedules: when they fire, when they did last and what became of it, and their next time."""
    with explained(lang, output), looking(workspace) as (session, services):
        known = services.schedules
        found = schedules.listed(session, None, known, services.clock.now())
    if output == "json":
        say_json([ScheduleOut.of(one).model_dump(mode="json") for one in found])
        return
    for one in found:
        say(_line(one, lang))
    say(Text(counted(len(found), "schedule", "schedules"), f"{len(found)} 个定时任务").say(lang))


def hold(
    name: Name,
    user: AsOption,
    reason: Reason,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Let a schedule not fire until it is released."""
    said = Text(f"{name} is held: it does not fire", f"{name} 已暂停，不再触发")
    operate(_held(schedules.hold, name, reason), said, user, output, lang, workspace)


def release(
    name: Name,
    user: AsOption,
    reason: Reason,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Let a schedule fire again; of the times that passed meanwhile, the latest fires at once."""
    said = Text(
        f"{name} fires again; the latest time that passed meanwhile, if any, fires at once",
        f"{name} 已恢复；暂停期间若有错过的时间，仅最近一次立即触发",
    )
    operate(_held(schedules.release, name, reason), said, user, output, lang, workspace)


def run(
    name: Name,
    user: AsOption,
    reason: Reason,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """One extra run at once; it moves none of the schedule's times."""
    with explained(lang, output), operating(workspace, user) as (session, person, services):
        now = services.clock.now()
        key = schedules.run_now(session, person, services.schedules, name, reason, now)
    if output == "json":
        say_json({"action": key})
    else:
        say(Text(f"{key} waits for a worker", f"{key} 待执行").say(lang))


Hold = Callable[[Session, str, Sequence[Schedule], str, str, dt.datetime], WorkHold]


def _held(do: Hold, name: str, reason: str) -> Act:
    def act(session: Session, person: str, services: Services) -> dict[str, object]:
        made = do(session, person, services.schedules, name, reason, services.clock.now())
        return HoldOut.of(made).model_dump(mode="json")

    return act


def banks(
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """One line per bank: profile, endpoint, accounts, latest balance report and statement."""
    with explained(lang, output), looking(workspace) as (session, services):
        # Only the process that started them knows where the simulated banks of a demo are.
        found = bank_rows.banks(
            session,
            None,
            lambda one: None if services.demo else services.bank_configured(one),
        )
    if output == "json":
        say_json([BankOut.of(one).model_dump(mode="json") for one in found])
        return
    for one in found:
        say(_bank(one, lang))
    say(Text(counted(len(found), "bank", "banks"), f"{len(found)} 家银行").say(lang))


_ENDPOINT = {
    True: Text("endpoint set", "已配置接口"),
    False: Text("no endpoint", "未配置接口"),
    None: Text("endpoint known to `sluice run`", "接口由 `sluice run` 掌握"),
}


def _bank(one: BankRow, lang: Lang) -> str:
    profile = one.profile
    balance = "-" if one.balance_at is None else local(one.balance_at)
    statement = "-" if one.statement_at is None else local(one.statement_at)
    accounts = counted(one.accounts, "account", "accounts")
    said = Text(
        f"{accounts}  balance {balance}  statement {statement}",
        f"账户 {one.accounts} 个  余额 {balance}  对账单 {statement}",
    ).say(lang)
    endpoint = _ENDPOINT[one.configured].say(lang)
    return f"{profile.id}  {profile.name.say(lang)}  {profile.connector}  {endpoint}  {said}"


def _line(one: ScheduleRow, lang: Lang) -> str:
    last, after = one.last, one.next_due
    fired = Text("never fired", "尚未触发").say(lang)
    if last is not None:
        by = "" if last.asked_by is None else f" ({last.asked_by})"
        became = "-" if last.state is None else word(lang, f"became.{last.state}")
        at = local(last.due_at)
        fired = Text(f"last {at}{by} {became}", f"上次 {at}{by} {became}").say(lang)
    then = "-" if after is None else local(after)
    line = f"{one.schedule.name}  {when(one.schedule).say(lang)}  {fired}  "
    if one.hold is not None:
        held = Text(f"held by {one.hold.held_by}", f"{one.hold.held_by} 已暂停").say(lang)
        return f"{line}{held}: {one.hold.reason}"
    return line + Text(f"next {then}", f"下次 {then}").say(lang)


def register(app: typer.Typer) -> None:
    """Add `schedules` and `banks`."""
    group = typer.Typer(help="What fires by itself.", no_args_is_help=True)
    group.command("ls")(ls)
    group.command("hold")(hold)
    group.command("release")(release)
    group.command("run")(run)
    app.add_typer(group, name="schedules")
    app.command("banks")(banks)

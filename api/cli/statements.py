"""`sluice statements`: statements by file, bookings by hand, and what is in quarantine."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from api.cli.acting import acting
from api.cli.person import AsOption
from api.cli.say import Format, Language, explained, say, say_json
from api.cli.statement_decisions import ask, decide, stopped
from api.cli.until import UntilOption, day_of
from api.cli.workspace import WorkspaceOption
from api.rest.statements import ByHand, FileResult, LineIn, StatementResult, enter
from engine.base.text import Lang, SluiceError, Text
from engine.treasury.accounts.book import by_number
from engine.treasury.statements import filing
from engine.treasury.statements.archived import import_files

Account = Annotated[str, typer.Option(help="Number of the account.")]


def take_files(
    paths: Annotated[list[Path], typer.Argument(help="Files.", exists=True, dir_okay=False)],
    user: AsOption,
    account: Annotated[
        str | None, typer.Option(help="Number of the account, where the file does not say it.")
    ] = None,
    layout: Annotated[
        str | None, typer.Option(help="Name of the layout, where several read it.")
    ] = None,
    until: UntilOption = None,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Import statement files, or zip files of them; exit 1 when something was not taken."""
    done = []
    for path in paths:
        with explained(lang, output), acting(workspace, user) as (session, person, clock):
            found = import_files(
                session,
                person,
                path.name,
                path.read_bytes(),
                clock.now(),
                account=account,
                layout=layout,
                until=day_of(until),
            )
            done.append(FileResult.of(found))
    if output == "json":
        say_json([one.model_dump(mode="json") for one in done])
    else:
        for path, one in zip(paths, done, strict=True):
            say(f"{path.name}  {one.format}")
            for each in one.statements:
                _say(each, lang)
            for refused in one.refused:
                why = refused.message_zh if lang == "zh" else refused.message_en
                say(f"  {refused.member}  {refused.code}  {why}")
    if not all(one.whole for one in done):
        raise typer.Exit(1)


def by_hand(
    account: Account,
    line: Annotated[
        list[str],
        typer.Option(help="DATE,debit|credit,AMOUNT,TEXT[,COUNTERPARTY[,ITS ACCOUNT]]"),
    ],
    closing: Annotated[str, typer.Option(help="The bank's balance after these bookings.")],
    user: AsOption,
    reason: Annotated[str, typer.Option(help="Why: it is kept.")],
    opening: Annotated[
        str | None, typer.Option(help="The balance before, for an account's first bookings.")
    ] = None,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Enter bookings of an account that no connector reaches."""
    with explained(lang, output), acting(workspace, user) as (session, person, clock):
        found = by_number(session, account)
        body = ByHand(
            account=0 if found is None else found.id or 0,
            lines=[_line(one) for one in line],
            closing=closing,
            opening=opening,
            reason=reason,
        )
        number, made = enter(session, person, body, clock.now())
        done = StatementResult.of(number, made)
    if output == "json":
        say_json(done.model_dump(mode="json"))
    else:
        _say(done, lang)


def again(
    account: Account,
    user: AsOption,
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Try an account's quarantined statements again."""
    with explained(lang, "full"), acting(workspace, user) as (session, person, clock):
        found = by_number(session, account)
        account_id = 0 if found is None else found.id or 0
        taken = filing.try_again(session, person, account_id, clock.now())
    say(Text(f"{taken} statements fit now", f"{taken} 份对账单已可导入").say(lang))


_STATES = {
    "accepted": Text("taken", "已导入"),
    "known": Text("known already", "已导入过"),
    "quarantined": Text("QUARANTINED", "已隔离"),
    "refused": Text("REFUSED for good", "已永久拒绝"),
}


def _say(one: StatementResult, lang: Lang) -> None:
    counts = Text(
        f"{one.new_lines} new lines, {one.known_lines} known",
        f"新增 {one.new_lines} 条,已有 {one.known_lines} 条",
    )
    member = f"{one.member}  " if one.member else ""
    say(f"  {member}{one.account}  {_STATES[one.state].say(lang)}  {counts.say(lang)}")
    for reason in one.reasons_zh if lang == "zh" else one.reasons_en:
        if one.state in ("quarantined", "refused"):
            say(f"    {reason}")


def _line(text: str) -> LineIn:
    cells = [one.strip() for one in text.split(",")]
    if not 4 <= len(cells) <= 6 or cells[1] not in ("debit", "credit"):
        raise _unreadable(text)
    try:
        day = dt.date.fromisoformat(cells[0])
    except ValueError as error:
        raise _unreadable(text) from error
    cells += [""] * (6 - len(cells))
    return LineIn(
        booking_date=day,
        direction="debit" if cells[1] == "debit" else "credit",
        amount=cells[2],
        remittance=cells[3],
        counterparty_name=cells[4],
        counterparty_account=cells[5],
    )


def _unreadable(text: str) -> SluiceError:
    return SluiceError(
        "LINE_INVALID",
        Text(
            f"{text!r} is no booking; write 2026-11-20,credit,100.00,text",
            f"{text!r} 无法识别;请写成 2026-11-20,credit,100.00,摘要",
        ),
    )


def register(app: typer.Typer) -> None:
    """Add `statements`."""
    group = typer.Typer(help="Bank statements by file and by hand.", no_args_is_help=True)
    group.command("import")(take_files)
    group.command("enter")(by_hand)
    group.command("again")(again)
    group.command("stopped")(stopped)
    group.command("ask")(ask)
    group.command("decide")(decide)
    app.add_typer(group, name="statements")

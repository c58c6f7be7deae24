"""`sluice statements stopped|ask|decide`: quarantined statements, decided by two persons."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.acting import acting
from api.cli.person import AsOption
from api.cli.say import Format, Language, explained, say, say_json
from api.cli.workspace import WorkspaceOption
from api.rest.statement_decisions import (
    QuarantinedStatement,
    StatementDecided,
    StatementProposed,
)
from engine.base.text import Lang, Text
from engine.treasury.statements import deciding

Number = Annotated[int, typer.Argument(help="Number, as `statements stopped` shows.")]


def stopped(
    user: AsOption,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Statements in quarantine, and what taking each would mean."""
    with explained(lang, output), acting(workspace, user) as (session, person, _):
        found = [QuarantinedStatement.of(one) for one in deciding.waiting(session, person)]
    if output == "json":
        say_json([one.model_dump(mode="json") for one in found])
        return
    for one in found:
        _say(one, lang)
    say(Text(f"{len(found)} in quarantine", f"{len(found)} 份隔离中").say(lang))


def _say(one: QuarantinedStatement, lang: Lang) -> None:
    say(f"{one.id}  {one.account}  {one.bank_statement_id or ''}  {one.statement_date}")
    say(f"  {one.reason_zh if lang == 'zh' else one.reason_en}")
    cannot = one.cannot_zh if lang == "zh" else one.cannot_en
    if cannot is not None:
        say(f"  {cannot}")
    else:
        said = f"taken as it is: {one.new_lines} new lines, {one.currency} {one.difference} named"
        zh = f"按原样导入:新增 {one.new_lines} 条,差额 {one.currency} {one.difference}"
        say("  " + Text(said, zh).say(lang))
    if one.asked is not None:
        wanted = _WANTED[one.asked.wanted].say(lang)
        say(f"  {one.asked.proposed_by}: {wanted}: {one.asked.reason}")


_WANTED = {
    "take": Text("take it as it is", "按原样导入"),
    "refuse": Text("refuse it for good", "永久拒绝"),
}
_OUTCOME = {
    "taken": Text("taken as it is", "已按原样导入"),
    "refused": Text("refused for good", "已永久拒绝"),
    "waiting": Text("stays in quarantine", "继续隔离"),
}


def ask(
    number: Number,
    take: Annotated[bool, typer.Option("--take/--refuse", help="As it is, or refuse for good.")],
    reason: Annotated[str, typer.Option(help="Why: it is kept.")],
    user: AsOption,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Ask what should become of a quarantined statement; another person decides."""
    with explained(lang, output), acting(workspace, user) as (session, person, clock):
        wanted: deciding.Wanted = "take" if take else "refuse"
        made = deciding.propose(session, person, number, wanted, reason, clock.now())
    if output == "json":
        say_json(StatementProposed(id=made, statement=number).model_dump())
        return
    en = f"statement {number}: {_WANTED[wanted].en} is asked for; another person decides"
    zh = f"对账单 {number}:已申请{_WANTED[wanted].zh};须由他人决定"
    say(Text(en, zh).say(lang))


def decide(
    number: Number,
    user: AsOption,
    approve: Annotated[
        bool, typer.Option("--approve/--decline", help="Carry out what was asked, or not.")
    ],
    reason: Annotated[str, typer.Option(help="Why; needed to decline.")] = "",
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Decide what another person asked about a quarantined statement."""
    with explained(lang, output), acting(workspace, user) as (session, person, clock):
        done = deciding.decide(
            session, person, number, approve=approve, reason=reason, now=clock.now()
        )
    if output == "json":
        made = StatementDecided(statement=number, outcome=done.outcome, new_lines=done.new_lines)
        say_json(made.model_dump())
        return
    said = _OUTCOME[done.outcome]
    say(Text(f"statement {number}: {said.en}", f"对账单 {number}:{said.zh}").say(lang))

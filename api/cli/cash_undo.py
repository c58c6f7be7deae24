"""`sluice cash undo|undos|decide`: taking back cash confirmed wrongly, by two persons."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.acting import acting
from api.cli.person import AsOption
from api.cli.rule_words import local
from api.cli.say import Format, Language, explained, say, say_json
from api.cli.workspace import WorkspaceOption
from api.rest.cash_reversals import CashProposed, CashReversalOut
from engine.base.text import Text
from engine.treasury import cash


def undos(
    user: AsOption,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Proposals to take a cash confirmation back that wait for their second person."""
    with explained(lang, output), acting(workspace, user) as (session, person, _):
        found = [CashReversalOut.of(one) for one in cash.open_reversals(session, person)]
    if output == "json":
        say_json([one.model_dump(mode="json") for one in found])
        return
    for one in found:
        when = f"{one.proposed_by} {local(one.proposed_at)}"
        say(f"{one.id}  {one.document_no}  {one.currency} {one.amount}  {when}: {one.reason}")
    say(Text(f"{len(found)} open", f"{len(found)} 项待决定").say(lang))


def undo(
    number: Annotated[str, typer.Argument(help="Document whose confirmation is wrong.")],
    reason: Annotated[str, typer.Option(help="What is wrong with it.")],
    user: AsOption,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Propose to take a confirmation back; another person decides with `cash decide`."""
    with explained(lang, output), acting(workspace, user) as (session, person, clock):
        made = cash.propose(session, person, number, reason, clock.now())
    if output == "json":
        say_json(CashProposed(id=made, document_no=number).model_dump())
    else:
        said = f"taking {number} back is proposed under number {made}; another person decides"
        say(Text(said, f"已申请撤销 {number} 的确认,编号 {made};须由他人决定").say(lang))


def decide(
    proposal: Annotated[int, typer.Argument(help="Number, as `cash undos` shows.")],
    user: AsOption,
    approve: Annotated[bool, typer.Option("--approve/--refuse", help="Take it back, or leave it.")],
    reason: Annotated[str, typer.Option(help="Why; needed to refuse.")] = "",
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Take a confirmation back, or refuse to."""
    with explained(lang, output), acting(workspace, user) as (session, person, clock):
        number = cash.decide(session, person, proposal, approve=approve, reason=reason, clock=clock)
    if output == "json":
        say_json(CashProposed(id=proposal, document_no=number).model_dump())
    elif approve:
        said = f"the confirmation of {number} was taken back; it is unpaid again"
        say(Text(said, f"单据 {number} 的确认已撤销,恢复为未支付").say(lang))
    else:
        say(Text(f"{number} stays confirmed", f"单据 {number} 维持已确认").say(lang))

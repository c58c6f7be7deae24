"""`sluice reconcile`: undoing an arrival that was confirmed wrongly, by two persons."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.operating import operating
from api.cli.person import AsOption
from api.cli.rule_words import local
from api.cli.say import Format, Language, explained, say, say_json
from api.cli.workspace import WorkspaceOption
from api.rest.match_reversals import Proposed, ReversalOut
from engine.base.money import format_major
from engine.base.text import Text
from engine.treasury import arrivals

Number = Annotated[int, typer.Argument(help="Number, as `reconcile undos` shows.")]


def undos(
    user: AsOption,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Proposals to undo a match that wait for their second person."""
    with explained(lang, output), operating(workspace, user) as (session, person, _):
        found = arrivals.open_reversals(session, person)
    if output == "json":
        say_json([ReversalOut.of(one).model_dump(mode="json") for one in found])
        return
    for one in found:
        total = f"{one.currency} {format_major(one.total, one.currency, grouped=True)}"
        when = f"{one.proposed_by} {local(one.proposed_at)}"
        say(f"{one.id}  {one.match_no}  {total}  {when}: {one.reason} ({one.evidence_name})")
    say(Text(f"{len(found)} open", f"{len(found)} 项待决定").say(lang))


def undo(
    match_no: Annotated[str, typer.Argument(help="Match number of the wrong arrival.")],
    evidence: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="The proof.")],
    reason: Annotated[str, typer.Option(help="What is wrong with it.")],
    user: AsOption,
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Propose to undo a match; another person decides with `reconcile decide`."""
    with explained(lang, output), operating(workspace, user) as (session, person, services):
        proof = arrivals.Proof(evidence.name, evidence.read_bytes())
        now = services.clock.now()
        made = arrivals.propose_reversal(session, person, match_no, reason, proof, now)
    if output == "json":
        say_json(Proposed(id=made, match_no=match_no).model_dump())
    else:
        said = f"undoing {match_no} is proposed under number {made}; another person decides"
        say(Text(said, f"已申请撤销 {match_no},编号 {made};须由他人决定").say(lang))


def decide(
    number: Number,
    user: AsOption,
    approve: Annotated[bool, typer.Option("--approve/--refuse", help="Undo it, or leave it.")],
    reason: Annotated[str, typer.Option(help="Why; needed to refuse.")] = "",
    output: Format = "full",
    lang: Language = "en",
    workspace: WorkspaceOption = None,
) -> None:
    """Carry a proposal out, or refuse it."""
    with explained(lang, output), operating(workspace, user) as (session, person, services):
        now = services.clock.now()
        match_no = arrivals.decide_reversal(
            session, person, number, approve=approve, reason=reason, now=now
        )
    if output == "json":
        say_json(Proposed(id=number, match_no=match_no).model_dump())
    elif approve:
        say(Text(f"match {match_no} was undone", f"核对批号 {match_no} 已撤销").say(lang))
    else:
        say(Text(f"match {match_no} stays as it is", f"核对批号 {match_no} 维持不变").say(lang))


def register(app: typer.Typer) -> None:
    """Add the group `reconcile`."""
    group = typer.Typer(help="Arrivals that were confirmed wrongly.", no_args_is_help=True)
    group.command("undos")(undos)
    group.command("undo")(undo)
    group.command("decide")(decide)
    app.add_typer(group, name="reconcile")

"""`sluice review`: what the product leaves to people, decided by two of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.acting import acting
from api.cli.person import AsOption
from api.cli.workspace import WorkspaceOption
from engine.machines.instruction.confirm import Verdict
from engine.rulebook import Rulebook
from engine.treasury.payments.listener import PaymentListener
from engine.treasury.payments.reviewing import Proof, confirm, propose, turn_down, unclear

ProposalArgument = Annotated[int, typer.Argument(help="Proposal, as `review list` shows it.")]


def list_reviews(user: AsOption, workspace: WorkspaceOption = None) -> None:
    """Unclear payments you may decide about, with what somebody proposed."""
    with acting(workspace, user) as (session, person, _):
        found = unclear(session, person)
    for one in found:
        said = " ".join(filter(None, (one.bank_code, one.bank_text)))
        typer.echo(f"{one.instruction_id} {one.state.value} {one.document_no} {said}".rstrip())
        if one.proposal is not None:
            typer.echo(
                f"  proposal {one.proposal.id}: {one.proposal.verdict.value}, by "
                f"{one.proposal.proposed_by}: {one.proposal.note} ({one.proposal.proof_name})"
            )
    typer.echo(f"{len(found)} open")


def propose_review(
    instruction: Annotated[str, typer.Argument(help="Instruction id, as `review list` shows.")],
    verdict: Annotated[Verdict, typer.Option(help="What the bank's proof says.")],
    evidence: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="The proof.")],
    note: Annotated[str, typer.Option(help="What the proof shows.")],
    user: AsOption,
    workspace: WorkspaceOption = None,
) -> None:
    """Say what became of an unclear payment, with the bank's proof; another person confirms."""
    proof = Proof(evidence.name, evidence.read_bytes())
    with acting(workspace, user) as (session, person, clock):
        made = propose(
            session,
            person,
            instruction,
            verdict,
            proof,
            note,
            clock.now(),
        )
    typer.echo(f"proposal {made}: waits for another person's `sluice review confirm {made}`")


def confirm_review(
    proposal: ProposalArgument, user: AsOption, workspace: WorkspaceOption = None
) -> None:
    """Confirm what another person proposed: the payment moves."""
    with acting(workspace, user) as (session, person, clock):
        listener = PaymentListener(Rulebook(), clock)
        changes = confirm(session, listener, person, proposal, clock.now())
    for change in changes:
        typer.echo(f"{change.instruction_id}: {change.old.value} -> {change.new.value}")


def turn_down_review(
    proposal: ProposalArgument,
    reason: Annotated[str, typer.Option(help="Why.")],
    user: AsOption,
    workspace: WorkspaceOption = None,
) -> None:
    """Refuse another person's proposal, or withdraw your own; the payment stays unclear."""
    with acting(workspace, user) as (session, person, clock):
        turn_down(session, person, proposal, reason, clock.now())
    typer.echo(f"proposal {proposal} is off; the payment stays unclear")


def register(app: typer.Typer) -> None:
    """Add the group `review`."""
    review = typer.Typer(help="Payments whose outcome people decide.", no_args_is_help=True)
    review.command("list")(list_reviews)
    review.command("propose")(propose_review)
    review.command("confirm")(confirm_review)
    review.command("refuse")(turn_down_review)
    app.add_typer(review, name="review")

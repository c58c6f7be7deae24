"""`sluice review`: what the product leaves to people, decided by people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer

from api.cli.person import AsOption, proven
from api.cli.workspace import WorkspaceOption, opened
from api.demo.state import clock_for
from engine.base.text import SluiceError, Text
from engine.machines.instruction.confirm import Verdict, resolve_review
from engine.machines.instruction.evidence import Evidence
from engine.rulebook import Rulebook
from engine.runtime import audit
from engine.runtime.db import transaction
from engine.treasury.organisations.grants import require
from engine.treasury.organisations.permissions import Permission
from engine.treasury.payments.listener import PaymentListener

DECIDES: Permission = "statements.reconcile"
CONFIRMS: Permission = "holds.release"
"""Permissions of the two persons who end a review: one reconciles, the other approves."""


def list_reviews(workspace: WorkspaceOption = None) -> None:
    """Payments whose outcome two persons must decide, and those still unknown."""
    with opened(workspace) as (_, _, engine), transaction(engine) as session:
        rows = session.execute(
            sa.text("""
                SELECT a.instruction_id, a.state, d.document_no, a.bank_code, a.bank_text
                FROM attempt a JOIN document d ON d.id = a.document_id
                WHERE a.state IN ('REVIEW', 'UNKNOWN') ORDER BY a.state, a.id""")
        ).all()
    for row in rows:
        said = " ".join(filter(None, (row.bank_code, row.bank_text)))
        typer.echo(f"{row.instruction_id} {row.state} {row.document_no} {said}".rstrip())
    typer.echo(f"{len(rows)} open")


def decide_review(
    instruction: Annotated[str, typer.Argument(help="Instruction id, as `review list` shows.")],
    verdict: Annotated[Verdict, typer.Option(help="What the bank's proof says.")],
    evidence: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="The proof.")],
    note: Annotated[str, typer.Option(help="What the proof shows.")],
    user: AsOption,
    second: Annotated[str, typer.Option(help="Sign-in name of the person who confirms.")],
    workspace: WorkspaceOption = None,
) -> None:
    """End an unclear payment by two persons and the bank's proof, which is kept."""
    with opened(workspace) as (place, _, engine):
        clock = clock_for(place)
        people = proven(place, engine, clock, user), proven(place, engine, clock, second)
        listener = PaymentListener(Rulebook(), clock)
        with transaction(engine) as session:
            found = session.execute(
                sa.text("SELECT id, org_id FROM attempt WHERE instruction_id = :id"),
                {"id": instruction},
            ).one_or_none()
            if found is None:
                raise SluiceError(
                    "INSTRUCTION_UNKNOWN",
                    Text(
                        f"there is no instruction {instruction}; see `sluice review list`",
                        f"没有指令 {instruction};请查看 `sluice review list`",
                    ),
                )
            require(session, people[0], DECIDES, found.org_id)
            require(session, people[1], CONFIRMS, found.org_id)
            proof = Evidence("manual", verdict.value, evidence.read_bytes(), note)
            changes = resolve_review(session, found.id, verdict, proof, *people, clock.now())
            listener.on_attempts(session, changes)
            audit.record(
                session,
                people[0],
                "review.decide",
                "attempt",
                instruction,
                found.org_id,
                None,
                {"verdict": verdict.value, "confirmed_by": people[1]},
                note,
                clock.now(),
            )
    for change in changes:
        typer.echo(f"{instruction}: {change.old.value} -> {change.new.value}")


def register(app: typer.Typer) -> None:
    """Add the group `review`."""
    review = typer.Typer(help="Payments whose outcome people decide.", no_args_is_help=True)
    review.command("list")(list_reviews)
    review.command("decide")(decide_review)
    app.add_typer(review, name="review")

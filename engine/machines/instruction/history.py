"""Reading the attempts of a document: their batches, their steps, and what the bank said."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, col, select

from engine.machines.instruction.models import Attempt, AttemptEvent, BankMessage, PaymentBatch


@dataclass(frozen=True, slots=True)
class AttemptHistory:
    """One attempt with its payment batch, its transitions and the evidence about it."""

    attempt: Attempt
    batch: PaymentBatch
    events: tuple[AttemptEvent, ...]
    messages: tuple[BankMessage, ...]
    """Messages about the whole batch, and those about this attempt alone, oldest first."""


def attempts_of(session: Session, document_id: int) -> list[AttemptHistory]:
    """Every attempt of a document, oldest first."""
    rows = session.exec(
        select(Attempt, PaymentBatch)
        .join(PaymentBatch, col(PaymentBatch.id) == col(Attempt.batch_id))
        .where(Attempt.document_id == document_id)
        .order_by(col(Attempt.attempt_no))
    ).all()
    events = session.exec(
        select(AttemptEvent)
        .where(col(AttemptEvent.attempt_id).in_([a.id for a, _ in rows]))
        .order_by(col(AttemptEvent.id))
    ).all()
    messages = session.exec(
        select(BankMessage)
        .where(col(BankMessage.batch_id).in_([b.id for _, b in rows]))
        .order_by(col(BankMessage.id))
    ).all()
    return [
        AttemptHistory(
            attempt,
            batch,
            tuple(e for e in events if e.attempt_id == attempt.id),
            tuple(
                m for m in messages if m.batch_id == batch.id and m.attempt_id in (None, attempt.id)
            ),
        )
        for attempt, batch in rows
    ]

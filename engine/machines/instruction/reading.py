"""From a bank's word to an attempt's next state: the connector bounds, the ruleset decides."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session

from engine.banks.contract import ItemStatus
from engine.formats.iso20022.pain002 import Reading
from engine.machines.instruction.ports import BankAnswer, Classifier, RuledStatus, Ruling
from engine.machines.instruction.states import AttemptState
from engine.machines.instruction.store import AttemptRow, BatchRow, Move

S = AttemptState
_FOLLOW = {
    AttemptState.LATE_SUCCESS: frozenset({S.FAILED}),
    AttemptState.PROCESSING: frozenset({S.SENDING, S.UNKNOWN, S.REVIEW, S.PROCESSING}),
    AttemptState.UNKNOWN: frozenset({S.SENDING, S.PROCESSING, S.UNKNOWN}),
    AttemptState.PAID: frozenset({S.SENDING, S.PROCESSING, S.UNKNOWN, S.REVIEW}),
    AttemptState.FAILED: frozenset({S.SENDING, S.PROCESSING, S.UNKNOWN, S.REVIEW}),
}
"""From which states a bank's word may lead to a state; elsewhere it changes nothing."""


def settle(reading: Reading, ruled: RuledStatus) -> AttemptState:
    """The state both the status and the ruleset agree on; without agreement UNKNOWN.

    A ruleset can make the machine more careful than the bank's status, never less: no edit of
    a YAML file turns "in processing" into failed, which would invite a second payment.
    """
    if ruled is RuledStatus.PAID and reading is Reading.PAID:
        return AttemptState.PAID
    if ruled is RuledStatus.FAILED and reading is Reading.REJECTED:
        return AttemptState.FAILED
    if ruled is RuledStatus.PENDING and reading in (Reading.PENDING, Reading.PAID):
        return AttemptState.PROCESSING
    return AttemptState.UNKNOWN


def moves_by_status(
    session: Session,
    batch: BatchRow,
    told: Sequence[tuple[AttemptRow, ItemStatus]],
    classify: Classifier,
) -> list[Move]:
    """What becomes of the attempts the bank said something about."""
    answers = [_answer(batch, attempt, status) for attempt, status in told]
    rulings = classify(session, answers) if answers else ()
    return [
        made
        for (attempt, status), ruling in zip(told, rulings, strict=True)
        if (made := _move(attempt, status, ruling)) is not None
    ]


def _move(attempt: AttemptRow, status: ItemStatus, ruling: Ruling) -> Move | None:
    new = settle(status.reading, ruling.status)
    if attempt.state is AttemptState.FAILED and new is AttemptState.PAID:
        new = AttemptState.LATE_SUCCESS
    if attempt.state not in _FOLLOW.get(new, ()):
        return None
    return Move(
        attempt,
        new,
        bank_code=status.reason or status.status,
        bank_text=status.text,
        bank_reference=status.bank_reference,
        handling=ruling.handling,
        decision_id=ruling.decision_id,
    )


def _answer(batch: BatchRow, attempt: AttemptRow, status: ItemStatus) -> BankAnswer:
    return BankAnswer(
        attempt_id=attempt.id,
        document_id=attempt.document_id,
        org_id=attempt.org_id,
        bank_id=batch.bank_id,
        direction=batch.direction,
        attempt_no=attempt.attempt_no,
        amount=attempt.amount,
        currency=batch.currency,
        bank_code=status.status,
        reason_code=status.reason,
        text=status.text,
    )

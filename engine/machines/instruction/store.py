"""Batches and attempts as rows: read under lock, moved many at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import Text
from engine.machines.instruction.errors import InstructionError
from engine.machines.instruction.ports import AttemptChange, Handling
from engine.machines.instruction.states import AttemptState, BatchState


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A payment batch as the machine needs it."""

    id: int
    org_id: str
    message_id: str
    bank_id: str
    channel: str
    direction: str
    account_number: str
    account_name: str
    account_bank_code: str
    currency: str
    value_date: dt.date
    sent_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """An attempt as the machine needs it."""

    id: int
    org_id: str
    batch_id: int
    document_id: int
    instruction_id: str
    attempt_no: int
    amount: int
    counterparty_name: str
    counterparty_account: str
    counterparty_bank_code: str | None
    remittance: str
    state: AttemptState
    not_found_count: int


@dataclass(frozen=True, slots=True)
class Move:
    """What becomes of one attempt. `new` may be the state it has: then only counts change.

    Fields left None keep what the attempt has.
    """

    attempt: AttemptRow
    new: AttemptState
    bank_code: str | None = None
    bank_text: str | None = None
    bank_text_zh: str | None = None
    """Where the words are ours."""
    bank_reference: str | None = None
    handling: Handling | None = None
    decision_id: int | None = None
    not_found_count: int = 0
    match_no: str | None = None
    evidence_id: int | None = None
    """Evidence about this attempt alone, instead of what `move` is given for all."""


_BATCH = """
    SELECT id, org_id, message_id, bank_id, channel, direction, account_number, account_name,
        account_bank_code, currency, value_date, sent_at
    FROM payment_batch WHERE id = :id
"""
_ATTEMPT = """
    SELECT id, org_id, batch_id, document_id, instruction_id, attempt_no, amount,
        counterparty_name, counterparty_account, counterparty_bank_code, remittance, state,
        not_found_count
    FROM attempt
"""


def read_batch(session: Session, batch_id: int, *, lock: bool) -> BatchRow:
    """The batch, locked against other workers when asked; InstructionError NO_BATCH."""
    sql = _BATCH + (" FOR UPDATE" if lock else "")
    row = session.connection().execute(sa.text(sql), {"id": batch_id}).one_or_none()
    if row is None:
        raise InstructionError(
            "NO_BATCH",
            Text(f"there is no payment batch {batch_id}", f"没有支付批 {batch_id};请核对编号"),
        )
    return BatchRow(*row)


def lock_batch_attempts(session: Session, batch_id: int) -> list[AttemptRow]:
    """All attempts of a batch in order of creation, locked."""
    sql = _ATTEMPT + "WHERE batch_id = :id ORDER BY id FOR UPDATE"
    return _attempts(session.connection().execute(sa.text(sql), {"id": batch_id}))


def lock_attempts(session: Session, ids: Sequence[int]) -> list[AttemptRow]:
    """The attempts named, in order of id, locked; InstructionError NO_ATTEMPT for others."""
    sql = _ATTEMPT + "WHERE id = ANY(:ids) ORDER BY id FOR UPDATE"
    found = _attempts(session.connection().execute(sa.text(sql), {"ids": list(ids)}))
    if missing := set(ids) - {attempt.id for attempt in found}:
        named = ", ".join(str(one) for one in sorted(missing))
        raise InstructionError(
            "NO_ATTEMPT",
            Text(f"there is no attempt {named}; check the numbers", f"没有指令 {named};请核对编号"),
        )
    return found


_MOVE = sa.text(
    """
    UPDATE attempt a SET
        state = m.new, changed_at = CASE WHEN m.new = a.state THEN a.changed_at ELSE :now END,
        bank_code = coalesce(m.bank_code, a.bank_code),
        bank_text = CASE WHEN m.bank_code IS NULL THEN coalesce(m.bank_text, a.bank_text)
          ELSE m.bank_text END,
        bank_text_zh = CASE WHEN m.bank_code IS NULL AND m.bank_text IS NULL THEN a.bank_text_zh
          ELSE m.bank_text_zh END,
        bank_reference = coalesce(m.bank_reference, a.bank_reference),
        handling = coalesce(m.handling, a.handling),
        decision_id = coalesce(m.decision_id, a.decision_id),
        not_found_count = m.not_found_count,
        evidence_id = coalesce(m.evidence_id, a.evidence_id),
        match_no = coalesce(m.match_no, a.match_no)
    FROM unnest(
        CAST(:ids AS bigint[]), CAST(:olds AS text[]), CAST(:news AS text[]),
        CAST(:codes AS text[]), CAST(:texts AS text[]), CAST(:texts_zh AS text[]),
        CAST(:references AS text[]),
        CAST(:handlings AS text[]), CAST(:decisions AS bigint[]), CAST(:counts AS int[]),
        CAST(:matches AS text[]), CAST(:evidence AS bigint[])
    ) AS m (id, old, new, bank_code, bank_text, bank_text_zh, bank_reference, handling, decision_id,
            not_found_count, match_no, evidence_id)
    WHERE a.id = m.id AND a.state = m.old
    """
)


def move(
    session: Session, moves: Sequence[Move], evidence_id: int | None, now: dt.datetime
) -> list[AttemptChange]:
    """Carry out `moves` of locked attempts in one statement; the transitions that happened.

    The transition table and the need for evidence are the database's (migration 0008).
    """
    if not moves:
        return []
    moved = session.connection().execute(
        _MOVE,
        {
            "now": now,
            "ids": [one.attempt.id for one in moves],
            "olds": [one.attempt.state.value for one in moves],
            "news": [one.new.value for one in moves],
            "codes": [one.bank_code for one in moves],
            "texts": [one.bank_text for one in moves],
            "texts_zh": [one.bank_text_zh for one in moves],
            "references": [one.bank_reference for one in moves],
            "handlings": [one.handling and one.handling.value for one in moves],
            "decisions": [one.decision_id for one in moves],
            "counts": [one.not_found_count for one in moves],
            "matches": [one.match_no for one in moves],
            "evidence": [one.evidence_id or evidence_id for one in moves],
        },
    )
    if moved.rowcount != len(moves):
        raise InstructionError(
            "MOVED_MEANWHILE",
            Text(
                "an attempt moved while it was being handled; handle it again",
                "指令状态在处理期间发生变化;请重新处理",
            ),
        )
    return [
        _change(one, one.evidence_id or evidence_id, now)
        for one in moves
        if one.new is not one.attempt.state
    ]


def accepted(session: Session, batch_id: int, now: dt.datetime) -> None:
    """Write down when the bank first said that it has the message."""
    session.connection().execute(
        sa.text(
            "UPDATE payment_batch SET accepted_at = :now WHERE id = :id AND accepted_at IS NULL"
        ),
        {"now": now, "id": batch_id},
    )


def batch_states(session: Session, batch_ids: Sequence[int]) -> dict[int, BatchState]:
    """The derived state of each batch, by id."""
    rows = session.connection().execute(
        sa.text("SELECT batch_id, state FROM payment_batch_state WHERE batch_id = ANY(:ids)"),
        {"ids": list(batch_ids)},
    )
    return {int(row.batch_id): BatchState(row.state) for row in rows}


def _attempts(rows: sa.CursorResult[tuple[object, ...]]) -> list[AttemptRow]:
    return [
        AttemptRow(
            row.id,
            row.org_id,
            row.batch_id,
            row.document_id,
            row.instruction_id,
            row.attempt_no,
            row.amount,
            row.counterparty_name,
            row.counterparty_account,
            row.counterparty_bank_code,
            row.remittance,
            AttemptState(row.state),
            row.not_found_count,
        )
        for row in rows
    ]


def _change(one: Move, evidence_id: int | None, now: dt.datetime) -> AttemptChange:
    attempt = one.attempt
    return AttemptChange(
        attempt_id=attempt.id,
        document_id=attempt.document_id,
        batch_id=attempt.batch_id,
        instruction_id=attempt.instruction_id,
        old=attempt.state,
        new=one.new,
        bank_code=one.bank_code,
        bank_text=one.bank_text,
        bank_text_zh=one.bank_text_zh,
        handling=one.handling,
        decision_id=one.decision_id,
        evidence_id=evidence_id,
        at=now,
    )

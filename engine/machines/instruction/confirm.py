"""What comes from outside the bank's answers: statement lines and decisions of two persons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import Text
from engine.machines.instruction.errors import InstructionError
from engine.machines.instruction.evidence import Evidence, digest, record
from engine.machines.instruction.ports import AttemptChange
from engine.machines.instruction.states import AttemptState
from engine.machines.instruction.store import AttemptRow, Move, lock_attempts, move

NOT_RECEIVED = "NOT_RECEIVED"
"""Code of an attempt that two persons found not received by the bank."""

S = AttemptState
_TO_PAID = frozenset({S.SENDING, S.PROCESSING, S.UNKNOWN, S.REVIEW})


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A statement line that shows an attempt. `evidence` names the line (JSON or plain text)."""

    attempt_id: int
    match_no: str
    evidence: str


class Verdict(StrEnum):
    """What two persons found out about an attempt in REVIEW."""

    PAID = "paid"
    NOT_RECEIVED = "not_received"


def mark_confirmed(
    session: Session, confirmations: Sequence[Confirmation], now: dt.datetime
) -> list[AttemptChange]:
    """Confirm attempts by statement lines; the changes, for the documents' owner to carry on.

    An attempt the bank has not called paid yet becomes PAID by the line first; one called
    failed becomes LATE_SUCCESS. Once more with the same match number changes nothing.
    InstructionError NO_ATTEMPT, NOT_SENT_YET, MATCHED_OTHERWISE.
    """
    wanted = {one.attempt_id: one for one in confirmations}
    attempts = lock_attempts(session, sorted(wanted))
    for attempt in attempts:
        _refuse_unsent(attempt)
    matched = _match_numbers(session, wanted)
    fresh = [one for one in attempts if not _same_match(one, matched, wanted)]
    evidence = _keep_lines(session, fresh, wanted, now)
    paid = [
        Move(one, S.PAID, evidence_id=evidence[one.id]) for one in fresh if one.state in _TO_PAID
    ]
    changes = move(session, paid, None, now)
    after = lock_attempts(session, [one.id for one in fresh]) if changes else fresh
    final = {S.PAID: S.CONFIRMED, S.FAILED: S.LATE_SUCCESS, S.LATE_SUCCESS: S.LATE_SUCCESS}
    return changes + move(
        session,
        [
            Move(
                one,
                final[one.state],
                match_no=wanted[one.id].match_no,
                evidence_id=evidence[one.id],
            )
            for one in after
        ],
        None,
        now,
    )


def resolve_review(
    session: Session,
    attempt_id: int,
    verdict: Verdict,
    evidence: Evidence,
    decided_by: str,
    confirmed_by: str,
    now: dt.datetime,
) -> list[AttemptChange]:
    """End a REVIEW by two persons with proof; the change, for the documents' owner.

    PAID may also end an UNKNOWN; NOT_RECEIVED makes FAILED and only ends a REVIEW, since
    before the finality horizon a payment may still be under way. InstructionError
    ONE_PERSON, NO_EVIDENCE, NOT_IN_REVIEW; the database holds the two persons as well.
    """
    if decided_by == confirmed_by:
        raise InstructionError(
            "ONE_PERSON",
            Text(
                f"{decided_by} cannot confirm the own decision; ask a second person",
                f"{decided_by} 不能确认自己的决定;请由第二人确认",
            ),
        )
    if not evidence.payload:
        raise InstructionError(
            "NO_EVIDENCE",
            Text(
                "attach what the bank showed or wrote; nothing is decided without evidence",
                "请附上银行出具的证明;没有证据不能认定",
            ),
        )
    (attempt,) = lock_attempts(session, [attempt_id])
    allowed = {S.REVIEW, S.UNKNOWN} if verdict is Verdict.PAID else {S.REVIEW}
    if attempt.state not in allowed:
        raise InstructionError(
            "NOT_IN_REVIEW",
            Text(
                f"attempt {attempt.instruction_id} is {attempt.state.value}; "
                f"{verdict.value} can only be decided for one in review",
                f"指令 {attempt.instruction_id} 状态为 {attempt.state.value};只有待人工处理的指令"
                f"才能认定为 {verdict.value}",
            ),
        )
    kept = record(session, attempt.org_id, attempt.batch_id, evidence, now, attempt.id)
    session.connection().execute(
        sa.text(
            """
            INSERT INTO attempt_resolution
                (org_id, attempt_id, verdict, evidence_id, decided_by, confirmed_by, at)
            VALUES (:org_id, :attempt_id, :verdict, :evidence_id, :decided_by, :confirmed_by, :at)
            """
        ),
        {
            "org_id": attempt.org_id,
            "attempt_id": attempt.id,
            "verdict": verdict.value,
            "evidence_id": kept,
            "decided_by": decided_by,
            "confirmed_by": confirmed_by,
            "at": now,
        },
    )
    one = (
        Move(attempt, S.PAID)
        if verdict is Verdict.PAID
        else Move(attempt, S.FAILED, bank_code=NOT_RECEIVED, bank_text=evidence.note)
    )
    return move(session, [one], kept, now)


def _refuse_unsent(attempt: AttemptRow) -> None:
    if attempt.state in (S.READY, S.WITHDRAWN):
        raise InstructionError(
            "NOT_SENT_YET",
            Text(
                f"attempt {attempt.instruction_id} has not left; its statement line must belong "
                "to something else, find out to what",
                f"指令 {attempt.instruction_id} 尚未发出;该明细应属于其他业务,请查明",
            ),
        )


def _match_numbers(session: Session, wanted: dict[int, Confirmation]) -> dict[int, str]:
    rows = session.connection().execute(
        sa.text("SELECT id, match_no FROM attempt WHERE id = ANY(:ids) AND match_no IS NOT NULL"),
        {"ids": list(wanted)},
    )
    return {int(row.id): str(row.match_no) for row in rows}


def _same_match(
    attempt: AttemptRow, matched: dict[int, str], wanted: dict[int, Confirmation]
) -> bool:
    """Whether the attempt has this very match already; MATCHED_OTHERWISE when another."""
    before, asked = matched.get(attempt.id), wanted[attempt.id].match_no
    done = attempt.state in (S.CONFIRMED, S.BOUNCED, S.LATE_SUCCESS) and before is not None
    if done and before == asked:
        return True
    if done or attempt.state is S.BOUNCED:
        raise InstructionError(
            "MATCHED_OTHERWISE",
            Text(
                f"attempt {attempt.instruction_id} has match number {before}; "
                f"undo that match before making {asked}",
                f"指令 {attempt.instruction_id} 已有核对批号 {before};请先撤销再核对为 {asked}",
            ),
        )
    return False


def _keep_lines(
    session: Session,
    attempts: Sequence[AttemptRow],
    wanted: dict[int, Confirmation],
    now: dt.datetime,
) -> dict[int, int]:
    """One evidence row per attempt, in one statement; evidence id by attempt id."""
    payloads = [wanted[one.id].evidence.encode() for one in attempts]
    rows = session.connection().execute(
        sa.text(
            """
            INSERT INTO bank_message
                (org_id, batch_id, attempt_id, kind, at, outcome, payload, sha256)
            SELECT org_id, batch_id, attempt_id, 'statement_line', :now, 'SHOWN', payload, sha256
            FROM unnest(CAST(:orgs AS text[]), CAST(:batches AS bigint[]),
                CAST(:attempts AS bigint[]), CAST(:payloads AS bytea[]), CAST(:shas AS text[]))
                AS l (org_id, batch_id, attempt_id, payload, sha256)
            RETURNING attempt_id, id
            """
        ),
        {
            "now": now,
            "orgs": [one.org_id for one in attempts],
            "batches": [one.batch_id for one in attempts],
            "attempts": [one.id for one in attempts],
            "payloads": payloads,
            "shas": [digest(payload) for payload in payloads],
        },
    )
    return {int(row.attempt_id): int(row.id) for row in rows}

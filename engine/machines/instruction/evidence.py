"""Evidence: bytes that went out or came in, and the proofs persons bring. Append-only."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

_INSERT = sa.text(
    """
    INSERT INTO bank_message
        (org_id, batch_id, attempt_id, kind, at, outcome, note, payload, sha256)
    VALUES (:org_id, :batch_id, :attempt_id, :kind, :at, :outcome, :note, :payload, :sha256)
    RETURNING id
    """
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a state rests on. `kind` and `outcome` as in models.BankMessage."""

    kind: str
    outcome: str
    payload: bytes
    note: str | None = None


def record(
    session: Session,
    org_id: str,
    batch_id: int,
    evidence: Evidence,
    now: dt.datetime,
    attempt_id: int | None = None,
) -> int:
    """Keep `evidence` about a batch, or about one attempt of it; return its id."""
    return int(
        session.connection()
        .execute(
            _INSERT,
            {
                "org_id": org_id,
                "batch_id": batch_id,
                "attempt_id": attempt_id,
                "kind": evidence.kind,
                "at": now,
                "outcome": evidence.outcome,
                "note": evidence.note,
                "payload": evidence.payload,
                "sha256": digest(evidence.payload),
            },
        )
        .scalar_one()
    )


def digest(payload: bytes) -> str:
    """SHA-256 of `payload` in hex."""
    return hashlib.sha256(payload).hexdigest()

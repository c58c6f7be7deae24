"""Taking documents out of batches that have not left: nothing was sent, the place is free."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session

from engine.machines.instruction.ports import AttemptChange
from engine.machines.instruction.states import AttemptState
from engine.machines.instruction.store import Move, lock_attempts, move


def withdraw_ready(
    session: Session, document_ids: Sequence[int], code: str, reason: str, now: dt.datetime
) -> list[AttemptChange]:
    """Withdraw the READY attempts of documents; the changes. Under way ones stay as they are.

    Batches are locked first, then attempts, then (by the caller) documents, as sending does.
    """
    batches = session.execute(
        sa.text(
            "SELECT DISTINCT batch_id FROM attempt "
            "WHERE document_id = ANY(:ids) AND state = 'READY'"
        ),
        {"ids": list(document_ids)},
    ).scalars()
    session.execute(
        sa.text("SELECT id FROM payment_batch WHERE id = ANY(:ids) ORDER BY id FOR UPDATE"),
        {"ids": list(batches)},
    )
    # Looked up again under the locks: what began to leave meanwhile is not among them.
    ready = session.execute(
        sa.text("SELECT id FROM attempt WHERE document_id = ANY(:ids) AND state = 'READY'"),
        {"ids": list(document_ids)},
    ).scalars()
    attempts = lock_attempts(session, sorted(ready))
    return move(
        session,
        [
            Move(one, AttemptState.WITHDRAWN, bank_code=code, bank_text=reason)
            for one in attempts
            if one.state is AttemptState.READY
        ],
        None,
        now,
    )

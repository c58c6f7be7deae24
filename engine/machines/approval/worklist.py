"""What waits for one person."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.machines.approval.ports import Directory
from engine.machines.approval.rights import Right, Rights
from engine.machines.approval.staffing import FourEyes, Subject


@dataclass(frozen=True, slots=True)
class WorkItem:
    """An open step the person may decide. `amount` in minor units."""

    step_id: int
    request_id: int
    subject_kind: str
    subject_id: int
    subject_no: str
    org_id: str
    batch_id: int | None
    role: str
    position: int
    steps: int
    amount: int | None
    currency: str | None
    maker: str
    round: int
    opened_at: dt.datetime
    due_at: dt.datetime | None
    right: Right
    """His own, or in whose place he would decide."""


def worklist(session: Session, directory: Directory, user_id: str, day: dt.date) -> list[WorkItem]:
    """Steps that `user_id` may decide on that business day, in his own place or another's; what
    is due first comes first, then by batch."""
    rights = Rights(session, directory, user_id, day)
    places = sorted(rights.places())
    session.flush()
    rows = session.execute(
        sa.text("""
            SELECT s.id, s.request_id, r.subject_kind, r.subject_id, r.subject_no, r.org_id,
                   r.batch_id, s.role, s.holder_org_id, s.position,
                   (SELECT count(*) FROM approval_step a WHERE a.request_id = r.id) AS steps,
                   r.amount, r.currency, r.category, r.maker, r.editor, r.submitter,
                   r.beneficiary_account, r.round, s.opened_at, s.due_at
            FROM approval_step s
            JOIN unnest(CAST(:roles AS text[]), CAST(:orgs AS text[])) AS h(role, org)
              ON h.role = s.role AND h.org = s.holder_org_id
            JOIN approval_request r ON r.id = s.request_id AND r.state = 'OPEN'
            WHERE s.state = 'OPEN'
            ORDER BY s.due_at NULLS LAST, r.batch_id, r.subject_id"""),
        {"roles": [role for role, _ in places], "orgs": [org for _, org in places]},
    ).all()
    subjects = [
        Subject(
            row.request_id,
            row.org_id,
            row.maker,
            row.editor,
            row.submitter,
            row.beneficiary_account,
            row.amount,
            row.currency,
            row.category,
        )
        for row in rows
    ]
    four_eyes = FourEyes(session, directory, subjects)
    found = []
    for row, subject in zip(rows, subjects, strict=True):
        if four_eyes.bars(subject, user_id) is not None:
            continue
        right = rights.of(row.role, row.holder_org_id, subject, four_eyes)
        if isinstance(right, str):
            continue
        found.append(
            WorkItem(
                step_id=row.id,
                request_id=row.request_id,
                subject_kind=row.subject_kind,
                subject_id=row.subject_id,
                subject_no=row.subject_no,
                org_id=row.org_id,
                batch_id=row.batch_id,
                role=row.role,
                position=row.position,
                steps=row.steps,
                amount=row.amount,
                currency=row.currency,
                maker=row.maker,
                round=row.round,
                opened_at=row.opened_at,
                due_at=row.due_at,
                right=right,
            )
        )
    return found

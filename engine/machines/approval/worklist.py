"""What waits for one person."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.machines.approval.ports import Directory


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


def worklist(session: Session, directory: Directory, user_id: str) -> list[WorkItem]:
    """Steps that `user_id` may decide now: his role, his organisation, four eyes; by batch,
    what is due first comes first."""
    held = sorted(directory.held(session, user_id))
    session.flush()
    rows = session.execute(
        sa.text("""
            SELECT s.id, s.request_id, r.subject_kind, r.subject_id, r.subject_no, r.org_id,
                   r.batch_id, s.role, s.position,
                   (SELECT count(*) FROM approval_step a WHERE a.request_id = r.id) AS steps,
                   r.amount, r.currency, r.maker, r.round, s.opened_at, s.due_at
            FROM approval_step s
            JOIN unnest(CAST(:roles AS text[]), CAST(:orgs AS text[])) AS h(role, org)
              ON h.role = s.role AND h.org = s.holder_org_id
            JOIN approval_request r ON r.id = s.request_id AND r.state = 'OPEN'
            WHERE s.state = 'OPEN'
              AND :user NOT IN (r.maker, coalesce(r.editor, ''), coalesce(r.submitter, ''))
              AND NOT EXISTS (SELECT 1 FROM approval_verdict v
                              WHERE v.request_id = r.id AND v.user_id = :user)
            ORDER BY s.due_at NULLS LAST, r.batch_id, r.subject_id"""),
        {"roles": [role for role, _ in held], "orgs": [org for _, org in held], "user": user_id},
    ).all()
    accounts = _beneficiaries(session, [int(row.request_id) for row in rows])
    owners = directory.owners(session, set(accounts.values())) if accounts else {}
    return [
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
        )
        for row in rows
        if user_id not in owners.get(accounts.get(int(row.request_id), ""), ())
    ]


def _beneficiaries(session: Session, request_ids: list[int]) -> dict[int, str]:
    rows = session.execute(
        sa.text(
            "SELECT id, beneficiary_account FROM approval_request "
            "WHERE id = ANY(:ids) AND beneficiary_account IS NOT NULL"
        ),
        {"ids": request_ids},
    )
    return {int(row.id): str(row.beneficiary_account) for row in rows}

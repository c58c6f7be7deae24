"""Twins: the documents a hold was placed for, and the pairs that a person has cleared since."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.treasury.documents.models import Document


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A document that is held by an alert because of another one."""

    org_id: str
    document_id: int
    other_id: int
    alert_id: int


@dataclass(frozen=True, slots=True)
class Twin:
    """Another document that looks like this one: who said it is none, and why (None: nobody)."""

    other_id: int
    cleared_by: str | None
    cleared_at: dt.datetime | None
    reason: str | None


def suspect(session: Session, suspicions: Sequence[Suspicion]) -> None:
    """Write down which documents a hold was placed for; writing it again changes nothing."""
    if not suspicions:
        return
    session.execute(
        sa.text("""
            INSERT INTO suspected_twin (org_id, document_id, other_id, alert_id)
            SELECT * FROM unnest(CAST(:orgs AS text[]), CAST(:documents AS bigint[]),
              CAST(:others AS bigint[]), CAST(:alerts AS bigint[]))
            ON CONFLICT (document_id, other_id, alert_id) DO NOTHING"""),
        {
            "orgs": [one.org_id for one in suspicions],
            "documents": [one.document_id for one in suspicions],
            "others": [one.other_id for one in suspicions],
            "alerts": [one.alert_id for one in suspicions],
        },
    )


def clear(
    session: Session,
    document: Document,
    alert_ids: Sequence[int],
    user_id: str,
    reason: str,
    now: dt.datetime,
) -> None:
    """Remember the pairs behind alerts as no twins: they hold neither of the two again.

    The caller has released the holds of these alerts; the database takes no pair without one.
    """
    session.flush()
    session.execute(
        sa.text("""
            INSERT INTO cleared_pair (org_id, document_id, other_id, cleared_by, cleared_at, reason)
            SELECT DISTINCT :org, least(document_id, other_id), greatest(document_id, other_id),
                   :user, CAST(:now AS timestamptz), :reason
            FROM suspected_twin WHERE document_id = :document AND alert_id = ANY(:alerts)
            ON CONFLICT (document_id, other_id) DO NOTHING"""),
        {
            "org": document.org_id,
            "user": user_id,
            "now": now,
            "reason": reason,
            "document": document.id,
            "alerts": list(alert_ids),
        },
    )


def of_document(session: Session, document_id: int) -> list[Twin]:
    """Everything a document was ever held for, oldest first."""
    rows = session.execute(
        sa.text("""
            SELECT s.other_id, c.cleared_by, c.cleared_at, c.reason FROM (
              SELECT other_id, min(id) AS id FROM suspected_twin
              WHERE document_id = :one GROUP BY other_id) s
            LEFT JOIN cleared_pair c ON c.document_id = least(CAST(:one AS bigint), s.other_id)
              AND c.other_id = greatest(CAST(:one AS bigint), s.other_id)
            ORDER BY s.id"""),
        {"one": document_id},
    )
    return [Twin(int(r.other_id), r.cleared_by, r.cleared_at, r.reason) for r in rows]

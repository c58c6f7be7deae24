"""Reading the audit log: the latest entries, narrowed by who, what and which subject."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.runtime.models import AuditEntry


@dataclass(frozen=True, slots=True)
class AuditPage:
    """One page of entries, newest first, and how many there are in all."""

    rows: tuple[AuditEntry, ...]
    count: int


def entries(
    session: Session,
    org_ids: Collection[str],
    *,
    group_wide: bool,
    text: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> AuditPage:
    """Entries of the organisations, with `group_wide` those that belong to none as well.

    `text` finds a part of the actor, the action, the subject or the reason.
    """
    condition: sa.ColumnElement[bool] = col(AuditEntry.org_id).in_(org_ids)
    if group_wide:
        condition = sa.or_(condition, col(AuditEntry.org_id).is_(None))
    if text:
        found = (
            col(column).icontains(text, autoescape=True)
            for column in (
                AuditEntry.actor,
                AuditEntry.action,
                AuditEntry.subject_id,
                AuditEntry.reason,
            )
        )
        condition = sa.and_(condition, sa.or_(*found))
    count = session.exec(select(sa.func.count()).select_from(AuditEntry).where(condition)).one()
    rows = session.exec(
        select(AuditEntry)
        .where(condition)
        .order_by(col(AuditEntry.id).desc())
        .limit(limit)
        .offset(offset)
    ).all()
    return AuditPage(tuple(rows), int(count))

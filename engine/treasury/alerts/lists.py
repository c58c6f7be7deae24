"""Reading alerts: pages of the inbox, and the alerts of many subjects at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.treasury.alerts.errors import alert_unknown
from engine.treasury.alerts.models import Alert
from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.organisations.permissions import Permission

PERMISSION: Permission = "alerts.read"


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts; None or empty does not narrow."""

    states: Collection[str] = ()
    severity: str | None = None
    code: str | None = None
    text: str | None = None
    """Part of the message or the subject."""


@dataclass(frozen=True, slots=True)
class AlertPage:
    """One page of alerts, newest first, and how many there are in all."""

    rows: tuple[Alert, ...]
    count: int


def find(
    session: Session, user_id: str, wanted: AlertFilter, *, limit: int = 50, offset: int = 0
) -> AlertPage:
    """Alerts of the organisations whose alerts the user may see."""
    parts: list[sa.ColumnElement[bool]] = [
        col(Alert.org_id).in_(visible_orgs(session, user_id, PERMISSION))
    ]
    if wanted.states:
        parts.append(col(Alert.state).in_(wanted.states))
    if wanted.severity is not None:
        parts.append(col(Alert.severity) == wanted.severity)
    if wanted.code is not None:
        parts.append(col(Alert.code) == wanted.code)
    if wanted.text is not None:
        columns = (Alert.message_en, Alert.message_zh, Alert.subject_id, Alert.code)
        parts.append(sa.or_(*(col(c).icontains(wanted.text, autoescape=True) for c in columns)))
    condition = sa.and_(*parts)
    count = session.exec(select(sa.func.count()).select_from(Alert).where(condition)).one()
    rows = session.exec(
        select(Alert).where(condition).order_by(col(Alert.id).desc()).limit(limit).offset(offset)
    ).all()
    return AlertPage(tuple(rows), int(count))


def of_subjects(
    session: Session, subject_kind: str, subject_ids: Collection[str]
) -> dict[str, list[Alert]]:
    """All alerts about the subjects, oldest first, by subject; the caller knows why it asks."""
    found: dict[str, list[Alert]] = {}
    rows = session.exec(
        select(Alert)
        .where(Alert.subject_kind == subject_kind, col(Alert.subject_id).in_(subject_ids))
        .order_by(col(Alert.id))
    )
    for row in rows:
        found.setdefault(row.subject_id, []).append(row)
    return found


def document_of(session: Session, user_id: str, alert_id: int) -> int:
    """Id of the document an alert is about; AlertError ALERT_UNKNOWN, also when it is about
    something else or not for this user."""
    found = session.get(Alert, alert_id)
    if (
        found is None
        or found.subject_kind != "document"
        or found.org_id not in visible_orgs(session, user_id, PERMISSION)
    ):
        raise alert_unknown(alert_id)
    return int(found.subject_id)

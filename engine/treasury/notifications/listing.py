"""Reading notifications, within the organisations a person operates for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.masking import masked_address
from engine.treasury.operations.reach import SEEN, reach

STATES = ("WAITING", "GIVEN_UP", "NOT_CONFIGURED", "NO_RECIPIENT", "SENT", "PASSED_ON")


@dataclass(frozen=True, slots=True)
class NotificationFilter:
    """Which notifications; None does not narrow."""

    state: str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A notification as operators see it: who, how and with what outcome, and not its words."""

    id: int
    org_id: str
    alert_id: int
    code: str
    severity: str
    channel: str
    role: str
    user_id: str | None
    name: str | None
    address: str | None
    """Masked."""
    message_id: str
    state: str
    tries: int
    resends: int
    template: str | None
    created_at: dt.datetime
    tried_at: dt.datetime | None
    next_at: dt.datetime | None
    ended_at: dt.datetime | None
    answer: str | None
    cause: str | None


@dataclass(frozen=True, slots=True)
class ToldPage:
    """One page, newest first, how many there are in all, and how many in each state."""

    rows: tuple[Told, ...]
    count: int
    states: dict[str, int]


_WHERE = f"""
FROM notification a JOIN alert t ON t.id = a.alert_id
LEFT JOIN user_account u ON u.id = a.user_id
WHERE {SEEN} AND (:channel = '' OR a.channel = :channel)"""

_ROWS = sa.text(
    f"""
SELECT a.id, a.org_id, a.alert_id, t.code, t.severity, a.channel, a.role, a.user_id, u.name,
  coalesce(a.address, CASE a.channel WHEN 'email' THEN u.email ELSE u.phone END) AS address,
  a.message_id, a.state, a.tries, a.resends, a.template, a.created_at, a.tried_at, a.next_at,
  a.ended_at, a.answer, a.cause
{_WHERE} AND (:state = '' OR a.state = :state)
ORDER BY a.id DESC LIMIT :limit OFFSET :offset"""
)
_COUNTS = sa.text(f"SELECT a.state, count(*) AS many {_WHERE} GROUP BY a.state")


def find(
    session: Session,
    user_id: str | None,
    wanted: NotificationFilter,
    *,
    limit: int = 50,
    offset: int = 0,
) -> ToldPage:
    """Notifications of the organisations the user operates for; None is who holds the workspace."""
    values = {
        **reach(session, user_id).values,
        "state": wanted.state or "",
        "channel": wanted.channel or "",
        "limit": limit,
        "offset": offset,
    }
    states = {str(row.state): int(row.many) for row in session.execute(_COUNTS, values)}
    rows = tuple(
        Told(**{**row, "address": masked_address(row["address"])})
        for row in session.execute(_ROWS, values).mappings()
    )
    count = sum(states.values()) if wanted.state is None else states.get(wanted.state, 0)
    return ToldPage(rows, count, states)

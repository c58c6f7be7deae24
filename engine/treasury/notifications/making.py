"""Notifications are made with their alert: one per person and channel, in its transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session

from engine.runtime import actions
from engine.treasury.organisations.permissions import roles_with

SEND = "notification.send"
"""Kind of the actions that send."""

_WISHED = """
WITH wished AS (
  SELECT DISTINCT a.id AS alert_id, a.org_id, o.path, c.channel, coalesce(r.role, '') AS role
  FROM alert a JOIN organisation o ON o.id = a.org_id
  CROSS JOIN LATERAL jsonb_array_elements_text(a.channels) AS c(channel)
  LEFT JOIN LATERAL jsonb_array_elements_text(a.notify) AS r(role) ON true
  WHERE a.id = ANY(:alerts) AND c.channel IN ('email', 'sms')
    AND (:channel = '' OR c.channel = :channel) AND (:role = '' OR r.role = :role)),
found AS (
  SELECT w.alert_id, w.org_id, w.channel, w.role, u.id AS user_id
  FROM user_account u JOIN role_grant g ON g.user_id = u.id
  JOIN wished w ON g.role = w.role AND g.org_id = ANY(string_to_array(w.path, '/'))
  WHERE u.active AND CASE w.channel WHEN 'email' THEN u.email ELSE u.phone END IS NOT NULL
    -- Who may not read alerts there is not told of them either.
    AND EXISTS (SELECT 1 FROM role_grant s WHERE s.user_id = u.id AND s.role = ANY(:readers)
                AND s.org_id = ANY(string_to_array(w.path, '/')))
  -- A role taken away meanwhile: the person first, as taking it away locks them.
  FOR KEY SHARE OF u, g)
"""

_PEOPLE = sa.text(
    f"""{_WISHED}
INSERT INTO notification (org_id, alert_id, channel, role, user_id, state, created_at)
SELECT org_id, alert_id, channel, min(role), user_id, 'WAITING', :now FROM found
GROUP BY org_id, alert_id, channel, user_id ORDER BY alert_id, channel, user_id
ON CONFLICT DO NOTHING RETURNING id, org_id"""  # noqa: S608 - constants
)

_NOBODY = sa.text(
    f"""{_WISHED}
INSERT INTO notification (org_id, alert_id, channel, role, state, created_at)
SELECT w.org_id, w.alert_id, w.channel, w.role, 'NO_RECIPIENT', :now FROM wished w
WHERE NOT EXISTS (SELECT 1 FROM found f WHERE f.alert_id = w.alert_id
                  AND f.channel = w.channel AND f.role = w.role)
ORDER BY w.alert_id, w.channel, w.role
ON CONFLICT DO NOTHING RETURNING id, org_id"""  # noqa: S608 - constants
)


def make(session: Session, alert_ids: Sequence[int], now: dt.datetime) -> None:
    """Make the notifications of alerts just raised, and ask for each to be sent.

    A person who holds a role the alert names, for its organisation or one above, and may read
    alerts there, is told once per channel he has an address of. A role in which nobody can be
    reached over a channel gets a row too, so that it is seen.
    """
    values = _values(alert_ids, now)
    for query in (_PEOPLE, _NOBODY):
        for row in session.execute(query, values).all():
            ask(session, row.id, 0, row.org_id)


def make_for_role(
    session: Session, alert_id: int, channel: str, role: str, now: dt.datetime
) -> int:
    """Make those that are missing for one role and channel of an alert; how many."""
    values = {**_values([alert_id], now), "channel": channel, "role": role}
    made = session.execute(_PEOPLE, values).all()
    for row in made:
        ask(session, row.id, 0, row.org_id)
    return len(made)


def ask(session: Session, notification_id: int, resends: int, org_id: str) -> None:
    """Have a notification sent."""
    key = f"notification:{notification_id}:{resends}"
    actions.enqueue(session, SEND, key, {"notification": notification_id}, org_id=org_id)


def _values(alert_ids: Sequence[int], now: dt.datetime) -> dict[str, object]:
    readers = roles_with("alerts.read")
    return {"alerts": list(alert_ids), "channel": "", "role": "", "readers": readers, "now": now}

"""Sending again what did not go out: a person's decision, with a reason."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlmodel import Session, select

from engine.base.text import SluiceError, Text
from engine.runtime import audit, holds
from engine.treasury.notifications.making import ask, make_for_role
from engine.treasury.notifications.models import Notification
from engine.treasury.operations.reach import may_run, reach
from engine.treasury.organisations.errors import NotPermitted

AGAIN = ("GIVEN_UP", "NOT_CONFIGURED", "NO_RECIPIENT")
"""States that can be sent again."""


class NotificationError(SluiceError):
    """A notification that is not there, or cannot be sent again."""

    def __init__(self, code: str, text: Text, http_status: int) -> None:
        super().__init__(code, text)
        self.http_status = http_status


def resend(session: Session, user_id: str, number: int, reason: str, now: dt.datetime) -> None:
    """Send a notification again under the same id and with the same words; one that reached
    nobody goes to those who can be reached by now (permission operations.run).

    Raises SluiceError NO_REASON, NotificationError NOTIFICATION_UNKNOWN, NOTIFICATION_NOT_OPEN,
    NOBODY_REACHED, and NotPermitted.
    """
    if not reason.strip():
        raise holds.no_reason()
    one = session.exec(
        select(Notification).where(Notification.id == number).with_for_update()
    ).first()
    if one is None or one.org_id not in reach(session, user_id).orgs:
        raise NotificationError(
            "NOTIFICATION_UNKNOWN",
            Text(
                f"there is no notification {number} within your organisations",
                f"所辖机构内没有通知 {number}",
            ),
            404,
        )
    may_run(session, user_id, one.org_id)
    before = one.state
    if before not in AGAIN:
        raise NotificationError(
            "NOTIFICATION_NOT_OPEN",
            Text(
                f"notification {number} is {before}; only what was given up, not configured or "
                "reached nobody is sent again",
                f"通知 {number} 状态为 {before};只有已放弃、未配置或无接收人的通知可以重发",
            ),
            409,
        )
    if before == "NO_RECIPIENT":
        _pass_on(session, one, now)
    else:
        one.state, one.tries, one.resends = "WAITING", 0, one.resends + 1
        one.cause, one.ended_at, one.next_at = None, None, None
        session.flush()
        ask(session, number, one.resends, one.org_id)
    audit.record(
        session,
        actor=user_id,
        action="notification.resend",
        subject_kind="notification",
        subject_id=str(number),
        org_id=one.org_id,
        before={"state": before},
        after={"state": one.state},
        reason=reason.strip(),
        now=now,
    )


def resend_all(
    session: Session, user_id: str, state: str, channel: str, reason: str, now: dt.datetime
) -> int:
    """Send again all of a state and channel that the user may operate for; how many.

    For those the channel was not configured for: set it up, then say this once. Each for itself:
    those that cannot be sent again are passed over. Raises NO_REASON.
    """
    if not reason.strip():
        raise holds.no_reason()
    numbers = session.execute(
        sa.text(
            "SELECT id FROM notification WHERE state = :state AND channel = :channel "
            "AND org_id = ANY(:orgs) ORDER BY id"
        ),
        {"state": state, "channel": channel, "orgs": list(reach(session, user_id).orgs)},
    ).scalars()
    sent = 0
    for number in numbers.all():
        try:
            resend(session, user_id, int(number), reason, now)
        except (NotificationError, NotPermitted):
            # It reaches nobody still, moved on meanwhile, or is not for this person: the others go.
            continue
        else:
            sent += 1
    return sent


def _pass_on(session: Session, one: Notification, now: dt.datetime) -> None:
    reached = session.execute(
        sa.text(
            "SELECT 1 FROM notification WHERE alert_id = :alert AND channel = :channel "
            "AND role = :role AND user_id IS NOT NULL LIMIT 1"
        ),
        {"alert": one.alert_id, "channel": one.channel, "role": one.role},
    ).first()
    made = make_for_role(session, one.alert_id, one.channel, one.role, now)
    if not made and reached is None:
        raise NotificationError(
            "NOBODY_REACHED",
            Text(
                f"still nobody can be reached in the role {one.role or '-'}; give it to somebody, "
                "or give an address to somebody who holds it",
                f"角色 {one.role or '-'} 仍无人可以送达;请授予角色或登记联系方式",
            ),
            409,
        )
    one.state = "PASSED_ON"
    session.flush()

"""Alerts about telling itself. They stand on the page alone, so that none makes another."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import Text
from engine.treasury.alerts.board import AlertDraft, raise_alerts
from engine.treasury.organisations.permissions import ROLES

NOBODY = "NOBODY_TO_TELL"
FAILS = "NOTIFICATION_GIVEN_UP"

CHANNEL_NAMES = {"email": Text("e-mail", "邮件"), "sms": Text("SMS", "短信")}
NOTIFY = ("admin", "operator")


def nobody(
    session: Session, org_id: str, role: str, channel: str, once: str, now: dt.datetime
) -> None:
    """Nobody who holds the role can be reached; told until somebody resolves it, then anew."""
    label, name = ROLES.get(role, Text(role or "-", role or "-")), CHANNEL_NAMES[channel]
    _raise(
        session,
        org_id,
        NOBODY,
        "role",
        f"{role}:{channel}",
        Text(
            f"alerts of {org_id} for the role {label.en} reach nobody by {name.en}; give the role "
            "to somebody, or an address to somebody who holds it",
            f"机构 {org_id} 发给{label.zh}的预警无法以{name.zh}送达任何人;请授予角色或登记联系方式",
        ),
        once,
        now,
    )


def given_up(
    session: Session, org_id: str, channel: str, cause: str, once: str, now: dt.datetime
) -> None:
    """A message could not be sent; one alert stands for all of the channel until resolved."""
    name = CHANNEL_NAMES[channel]
    _raise(
        session,
        org_id,
        FAILS,
        "notification_channel",
        channel,
        Text(
            f"notifications by {name.en} could not be sent, the first because: {cause}; mend it "
            "and send them again under Operations, Notifications",
            f"{name.zh}通知未能发出,首个原因:{cause};请排除后在“运维 → 通知”中重发",
        ),
        once,
        now,
    )


def _raise(
    session: Session,
    org_id: str,
    code: str,
    subject_kind: str,
    subject_id: str,
    text: Text,
    once: str,
    now: dt.datetime,
) -> None:
    values = {"code": code, "kind": subject_kind, "subject": subject_id, "org": org_id}
    # Two workers that find the same at once raise one alert.
    session.execute(
        sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:code || :subject || :org, 0))"),
        values,
    )
    open_already = session.execute(
        sa.text(
            "SELECT 1 FROM alert WHERE code = :code AND subject_kind = :kind "
            "AND subject_id = :subject AND org_id = :org AND state <> 'resolved' LIMIT 1"
        ),
        values,
    ).first()
    if open_already is not None:
        return
    draft = AlertDraft(
        org_id=org_id,
        dedupe_key=f"{code}:{org_id}:{subject_id}:{once}",
        code=code,
        severity="high",
        action="hint",
        subject_kind=subject_kind,
        subject_id=subject_id,
        text=text,
        notify=NOTIFY,
        channels=("page",),
    )
    raise_alerts(session, [draft], now)

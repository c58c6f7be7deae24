"""Alerts the product raises by itself, where no ruleset is asked: something needs a person."""

from __future__ import annotations

import datetime as dt

from sqlmodel import Session

from engine.base.text import Text
from engine.treasury.alerts.board import AlertDraft, raise_alerts

NOTIFY = ("operator", "treasurer")
"""Roles that look after incidents."""

CHANNELS = ("page", "email")
"""How they are told."""


def raise_incident(
    session: Session,
    *,
    org_id: str,
    code: str,
    subject_kind: str,
    subject_id: str,
    message: Text,
    now: dt.datetime,
    channels: tuple[str, ...] = CHANNELS,
    occasion: str = "",
) -> None:
    """Raise a high alert, once per code, subject and `occasion`."""
    at = f":{occasion}" if occasion else ""
    draft = AlertDraft(
        org_id=org_id,
        dedupe_key=f"{code}:{subject_kind}:{subject_id}{at}",
        code=code,
        severity="high",
        action="hint",
        subject_kind=subject_kind,
        subject_id=subject_id,
        text=message,
        notify=NOTIFY,
        channels=channels,
    )
    raise_alerts(session, [draft], now)

"""Alerts the product raises by itself, where no ruleset is asked: something needs a person."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import Text
from engine.runtime.jsontypes import canonical_json

NOTIFY = ("operator", "treasurer")
"""Roles that look after incidents."""


def raise_incident(
    session: Session,
    *,
    org_id: str,
    code: str,
    subject_kind: str,
    subject_id: str,
    message: Text,
    now: dt.datetime,
    severity: str = "high",
) -> bool:
    """Raise an alert once per code and subject; False when it was raised before."""
    made = session.execute(
        sa.text(
            "INSERT INTO alert (org_id, dedupe_key, code, severity, action, subject_kind, "
            "subject_id, message_en, message_zh, notify, channels, state, raised_at) "
            "VALUES (:org, :key, :code, :severity, 'hint', :kind, :subject, :en, :zh, "
            "CAST(:notify AS jsonb), CAST('[\"page\"]' AS jsonb), 'open', :now) "
            "ON CONFLICT (dedupe_key) DO NOTHING RETURNING id"
        ),
        {
            "org": org_id,
            "key": f"{code}:{subject_kind}:{subject_id}",
            "code": code,
            "severity": severity,
            "kind": subject_kind,
            "subject": subject_id,
            "en": message.en,
            "zh": message.zh,
            "notify": canonical_json(list(NOTIFY)),
            "now": now,
        },
    )
    return made.first() is not None

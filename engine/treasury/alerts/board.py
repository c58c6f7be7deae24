"""Raising alerts, acknowledging and resolving them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.base.text import Text
from engine.runtime import audit
from engine.runtime.jsontypes import canonical_json
from engine.treasury.alerts import errors
from engine.treasury.alerts.models import Alert
from engine.treasury.notifications import making as notifications
from engine.treasury.organisations.grants import require, visible_orgs


@dataclass(frozen=True, slots=True)
class AlertDraft:
    """An alert to raise; the same `dedupe_key` again is the same alert."""

    org_id: str
    dedupe_key: str
    code: str
    severity: str
    """low | medium | high"""
    action: str
    """hint | extra_approver | hold"""
    subject_kind: str
    subject_id: str
    text: Text
    notify: tuple[str, ...] = ()
    channels: tuple[str, ...] = ("page",)
    template: str | None = None
    rule_id: str | None = None
    ruleset: str | None = None
    decision_id: int | None = None


def raise_alerts(
    session: Session, drafts: Sequence[AlertDraft], now: dt.datetime
) -> dict[str, int]:
    """Write alerts; ids by dedupe key, of those that were there before too.

    The page shows an alert by itself; what goes by other channels is made here, for new alerts.
    """
    if not drafts:
        return {}
    session.flush()
    fresh = session.execute(
        sa.text("""
            INSERT INTO alert (org_id, dedupe_key, code, rule_id, ruleset, decision_id, severity,
              action, subject_kind, subject_id, message_en, message_zh, notify, channels,
              template, raised_at)
            SELECT * FROM jsonb_to_recordset(CAST(:drafts AS jsonb)) AS d(org_id text,
              dedupe_key text, code text, rule_id text, ruleset text, decision_id bigint,
              severity text, action text, subject_kind text, subject_id text, message_en text,
              message_zh text, notify jsonb, channels jsonb, template text,
              raised_at timestamptz)
            ON CONFLICT (dedupe_key) DO NOTHING RETURNING id"""),
        {"drafts": _json(drafts, now)},
    )
    notifications.make(session, [int(one) for one in fresh.scalars()], now)
    rows = session.execute(
        sa.text("SELECT id, dedupe_key FROM alert WHERE dedupe_key = ANY(:keys)"),
        {"keys": [draft.dedupe_key for draft in drafts]},
    )
    return {str(row.dedupe_key): int(row.id) for row in rows}


def of_subject(session: Session, subject_kind: str, subject_id: str) -> list[Alert]:
    """All alerts about one subject, oldest first."""
    return list(
        session.exec(
            select(Alert)
            .where(Alert.subject_kind == subject_kind, Alert.subject_id == subject_id)
            .order_by(col(Alert.id))
        )
    )


def acknowledge(session: Session, user_id: str, alert_id: int, now: dt.datetime) -> Alert:
    """Say "I am on it" (permission alerts.handle); acknowledging again changes nothing.

    Raises NotPermitted, AlertError ALERT_UNKNOWN, ALERT_RESOLVED.
    """
    alert = _locked(session, user_id, alert_id)
    if alert.state == "open":
        alert.state, alert.acked_by, alert.acked_at = "acknowledged", user_id, now
        session.flush()
    return alert


def resolve(session: Session, user_id: str, alert_id: int, note: str, now: dt.datetime) -> Alert:
    """Close an alert with a note (permission alerts.handle). A hold stays: release it itself.

    Raises NotPermitted, AlertError ALERT_UNKNOWN, ALERT_RESOLVED, REASON_MISSING.
    """
    if not note.strip():
        raise errors.reason_missing()
    alert = _locked(session, user_id, alert_id)
    before = alert.state
    alert.state, alert.resolved_by, alert.resolved_at = "resolved", user_id, now
    alert.note = note.strip()
    session.flush()
    audit.record(
        session,
        user_id,
        "alert.resolve",
        "alert",
        str(alert_id),
        alert.org_id,
        {"state": before},
        {"state": "resolved"},
        alert.note,
        now,
    )
    return alert


def resolve_by_key(session: Session, keys: Sequence[str], by: str, now: dt.datetime) -> None:
    """Close alerts whose cause has gone away by itself."""
    session.flush()
    session.execute(
        sa.text("""
            UPDATE alert SET state = 'resolved', resolved_by = :by, resolved_at = :now
            WHERE dedupe_key = ANY(:keys) AND state <> 'resolved'"""),
        {"keys": list(keys), "by": by, "now": now},
    )
    session.expire_all()


def _locked(session: Session, user_id: str, alert_id: int) -> Alert:
    found = session.exec(select(Alert).where(Alert.id == alert_id).with_for_update()).first()
    if found is None or found.org_id not in visible_orgs(session, user_id, "alerts.read"):
        raise errors.alert_unknown(alert_id)
    require(session, user_id, "alerts.handle", found.org_id)
    if found.state == "resolved":
        raise errors.alert_done(alert_id)
    return found


def _json(drafts: Sequence[AlertDraft], now: dt.datetime) -> str:
    return canonical_json(
        [
            {
                "org_id": d.org_id,
                "dedupe_key": d.dedupe_key,
                "code": d.code,
                "rule_id": d.rule_id,
                "ruleset": d.ruleset,
                "decision_id": d.decision_id,
                "severity": d.severity,
                "action": d.action,
                "subject_kind": d.subject_kind,
                "subject_id": d.subject_id,
                "message_en": d.text.en,
                "message_zh": d.text.zh,
                "notify": list(d.notify),
                "channels": list(d.channels),
                "template": d.template,
                "raised_at": now.isoformat(),
            }
            for d in drafts
        ]
    )

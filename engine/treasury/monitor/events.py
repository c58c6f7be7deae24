"""Appending events, in the business transaction in which they happen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.runtime.clock import business_date_of
from engine.runtime.jsontypes import JsonValue, canonical_json


@dataclass(frozen=True, slots=True)
class EventDraft:
    """An event to append; the same `key` again changes nothing.

    `facts` are those of the alerts subject, as JSON in major units; `org_level` is added.
    """

    subject: str
    key: str
    matter: str
    """Events of one matter raise an alert of the same row once."""
    org_id: str
    subject_kind: str
    subject_id: str
    facts: Mapping[str, JsonValue]
    occurred_at: dt.datetime
    document_id: int | None = None


def append(session: Session, drafts: Sequence[EventDraft]) -> None:
    """Append events with the revision that is live and the organisation's path and level."""
    if not drafts:
        return
    session.flush()
    session.execute(
        _APPEND, {"drafts": canonical_json([_json(n, one) for n, one in enumerate(drafts)])}
    )


_APPEND = sa.text("""
INSERT INTO event (org_id, org_path, key, matter, subject, subject_kind, subject_id, document_id,
  facts, revision_id, business_date, occurred_at)
SELECT d.org_id, o.path, d.key, d.matter, d.subject, d.subject_kind, d.subject_id, d.document_id,
  d.facts || jsonb_build_object('org_level', o.level), (SELECT max(id) FROM revision),
  d.business_date, d.occurred_at
FROM jsonb_to_recordset(CAST(:drafts AS jsonb)) AS d(place int, org_id text, key text, matter text,
  subject text, subject_kind text, subject_id text, document_id bigint, facts jsonb,
  business_date date, occurred_at timestamptz)
JOIN organisation o ON o.id = d.org_id
ORDER BY d.place
ON CONFLICT (key) DO NOTHING""")


def _json(place: int, draft: EventDraft) -> JsonValue:
    return {
        "place": place,
        "org_id": draft.org_id,
        "key": draft.key,
        "matter": draft.matter,
        "subject": draft.subject,
        "subject_kind": draft.subject_kind,
        "subject_id": draft.subject_id,
        "document_id": draft.document_id,
        "facts": dict(draft.facts),
        "business_date": business_date_of(draft.occurred_at).isoformat(),
        "occurred_at": draft.occurred_at.isoformat(),
    }

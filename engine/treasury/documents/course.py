"""Moving documents along their course. Nothing else in the product writes their state."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key
from sqlmodel import Session

from engine.base.text import Text
from engine.treasury.documents import listeners
from engine.treasury.documents.content import submitted_hashes
from engine.treasury.documents.errors import DocumentError, TransitionRefused
from engine.treasury.documents.models import Document
from engine.treasury.documents.states import TRANSITIONS, State


@dataclass(frozen=True, slots=True)
class Moved:
    """A document that moved."""

    id: int
    org_id: str
    before: State


_MOVE = sa.text("""
WITH standing AS (
  SELECT id, org_id, document_no, state FROM document WHERE id = ANY(:ids) ORDER BY id FOR UPDATE
), moved AS (
  UPDATE document d SET state = :to, waiting_code = NULL, waiting_en = NULL,
    waiting_zh = NULL
  FROM standing s WHERE d.id = s.id AND s.state = ANY(:from)
  RETURNING d.id, d.org_id, s.state
), told AS (
  INSERT INTO document_event
    (org_id, document_id, from_state, to_state, actor, at, reason_code, reason, reason_zh,
     decision_ids)
  SELECT org_id, id, state, :to, :actor, :now, :reason_code, :reason, :reason_zh,
         coalesce(CAST(:decisions AS jsonb) -> id::text, '[]'::jsonb)
  FROM moved ORDER BY id
)
SELECT s.id, s.org_id, s.document_no, s.state, m.id IS NOT NULL AS moved
FROM standing s LEFT JOIN moved m ON m.id = s.id ORDER BY s.id
""")


def transition(
    session: Session,
    ids: int | Sequence[int],
    to: State,
    *,
    actor: str,
    now: dt.datetime,
    reason_code: str | None = None,
    reason: str | Text | None = None,
    decision_ids: Mapping[int, Sequence[int]] | None = None,
) -> list[Moved]:
    """Move documents to `to` and write one event each; all of them or none.

    `decision_ids` maps documents to the decisions behind the step. A `reason` of our own is a
    Text; the words of a bank or a person are a str. Clears what the document
    waited for, and tells those who subscribed to the state. Raises TransitionRefused naming the
    documents whose state does not allow the step (or that do not exist).
    """
    wanted = sorted({ids} if isinstance(ids, int) else set(ids))
    if not wanted:
        return []
    before = [state.value for state, after in TRANSITIONS.items() if to in after]
    session.flush()
    rows = session.execute(
        _MOVE,
        {
            "ids": wanted,
            "to": to.value,
            "from": before,
            "actor": actor,
            "now": now,
            "reason_code": reason_code,
            "reason": reason.en if isinstance(reason, Text) else reason,
            "reason_zh": reason.zh if isinstance(reason, Text) else None,
            "decisions": json.dumps({str(k): list(v) for k, v in (decision_ids or {}).items()}),
        },
    ).all()
    found = {int(row.id): str(row.state) for row in rows}
    refused: dict[int, str | None] = {int(row.id): row.state for row in rows if not row.moved}
    refused |= {one: None for one in wanted if one not in found}
    if refused:
        numbers = {int(row.id): str(row.document_no) for row in rows}
        raise TransitionRefused(to.value, refused, numbers)
    forget(session, wanted)
    listeners.tell(session, to, wanted, now)
    return [Moved(int(row.id), str(row.org_id), State(row.state)) for row in rows]


def void(
    session: Session, ids: int | Sequence[int], *, actor: str, now: dt.datetime, reason: str
) -> list[Moved]:
    """End documents for good by a person's word; the rows stay. A reason is asked for.

    Possible from every state whose row in TRANSITIONS has VOID. Raises DocumentError
    REASON_MISSING, TransitionRefused. Whether `actor` may is the caller's question (permission
    documents.void).
    """
    need_reason(reason)
    return transition(
        session, ids, State.VOID, actor=actor, now=now, reason_code="VOID", reason=reason.strip()
    )


def need_reason(reason: str) -> None:
    """DocumentError REASON_MISSING when nothing is written."""
    if not reason.strip():
        raise DocumentError(
            "REASON_MISSING",
            Text("voiding needs a reason; write why", "作废须填写原因"),
        )


def wait(session: Session, ids: Sequence[int], code: str, text: Text) -> None:
    """Write down why documents do not move on: NO_RULESET, NO_ACCOUNT, HELD, BLOCKED …"""
    session.execute(
        sa.text(
            "UPDATE document SET waiting_code = :code, waiting_en = :en, waiting_zh = :zh "
            "WHERE id = ANY(:ids) "
            "AND (waiting_code, waiting_en, waiting_zh) IS DISTINCT FROM (:code, :en, :zh)"
        ),
        {"ids": list(ids), "code": code, "en": text.en, "zh": text.zh},
    )
    forget(session, ids)


def stop_waiting(session: Session, ids: Sequence[int], code: str) -> None:
    """What documents waited for by this code is over; other codes stay."""
    session.execute(
        sa.text(
            "UPDATE document SET waiting_code = NULL, waiting_en = NULL, waiting_zh = NULL "
            "WHERE id = ANY(:ids) AND waiting_code = :code"
        ),
        {"ids": list(ids), "code": code},
    )
    forget(session, ids)


@dataclass(frozen=True, slots=True)
class RouteTaken:
    """Channel and paying (or receiving) account of a document; cash has no account."""

    document_id: int
    channel: str
    account_id: int | None


def set_routes(session: Session, routes: Sequence[RouteTaken]) -> None:
    """Write routes. The database refuses it once somebody is approving."""
    if not routes:
        return
    session.execute(
        sa.text(
            "UPDATE document d SET channel = r.channel, account_id = r.account_id FROM "
            "unnest(CAST(:ids AS bigint[]), CAST(:channels AS text[]), "
            "CAST(:accounts AS bigint[])) AS r(id, channel, account_id) WHERE d.id = r.id"
        ),
        {
            "ids": [route.document_id for route in routes],
            "channels": [route.channel for route in routes],
            "accounts": [route.account_id for route in routes],
        },
    )
    forget(session, [route.document_id for route in routes])


def seal_content(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """Compute and store the hash of what is being submitted for approval, by document id."""
    hashes = submitted_hashes(session, ids)
    session.execute(
        sa.text(
            "UPDATE document d SET content_hash = h.hash FROM "
            "unnest(CAST(:ids AS bigint[]), CAST(:hashes AS text[])) AS h(id, hash) "
            "WHERE d.id = h.id AND d.content_hash IS DISTINCT FROM h.hash"
        ),
        {"ids": list(hashes), "hashes": list(hashes.values())},
    )
    for one, hashed in hashes.items():
        loaded = session.identity_map.get(identity_key(Document, one))
        if loaded is not None:
            set_committed_value(loaded, "content_hash", hashed)
    return hashes


def forget(session: Session, ids: Sequence[int]) -> None:
    """Let loaded documents be read anew: SQL moved them behind the session's back."""
    for one in ids:
        # Looked up by key: reading an attribute of an expired row would load it.
        loaded = session.identity_map.get(identity_key(Document, one))
        if loaded is not None:
            session.expire(loaded)

"""Holds: a document stands still until another person releases it, with a reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.runtime import audit
from engine.runtime.db import constraint
from engine.treasury.alerts import errors, twins
from engine.treasury.alerts.board import resolve_by_key
from engine.treasury.alerts.models import Alert, DocumentHold
from engine.treasury.documents.models import Document
from engine.treasury.documents.states import State
from engine.treasury.organisations.grants import require


@dataclass(frozen=True, slots=True)
class HoldDraft:
    """A document to hold because of an alert."""

    org_id: str
    document_id: int
    alert_id: int


def place(session: Session, drafts: Sequence[HoldDraft], placed_by: str, now: dt.datetime) -> None:
    """Hold documents. A hold of the same alert that was released is not placed again: a false
    positive that somebody cleared is remembered."""
    session.flush()
    session.execute(
        sa.text("""
            INSERT INTO document_hold (org_id, document_id, alert_id, placed_by, placed_at)
            SELECT o, d, a, :by, :now FROM unnest(CAST(:orgs AS text[]),
              CAST(:documents AS bigint[]), CAST(:alerts AS bigint[])) AS h(o, d, a)
            ON CONFLICT (document_id, alert_id) DO NOTHING"""),
        {
            "orgs": [d.org_id for d in drafts],
            "documents": [d.document_id for d in drafts],
            "alerts": [d.alert_id for d in drafts],
            "by": placed_by,
            "now": now,
        },
    )


def held(session: Session, document_ids: Sequence[int]) -> frozenset[int]:
    """Which of the documents are held now; before_send asks this again."""
    session.flush()
    rows = session.execute(
        sa.text(
            "SELECT DISTINCT document_id FROM document_hold "
            "WHERE document_id = ANY(:ids) AND released_by IS NULL"
        ),
        {"ids": list(document_ids)},
    )
    return frozenset(int(one) for one in rows.scalars())


def of_document(session: Session, document_id: int) -> list[DocumentHold]:
    """All holds of a document, released ones too, oldest first."""
    return list(
        session.exec(
            select(DocumentHold)
            .where(DocumentHold.document_id == document_id)
            .order_by(col(DocumentHold.id))
        )
    )


def release(
    session: Session, user_id: str, document_id: int, reason: str, now: dt.datetime
) -> Document:
    """Release every hold of a document and close their alerts (permission holds.release); the
    twins it was held for are remembered as cleared.

    Four eyes by the database: not by whoever made the document, placed the hold or would be
    paid. The caller lets the document go on. Raises NotPermitted, AlertError NOT_HELD,
    REASON_MISSING, FOUR_EYES_MAKER.
    """
    if not reason.strip():
        raise errors.reason_missing()
    document = session.exec(
        select(Document).where(Document.id == document_id).with_for_update()
    ).one()
    require(session, user_id, "holds.release", document.org_id)
    live = [h for h in of_document(session, document_id) if h.released_by is None]
    if not live:
        raise errors.not_held(document.document_no)
    try:
        with session.begin_nested():
            for hold in live:
                hold.released_by, hold.released_at = user_id, now
                hold.release_reason = reason.strip()
            session.flush()
    except sa.exc.DBAPIError as error:
        if constraint(error) == "hold_four_eyes":
            raise errors.own_document(document.document_no) from error
        raise
    alert_ids = [h.alert_id for h in live]
    twins.clear(session, document, alert_ids, user_id, reason.strip(), now)
    keys = session.exec(select(Alert.dedupe_key).where(col(Alert.id).in_(alert_ids))).all()
    resolve_by_key(session, keys, user_id, now)
    audit.record(
        session,
        user_id,
        "hold.release",
        "document",
        str(document_id),
        document.org_id,
        {"held": True},
        {"held": False},
        reason.strip(),
        now,
    )
    return document


def void_holds(session: Session, document_ids: Sequence[int], now: dt.datetime) -> None:
    """Close the alerts of documents that ended: there is nothing left to look at."""
    session.flush()
    keys = session.execute(
        sa.text(
            "SELECT dedupe_key FROM alert WHERE subject_kind = 'document' "
            "AND subject_id = ANY(:ids) AND state <> 'resolved'"
        ),
        {"ids": [str(one) for one in document_ids]},
    ).scalars()
    resolve_by_key(session, list(keys), f"system:{State.VOID.value}", now)

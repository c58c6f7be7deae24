"""What the source is told about its documents, through the outbox, in the same transaction.

Only sources that are systems with an endpoint are told. The sequence of a message is the number
of the document's events so far: it grows with every step, so the source can order messages.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import Text
from engine.runtime import outbox
from engine.runtime.jsontypes import JsonValue

KIND = "document_status"


@dataclass(frozen=True, slots=True)
class ReportedReason:
    """Why, with the rule that says so."""

    rule: str
    text: Text


def report(
    session: Session,
    document_ids: Sequence[int],
    status: str,
    now: dt.datetime,
    reasons: Mapping[int, Sequence[ReportedReason]] | None = None,
    replaced_by: Mapping[int, str] | None = None,
) -> int:
    """Tell the sources of documents their `status`; how many messages were written.

    `status`: RETURNED | REJECTED | VOID | REPLACED | PAID | CONFIRMED | BOUNCED | FAILED_FINAL |
    UNPAID (a cash confirmation was taken back).
    REPLACED names in `replaced_by` (document id -> number) the document that is paid instead: the
    obligation stands, nothing is to be sent anew. The match number, booking date and voucher
    number are taken from the documents as they stand.
    """
    session.flush()
    rows = session.execute(
        sa.text("""
            SELECT d.id, d.org_id, d.document_no, d.source_document_no, d.source_system,
                   d.match_no, d.booking_date, d.voucher_no,
                   (SELECT count(*) FROM document_event e WHERE e.document_id = d.id) AS sequence
            FROM document d JOIN user_account u
              ON u.id = d.source_system AND u.endpoint IS NOT NULL
            WHERE d.id = ANY(:ids) ORDER BY d.id"""),
        {"ids": list(document_ids)},
    ).all()
    for row in rows:
        said: list[JsonValue] = [
            {"rule": r.rule, "message_en": r.text.en, "message_zh": r.text.zh}
            for r in (reasons or {}).get(row.id, ())
        ]
        outbox.put(
            session,
            row.source_system,
            row.document_no,
            KIND,
            {
                "kind": KIND,
                "document_no": row.document_no,
                "source_document_no": row.source_document_no,
                "sequence": row.sequence,
                "status": status,
                "match_no": row.match_no,
                "booking_date": row.booking_date.isoformat() if row.booking_date else None,
                "voucher_no": row.voucher_no,
                "reasons": said,
                **_instead(row.id, replaced_by),
            },
            row.org_id,
            now,
        )
    return len(rows)


def _instead(document_id: int, replaced_by: Mapping[int, str] | None) -> dict[str, JsonValue]:
    number = (replaced_by or {}).get(document_id)
    return {} if number is None else {"replaced_by": number}

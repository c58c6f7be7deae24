"""Handing an approved document over to a cheque: no bank instruction, at most one live cheque."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import Text
from engine.runtime import audit
from engine.treasury.alerts.holds import held
from engine.treasury.approvals.desk import approved_hash_matches
from engine.treasury.documents.course import wait
from engine.treasury.documents.results import ItemResult
from engine.treasury.payments.candidates import (
    Candidate,
    Filters,
    barred,
    candidates,
    content_changed,
    not_ready,
    payable_orgs,
)
from engine.treasury.payments.channels import CHEQUE

WAITING = "CHEQUE_REQUESTED"
_ASKED = Text("a cheque was asked for", "已申请支票")


@dataclass(frozen=True, slots=True)
class Cheque:
    """A cheque of a document. `amount` in minor units; `state` REQUESTED or CANCELLED."""

    id: int
    payee: str
    amount: int
    currency: str
    state: str
    requested_by: str
    requested_at: dt.datetime
    cancelled_at: dt.datetime | None
    cancel_reason: str | None


def request(
    session: Session, user: str, document_ids: Sequence[int], now: dt.datetime
) -> list[ItemResult]:
    """Ask for one cheque per document (permission payments.release), each with its own result.

    The document stays UNPAID and waits: nothing has left, it can still be voided or replaced,
    which cancels the cheque. Refused alone: NOT_PERMITTED, FOUR_EYES, NOT_CHEQUE, ALREADY_LIVE,
    NOT_UNPAID, HELD, HASH_CHANGED, CHEQUE_LIVE. ReleaseError NOT_PERMITTED when the user pays
    nowhere.
    """
    allowed = payable_orgs(session, user)
    rows = candidates(session, document_ids, Filters())
    ids = [row.id for row in rows]
    on_hold = held(session, ids)
    approved = approved_hash_matches(session, ids)
    results = []
    for row in rows:
        why = (
            barred(row, user, allowed)
            or not_ready(row, on_hold)
            or (None if row.channel == CHEQUE else _not_cheque(row))
            or (None if approved[row.id] else content_changed(row))
            or (None if _asked(session, row, user, now) else _live(row))
        )
        code, text = why or (None, None)
        results.append(ItemResult(row.id, row.document_no, code, text))
    done = [one for one in results if one.done]
    wait(session, [one.document_id for one in done], WAITING, _ASKED)
    audit.record(
        session,
        user,
        "cheque.request",
        "document",
        "-",
        None,
        None,
        {
            "documents": [one.document_no for one in done],
            "refused": [one.document_no for one in results if not one.done],
        },
        None,
        now,
    )
    return results


def cancel_of(session: Session, document_ids: Sequence[int], reason: str, now: dt.datetime) -> None:
    """Cancel the live cheques of documents that end."""
    session.execute(
        sa.text(
            "UPDATE cheque SET state = 'CANCELLED', cancelled_at = :now, cancel_reason = :reason "
            "WHERE document_id = ANY(:ids) AND state = 'REQUESTED'"
        ),
        {"ids": list(document_ids), "reason": reason, "now": now},
    )


def of_document(session: Session, document_id: int) -> list[Cheque]:
    """All cheques of a document, cancelled ones too, oldest first."""
    rows = session.execute(
        sa.text(
            "SELECT id, payee, amount, currency, state, requested_by, requested_at, cancelled_at, "
            "cancel_reason FROM cheque WHERE document_id = :id ORDER BY id"
        ),
        {"id": document_id},
    ).mappings()
    return [Cheque(**row) for row in rows]


def _asked(session: Session, row: Candidate, user: str, now: dt.datetime) -> bool:
    made = session.execute(
        sa.text(
            "INSERT INTO cheque (org_id, document_id, account_id, payee, amount, currency, "
            "requested_by, requested_at) SELECT org_id, id, account_id, "
            "coalesce(counterparty_name, ''), amount, currency, :user, :now FROM document "
            "WHERE id = :id ON CONFLICT (document_id) WHERE state <> 'CANCELLED' DO NOTHING "
            "RETURNING id"
        ),
        {"id": row.id, "user": user, "now": now},
    ).first()
    return made is not None


def _not_cheque(row: Candidate) -> tuple[str, Text]:
    return "NOT_CHEQUE", Text(
        f"{row.document_no} goes by {row.channel}, not by cheque",
        f"单据 {row.document_no} 的结算渠道为 {row.channel},不是支票",
    )


def _live(row: Candidate) -> tuple[str, Text]:
    return "CHEQUE_LIVE", Text(
        f"a cheque was asked for {row.document_no} before; use that one",
        f"单据 {row.document_no} 已申请支票;请使用该支票",
    )

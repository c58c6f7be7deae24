"""Voiding documents (作废): approvals, alerts, holds, batch places and cheques end with them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.base.text import SluiceError, Text
from engine.machines import approval
from engine.machines.instruction.withdrawing import withdraw_ready
from engine.runtime import audit
from engine.runtime.db import constraint
from engine.treasury import cheques
from engine.treasury.alerts import holds
from engine.treasury.approvals.wiring import SUBJECT
from engine.treasury.documents import course
from engine.treasury.documents.errors import DocumentError
from engine.treasury.documents.models import Document
from engine.treasury.documents.reporting import ReportedReason, report
from engine.treasury.documents.results import ItemResult
from engine.treasury.documents.states import State
from engine.treasury.organisations.grants import require


def void(session: Session, user_id: str, ids: Sequence[int], reason: str, now: dt.datetime) -> None:
    """Void documents by a person's word, with a reason: all of them or none.

    Needs documents.void. The source is told. Raises NotPermitted, DocumentError REASON_MISSING,
    BEING_PAID, TransitionRefused (withdraw or reject first what is in approval).
    """
    end(session, user_id, ids, reason, now)
    why = [ReportedReason("VOID", Text(reason, reason))]
    report(session, ids, "VOID", now, dict.fromkeys(ids, why))


def void_each(
    session: Session, user_id: str, ids: Sequence[int], reason: str, now: dt.datetime
) -> list[ItemResult]:
    """Void documents, each with its own result. Raises DocumentError REASON_MISSING."""
    course.need_reason(reason)
    documents = session.exec(
        select(Document).where(col(Document.id).in_(ids)).order_by(col(Document.id))
    ).all()
    results = []
    for document_id, document_no in [(one.id or 0, one.document_no) for one in documents]:
        try:
            with session.begin_nested():
                void(session, user_id, [document_id], reason, now)
        except SluiceError as error:
            results.append(ItemResult(document_id, document_no, error.code, error.text))
        else:
            results.append(ItemResult(document_id, document_no))
    return results


def end(session: Session, user_id: str, ids: Sequence[int], reason: str, now: dt.datetime) -> None:
    """Void documents without telling their source; raises as `void`."""
    course.need_reason(reason)
    orgs = session.execute(
        sa.text("SELECT DISTINCT org_id FROM document WHERE id = ANY(:ids)"), {"ids": list(ids)}
    ).scalars()
    for org_id in orgs.all():
        require(session, user_id, "documents.void", org_id)
    # Batches, then requests, then documents: the order of those who send and who decide. The
    # savepoint undoes the first ones when a later one is refused.
    try:
        with session.begin_nested():
            withdraw_ready(session, ids, "VOID", reason, now)
            approval.withdraw(session, SUBJECT, ids, reason, now)
            cheques.cancel_of(session, ids, reason, now)
            moved = course.void(session, ids, actor=user_id, now=now, reason=reason)
    except sa.exc.IntegrityError as error:
        if constraint(error) != "document_void_is_free":
            raise
        raise DocumentError(
            "BEING_PAID",
            Text(
                "a payment of the document is under way or done; wait for its outcome",
                "单据正在支付或已支付;请等待结果",
            ),
        ) from error
    for one in moved:
        audit.record(
            session,
            user_id,
            "document.void",
            "document",
            str(one.id),
            one.org_id,
            {"state": one.before.value},
            {"state": State.VOID.value},
            reason,
            now,
        )
    holds.void_holds(session, ids, now)

"""Facts of documents for the rulesets: each kind's own class, from what stands in the rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import Text
from engine.rulebook import Pinned
from engine.rulebook.models import Revision, VocabularyVersion
from engine.rulebook.texts import vocabulary_of
from engine.rules.kinds import alerts, approval, routing, validation
from engine.treasury.documents.models import Document
from engine.treasury.intake.columns import COLUMNS, Form
from engine.treasury.intake.reading import TypedRow

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def code_lists(session: Session, pinned: Pinned) -> dict[str, Mapping[str, Text]]:
    """Closed lists of the live vocabulary, by column. Without a live revision there are none:
    any code is taken, and judged once a ruleset is live."""
    revision = session.get(Revision, pinned.revision) if pinned.revision else None
    kept = session.get(VocabularyVersion, revision.vocabulary_hash) if revision else None
    if kept is None:
        return {}
    words = vocabulary_of(kept.text).words
    found = {}
    for column in COLUMNS:
        word = words.get(column.name)
        if column.form is Form.CODE and word is not None and word.values is not None:
            found[column.name] = word.values
    return found


def raw_row(row: TypedRow, org_level: str | None, today: dt.date) -> DataclassInstance:
    """A row for the kind validation; every word may be missing."""
    v = row.values
    common = {
        "amount": row.amount,
        "currency": v["currency"],
        "payment_method": v["payment_method"],
        "business_type": v["business_type"],
        "business_reference": v["business_reference"],
        "purpose": v["purpose"],
        "urgency": v["urgency"],
        "due_date": row.due_date,
        "days_overdue": _overdue(row.due_date, today),
        "org_level": org_level,
    }
    if row.direction == "collect":
        return validation.RawCollection(
            **common,  # type: ignore[arg-type]  # the two classes share these fields and types
            debtor_name=v["counterparty_name"],
            debtor_account=v["counterparty_account"],
            debtor_bank_code=v["counterparty_bank_code"],
        )
    return validation.RawPayment(
        **common,  # type: ignore[arg-type]
        creditor_type=v["creditor_type"],
        creditor_name=v["counterparty_name"],
        creditor_account=v["counterparty_account"],
        creditor_bank_code=v["counterparty_bank_code"],
        payee_is_insured=row.payee_is_insured,
    )


def to_route(document: Document, *, same_bank: bool, org_level: str) -> DataclassInstance:
    """A checked document for the kind routing."""
    if document.direction == "collect":
        return routing.CollectionToRoute(
            amount=document.amount,
            currency=document.currency,
            payment_method=document.payment_method,
            business_type=document.business_type,
            same_bank=same_bank,
            urgency=document.urgency,
            org_level=org_level,
        )
    return routing.PaymentToRoute(
        amount=document.amount,
        currency=document.currency,
        payment_method=document.payment_method,
        business_type=document.business_type,
        creditor_type=document.creditor_type,  # type: ignore[arg-type]  # null is refused by decide
        same_bank=same_bank,
        urgency=document.urgency,
        org_level=org_level,
    )


def to_watch(document: Document, org_level: str) -> DataclassInstance:
    """A routed document for the kind alerts."""
    if document.direction == "collect":
        return alerts.CollectionToWatch(
            amount=document.amount,
            currency=document.currency,
            business_type=document.business_type,
            business_reference=document.business_reference,
            debtor_name=document.counterparty_name,
            debtor_account=document.counterparty_account,
            payment_method=document.payment_method,
            urgency=document.urgency,
            org_level=org_level,
        )
    return alerts.PaymentToWatch(
        amount=document.amount,
        currency=document.currency,
        business_type=document.business_type,
        business_reference=document.business_reference,
        creditor_type=document.creditor_type,  # type: ignore[arg-type]
        creditor_name=document.counterparty_name,
        creditor_account=document.counterparty_account,
        payment_method=document.payment_method,
        urgency=document.urgency,
        org_level=org_level,
    )


def to_approve(
    document: Document, *, batch_total: int, extra_approver: bool, duplicate: bool, org_level: str
) -> DataclassInstance:
    """A routed document, with what the alerts said, for the kind approval."""
    if document.direction == "collect":
        return approval.CollectionToApprove(
            amount=document.amount,
            batch_total=batch_total,
            currency=document.currency,
            business_type=document.business_type,
            urgency=document.urgency,
            channel=document.channel or "",
            org_level=org_level,
            extra_approver=extra_approver,
            duplicate=duplicate,
        )
    return approval.PaymentToApprove(
        amount=document.amount,
        batch_total=batch_total,
        currency=document.currency,
        business_type=document.business_type,
        creditor_type=document.creditor_type,  # type: ignore[arg-type]
        urgency=document.urgency,
        channel=document.channel or "",
        org_level=org_level,
        extra_approver=extra_approver,
        duplicate=duplicate,
    )


def batch_totals(session: Session, batch_ids: list[int]) -> dict[tuple[int, str, str], int]:
    """Sum of what a document batch still brings, by (batch, direction, currency)."""
    rows = session.execute(
        sa.text("""
            SELECT document_batch_id, direction, currency, sum(amount) AS total FROM document
            WHERE document_batch_id = ANY(:ids) AND state NOT IN ('RETURNED', 'VOID')
            GROUP BY document_batch_id, direction, currency"""),
        {"ids": batch_ids},
    )
    return {
        (int(r.document_batch_id), str(r.direction), str(r.currency)): int(r.total) for r in rows
    }


def _overdue(due: dt.date | None, today: dt.date) -> int | None:
    return None if due is None else max(0, (today - due).days)

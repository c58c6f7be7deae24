"""A small group with accounts, people and documents, written straight into the database."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa
from sqlmodel import Session

from engine import ledger
from engine.runtime.clock import ManualClock
from engine.treasury.accounts.book import AccountDraft, create
from engine.treasury.documents.course import seal_content
from engine.treasury.organisations.models import LegalEntity, RoleGrant, UserAccount
from engine.treasury.organisations.tree import add_organisation

CNAPS_A, CNAPS_B = "901100000001", "902100000001"


@dataclass(frozen=True)
class World:
    """Ids of what was made."""

    pay_account: int
    collect_account: int
    second_account: int


def build(session: Session) -> World:
    """GROUP > BJ > BJ01 with a disbursement account at each bank and a collection account.

    SH is there because shipped rulesets name it.
    """
    session.add(LegalEntity(id="LE1", name_en="Insurance", name_zh="保险", org_id="GROUP"))
    session.flush()
    for code, above, level in (
        ("GROUP", None, "head_office"),
        ("BJ", "GROUP", "branch"),
        ("BJ01", "BJ", "sub_branch"),
        ("SH", "GROUP", "branch"),
    ):
        add_organisation(
            session,
            code,
            parent_id=above,
            level=level,
            name_en=code,
            name_zh=code,
            legal_entity_id="LE1",
        )
    people = (("cashier", "cashier"), ("accountant", "accountant"), ("boss", "treasurer"))
    for user, role in (*people, ("auditor", "accountant"), ("claims", "source")):
        endpoint = "http://127.0.0.1:9/messages" if user == "claims" else None
        session.add(UserAccount(id=user, org_id="GROUP", name=user, endpoint=endpoint))
        session.flush()
        session.add(RoleGrant(user_id=user, role=role, org_id="GROUP"))
    chart: tuple[tuple[str, Literal["asset", "liability", "expense"]], ...] = (
        ("100201", "asset"),
        ("112201", "asset"),
        ("224101", "liability"),
        ("224199", "liability"),
        ("660303", "expense"),
    )
    for code, nature in chart:
        ledger.ensure_account(
            session, code, org_id="GROUP", name_en=code, name_zh=code, nature=nature
        )
    made = [
        create(
            session,
            AccountDraft("BJ", bank, number, "演示保险北京", "CNY", nature, cnaps, "100201"),
        ).id
        or 0
        for bank, number, nature, cnaps in (
            ("bank_a", "6100000001", "disbursement", CNAPS_A),
            ("bank_a", "6100000002", "collection", CNAPS_A),
            ("bank_b", "6200000001", "disbursement", CNAPS_B),
        )
    ]
    session.execute(
        sa.text(
            "INSERT INTO document_batch (batch_no, org_id, source_system, source_channel, "
            "created_by, created_at, business_date) "
            "VALUES ('DB1', 'BJ', 'claims', 'api', 'claims', now(), '2026-11-23')"
        )
    )
    return World(*made)


def accounts_of(session: Session) -> World:
    """The accounts `build` made."""
    rows = session.execute(sa.text("SELECT id FROM bank_account ORDER BY id"))
    return World(*(int(one) for one in rows.scalars()))


@dataclass(frozen=True)
class Draft:
    """A document to make; the rest is filled in."""

    number: int
    amount: int = 10_000
    account: int = 0
    direction: str = "pay"
    urgency: str = "normal"
    counterparty_account: str | None = None
    counterparty_name: str = "王伟"
    channel: str = "bank_direct"
    org_id: str = "BJ01"
    business_type: str = "claim"
    counterparty_bank_code: str = CNAPS_A


_INSERT = sa.text("""
INSERT INTO document (document_no, org_id, document_batch_id, direction, source_system,
    source_document_no, payload_hash, business_type, creditor_type, counterparty_name,
    counterparty_account, counterparty_bank_code, amount, currency, payment_method, urgency,
    due_date, purpose, created_by, created_at, business_date)
VALUES (:no, :org, (SELECT min(id) FROM document_batch), :direction, 'claims', :source_no, :hash,
    :business_type, :creditor_type, :name, :account, :bank_code, :amount, 'CNY', 'transfer',
    :urgency, '2026-11-23', '赔款', 'claims', :now, '2026-11-23')
RETURNING id
""")


def unpaid(session: Session, clock: ManualClock, drafts: Iterable[Draft]) -> list[int]:
    """Documents that passed approval: routed, sealed, UNPAID."""
    made = []
    for draft in drafts:
        document = session.execute(
            _INSERT,
            {
                "no": f"D20261123-{draft.number:06d}",
                "org": draft.org_id,
                "direction": draft.direction,
                "source_no": f"C{draft.number}",
                "hash": hashlib.sha256(str(draft.number).encode()).hexdigest(),
                "business_type": draft.business_type,
                "creditor_type": "claimant" if draft.direction == "pay" else None,
                "name": draft.counterparty_name,
                "account": draft.counterparty_account or f"62220000{draft.number:06d}",
                "bank_code": draft.counterparty_bank_code,
                "amount": draft.amount,
                "urgency": draft.urgency,
                "now": clock.now(),
            },
        ).scalar_one()
        session.execute(
            sa.text("UPDATE document SET channel = :channel, account_id = :account WHERE id = :id"),
            {"channel": draft.channel, "account": draft.account, "id": document},
        )
        made.append(int(document))
    for state in ("VALIDATED", "BATCHED"):
        _move(session, made, state)
    for document, sealed in sorted(seal_content(session, made).items()):
        _approve(session, document, sealed, clock)
    _move(session, made, "UNPAID")
    return made


_APPROVED = """
WITH request AS (
  INSERT INTO approval_request (org_id, subject_kind, subject_id, subject_no, round, content_hash,
    maker, rows, decision_ids, state, opened_at)
  SELECT org_id, 'document', id, document_no, 1, :hash, created_by, '[]', '[]', 'OPEN', :now
  FROM document WHERE id = :id RETURNING id)
INSERT INTO approval_step (org_id, request_id, position, role, holder_org_id, state, opened_at)
SELECT 'BJ', id, 1, 'treasurer', 'GROUP', 'OPEN', :now FROM request
RETURNING id, request_id
"""


def _approve(session: Session, document: int, sealed: str, clock: ManualClock) -> None:
    """Approval by `boss`, as the approval machine would leave it."""
    now = {"now": clock.now()}
    step = session.execute(sa.text(_APPROVED), {"id": document, "hash": sealed, **now}).one()
    session.execute(
        sa.text(
            "INSERT INTO approval_verdict (org_id, request_id, step_id, user_id, verdict, "
            "content_hash, at) VALUES ('BJ', :request, :step, 'boss', 'approve', :hash, :now)"
        ),
        {"request": step.request_id, "step": step.id, "hash": sealed, **now},
    )
    session.execute(
        sa.text("UPDATE approval_step SET state = 'APPROVED' WHERE id = :id"), {"id": step.id}
    )
    session.execute(
        sa.text("UPDATE approval_request SET state = 'APPROVED', closed_at = :now WHERE id = :id"),
        {"id": step.request_id, **now},
    )


def _move(session: Session, documents: list[int], state: str) -> None:
    session.execute(
        sa.text("UPDATE document SET state = :state WHERE id = ANY(:ids)"),
        {"state": state, "ids": documents},
    )


def states(session: Session, documents: Iterable[int]) -> list[str]:
    """States of documents, in the order given."""
    wanted = list(documents)
    rows = session.execute(
        sa.text("SELECT id, state FROM document WHERE id = ANY(:ids)"), {"ids": wanted}
    )
    found = {int(row.id): str(row.state) for row in rows}
    return [found[one] for one in wanted]


def day(number: int) -> dt.date:
    """A day of November 2026."""
    return dt.date(2026, 11, number)

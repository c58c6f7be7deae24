"""Small vouchers for the ledger's tests."""

from __future__ import annotations

from datetime import UTC, date, datetime

import sqlalchemy as sa

from engine import ledger
from engine.ledger import LineDraft, VoucherDraft
from engine.runtime import db

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
DAY = date(2026, 11, 23)
PAYABLE, BANK, FEE = "2202", "100201", "6603"


def chart(engine: sa.Engine) -> None:
    """Three accounts to post to."""
    with db.transaction(engine) as session:
        for code, en, zh in ((PAYABLE, "Payables", "应付"), (BANK, "Bank", "存款")):
            ledger.ensure_account(
                session, code, org_id="GROUP", name_en=en, name_zh=zh, nature="liability"
            )
        ledger.ensure_account(
            session, FEE, org_id="GROUP", name_en="Fees", name_zh="手续费", nature="expense"
        )


def draft(
    event: str = "E1",
    *lines: LineDraft,
    entity: str = "SH",
    day: date = DAY,
    reversal_of: int | None = None,
) -> VoucherDraft:
    """A payment of 100.00 CNY, or the given lines."""
    return VoucherDraft(
        event_id=event,
        org_id="SH01",
        legal_entity_id=entity,
        currency="CNY",
        voucher_date=day,
        voucher_type="payment",
        text="付款",
        lines=lines or (LineDraft(PAYABLE, 10_000, 0), LineDraft(BANK, 0, 10_000)),
        now=NOW,
        reversal_of=reversal_of,
    )

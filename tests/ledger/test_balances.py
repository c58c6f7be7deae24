"""Balances and the trial balance."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from engine import ledger
from engine.ledger import LineDraft
from engine.runtime import db
from tests.ledger.support import BANK, PAYABLE, chart, draft


@pytest.fixture
def books(engine: sa.Engine) -> sa.Engine:
    """100.00 on 23 November and 0.07 on 1 December in SH, 0.05 on 23 November in BJ."""
    chart(engine)
    cents = (LineDraft(PAYABLE, 7, 0), LineDraft(BANK, 0, 7))
    other = (LineDraft(PAYABLE, 5, 0), LineDraft(BANK, 0, 5))
    with db.transaction(engine) as session:
        ledger.post(session, draft("E1"))
        ledger.post(session, draft("E2", *cents, day=date(2026, 12, 1)))
        ledger.post(session, draft("E3", *other, entity="BJ"))
    return engine


def test_balances_are_debits_minus_credits(books: sa.Engine) -> None:
    with db.transaction(books) as session:
        found = {b.account: b.balance for b in ledger.balances(session)}
    assert found == {BANK: -10_012, PAYABLE: 10_012}


def test_balances_end_with_the_day_asked_for(books: sa.Engine) -> None:
    with db.transaction(books) as session:
        found = ledger.balances(
            session, until=date(2026, 11, 30), legal_entity_id="SH", accounts=[BANK]
        )
    assert [(b.account, b.debits, b.credits) for b in found] == [(BANK, 0, 10_000)]


def test_organisations_out_of_scope_are_not_counted(books: sa.Engine) -> None:
    with db.transaction(books) as session:
        assert ledger.balances(session, org_ids=[]) == []
        assert ledger.balances(session, org_ids=["BJ01"]) == []


def test_a_trial_balance_carries_the_opening(books: sa.Engine) -> None:
    with db.transaction(books) as session:
        rows = ledger.trial_balance(
            session, date(2026, 12, 1), date(2026, 12, 31), legal_entity_id="SH"
        )
    assert [(r.account, r.opening, r.debits, r.credits, r.closing) for r in rows] == [
        (BANK, -10_000, 0, 7, -10_007),
        (PAYABLE, 10_000, 7, 0, 10_007),
    ]
    assert sum(r.closing for r in rows) == 0

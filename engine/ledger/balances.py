"""What the vouchers add up to: balances and the trial balance 试算平衡表. Minor units."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session


@dataclass(frozen=True, slots=True)
class Balance:
    """Turnover of one account in one currency; `balance` is debits minus credits."""

    account: str
    currency: str
    debits: int
    credits: int

    @property
    def balance(self) -> int:
        """Debits minus credits: positive is a debit balance."""
        return self.debits - self.credits


@dataclass(frozen=True, slots=True)
class TrialBalanceRow:
    """One account and currency over a period: opening + debits - credits = closing."""

    account: str
    name_en: str
    name_zh: str
    currency: str
    opening: int
    debits: int
    credits: int

    @property
    def closing(self) -> int:
        """Debit balance at the end of the period."""
        return self.opening + self.debits - self.credits


_FILTERS = """
      (CAST(:orgs AS text[]) IS NULL OR l.org_id = ANY(:orgs))
  AND (CAST(:entity AS text) IS NULL OR v.legal_entity_id = :entity)
"""

_BALANCES = sa.text(
    """
SELECT l.account, l.currency, sum(l.debit)::text, sum(l.credit)::text
FROM voucher_line l JOIN voucher v ON v.id = l.voucher_id
WHERE (CAST(:until AS date) IS NULL OR v.voucher_date <= :until)
  AND (CAST(:accounts AS text[]) IS NULL OR l.account = ANY(:accounts))
  AND """
    + _FILTERS
    + "GROUP BY l.account, l.currency ORDER BY l.account, l.currency"
)

_TRIAL = sa.text(
    """
SELECT l.account, a.name_en, a.name_zh, l.currency,
       coalesce(sum(l.debit - l.credit) FILTER (WHERE v.voucher_date < :first), 0)::text,
       coalesce(sum(l.debit) FILTER (WHERE v.voucher_date >= :first), 0)::text,
       coalesce(sum(l.credit) FILTER (WHERE v.voucher_date >= :first), 0)::text
FROM voucher_line l
JOIN voucher v ON v.id = l.voucher_id
JOIN gl_account a ON a.code = l.account
WHERE v.voucher_date <= :last AND """
    + _FILTERS
    + """GROUP BY l.account, a.name_en, a.name_zh, l.currency
ORDER BY l.account, l.currency"""
)


def balances(
    session: Session,
    *,
    org_ids: Collection[str] | None = None,
    legal_entity_id: str | None = None,
    accounts: Collection[str] | None = None,
    until: dt.date | None = None,
) -> list[Balance]:
    """Turnover per account and currency of vouchers dated up to and including `until`.

    None means no restriction; `org_ids` are the organisations a user may see.
    """
    rows = session.execute(
        _BALANCES,
        {
            "orgs": None if org_ids is None else list(org_ids),
            "entity": legal_entity_id,
            "accounts": None if accounts is None else list(accounts),
            "until": until,
        },
    )
    return [Balance(r[0], r[1], int(r[2]), int(r[3])) for r in rows]


def trial_balance(
    session: Session,
    first: dt.date,
    last: dt.date,
    *,
    org_ids: Collection[str] | None = None,
    legal_entity_id: str | None = None,
) -> list[TrialBalanceRow]:
    """Opening, debits, credits, closing per account and currency, `first` to `last` inclusive."""
    rows = session.execute(
        _TRIAL,
        {
            "first": first,
            "last": last,
            "orgs": None if org_ids is None else list(org_ids),
            "entity": legal_entity_id,
        },
    )
    return [TrialBalanceRow(r[0], r[1], r[2], r[3], int(r[4]), int(r[5]), int(r[6])) for r in rows]


def is_balanced(session: Session) -> bool:
    """Whether all vouchers together have equal debits and credits in each currency."""
    unequal = session.execute(
        sa.text(
            "SELECT 1 FROM voucher_line GROUP BY currency HAVING sum(debit) <> sum(credit) LIMIT 1"
        )
    )
    return unequal.first() is None

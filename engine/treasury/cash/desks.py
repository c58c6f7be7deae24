"""Cash desks and their journals. The database keeps every row's balance at zero or above."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.money import decimals
from engine.base.text import SluiceError, Text
from engine.treasury.organisations.grants import visible_orgs


class CashError(SluiceError):
    """Cash that cannot be moved as asked."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A cash desk. `opening` and `balance` in minor units."""

    id: int
    org_id: str
    currency: str
    ledger_account: str
    opening: int
    balance: int
    entries: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a journal: what was received (above zero) or paid, and the balance after it."""

    entry_no: int
    document_no: str
    counterparty_name: str | None
    amount: int
    balance: int
    business_date: dt.date
    user_id: str
    at: dt.datetime
    voucher_no: str | None


_DESKS = sa.text("""
SELECT k.id, k.org_id, k.currency, k.ledger_account, k.opening,
       coalesce(last.balance, k.opening) AS balance, coalesce(last.entry_no, 0) AS entries
FROM cash_desk k LEFT JOIN LATERAL (
  SELECT balance, entry_no FROM cash_entry e WHERE e.desk_id = k.id
  ORDER BY entry_no DESC LIMIT 1) last ON true
WHERE k.org_id = ANY(:orgs) ORDER BY k.org_id, k.currency
""")


def ensure_desk(
    session: Session, *, org_id: str, currency: str, ledger_account: str, opening: int
) -> bool:
    """Open a cash desk with `opening` minor units in it; False when there is one already.

    Raises MoneyError UNKNOWN_CURRENCY; the database refuses an opening below zero, an unknown
    organisation and an unknown ledger account.
    """
    decimals(currency)
    session.flush()
    made = session.execute(
        sa.text(
            "INSERT INTO cash_desk (org_id, currency, ledger_account, opening) "
            "VALUES (:org, :currency, :account, :opening) "
            "ON CONFLICT (org_id, currency) DO NOTHING RETURNING id"
        ),
        {"org": org_id, "currency": currency, "account": ledger_account, "opening": opening},
    ).first()
    return made is not None


def desks(session: Session, user_id: str) -> list[Desk]:
    """The desks of the user's organisations (accounts.read) with their balances."""
    session.flush()
    orgs = sorted(visible_orgs(session, user_id, "accounts.read"))
    return [Desk(**row) for row in session.execute(_DESKS, {"orgs": orgs}).mappings()]


def journal(
    session: Session, user_id: str, org_id: str, currency: str, *, limit: int = 200
) -> tuple[Desk, list[Entry]]:
    """A desk and the latest rows of its journal, newest first; CashError CASH_DESK_UNKNOWN."""
    found = next(
        (
            one
            for one in desks(session, user_id)
            if (one.org_id, one.currency) == (org_id, currency)
        ),
        None,
    )
    if found is None:
        raise CashError(
            "CASH_DESK_UNKNOWN",
            Text(
                f"there is no cash desk of {org_id} in {currency} among those you may see",
                f"在您可查看的范围内没有机构 {org_id} 的 {currency} 现金库",
            ),
        )
    rows = session.execute(
        sa.text(
            "SELECT e.entry_no, d.document_no, d.counterparty_name, e.amount, e.balance, "
            "e.business_date, e.user_id, e.at, d.voucher_no "
            "FROM cash_entry e JOIN document d ON d.id = e.document_id "
            "WHERE e.desk_id = :desk ORDER BY e.entry_no DESC LIMIT :limit"
        ),
        {"desk": found.id, "limit": limit},
    ).mappings()
    return found, [Entry(**row) for row in rows]

"""Cash desks and their journals. The database keeps every row's balance at zero or above."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from engine.base.money import decimals, format_major
from engine.base.text import SluiceError, Text
from engine.runtime.clock import business_date_of
from engine.runtime.db import constraint
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
    reverses_no: int | None
    """The row that this one takes back."""
    reversed_by_no: int | None
    """The row that took this one back."""


@dataclass(frozen=True, slots=True)
class Movement:
    """What comes into a desk (above zero, minor units) or leaves it."""

    org_id: str
    desk_id: int
    document_id: int
    amount: int
    currency: str
    user_id: str
    reverses: int | None = None
    """Id of the row it takes back."""


# The voucher of a row is that of its event: see `event_id` and `reversal_event_id`.
_ENTRIES = sa.text("""
SELECT e.entry_no, d.document_no, d.counterparty_name, e.amount, e.balance, e.business_date,
       e.user_id, e.at, v.number AS voucher_no, o.entry_no AS reverses_no,
       u.entry_no AS reversed_by_no
FROM cash_entry e JOIN document d ON d.id = e.document_id
LEFT JOIN cash_entry o ON o.id = e.reverses
LEFT JOIN cash_entry u ON u.reverses = e.id
LEFT JOIN voucher v ON v.event_id = CASE
  WHEN e.reverses IS NOT NULL THEN 'uncash:' || e.reverses
  WHEN e.round > 1 THEN 'cash:' || e.document_id || ':' || e.round
  ELSE 'cash:' || e.document_id END
WHERE e.desk_id = :desk ORDER BY e.entry_no DESC LIMIT :limit
""")

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
    rows = session.execute(_ENTRIES, {"desk": found.id, "limit": limit}).mappings()
    return found, [Entry(**row) for row in rows]


def event_id(document_id: int, round_: int) -> str:
    """The event that a confirmation is posted as; rounds after a reversal have one of their own."""
    return f"cash:{document_id}" if round_ == 1 else f"cash:{document_id}:{round_}"


def reversal_event_id(entry_id: int) -> str:
    """The event that taking a row of the journal back is posted as."""
    return f"uncash:{entry_id}"


def enter(session: Session, moved: Movement, now: dt.datetime) -> int:
    """Write a row of the journal; how often the document has been confirmed, this time included.

    Number, balance and round are the database's. Raises CashError CASH_SHORT.
    """
    try:
        return int(session.execute(_ENTER, _values(moved, now)).scalar_one())
    except IntegrityError as error:
        if constraint(error) != "cash_balance_not_negative":
            raise
        amount = format_major(abs(moved.amount), moved.currency, grouped=True)
        raise CashError(
            "CASH_SHORT",
            Text(
                f"the cash desk of {moved.org_id} holds less than {moved.currency} {amount}; bring "
                "cash first or change the document's method",
                f"机构 {moved.org_id} 现金库余额不足 {moved.currency} {amount};请先补充现金,"
                "或变更单据支付方式",
            ),
        ) from error


_ENTER = sa.text("""
INSERT INTO cash_entry (org_id, desk_id, entry_no, document_id, amount, balance, business_date,
                        user_id, at, reverses)
VALUES (:org, :desk, 1, :document, :amount, 0, :day, :user, :now, :reverses) RETURNING round
""")


def _values(moved: Movement, now: dt.datetime) -> dict[str, object]:
    return {
        "org": moved.org_id,
        "desk": moved.desk_id,
        "document": moved.document_id,
        "amount": moved.amount,
        "day": business_date_of(now),
        "user": moved.user_id,
        "now": now,
        "reverses": moved.reverses,
    }

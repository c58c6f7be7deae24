"""The banks as an operator sees them: profile, whether they can be reached, what came last."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.banks.profile import BankProfile, list_profiles
from engine.treasury.operations.reach import SEEN, reach

_LAST = sa.text(
    f"""
SELECT a.bank_id, count(*) AS accounts, max(s.imported_at) AS statement_at,
  max(s.statement_date) AS statement_date, max(b.as_of) AS balance_at
FROM bank_account a
LEFT JOIN LATERAL (SELECT imported_at, statement_date FROM statement
  WHERE account_id = a.id ORDER BY id DESC LIMIT 1) s ON true
LEFT JOIN LATERAL (SELECT as_of FROM account_balance
  WHERE account_id = a.id ORDER BY id DESC LIMIT 1) b ON true
WHERE a.state <> 'closed' AND {SEEN} GROUP BY 1"""  # noqa: S608 - a constant
)


@dataclass(frozen=True, slots=True)
class BankRow:
    """A bank of the shipped profiles. Times are of the accounts the user sees."""

    profile: BankProfile
    configured: bool | None
    """Whether endpoint and token are set; None where this process cannot know."""
    accounts: int
    """Open accounts there."""
    balance_at: dt.datetime | None
    """As of when its latest balance report is."""
    statement_at: dt.datetime | None
    """When its latest statement was taken in."""
    statement_date: dt.date | None


def banks(
    session: Session, user_id: str | None, configured: Callable[[BankProfile], bool | None]
) -> tuple[BankRow, ...]:
    """One row per profile, by its name."""
    rows = {row.bank_id: row for row in session.execute(_LAST, reach(session, user_id).values)}
    found = []
    for profile in list_profiles():
        row = rows.get(profile.id)
        found.append(
            BankRow(profile, configured(profile), 0, None, None, None)
            if row is None
            else BankRow(
                profile,
                configured(profile),
                row.accounts,
                row.balance_at,
                row.statement_at,
                row.statement_date,
            )
        )
    return tuple(found)

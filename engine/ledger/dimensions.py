"""What a ledger account holds per value of one dimension: one bank account of many. Minor units."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlmodel import Session

_BALANCES = sa.text("""
SELECT l.account, l.dimensions ->> :dimension, l.currency, sum(l.debit - l.credit)::text
FROM voucher_line l
WHERE l.account = ANY(:accounts) AND l.dimensions ->> :dimension = ANY(:values)
GROUP BY 1, 2, 3
""")


def balances_by_dimension(
    session: Session, dimension: str, values: Collection[str], accounts: Collection[str]
) -> dict[tuple[str, str, str], int]:
    """Debit balance by (account, value of `dimension`, currency); nothing posted is missing."""
    rows = session.execute(
        _BALANCES,
        {"dimension": dimension, "values": sorted(values), "accounts": sorted(accounts)},
    )
    return {(str(r[0]), str(r[1]), str(r[2])): int(r[3]) for r in rows}

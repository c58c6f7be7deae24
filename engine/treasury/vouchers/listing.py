"""The voucher list: filters, the user's scope, totals, and pages of rows."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.treasury.organisations.grants import visible_orgs

MOST = 100_000
"""Most vouchers an export holds; the totals always cover all."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What to list; None means no restriction."""

    first: dt.date | None = None
    last: dt.date | None = None
    org_id: str | None = None
    number: str | None = None
    account: str | None = None
    """A ledger account that one of the lines has."""
    voucher_type: str | None = None
    document_no: str | None = None
    text: str | None = None
    """A part of the voucher's text."""


@dataclass(frozen=True, slots=True)
class VoucherLineRow:
    """One line, minor units."""

    line_no: int
    account: str
    account_en: str
    account_zh: str
    debit: int
    credit: int
    dimensions: Mapping[str, str]
    text: str


@dataclass(frozen=True, slots=True)
class VoucherRow:
    """One voucher with its lines and where it comes from."""

    id: int
    number: str
    voucher_date: dt.date
    voucher_type: str
    org_id: str
    legal_entity_id: str
    currency: str
    text: str
    reverses: str | None
    """Number of the voucher it reverses."""
    document_no: str | None
    match_no: str | None
    lines: tuple[VoucherLineRow, ...]


@dataclass(frozen=True, slots=True)
class Total:
    """Debits and credits of all vouchers found, in one currency, minor units."""

    currency: str
    vouchers: int
    debit: int
    credit: int


@dataclass(frozen=True, slots=True)
class VoucherList:
    """A page of vouchers; `count` and `totals` are of all that were found."""

    rows: tuple[VoucherRow, ...]
    count: int
    totals: tuple[Total, ...]


_FOUND = """
FROM voucher v
LEFT JOIN voucher o ON o.id = v.reversal_of
LEFT JOIN posted_event e ON e.voucher_id = v.id
LEFT JOIN match_group g ON g.id = e.group_id
LEFT JOIN document d ON e.subject_kind = 'document' AND d.id = e.subject_id
WHERE v.org_id = ANY(:orgs)
  AND (CAST(:first AS date) IS NULL OR v.voucher_date >= :first)
  AND (CAST(:last AS date) IS NULL OR v.voucher_date <= :last)
  AND (CAST(:org AS text) IS NULL OR v.org_id = :org)
  AND (CAST(:number AS text) IS NULL OR v.number = :number)
  AND (CAST(:type AS text) IS NULL OR v.voucher_type = :type)
  AND (CAST(:document AS text) IS NULL OR d.document_no = :document)
  AND (CAST(:text AS text) IS NULL OR position(:text IN v.text) > 0)
  AND (CAST(:account AS text) IS NULL OR EXISTS
       (SELECT 1 FROM voucher_line l WHERE l.voucher_id = v.id AND l.account = :account))
"""

_PAGE = sa.text(
    "SELECT v.id, v.number, v.voucher_date, v.voucher_type, v.org_id, v.legal_entity_id, "
    "v.currency, v.text, o.number AS reverses, d.document_no, g.match_no "
    + _FOUND
    + "ORDER BY v.voucher_date, v.id LIMIT :limit OFFSET :offset"
)

_TOTALS = sa.text(  # made of constants of this module; values are parameters
    "WITH found AS (SELECT v.id "  # noqa: S608
    + _FOUND
    + ") SELECT l.currency, count(DISTINCT l.voucher_id) AS vouchers, sum(l.debit)::text AS debit, "
    "sum(l.credit)::text AS credit FROM voucher_line l JOIN found ON found.id = l.voucher_id "
    "GROUP BY l.currency ORDER BY l.currency"
)

_LINES = sa.text("""
SELECT l.voucher_id, l.line_no, l.account, a.name_en, a.name_zh, l.debit, l.credit,
       l.dimensions, l.text
FROM voucher_line l JOIN gl_account a ON a.code = l.account
WHERE l.voucher_id = ANY(:ids) ORDER BY l.voucher_id, l.line_no
""")


def vouchers(
    session: Session, user: str, filters: Filters, *, limit: int = 100, offset: int = 0
) -> VoucherList:
    """Vouchers of organisations the user may see (vouchers.read), by date and number."""
    parameters = {
        "orgs": sorted(visible_orgs(session, user, "vouchers.read")),
        "first": filters.first,
        "last": filters.last,
        "org": filters.org_id,
        "number": filters.number,
        "type": filters.voucher_type,
        "document": filters.document_no,
        "text": filters.text,
        "account": filters.account,
    }
    found = session.execute(_PAGE, {**parameters, "limit": limit, "offset": offset})
    heads = [dict(row) for row in found.mappings()]
    lines = _lines(session, [head["id"] for head in heads])
    totals = tuple(
        Total(row.currency, int(row.vouchers), int(row.debit), int(row.credit))
        for row in session.execute(_TOTALS, parameters)
    )
    return VoucherList(
        tuple(VoucherRow(**head, lines=tuple(lines[head["id"]])) for head in heads),
        sum(total.vouchers for total in totals),
        totals,
    )


def _lines(session: Session, ids: list[int]) -> dict[int, list[VoucherLineRow]]:
    found: dict[int, list[VoucherLineRow]] = defaultdict(list)
    for row in session.execute(_LINES, {"ids": ids}):
        found[row.voucher_id].append(
            VoucherLineRow(
                row.line_no,
                row.account,
                row.name_en,
                row.name_zh,
                row.debit,
                row.credit,
                row.dimensions,
                row.text,
            )
        )
    return found

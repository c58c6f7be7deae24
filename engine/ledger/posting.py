"""Posting vouchers and reversing them.

Numbers are gapless per legal entity and month of the voucher date: the counter row is raised
in the posting transaction, so a rollback gives its number back. The price is that postings of
one legal entity and month wait for each other until commit; keep those transactions short.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.base.text import Text
from engine.ledger.drafts import (
    LedgerError,
    LineDraft,
    VoucherDraft,
    check,
    content,
    event_conflict,
)
from engine.ledger.models import Voucher, VoucherLine
from engine.runtime.jsontypes import JsonObject, canonical_json, content_hash


def post(session: Session, draft: VoucherDraft) -> Voucher:
    """Post `draft`, or return the voucher its event was posted as; see `post_all`."""
    return post_all(session, [draft])[0]


def post_all(session: Session, drafts: Sequence[VoucherDraft]) -> list[Voucher]:
    """Post `drafts`, or return the vouchers their events were posted as; in their order.

    Raises LedgerError: VOUCHER_LINES, VOUCHER_LINE_SIDES, VOUCHER_UNBALANCED, GL_ACCOUNT_UNKNOWN,
    EVENT_CONFLICT (same event, other content), and MoneyError UNKNOWN_CURRENCY. The database
    checks balance and reversal again at commit.
    """
    hashes = [content_hash(content(draft)) for draft in drafts]
    events = [draft.event_id for draft in drafts]
    posted = {
        one.event_id: one
        for one in session.exec(select(Voucher).where(col(Voucher.event_id).in_(events)))
    }
    new: dict[str, tuple[VoucherDraft, str]] = {}
    for draft, hashed in zip(drafts, hashes, strict=True):
        first = posted[draft.event_id].content_hash if draft.event_id in posted else None
        if draft.event_id in new:
            first = new[draft.event_id][1]
        if first is None:
            new[draft.event_id] = draft, hashed
        elif first != hashed:
            raise event_conflict(draft, posted.get(draft.event_id))
    if new:
        made = _insert(session, list(new.values()))
        posted |= {one.event_id: one for one in made}
    return [posted[event] for event in events]


def _insert(session: Session, new: Sequence[tuple[VoucherDraft, str]]) -> list[Voucher]:
    drafts = [draft for draft, _ in new]
    check(session, drafts)
    numbers = _next_numbers(session, drafts)
    made = session.scalars(
        select(Voucher).from_statement(_INSERT_VOUCHERS),
        {
            "rows": _rows(
                {
                    "org_id": draft.org_id,
                    "legal_entity_id": draft.legal_entity_id,
                    "number": number,
                    "event_id": draft.event_id,
                    "content_hash": hashed,
                    "currency": draft.currency,
                    "voucher_date": draft.voucher_date.isoformat(),
                    "voucher_type": draft.voucher_type,
                    "text": draft.text,
                    "reversal_of": draft.reversal_of,
                    "created_at": draft.now.isoformat(),
                }
                for (draft, hashed), number in zip(new, numbers, strict=True)
            )
        },
    ).all()
    ids = {voucher.event_id: voucher.id for voucher in made}
    session.execute(
        _INSERT_LINES,
        {
            "rows": _rows(
                {
                    "voucher_id": ids[draft.event_id],
                    "line_no": number,
                    "org_id": draft.org_id,
                    "account": line.account,
                    "debit": line.debit,
                    "credit": line.credit,
                    "currency": draft.currency,
                    "dimensions": dict(line.dimensions),
                    "text": line.text or draft.text,
                }
                for draft in drafts
                for number, line in enumerate(draft.lines, start=1)
            )
        },
    )
    return list(made)


def _rows(rows: Iterable[JsonObject]) -> str:
    return canonical_json(list(rows))


# One statement for all rows, in two round trips for any number of vouchers.
_INSERT_VOUCHERS = sa.text("""
INSERT INTO voucher (org_id, legal_entity_id, number, event_id, content_hash, currency,
                     voucher_date, voucher_type, text, reversal_of, created_at)
SELECT org_id, legal_entity_id, number, event_id, content_hash, currency,
       voucher_date, voucher_type, text, reversal_of, created_at
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS one (
  org_id text, legal_entity_id text, number text, event_id text, content_hash text, currency text,
  voucher_date date, voucher_type text, text text, reversal_of bigint, created_at timestamptz)
RETURNING *
""")

_INSERT_LINES = sa.text("""
INSERT INTO voucher_line (voucher_id, line_no, org_id, account, debit, credit, currency,
                          dimensions, text)
SELECT voucher_id, line_no, org_id, account, debit, credit, currency, dimensions, text
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS one (
  voucher_id bigint, line_no integer, org_id text, account text, debit bigint, credit bigint,
  currency text, dimensions jsonb, text text)
""")


def reverse(
    session: Session, voucher_id: int, event_id: str, voucher_date: dt.date, now: dt.datetime
) -> Voucher:
    """Post the exact negative of a voucher: every line with debit and credit exchanged.

    Repeating the call with the same event returns the same reversal. Raises LedgerError
    VOUCHER_UNKNOWN, VOUCHER_IS_REVERSAL, VOUCHER_REVERSED (by another event).
    """
    # Locking the original makes two reversals at once wait instead of colliding.
    original = session.exec(
        select(Voucher).where(Voucher.id == voucher_id).with_for_update()
    ).first()
    if original is None:
        raise LedgerError(
            "VOUCHER_UNKNOWN",
            Text(
                f"there is no voucher {voucher_id}; take its id from the voucher list",
                f"凭证 {voucher_id} 不存在;请从凭证清单中选取",
            ),
        )
    if original.reversal_of is not None:
        raise LedgerError(
            "VOUCHER_IS_REVERSAL",
            Text(
                f"voucher {original.number} is a reversal itself; post the business event again",
                f"凭证 {original.number} 本身是冲销凭证;请重新过账该业务",
            ),
        )
    reversal = session.exec(select(Voucher).where(Voucher.reversal_of == voucher_id)).first()
    if reversal is not None and reversal.event_id != event_id:
        raise LedgerError(
            "VOUCHER_REVERSED",
            Text(
                f"voucher {original.number} was reversed by {reversal.number}; "
                "a voucher is reversed once at most",
                f"凭证 {original.number} 已由 {reversal.number} 冲销;每张凭证最多冲销一次",
            ),
        )
    lines = tuple(
        LineDraft(line.account, line.credit, line.debit, line.dimensions, line.text)
        for line in lines_of(session, voucher_id)
    )
    draft = VoucherDraft(
        event_id=event_id,
        org_id=original.org_id,
        legal_entity_id=original.legal_entity_id,
        currency=original.currency,
        voucher_date=voucher_date,
        voucher_type=original.voucher_type,
        text=f"冲销 {original.number} {original.text}",
        lines=lines,
        now=now,
        reversal_of=voucher_id,
    )
    return post(session, draft)


def lines_of(session: Session, voucher_id: int) -> list[VoucherLine]:
    """The lines of a voucher, in order."""
    query = select(VoucherLine).where(VoucherLine.voucher_id == voucher_id)
    return list(session.exec(query.order_by(sa.column("line_no"))))


def _next_numbers(session: Session, drafts: Sequence[VoucherDraft]) -> list[str]:
    """A number for each draft, those of one legal entity and month without gaps in their order."""
    books = [(draft.legal_entity_id, draft.voucher_date.replace(day=1)) for draft in drafts]
    owners = {book: draft.org_id for book, draft in zip(books, drafts, strict=True)}
    following = {}
    # In one order, so that two postings at once wait for each other and never in a circle.
    for (entity, month), count in sorted(Counter(books).items()):
        last = session.execute(
            sa.text(
                "INSERT INTO voucher_counter AS c (legal_entity_id, month, org_id, last_number) "
                "VALUES (:entity, :month, :org, :count) ON CONFLICT (legal_entity_id, month) "
                "DO UPDATE SET last_number = c.last_number + :count RETURNING last_number"
            ),
            {"entity": entity, "month": month, "org": owners[entity, month], "count": count},
        ).scalar_one()
        following[entity, month] = itertools.count(last - count + 1)
    return [
        f"{entity}-{month:%Y%m}-{next(following[entity, month]):06d}" for entity, month in books
    ]

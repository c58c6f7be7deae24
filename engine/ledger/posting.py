"""Posting vouchers and reversing them.

Numbers are gapless per legal entity and month of the voucher date: the counter row is raised
in the posting transaction, so a rollback gives its number back. The price is that postings of
one legal entity and month wait for each other until commit; keep those transactions short.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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
from engine.runtime.jsontypes import JsonObject, content_hash


def post(session: Session, draft: VoucherDraft) -> Voucher:
    """Post `draft`, or return the voucher its event was posted as; see `post_all`."""
    return post_all(session, [draft])[0]


def post_all(session: Session, drafts: Sequence[VoucherDraft]) -> list[Voucher]:
    """Post `drafts`, or return the vouchers their events were posted as; in their order.

    Raises LedgerError: VOUCHER_LINES, VOUCHER_LINE_SIDES, VOUCHER_UNBALANCED, GL_ACCOUNT_UNKNOWN,
    EVENT_CONFLICT (same event, other content), and MoneyError UNKNOWN_CURRENCY. The database
    checks balance again as the lines are written, reversal and two lines at commit.
    """
    hashes = [content_hash(content(draft)) for draft in drafts]
    seen = _look(session, drafts)
    new: dict[str, tuple[VoucherDraft, str]] = {}
    for draft, hashed in zip(drafts, hashes, strict=True):
        first = seen.hashes.get(draft.event_id)
        if draft.event_id in new:
            first = new[draft.event_id][1]
        if first is None:
            new[draft.event_id] = draft, hashed
        elif first != hashed:
            raise event_conflict(draft, _posted(session, [draft.event_id]).get(draft.event_id))
    check([draft for draft, _ in new.values()], seen.accounts)
    posted = _posted(session, list(seen.hashes)) if seen.hashes else {}
    if new:
        posted |= {one.event_id: one for one in _insert(session, list(new.values()))}
    return [posted[draft.event_id] for draft in drafts]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the database has of some drafts: content hashes by event posted before, accounts."""

    hashes: Mapping[str, str]
    accounts: frozenset[str]


def _look(session: Session, drafts: Sequence[VoucherDraft]) -> _Seen:
    wanted = {
        "events": [draft.event_id for draft in drafts],
        "accounts": list({line.account for draft in drafts for line in draft.lines}),
    }
    rows = session.connection().execute(_LOOK, wanted).all()
    return _Seen(
        {row.name: row.content_hash for row in rows if row.content_hash is not None},
        frozenset(row.name for row in rows if row.content_hash is None),
    )


def _posted(session: Session, events: Sequence[str]) -> dict[str, Voucher]:
    found = session.exec(select(Voucher).where(col(Voucher.event_id).in_(events)))
    return {voucher.event_id: voucher for voucher in found}


def _insert(session: Session, new: Sequence[tuple[VoucherDraft, str]]) -> list[Voucher]:
    made = session.scalars(
        select(Voucher).from_statement(_INSERT),
        {
            "vouchers": _rows(
                {
                    "org_id": draft.org_id,
                    "legal_entity_id": draft.legal_entity_id,
                    "place": place,
                    "event_id": draft.event_id,
                    "content_hash": hashed,
                    "currency": draft.currency,
                    "voucher_date": draft.voucher_date.isoformat(),
                    "voucher_type": draft.voucher_type,
                    "text": draft.text,
                    "reversal_of": draft.reversal_of,
                    "created_at": draft.now.isoformat(),
                }
                for place, (draft, hashed) in enumerate(new)
            ),
            "lines": _rows(
                {
                    "event_id": draft.event_id,
                    "line_no": number,
                    "account": line.account,
                    "debit": line.debit,
                    "credit": line.credit,
                    "dimensions": dict(line.dimensions),
                    "text": line.text or draft.text,
                }
                for draft, _ in new
                for number, line in enumerate(draft.lines, start=1)
            ),
        },
    )
    return list(made)


def _rows(rows: Iterable[JsonObject]) -> str:
    """JSON of what was checked already, when its content was hashed."""
    return json.dumps(list(rows), ensure_ascii=False)


# Each event by its key: a list of them would be planned once, for a small table.
_LOOK = sa.text("""
SELECT event.id AS name, posted.content_hash FROM unnest(CAST(:events AS text[])) AS event (id),
LATERAL (SELECT content_hash FROM voucher WHERE event_id = event.id OFFSET 0) AS posted
UNION ALL SELECT code, NULL FROM gl_account WHERE code = ANY(CAST(:accounts AS text[]))
""")

# Numbers, vouchers and lines in one round trip: others of the legal entity and month wait for the
# counter from here to the commit. Counters are raised in one order, so that two postings at once
# never wait in a circle.
_INSERT = sa.text("""
WITH one AS (
  SELECT *, date_trunc('month', voucher_date)::date AS month,
         row_number() OVER (PARTITION BY legal_entity_id, date_trunc('month', voucher_date)
                            ORDER BY place) AS nth
  FROM jsonb_to_recordset(CAST(:vouchers AS jsonb)) AS given (
    place integer, org_id text, legal_entity_id text, event_id text, content_hash text,
    currency text, voucher_date date, voucher_type text, text text, reversal_of bigint,
    created_at timestamptz)),
book AS (
  SELECT legal_entity_id, month, max(org_id) AS org_id, count(*) AS added
  FROM one GROUP BY legal_entity_id, month),
raised AS (
  INSERT INTO voucher_counter AS c (legal_entity_id, month, org_id, last_number)
  SELECT legal_entity_id, month, org_id, added FROM book ORDER BY legal_entity_id, month
  ON CONFLICT (legal_entity_id, month) DO UPDATE
  SET last_number = c.last_number + excluded.last_number
  RETURNING legal_entity_id, month, last_number),
numbered AS (
  SELECT one.*, (last_number - added + nth)::text AS running
  FROM one JOIN book USING (legal_entity_id, month) JOIN raised USING (legal_entity_id, month)),
made AS (
  INSERT INTO voucher (org_id, legal_entity_id, number, event_id, content_hash, currency,
                       voucher_date, voucher_type, text, reversal_of, created_at)
  SELECT org_id, legal_entity_id,
         concat_ws('-', legal_entity_id, to_char(month, 'YYYYMM'),
                   lpad(running, greatest(6, length(running)), '0')),
         event_id, content_hash, currency, voucher_date, voucher_type, text, reversal_of,
         created_at
  FROM numbered ORDER BY place RETURNING *),
lines AS (
  INSERT INTO voucher_line (voucher_id, line_no, org_id, account, debit, credit, currency,
                            dimensions, text)
  SELECT made.id, given.line_no, made.org_id, given.account, given.debit, given.credit,
         made.currency, given.dimensions, given.text
  FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS given (
    event_id text, line_no integer, account text, debit bigint, credit bigint, dimensions jsonb,
    text text)
  JOIN made USING (event_id))
SELECT * FROM made
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

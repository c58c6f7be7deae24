"""What happens that alerts rulesets may be asked about, as events: each with its facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.money import format_major
from engine.runtime.clock import BUSINESS_ZONE, business_date_of
from engine.treasury.monitor.events import EventDraft, append

AGE_STEPS = ("0min", "15min", "1h", "4h", "1d", "3d", "7d")
"""An unknown payment is told of when it has been unknown for so long; durations as in rules."""

_SECONDS = (0, 900, 3_600, 14_400, 86_400, 259_200, 604_800)

_BALANCE = sa.text("""
SELECT a.id AS account_id, b.bank_booked, b.bank_available, a.org_id, a.bank_id, a.currency,
       a.nature, a.state, (
         SELECT p.bank_booked FROM account_balance p
         WHERE p.account_id = a.id AND p.as_of < :day ORDER BY p.as_of DESC, p.id DESC LIMIT 1
       ) AS before, (
         SELECT max(s.statement_date) FROM statement s
         WHERE s.account_id = a.id AND s.state = 'accepted'
       ) AS statement_date
FROM account_balance b JOIN bank_account a ON a.id = b.account_id
WHERE b.id = :id AND NOT EXISTS (
  SELECT 1 FROM account_balance n WHERE n.account_id = a.id AND n.id <> b.id
  AND (n.as_of > b.as_of OR (n.as_of = b.as_of AND n.id > b.id)))""")


def balance_came_in(session: Session, balance_id: int, as_of: dt.datetime) -> None:
    """A balance report was kept. Reports older than the newest one tell nothing."""
    day = business_date_of(as_of)
    begins = dt.datetime.combine(day, dt.time(0), BUSINESS_ZONE)
    row = session.execute(_BALANCE, {"id": balance_id, "day": begins}).one_or_none()
    if row is None:
        return
    stated = row.statement_date
    facts = {
        "balance": format_major(row.bank_booked, row.currency),
        "available_balance": format_major(row.bank_available, row.currency),
        "balance_change": _change(row.before, row.bank_booked),
        "currency": row.currency,
        "account_nature": row.nature,
        "account_state": row.state,
        "bank": row.bank_id,
        "statement_age": None if stated is None else max((day - stated).days, 0),
    }
    draft = EventDraft(
        "balance",
        key=f"balance:{balance_id}",
        matter=f"balance:{row.account_id}:{day.isoformat()}",
        org_id=row.org_id,
        subject_kind="bank_account",
        subject_id=str(row.account_id),
        facts=facts,
        occurred_at=as_of,
    )
    append(session, [draft])


def _change(before: int | None, now: int) -> str | None:
    """The change as a fraction of what there was, to the ten-thousandth."""
    if not before:
        return None
    share = Decimal(now - before) / abs(before)
    return f"{share.quantize(Decimal('0.0001'), ROUND_HALF_UP):f}"


_LINES = sa.text("""
SELECT l.id, l.org_id, l.amount, l.currency, l.direction, l.booking_date, l.counterparty_name,
       l.counterparty_account, l.remittance, l.return_reason, a.nature, a.bank_id,
       t.document_id, CASE WHEN t.id IS NOT NULL AND l.return_reason IS NULL THEN (
         SELECT count(*) FROM statement_line o
         WHERE o.our_reference = l.our_reference AND o.direction = l.direction
           AND o.return_reason IS NULL AND o.id <= l.id) END AS times_booked,
       t.id IS NOT NULL OR EXISTS (
         SELECT 1 FROM payment_batch b WHERE b.message_id IN (l.our_reference, l.batch_reference)
       ) AS ours
FROM statement_line l JOIN bank_account a ON a.id = l.account_id
LEFT JOIN attempt t ON t.instruction_id = l.our_reference
WHERE l.statement_id = :statement ORDER BY l.id""")


def lines_came_in(session: Session, statement_id: int, now: dt.datetime) -> None:
    """A statement brought new lines; matching them comes later."""
    day = business_date_of(now)
    append(
        session,
        [
            EventDraft(
                "statement_line",
                key=f"statement_line:{row.id}",
                matter=f"statement_line:{row.id}",
                org_id=row.org_id,
                subject_kind="statement_line",
                subject_id=str(row.id),
                facts={
                    "amount": format_major(row.amount, row.currency),
                    "currency": row.currency,
                    "entry_direction": row.direction,
                    "counterparty_name": row.counterparty_name,
                    "counterparty_account": row.counterparty_account,
                    "remittance": row.remittance,
                    "own_reference": bool(row.ours),
                    "returned": row.return_reason is not None,
                    "days_late": max((day - row.booking_date).days, 0),
                    "times_booked": row.times_booked,
                    "account_nature": row.nature,
                    "bank": row.bank_id,
                },
                occurred_at=now,
                document_id=row.document_id,
            )
            for row in session.execute(_LINES, {"statement": statement_id})
        ],
    )


_UNKNOWN = sa.text("""
SELECT u.*, 'unknown_payment:' || u.id || ':' || floor(extract(epoch FROM since)) AS matter FROM (
  SELECT t.id, t.amount, t.document_id, b.currency, b.direction, b.channel, b.bank_id, d.org_id,
         d.business_type, d.urgency, step.seconds, step.written, (
           SELECT max(e.at) FROM attempt_event e
           WHERE e.attempt_id = t.id AND e.to_state = 'UNKNOWN') AS since
  FROM attempt t JOIN payment_batch b ON b.id = t.batch_id JOIN document d ON d.id = t.document_id
  CROSS JOIN unnest(CAST(:seconds AS int[]), CAST(:written AS text[])) AS step (seconds, written)
  WHERE t.state IN ('UNKNOWN', 'REVIEW') AND (:all OR t.id = ANY(:ids))
) u
WHERE since + make_interval(secs => seconds) <= :now AND NOT EXISTS (
  SELECT 1 FROM event WHERE key = 'unknown_payment:' || u.id || ':'
    || floor(extract(epoch FROM since)) || ':' || written)
ORDER BY id, seconds""")


def unknown_payments_age(
    session: Session, now: dt.datetime, attempt_ids: Sequence[int] | None = None
) -> None:
    """Tell of every attempt without an outcome at each step of its age, once.

    `attempt_ids` narrows it to those that became unknown just now.
    """
    rows = session.execute(
        _UNKNOWN,
        {
            "seconds": list(_SECONDS),
            "written": list(AGE_STEPS),
            "now": now,
            "all": attempt_ids is None,
            "ids": list(attempt_ids or ()),
        },
    ).all()
    append(
        session,
        [
            EventDraft(
                "unknown_payment",
                key=f"{row.matter}:{row.written}",
                matter=row.matter,
                org_id=row.org_id,
                subject_kind="attempt",
                subject_id=str(row.id),
                facts={
                    "amount": format_major(row.amount, row.currency),
                    "currency": row.currency,
                    "direction": row.direction,
                    "business_type": row.business_type,
                    "urgency": row.urgency,
                    "channel": row.channel,
                    "bank": row.bank_id,
                    "age": row.written,
                },
                occurred_at=now,
                document_id=row.document_id,
            )
            for row in rows
        ],
    )

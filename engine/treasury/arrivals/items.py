"""What waits for its statement line, and the lines that wait for an item."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.matching import Block, Item, Line


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """An attempt that could be on a statement. `amount` in minor units."""

    id: int
    document_id: int
    document_no: str
    batch_id: int
    message_id: str
    instruction_id: str
    state: str
    amount: int
    currency: str
    direction: str
    value_date: dt.date
    counterparty_name: str
    counterparty_account: str

    @property
    def told_paid(self) -> bool:
        """The bank says it was done: weaker evidence than a reference may find the line."""
        return self.state == "PAID"


@dataclass(frozen=True, slots=True)
class LineWords:
    """Words by which the text of a line says what it is, lower case, as the matching ruleset has
    them."""

    returns: tuple[str, ...]
    """Of money that came back, at banks without reason codes: 退票, 退汇 …"""
    fees: tuple[str, ...]
    """Of what the bank takes for itself: 手续费, bank fee …"""


NO_WORDS = LineWords((), ())
"""For those who look at lines and not at what their texts say."""


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A statement line in no live match. `amount` in minor units."""

    id: int
    org_id: str
    account_id: int
    booking_date: dt.date
    direction: str
    """debit | credit"""
    amount: int
    currency: str
    bank_reference: str | None
    our_reference: str | None
    batch_reference: str | None
    counterparty_name: str | None
    counterparty_account: str | None
    remittance: str | None
    return_reason: str | None
    named_direction: str | None
    """pay | collect: direction of the attempt that is the line's reference, None without one."""
    words: LineWords

    @property
    def is_return(self) -> bool:
        """Money that came back: the bank gives a reason code, or its text says so.

        Text (the ruleset's words) alone makes no return of a line that moves as the attempt it
        names does: a claim for a refunded ticket (退票) is paid like any other.
        """
        if self.return_reason is not None:
            return True
        text = (self.remittance or "").lower()
        same_way = self.named_direction == ("pay" if self.direction == "debit" else "collect")
        return not same_way and any(word in text for word in self.words.returns)

    @property
    def return_code(self) -> str:
        """The bank's reason: its code, a code in its text, else RETURNED."""
        named = _REASON.search(self.remittance or "")
        return self.return_reason or (named[0] if named else "RETURNED")


_REASON = re.compile(r"\b[A-Z]{2}[0-9]{2}\b")

_LINES = sa.text("""
SELECT l.id, l.org_id, l.account_id, l.booking_date, l.direction, l.amount, l.currency,
       l.bank_reference, l.our_reference, l.batch_reference, l.counterparty_name,
       l.counterparty_account, l.remittance, l.return_reason,
       (SELECT b.direction FROM attempt a JOIN payment_batch b ON b.id = a.batch_id
        WHERE a.instruction_id = upper(trim(l.our_reference)) AND b.account_id = l.account_id
       ) AS named_direction
FROM statement_line l
WHERE l.account_id = :account
  AND NOT EXISTS (SELECT 1 FROM match_item m
                  WHERE m.kind = 'statement_line' AND m.ref_id = l.id AND m.live)
ORDER BY l.booking_date, l.id
""")

# An attempt called failed is found by its exact reference while the line still makes its document
# paid: nothing else of that document is under way or done. Else the line is a stray, see _STRAYS.
_LATE = """(a.match_no IS NULL
  AND (a.state = 'FAILED' AND d.state IN ('FAILED', 'UNPAID')
       OR a.state = 'LATE_SUCCESS' AND d.state = 'PAID')
  AND NOT EXISTS (SELECT 1 FROM attempt o WHERE o.document_id = a.document_id AND o.id <> a.id
                  AND o.state IN ('SENDING', 'PROCESSING', 'UNKNOWN', 'REVIEW', 'PAID',
                                  'CONFIRMED')))"""

_ATTEMPTS = sa.text(f"""
SELECT a.id, a.document_id, a.document_no, a.batch_id, b.message_id, a.instruction_id, a.state,
       a.amount, b.currency, b.direction, b.value_date, a.counterparty_name,
       a.counterparty_account
FROM attempt a
JOIN payment_batch b ON b.id = a.batch_id
JOIN document d ON d.id = a.document_id
WHERE b.account_id = :account
  AND (a.state IN ('SENDING', 'PROCESSING', 'UNKNOWN', 'REVIEW', 'PAID')
       OR {_LATE})
  AND NOT EXISTS (SELECT 1 FROM match_item m
                  WHERE m.kind = 'document' AND m.ref_id = a.document_id AND m.live)
ORDER BY a.id
""")  # noqa: S608 - put together from constants

_STRAYS = sa.text(f"""
SELECT l.id AS line_id, a.document_id, a.document_no, a.instruction_id, d.state AS document_state
FROM statement_line l
JOIN attempt a ON a.instruction_id = upper(trim(l.our_reference))
JOIN payment_batch b ON b.id = a.batch_id AND b.account_id = l.account_id
JOIN document d ON d.id = a.document_id
WHERE l.account_id = :account AND a.state IN ('FAILED', 'LATE_SUCCESS')
  AND b.direction = CASE l.direction WHEN 'debit' THEN 'pay' ELSE 'collect' END
  AND NOT ({_LATE} AND a.amount = l.amount AND b.currency = l.currency
           AND NOT EXISTS (SELECT 1 FROM match_item m WHERE m.kind = 'document'
                           AND m.ref_id = a.document_id AND m.live))
  AND NOT EXISTS (SELECT 1 FROM match_item m
                  WHERE m.kind = 'statement_line' AND m.ref_id = l.id AND m.live)
ORDER BY l.id
""")  # noqa: S608 - put together from constants


@dataclass(frozen=True, slots=True)
class Stray:
    """An open line that shows a failed attempt whose document it can no longer make paid."""

    line_id: int
    document_id: int
    document_no: str
    instruction_id: str
    document_state: str


def strays(session: Session, account_id: int) -> list[Stray]:
    """Open lines of the account that show money of failed attempts where none may be."""
    rows = session.execute(_STRAYS, {"account": account_id}).mappings()
    return [Stray(**row) for row in rows]


def lines_undone(session: Session, account_id: int) -> frozenset[int]:
    """Lines of the account that were in a match two persons took apart."""
    rows = session.execute(
        sa.text(
            "SELECT i.ref_id FROM match_group g JOIN match_item i ON i.group_id = g.id "
            "WHERE g.account_id = :account AND g.state = 'retired' AND i.side = 'line'"
        ),
        {"account": account_id},
    )
    return frozenset(int(one) for one in rows.scalars())


def open_lines(session: Session, account_id: int, words: LineWords) -> list[OpenLine]:
    """Lines of the account that belong to nothing yet, oldest first; `words` read their texts."""
    rows = session.execute(_LINES, {"account": account_id}).mappings()
    return [OpenLine(**row, words=words) for row in rows]


def open_attempts(session: Session, account_id: int) -> list[OpenAttempt]:
    """Attempts from the account that no line shows yet."""
    rows = session.execute(_ATTEMPTS, {"account": account_id}).mappings()
    return [OpenAttempt(**row) for row in rows]


def as_lines(lines: Sequence[OpenLine]) -> list[Line]:
    """Lines in the kernel's form: a debit is what we pay, a credit what we collect."""
    return [
        Line(
            id=one.id,
            block=Block(
                one.account_id, one.currency, "pay" if one.direction == "debit" else "collect"
            ),
            amount=one.amount,
            date=one.booking_date,
            references=tuple(filter(None, (one.our_reference, one.batch_reference))),
            text=one.remittance,
            counterparty_account=one.counterparty_account,
            counterparty_name=one.counterparty_name,
        )
        for one in lines
    ]


def as_items(account_id: int, attempts: Sequence[OpenAttempt]) -> list[Item]:
    """Attempts in the kernel's form, and the totals of their batches.

    A total has a negative id, so that it never meets an attempt's.
    """
    return [_single(account_id, one) for one in attempts] + _totals(account_id, attempts)


def _single(account_id: int, one: OpenAttempt) -> Item:
    return Item(
        id=one.id,
        kind="document",
        block=Block(account_id, one.currency, one.direction),
        amount=one.amount,
        date=one.value_date,
        references=(one.instruction_id,),
        mentions=(one.document_no,) if one.told_paid else (),
        counterparty_account=one.counterparty_account,
        counterparty_name=one.counterparty_name,
        exact_only=not one.told_paid,
    )


def _totals(account_id: int, attempts: Sequence[OpenAttempt]) -> list[Item]:
    """Per batch the sum of what the bank called paid, and of all that may be, where they differ."""
    batches: dict[int, list[OpenAttempt]] = defaultdict(list)
    for one in attempts:
        if one.state not in ("FAILED", "LATE_SUCCESS"):
            batches[one.batch_id].append(one)
    made = []
    for batch_id, members in sorted(batches.items()):
        paid = [one for one in members if one.told_paid]
        for place, chosen in enumerate((members, paid)):
            if len(chosen) < 2 or (place == 1 and len(paid) == len(members)):
                continue
            first = chosen[0]
            made.append(
                Item(
                    id=-(2 * batch_id + place),
                    kind="payment_batch",
                    block=Block(account_id, first.currency, first.direction),
                    amount=sum(one.amount for one in chosen),
                    date=first.value_date,
                    references=(first.message_id,),
                    members=tuple(one.id for one in chosen),
                    exact_only=True,
                )
            )
    return made

"""Returned payments 退票: money that came back, told by the bank's reason code or text.

A return with our reference and the whole amount is taken by itself; anything less certain goes
to a person. A second report of the same return changes nothing and is left to a person.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.money import format_major
from engine.base.text import Text
from engine.machines.instruction.evidence import Evidence, record
from engine.machines.instruction.states import AttemptState
from engine.machines.instruction.store import Move, lock_attempts, move
from engine.machines.matching import GroupDraft, Member, create_groups
from engine.machines.posting import reverse_event
from engine.matching import reference_key, reference_tokens
from engine.treasury.arrivals.effects import event_id_of
from engine.treasury.arrivals.evidence import line_evidence
from engine.treasury.arrivals.items import OpenLine
from engine.treasury.arrivals.proposals import Choice, Suggested
from engine.treasury.documents.course import transition
from engine.treasury.documents.reporting import ReportedReason, report
from engine.treasury.documents.states import State
from engine.treasury.incidents import raise_incident

ACTOR = "system:arrivals"
WINDOW = 30
"""Calendar days back in which a return without a reference is looked for."""


@dataclass(frozen=True, slots=True)
class Bounced:
    """A document whose money came back."""

    document_id: int
    match_no: str
    group_id: int
    voucher_no: str


@dataclass(frozen=True, slots=True)
class Bounces:
    """What the return lines of an account brought."""

    done: tuple[Bounced, ...]
    suggested: tuple[Suggested, ...]


@dataclass(frozen=True, slots=True)
class _Paid:
    """A confirmed attempt that could have come back. `amount` in minor units."""

    attempt_id: int
    document_id: int
    document_no: str
    instruction_id: str
    attempt_state: str
    document_state: str
    direction: str
    amount: int
    currency: str
    counterparty_account: str
    match_no: str | None
    booking_date: dt.date | None


_PAID = """
SELECT a.id AS attempt_id, a.document_id, a.document_no, a.instruction_id,
       a.state AS attempt_state, d.state AS document_state, b.direction, a.amount, b.currency,
       a.counterparty_account, a.match_no, d.booking_date
FROM attempt a JOIN payment_batch b ON b.id = a.batch_id JOIN document d ON d.id = a.document_id
WHERE b.account_id = :account
"""


def take_bounces(
    session: Session, account_id: int, lines: Sequence[OpenLine], now: dt.datetime
) -> Bounces:
    """Take the returns among `lines` (open lines of the account) that are certain."""
    returned = [line for line in lines if line.is_return]
    if not returned:
        return Bounces((), ())
    by_reference = _by_reference(session, account_id, returned)
    done: list[Bounced] = []
    suggested: list[Suggested] = []
    for line in returned:
        named = by_reference.get(line.id, [])
        whole = [one for one in named if _fits(line, one) and one.document_state == "CONFIRMED"]
        if len(named) == 1 and len(whole) == 1:
            done.append(bounce(session, whole[0].attempt_id, line, ACTOR, now))
        elif named and all(one.document_state == "BOUNCED" for one in named):
            _told_twice(session, line, named[0], now)
        elif named:
            _unclear(session, line, named, now)
        elif not named and (found := _lookalikes(session, account_id, line)):
            reason = "propose" if len(found) == 1 else "ambiguous"
            choices = tuple(_choice(line, one) for one in found)
            suggested.append(Suggested(line.id, reason, choices))
    return Bounces(tuple(done), tuple(suggested))


def bounce(
    session: Session, attempt_id: int, line: OpenLine, actor: str, now: dt.datetime
) -> Bounced:
    """Money of a confirmed attempt came back with `line`: all effects, in this transaction.

    The document is BOUNCED, the line has a match number of its own, the payment voucher is
    reversed to the last cent on the line's booking date, the source is told once.
    """
    (attempt,) = lock_attempts(session, [attempt_id])
    paid = _one(session, line.account_id, attempt_id)
    (group,) = create_groups(
        session,
        [
            GroupDraft(
                org_id=line.org_id,
                kind="bounce",
                account_id=line.account_id,
                currency=line.currency,
                booking_date=line.booking_date,
                items=(Member("bounced_document", paid.document_id, paid.amount),),
                line_ids=((line.id, line.amount),),
                matched_by=actor,
            )
        ],
        now,
    )
    shown = Evidence("statement_line", "RETURNED", line_evidence(line).encode())
    kept = record(session, attempt.org_id, attempt.batch_id, shown, now, attempt_id)
    reason = line.return_code
    move(
        session,
        [Move(attempt, AttemptState.BOUNCED, bank_code=reason, bank_text=line.remittance)],
        kept,
        now,
    )
    reversal = reverse_event(
        session,
        event_id_of(paid.match_no or "", paid.document_id),
        f"bounce:{group.match_no}:{paid.document_id}",
        line.booking_date,
        now,
        group.group_id,
    )
    transition(
        session,
        paid.document_id,
        State.BOUNCED,
        actor=actor,
        now=now,
        reason_code=reason,
        reason=line.remittance,
    )
    said = " ".join(filter(None, (reason, line.remittance)))
    why = [ReportedReason(reason, Text(said, said))]
    report(session, [paid.document_id], "BOUNCED", now, {paid.document_id: why})
    return Bounced(paid.document_id, group.match_no, group.group_id, reversal.number)


def _fits(line: OpenLine, one: _Paid) -> bool:
    back = "credit" if one.direction == "pay" else "debit"
    return (line.direction, line.amount, line.currency) == (back, one.amount, one.currency)


def _by_reference(
    session: Session, account_id: int, lines: Sequence[OpenLine]
) -> dict[int, list[_Paid]]:
    """Attempts a return line names, by line id: as its reference, else in its text."""
    named = {line.id: _names(line) for line in lines}
    rows = session.execute(
        sa.text(_PAID + "AND a.instruction_id = ANY(:ids) ORDER BY a.id"),
        {"account": account_id, "ids": sorted(set().union(*named.values()))},
    ).mappings()
    by_id = {one.instruction_id: one for one in (_Paid(**row) for row in rows)}
    found: dict[int, list[_Paid]] = defaultdict(list)
    for line_id, references in named.items():
        found[line_id] = [by_id[one] for one in sorted(references & by_id.keys())]
    return found


def _names(line: OpenLine) -> frozenset[str]:
    exact = reference_key(line.our_reference)
    return reference_tokens(line.remittance) if exact is None else frozenset({exact})


def _lookalikes(session: Session, account_id: int, line: OpenLine) -> list[_Paid]:
    """Confirmed documents of this amount and counterparty account, booked shortly before."""
    rows = session.execute(
        sa.text(
            _PAID + "AND d.state = 'CONFIRMED' AND a.state IN ('CONFIRMED', 'LATE_SUCCESS') "
            "AND a.amount = :amount AND a.counterparty_account = :counterparty "
            "AND d.booking_date BETWEEN :first AND :last ORDER BY a.id"
        ),
        {
            "account": account_id,
            "amount": line.amount,
            "counterparty": line.counterparty_account,
            "first": line.booking_date - dt.timedelta(days=WINDOW),
            "last": line.booking_date,
        },
    ).mappings()
    return [one for one in (_Paid(**row) for row in rows) if _fits(line, one)]


def _one(session: Session, account_id: int, attempt_id: int) -> _Paid:
    row = (
        session.execute(
            sa.text(_PAID + "AND a.id = :attempt"),
            {"account": account_id, "attempt": attempt_id},
        )
        .mappings()
        .one()
    )
    return _Paid(**row)


def _choice(line: OpenLine, one: _Paid) -> Choice:
    booked = one.booking_date or line.booking_date
    return Choice(
        kind="bounce",
        attempt_ids=(one.attempt_id,),
        document_nos=(one.document_no,),
        row=None,
        reference="none",
        amount_gap=0,
        days_apart=(line.booking_date - booked).days,
        same_account=True,
    )


def _unclear(session: Session, line: OpenLine, named: Sequence[_Paid], now: dt.datetime) -> None:
    """A return that names payments of ours and fits none: other amount, direction or state."""
    amount = format_major(line.amount, line.currency, grouped=True)
    which = ", ".join(f"{one.document_no} ({one.document_state})" for one in named)
    raise_incident(
        session,
        org_id=line.org_id,
        code="RETURN_UNCLEAR",
        subject_kind="statement_line",
        subject_id=str(line.id),
        message=Text(
            f"line {line.bank_reference or line.id} ({line.direction} {line.currency} {amount}) "
            f"is a return that does not fit {which}; ask the bank what came back",
            f"明细 {line.bank_reference or line.id}({line.direction} {line.currency} {amount})"
            f"为退票,但与单据 {which} 不符;请向银行查明",
        ),
        now=now,
    )


def _told_twice(session: Session, line: OpenLine, one: _Paid, now: dt.datetime) -> None:
    raise_incident(
        session,
        org_id=line.org_id,
        code="BOUNCE_TWICE",
        subject_kind="statement_line",
        subject_id=str(line.id),
        message=Text(
            f"the return of {one.document_no} was reported before; ask the bank what line "
            f"{line.bank_reference or line.id} is",
            f"单据 {one.document_no} 的退票此前已报告;请向银行查明明细 "
            f"{line.bank_reference or line.id}",
        ),
        now=now,
    )

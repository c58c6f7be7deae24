"""What a match does: attempts and documents confirmed, vouchers posted, sources told.

Everything of one call happens in the caller's transaction: nothing is ever half done.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.machines.instruction.confirm import Confirmation, mark_confirmed
from engine.machines.instruction.ports import Listener
from engine.machines.matching import GroupDraft, Matched, Member, create_groups
from engine.machines.posting import Event, post_event
from engine.matching import PairFacts
from engine.rulebook import Matter, Pinned
from engine.treasury.arrivals.cashflow import cash_flow_item
from engine.treasury.arrivals.evidence import line_evidence
from engine.treasury.arrivals.items import OpenLine
from engine.treasury.arrivals.rules import MatchingRules
from engine.treasury.documents.course import forget, transition
from engine.treasury.documents.reporting import report
from engine.treasury.documents.states import State

ARRIVAL = "arrival"


@dataclass(frozen=True, slots=True)
class Arrival:
    """Attempts that one line shows, and why."""

    attempt_ids: tuple[int, ...]
    line: OpenLine
    actor: str
    row: str | None = None
    facts: PairFacts | None = None
    """None when a person chose."""
    batch_id: int | None = None
    """Set when the line shows the batch as a whole."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A match with its effects."""

    match_no: str
    document_ids: tuple[int, ...]
    voucher_numbers: tuple[str, ...]


def event_id_of(match_no: str, document_id: int) -> str:
    """The posting event of a document's arrival under a match number."""
    return f"{ARRIVAL}:{match_no}:{document_id}"


def confirm(
    session: Session,
    pinned: Pinned,
    rules: MatchingRules | None,
    listener: Listener,
    arrivals: Sequence[Arrival],
    now: dt.datetime,
) -> list[Confirmed]:
    """Carry out matches. Raises MatchError, InstructionError, NoLiveRuleset, PostingError …:
    nothing must be committed then."""
    subjects = _subjects(session, [one for a in arrivals for one in a.attempt_ids])
    drafts = [_draft(session, rules, one, subjects, now) for one in arrivals]
    groups = create_groups(session, drafts, now)
    changes = mark_confirmed(
        session,
        [
            Confirmation(attempt_id, group.match_no, line_evidence(one.line))
            for one, group in zip(arrivals, groups, strict=True)
            for attempt_id in one.attempt_ids
        ],
        now,
    )
    listener.on_attempts(session, changes)
    done = []
    for one, group in zip(arrivals, groups, strict=True):
        documents = [subjects[attempt_id] for attempt_id in one.attempt_ids]
        numbers = _post(session, pinned, one, group, documents, now)
        _close(session, one, group, numbers, now)
        done.append(
            Confirmed(
                group.match_no,
                tuple(document.id for document in documents),
                tuple(numbers.values()),
            )
        )
    report(session, [d for one in done for d in one.document_ids], "CONFIRMED", now)
    return done


@dataclass(frozen=True, slots=True)
class Subject:
    """A document as its voucher needs it. `amount` in minor units."""

    id: int
    document_no: str
    org_id: str
    org_path: tuple[str, ...]
    org_level: str
    direction: str
    amount: int
    currency: str
    business_type: str
    counterparty_name: str
    account_id: int
    account_org_id: str
    account_number: str
    legal_entity_id: str
    attempt_id: int


_SUBJECTS = sa.text("""
SELECT d.id, d.document_no, d.org_id, string_to_array(o.path, '/') AS org_path,
       o.level AS org_level, d.direction, a.amount, d.currency, d.business_type,
       a.counterparty_name, b.account_id, k.org_id AS account_org_id,
       k.number AS account_number, k.legal_entity_id, a.id AS attempt_id
FROM attempt a
JOIN payment_batch b ON b.id = a.batch_id
JOIN bank_account k ON k.id = b.account_id
JOIN document d ON d.id = a.document_id
JOIN organisation o ON o.id = d.org_id
WHERE a.id = ANY(:ids)
""")


def _subjects(session: Session, attempt_ids: Sequence[int]) -> dict[int, Subject]:
    """Documents by attempt id."""
    rows = session.execute(_SUBJECTS, {"ids": list(attempt_ids)}).mappings()
    return {
        int(row["attempt_id"]): Subject(**{**row, "org_path": tuple(row["org_path"])})
        for row in rows
    }


def _draft(
    session: Session,
    rules: MatchingRules | None,
    one: Arrival,
    subjects: Mapping[int, Subject],
    now: dt.datetime,
) -> GroupDraft:
    documents = [subjects[attempt_id] for attempt_id in one.attempt_ids]
    decision = None
    if rules is not None and one.facts is not None:
        matter = (
            Matter("document", str(documents[0].id))
            if one.batch_id is None
            else Matter("payment_batch", str(one.batch_id))
        )
        decision = rules.record(session, one.facts, matter, now)
    return GroupDraft(
        org_id=one.line.org_id,
        kind=ARRIVAL,
        account_id=one.line.account_id,
        currency=one.line.currency,
        booking_date=one.line.booking_date,
        items=tuple(Member("document", document.id, document.amount) for document in documents),
        line_ids=((one.line.id, one.line.amount),),
        matched_by=one.actor,
        rule_row=one.row,
        decision_id=decision,
    )


def _post(
    session: Session,
    pinned: Pinned,
    one: Arrival,
    group: Matched,
    documents: Sequence[Subject],
    now: dt.datetime,
) -> dict[int, str]:
    """A voucher per document, dated by the line; voucher number by document id."""
    numbers = {}
    for document in documents:
        pays = document.direction == "pay"
        event = Event(
            event_id=event_id_of(group.match_no, document.id),
            event="payment_confirmed" if pays else "collection_confirmed",
            org_id=document.org_id,
            org_path=document.org_path,
            org_level=document.org_level,
            legal_entity_id=document.legal_entity_id,
            currency=document.currency,
            amount=document.amount,
            date=one.line.booking_date,
            document_no=document.document_no,
            business_type=document.business_type,
            creditor_name=document.counterparty_name if pays else "",
            debtor_name="" if pays else document.counterparty_name,
            subject_kind="document",
            subject_id=document.id,
            group_id=group.group_id,
            dimensions={
                "org": document.org_id,
                "bank_account": document.account_number,
                "counterparty": document.counterparty_name,
                "cash_flow": cash_flow_item(document.business_type),
                "business_type": document.business_type,
            },
        )
        numbers[document.id] = post_event(session, pinned, event, now).number
    return numbers


def _close(
    session: Session, one: Arrival, group: Matched, numbers: Mapping[int, str], now: dt.datetime
) -> None:
    session.execute(
        sa.text(
            "UPDATE document d SET match_no = :match_no, booking_date = :booked, "
            "voucher_no = v.number FROM unnest(CAST(:ids AS bigint[]), CAST(:numbers AS text[])) "
            "AS v(id, number) WHERE d.id = v.id"
        ),
        {
            "match_no": group.match_no,
            "booked": one.line.booking_date,
            "ids": list(numbers),
            "numbers": list(numbers.values()),
        },
    )
    forget(session, list(numbers))
    decision = group.draft.decision_id
    transition(
        session,
        list(numbers),
        State.CONFIRMED,
        actor=one.actor,
        now=now,
        reason_code=one.row,
        decision_ids=None if decision is None else {key: [decision] for key in numbers},
    )

"""What a match does: attempts and documents confirmed, vouchers posted, sources told.

Everything of one call happens in the caller's transaction: nothing is ever half done.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.machines.instruction.confirm import Confirmation, mark_confirmed
from engine.machines.instruction.ports import Listener
from engine.machines.matching import GroupDraft, Matched, Member, create_groups
from engine.machines.posting import Event, post_events
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
    shown = [
        (one, group, subjects[attempt_id])
        for one, group in zip(arrivals, groups, strict=True)
        for attempt_id in one.attempt_ids
    ]
    posted = post_events(session, pinned, [_event(*each) for each in shown], now)
    closing = [
        _Closing(document.id, voucher.number, one, group)
        for (one, group, document), voucher in zip(shown, posted, strict=True)
    ]
    _close(session, closing, now)
    report(session, [one.document_id for one in closing], "CONFIRMED", now)
    together: dict[str, list[_Closing]] = {group.match_no: [] for group in groups}
    for each in closing:
        together[each.group.match_no].append(each)
    return [
        Confirmed(
            match_no,
            tuple(each.document_id for each in found),
            tuple(each.voucher_no for each in found),
        )
        for match_no, found in together.items()
    ]


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


@dataclass(frozen=True, slots=True)
class _Closing:
    document_id: int
    voucher_no: str
    arrival: Arrival
    group: Matched


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


def _event(one: Arrival, group: Matched, document: Subject) -> Event:
    """What a document's voucher is made of, dated by the line."""
    pays = document.direction == "pay"
    return Event(
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


def _close(session: Session, closing: Sequence[_Closing], now: dt.datetime) -> None:
    """Write match number, date and voucher on the documents and confirm them."""
    ids = [one.document_id for one in closing]
    session.execute(
        sa.text(
            "UPDATE document d SET match_no = v.match_no, booking_date = v.booked, "
            "voucher_no = v.number FROM unnest(CAST(:ids AS bigint[]), CAST(:matches AS text[]), "
            "CAST(:dates AS date[]), CAST(:numbers AS text[])) AS v(id, match_no, booked, number) "
            "WHERE d.id = v.id"
        ),
        {
            "ids": ids,
            "matches": [one.group.match_no for one in closing],
            "dates": [one.arrival.line.booking_date for one in closing],
            "numbers": [one.voucher_no for one in closing],
        },
    )
    forget(session, ids)
    steps: dict[tuple[str, str | None], list[_Closing]] = defaultdict(list)
    for one in closing:
        steps[one.arrival.actor, one.arrival.row].append(one)
    for (actor, row), together in steps.items():
        transition(
            session,
            [one.document_id for one in together],
            State.CONFIRMED,
            actor=actor,
            now=now,
            reason_code=row,
            decision_ids={
                one.document_id: [one.group.draft.decision_id]
                for one in together
                if one.group.draft.decision_id is not None
            },
        )

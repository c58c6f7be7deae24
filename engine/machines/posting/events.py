"""Event → posting ruleset → balanced voucher, once per event."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from engine import ledger
from engine.base.text import SluiceError, Text
from engine.ledger import LineDraft, VoucherDraft
from engine.machines.posting.models import PostedEvent
from engine.rulebook import Matter, Pinned
from engine.rules.kinds import posting


class PostingError(SluiceError):
    """An event the posting ruleset has no whole voucher for."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that moved money for certain, with everything its voucher can need.

    `amount` in minor units of `currency`, above zero. `dimensions` holds the values of the
    auxiliary accounting (org, bank_account, counterparty, cash_flow …) the event can supply;
    the ruleset chooses among them.
    """

    event_id: str
    event: str
    """payment_confirmed, collection_confirmed, fee_charged …"""
    org_id: str
    org_path: tuple[str, ...]
    org_level: str
    legal_entity_id: str
    currency: str
    amount: int
    date: dt.date
    """Voucher date: the booking date of the statement line."""
    document_no: str
    business_type: str
    creditor_name: str
    debtor_name: str
    subject_kind: str
    """document | statement_line"""
    subject_id: int
    group_id: int | None
    dimensions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Posted:
    """A voucher in the ledger."""

    voucher_id: int
    number: str
    decision_id: int | None


VOUCHER_TYPES = {
    "payment_confirmed": "payment",
    "collection_confirmed": "receipt",
    "cash_paid": "payment",
    "cash_received": "receipt",
    "fee_charged": "payment",
    "transfer_out": "transfer",
    "transfer_in": "transfer",
}
"""Event -> voucher type 凭证类别 (付, 收, 转)."""


def post_event(session: Session, pinned: Pinned, event: Event, now: dt.datetime) -> Posted:
    """Post `event`, or return the voucher it was posted as before; raises as `post_events`."""
    return post_events(session, pinned, [event], now)[0]


def post_events(
    session: Session, pinned: Pinned, events: Sequence[Event], now: dt.datetime
) -> list[Posted]:
    """Post events, or return the vouchers they were posted as before; in their order.

    Raises NoLiveRuleset, DecisionRefused, PostingError NOT_POSTABLE (no row of the ruleset
    matches) or DIMENSION_MISSING, and LedgerError; nothing must be committed then.
    """
    done = _posted_before(session, [event.event_id for event in events])
    new = {event.event_id: event for event in events if event.event_id not in done}
    decided = {name: _decided(session, pinned, event, now) for name, event in new.items()}
    vouchers = ledger.post_all(session, [draft for draft, _ in decided.values()])
    for (name, (_, decision_id)), voucher in zip(decided.items(), vouchers, strict=True):
        _remember(session, new[name], voucher, decision_id, now)
        done[name] = Posted(voucher.id or 0, voucher.number, decision_id)
    return [done[event.event_id] for event in events]


def _posted_before(session: Session, event_ids: Sequence[str]) -> dict[str, Posted]:
    rows = session.execute(
        select(PostedEvent, ledger.Voucher.number)
        .join(ledger.Voucher, col(ledger.Voucher.id) == col(PostedEvent.voucher_id))
        .where(col(PostedEvent.event_id).in_(event_ids))
    )
    return {one.event_id: Posted(one.voucher_id, number, one.decision_id) for one, number in rows}


def _decided(
    session: Session, pinned: Pinned, event: Event, now: dt.datetime
) -> tuple[VoucherDraft, int]:
    """What the posting ruleset makes of an event, and its decision."""
    recorded = pinned.decide(
        session,
        "posting",
        "event",
        posting.Event(
            event=event.event,
            amount=event.amount,
            currency=event.currency,
            document_no=event.document_no,
            business_type=event.business_type,
            creditor_name=event.creditor_name,
            debtor_name=event.debtor_name,
            org_level=event.org_level,
        ),
        org_path=event.org_path,
        on=event.date,
        matter=Matter(event.subject_kind, str(event.subject_id)),
        now=now,
    )
    lines = [_line(event, outcome) for outcome in recorded.outcomes]
    if not lines:
        raise PostingError(
            "NOT_POSTABLE",
            Text(
                f"{recorded.ruleset} has no row for {event.event} {event.document_no}; add one",
                f"{recorded.ruleset} 中没有适用于 {event.event} {event.document_no} 的行;请补充",
            ),
        )
    draft = VoucherDraft(
        event_id=event.event_id,
        org_id=event.org_id,
        legal_entity_id=event.legal_entity_id,
        currency=event.currency,
        voucher_date=event.date,
        voucher_type=VOUCHER_TYPES.get(event.event, "transfer"),
        text=lines[0].text,
        lines=tuple(lines),
        now=now,
    )
    return draft, recorded.decision_id


def reverse_event(
    session: Session,
    original_event_id: str,
    event_id: str,
    date: dt.date,
    now: dt.datetime,
    group_id: int | None = None,
) -> Posted:
    """Post the exact negative of an event's voucher, dated `date`; once per original.

    Raises PostingError EVENT_UNKNOWN, and LedgerError VOUCHER_REVERSED when another event
    reversed it before.
    """
    original = session.get(PostedEvent, original_event_id)
    if original is None:
        raise PostingError(
            "EVENT_UNKNOWN",
            Text(
                f"event {original_event_id} was never posted; there is nothing to reverse",
                f"事件 {original_event_id} 从未记账;没有可冲销的凭证",
            ),
        )
    voucher = ledger.reverse(session, original.voucher_id, event_id, date, now)
    done = session.get(PostedEvent, event_id)
    if done is not None:
        return Posted(done.voucher_id, voucher.number, None)
    session.add(
        PostedEvent(
            event_id=event_id,
            org_id=original.org_id,
            event="reversal",
            subject_kind=original.subject_kind,
            subject_id=original.subject_id,
            group_id=group_id,
            voucher_id=voucher.id or 0,
            at=now,
        )
    )
    return Posted(voucher.id or 0, voucher.number, None)


def _line(event: Event, outcome: object) -> LineDraft:
    if not isinstance(outcome, posting.Line):
        raise TypeError(f"posting decided {outcome!r}")
    names = outcome.dimensions or ()
    missing = [name for name in names if not event.dimensions.get(name)]
    if missing:
        named = ", ".join(missing)
        raise PostingError(
            "DIMENSION_MISSING",
            Text(
                f"{event.event} {event.document_no} has no {named}; correct the posting ruleset "
                "or complete the master data",
                f"{event.event} {event.document_no} 缺少辅助核算 {named};"
                "请更正记账规则或补全主数据",
            ),
        )
    return LineDraft(
        account=outcome.account,
        debit=outcome.debit,
        credit=outcome.credit,
        dimensions={name: event.dimensions[name] for name in names},
        text=outcome.text or event.document_no,
    )


def _remember(
    session: Session, event: Event, voucher: ledger.Voucher, decision_id: int, now: dt.datetime
) -> None:
    session.add(
        PostedEvent(
            event_id=event.event_id,
            org_id=event.org_id,
            event=event.event,
            subject_kind=event.subject_kind,
            subject_id=event.subject_id,
            group_id=event.group_id,
            decision_id=decision_id,
            voucher_id=voucher.id or 0,
            at=now,
        )
    )

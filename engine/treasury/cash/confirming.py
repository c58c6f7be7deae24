"""Confirming what was paid or received in cash: by the person who moved it.

Once per document, and once more after two persons took the confirmation back.

Cash needs no statement line: the cashier's word and the row of the journal are the proof, so the
document goes through SENDING and PAID to CONFIRMED in one transaction with its voucher.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import SluiceError, Text
from engine.machines.posting import Event, post_event
from engine.rulebook import Pinned, Rulebook
from engine.runtime import audit
from engine.runtime.clock import Clock, business_date_of
from engine.treasury.alerts.holds import held
from engine.treasury.approvals.desk import approved_hash_matches
from engine.treasury.arrivals.cashflow import cash_flow_item
from engine.treasury.cash.desks import CashError, Movement, enter, event_id
from engine.treasury.documents.course import forget, transition
from engine.treasury.documents.reporting import report
from engine.treasury.documents.results import ItemResult
from engine.treasury.documents.states import State
from engine.treasury.payments.candidates import (
    Candidate,
    Filters,
    barred,
    candidates,
    content_changed,
    not_ready,
    payable_orgs,
)
from engine.treasury.payments.channels import CASH

STEPS = (State.SENDING, State.PAID, State.CONFIRMED)
REASON = "CASH"


def confirm(
    session: Session,
    rulebook: Rulebook,
    user: str,
    document_ids: Sequence[int],
    clock: Clock,
) -> list[ItemResult]:
    """Confirm cash documents (permission payments.release), each with its own result.

    Never by whoever made or approved one. Refused alone: NOT_PERMITTED, FOUR_EYES, NOT_CASH,
    ALREADY_LIVE, NOT_UNPAID, HELD, HASH_CHANGED, NO_CASH_DESK, CASH_SHORT, and what posting
    refuses. ReleaseError NOT_PERMITTED when the user pays nowhere.
    """
    allowed = payable_orgs(session, user)
    rows = candidates(session, document_ids, Filters())
    on_hold = held(session, [row.id for row in rows])
    approved = approved_hash_matches(session, [row.id for row in rows])
    moneys = _moneys(session, [row.id for row in rows])
    # Read when the desks are locked: the rows of a journal follow each other in time too.
    now = clock.now()
    matter = _Matter(session, rulebook.at(session), user, now)
    results = []
    for row in rows:
        why = (
            barred(row, user, allowed)
            or not_ready(row, on_hold)
            or (None if row.channel == CASH else _not_cash(row))
            or (None if approved[row.id] else content_changed(row))
        )
        if why is None:
            try:
                with session.begin_nested():
                    _carry_out(matter, row, moneys[row.id])
            except SluiceError as error:
                why = error.code, error.text
        code, text = why or (None, None)
        results.append(ItemResult(row.id, row.document_no, code, text))
    done = [one.document_id for one in results if one.done]
    report(session, done, State.CONFIRMED.value, now)
    audit.record(
        session,
        user,
        "cash.confirm",
        "document",
        ",".join(one.document_no for one in results if one.done)[:200] or "-",
        None,
        None,
        {
            "documents": [one.document_no for one in results if one.done],
            "refused": [one.document_no for one in results if not one.done],
        },
        None,
        now,
    )
    return results


@dataclass(frozen=True, slots=True)
class _Matter:
    session: Session
    pinned: Pinned
    user: str
    now: dt.datetime


@dataclass(frozen=True, slots=True)
class _Money:
    """What a cash document moves, as its voucher needs it. `amount` in minor units."""

    id: int
    org_path: tuple[str, ...]
    org_level: str
    legal_entity_id: str
    direction: str
    amount: int
    currency: str
    business_type: str
    counterparty_name: str | None
    desk_id: int | None


_MONEYS = sa.text("""
SELECT d.id, string_to_array(o.path, '/') AS org_path, o.level AS org_level, o.legal_entity_id,
       d.direction, d.amount, d.currency, d.business_type, d.counterparty_name, k.id AS desk_id
FROM document d JOIN organisation o ON o.id = d.org_id
LEFT JOIN cash_desk k ON k.org_id = d.org_id AND k.currency = d.currency
WHERE d.id = ANY(:ids)
""")


def _moneys(session: Session, ids: Sequence[int]) -> dict[int, _Money]:
    """By document. All desks are locked here, in one order: two people at once do not cross."""
    found: dict[int, _Money] = {}
    for row in session.execute(_MONEYS, {"ids": list(ids)}).mappings():
        money = _Money(**{**row, "org_path": tuple(row["org_path"])})
        found[money.id] = money
    session.execute(
        sa.text("SELECT id FROM cash_desk WHERE id = ANY(:ids) ORDER BY id FOR UPDATE"),
        {"ids": sorted({one.desk_id for one in found.values() if one.desk_id is not None})},
    )
    return found


def _carry_out(matter: _Matter, row: Candidate, money: _Money) -> None:
    if money.desk_id is None:
        raise CashError(
            "NO_CASH_DESK",
            Text(
                f"{row.org_id} has no cash desk in {money.currency}; open one or change the "
                "document's method",
                f"机构 {row.org_id} 没有 {money.currency} 现金库;请开设,或变更单据支付方式",
            ),
        )
    round_ = enter(
        matter.session,
        Movement(
            org_id=row.org_id,
            desk_id=money.desk_id,
            document_id=row.id,
            amount=-money.amount if money.direction == "pay" else money.amount,
            currency=money.currency,
            user_id=matter.user,
        ),
        matter.now,
    )
    name = money.counterparty_name or ""
    pays = money.direction == "pay"
    day = business_date_of(matter.now)
    posted = post_event(
        matter.session,
        matter.pinned,
        Event(
            event_id=event_id(row.id, round_),
            event="cash_paid" if pays else "cash_received",
            org_id=row.org_id,
            org_path=money.org_path,
            org_level=money.org_level,
            legal_entity_id=money.legal_entity_id,
            currency=money.currency,
            amount=money.amount,
            date=day,
            document_no=row.document_no,
            business_type=money.business_type,
            creditor_name=name if pays else "",
            debtor_name="" if pays else name,
            subject_kind="document",
            subject_id=row.id,
            group_id=None,
            dimensions={
                "org": row.org_id,
                "counterparty": name,
                "cash_flow": cash_flow_item(money.business_type),
                "business_type": money.business_type,
            },
        ),
        matter.now,
    )
    matter.session.execute(
        sa.text("UPDATE document SET booking_date = :day, voucher_no = :no WHERE id = :id"),
        {"day": day, "no": posted.number, "id": row.id},
    )
    forget(matter.session, [row.id])
    decided = {} if posted.decision_id is None else {row.id: [posted.decision_id]}
    for step in STEPS:
        transition(
            matter.session,
            row.id,
            step,
            actor=matter.user,
            now=matter.now,
            reason_code=REASON,
            decision_ids=decided if step is State.CONFIRMED else None,
        )


def _not_cash(row: Candidate) -> tuple[str, Text]:
    return "NOT_CASH", Text(
        f"{row.document_no} goes by {row.channel}, not by cash",
        f"单据 {row.document_no} 的结算渠道为 {row.channel},不是现金",
    )

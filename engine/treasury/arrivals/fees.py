"""Bank fees: debits that say so, posted as events of their own where a posting row takes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlmodel import Session

from engine.banks.profile import ProfileError, load_profile
from engine.base.money import format_major
from engine.base.text import Text
from engine.machines.matching import GroupDraft, Member, create_groups
from engine.machines.posting import Event, post_event
from engine.rulebook import Pinned
from engine.treasury.accounts.book import account
from engine.treasury.arrivals.cashflow import cash_flow_item
from engine.treasury.arrivals.items import OpenLine
from engine.treasury.incidents import raise_incident
from engine.treasury.organisations.tree import organisation

ACTOR = "system:arrivals"
CEILING = 500_00
"""Minor units: a fee above it is never posted without a person, whatever the text says."""


def is_fee(line: OpenLine) -> bool:
    """Whether the line says so (the ruleset's words): a debit without a reference of ours."""
    text = (line.remittance or "").lower()
    return (
        line.direction == "debit"
        and line.our_reference is None
        and line.batch_reference is None
        and not line.is_return
        and any(word in text for word in line.words.fees)
    )


def take_fees(
    session: Session,
    pinned: Pinned,
    account_id: int,
    lines: Sequence[OpenLine],
    now: dt.datetime,
) -> int:
    """Post the fees among `lines` (open lines of the account); how many.

    One above CEILING, or paid to an account that is not the bank's, stays open with an incident.
    Raises NoLiveRuleset and PostingError NOT_POSTABLE: then nothing is committed and the lines
    stay in the unmatched list.
    """
    said = [line for line in lines if is_fee(line)]
    if not said:
        return 0
    owner = account(session, account_id)
    names = _bank_names(owner.bank_id)
    fees = [line for line in said if _usual(line, names)]
    for line in said:
        if line not in fees:
            _unusual(session, line, now)
    groups = create_groups(
        session,
        [
            GroupDraft(
                org_id=line.org_id,
                kind="fee",
                account_id=account_id,
                currency=line.currency,
                booking_date=line.booking_date,
                items=(Member("bank_fee", line.id, line.amount),),
                line_ids=((line.id, line.amount),),
                matched_by=ACTOR,
            )
            for line in fees
        ],
        now,
    )
    org = organisation(session, owner.org_id)
    for line, group in zip(fees, groups, strict=True):
        post_event(
            session,
            pinned,
            Event(
                event_id=f"fee:{group.match_no}:{line.id}",
                event="fee_charged",
                org_id=org.id,
                org_path=tuple(org.path.split("/")),
                org_level=org.level,
                legal_entity_id=owner.legal_entity_id,
                currency=line.currency,
                amount=line.amount,
                date=line.booking_date,
                document_no=line.bank_reference or str(line.id),
                business_type="treasury",
                creditor_name=line.counterparty_name or "",
                debtor_name="",
                subject_kind="statement_line",
                subject_id=line.id,
                group_id=group.group_id,
                dimensions={
                    "org": org.id,
                    "bank_account": owner.number,
                    "counterparty": line.counterparty_name or owner.bank_id,
                    "cash_flow": cash_flow_item("treasury"),
                    "business_type": "treasury",
                },
            ),
            now,
        )
    return len(fees)


def _bank_names(bank_id: str) -> tuple[str, ...]:
    """What the account's bank calls itself as a counterparty."""
    try:
        name = load_profile(bank_id).name
    except ProfileError:
        return ()
    return (name.zh.lower(), name.en.lower())


def _usual(line: OpenLine, bank_names: tuple[str, ...]) -> bool:
    """Small, and taken by the bank itself: no counterparty account, or one in the bank's name."""
    taken_by_bank = not (line.counterparty_account or "").strip() or (
        (line.counterparty_name or "").strip().lower() in bank_names
    )
    return line.amount <= CEILING and taken_by_bank


def _unusual(session: Session, line: OpenLine, now: dt.datetime) -> None:
    amount = format_major(line.amount, line.currency, grouped=True)
    payee = " ".join(filter(None, (line.counterparty_name, line.counterparty_account))) or "-"
    raise_incident(
        session,
        org_id=line.org_id,
        code="FEE_UNUSUAL",
        subject_kind="statement_line",
        subject_id=str(line.id),
        message=Text(
            f"line {line.bank_reference or line.id} calls itself a fee: {line.currency} {amount} "
            f"to {payee}; it is not posted, ask the bank what it is",
            f"明细 {line.bank_reference or line.id} 自称手续费:{line.currency} {amount},"
            f"对方 {payee};未入账,请向银行查明",
        ),
        now=now,
    )

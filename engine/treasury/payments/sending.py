"""Sending: approved documents become payment batches, by a person's word or at a set time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from engine.base.text import Text
from engine.machines.instruction.create import BatchDraft, ItemDraft, create_batch
from engine.rulebook import Matter, Pinned, Rulebook
from engine.runtime import audit
from engine.runtime.clock import business_date_of
from engine.treasury.alerts.holds import held
from engine.treasury.banks import BankGate, Leaving
from engine.treasury.documents.course import transition, wait
from engine.treasury.documents.states import State
from engine.treasury.payments.candidates import (
    Candidate,
    Filters,
    barred,
    candidates,
    not_ready,
    payable_orgs,
    wanted,
)
from engine.treasury.payments.channels import FILE_CHANNELS, IN_BATCHES
from engine.treasury.payments.file_batches import in_files
from engine.treasury.payments.grouping import Payable, Plan, PlannedBatch, payables, plan

ACTOR = "system:payments"


@dataclass(frozen=True, slots=True)
class ReleaseItem:
    """What became of one document. `code` and `text` say why it was not sent."""

    document_id: int
    document_no: str
    batch_id: int | None
    code: str | None = None
    text: Text | None = None

    @property
    def sent(self) -> bool:
        """Whether it is in a payment batch now."""
        return self.batch_id is not None


@dataclass(frozen=True, slots=True)
class Released:
    """Batches that were made, and every document with its result, in order of number."""

    batch_ids: tuple[int, ...]
    items: tuple[ReleaseItem, ...]


def release(
    session: Session,
    rulebook: Rulebook,
    user: str,
    now: dt.datetime,
    *,
    document_ids: Sequence[int] | None = None,
    filters: Filters | None = None,
) -> Released:
    """Send documents by a person's word (permission payments.release), each with its result.

    Bank-direct documents leave as messages; those of a file channel become a batch that a person
    hands out (engine.treasury.payments.files). Without `document_ids` all unpaid bank-direct
    documents within `filters` that the user may release; failed ones kept for a new attempt are
    among them. One whose failure waits for a person's decision (review, not received) goes again
    only when it is named. Made or approved by the user, held, under way already, not unpaid: not
    sent, with the reason. Writes the audit log.
    """
    allowed = payable_orgs(session, user)
    rows = candidates(session, document_ids, filters or Filters())
    if document_ids is None:
        rows = [row for row in rows if row.org_id in allowed and wanted(row)]
    refused = {row.id: why for row in rows if (why := barred(row, user, allowed)) is not None}
    found = _send(session, rulebook.at(session), rows, refused, user, now)
    audit.record(
        session,
        user,
        "payments.release",
        "payment_batch",
        ",".join(str(one) for one in found.batch_ids) or "-",
        None,
        None,
        {
            "documents": [item.document_no for item in found.items if item.sent],
            "refused": [item.document_no for item in found.items if not item.sent],
        },
        None,
        now,
    )
    return found


def send_slot(session: Session, rulebook: Rulebook, now: dt.datetime) -> Released:
    """Send everything unpaid and bank-direct, and what failed and is kept for a new attempt."""
    rows = [row for row in candidates(session, None, Filters()) if wanted(row)]
    return _send(session, rulebook.at(session), rows, {}, ACTOR, now)


def preview(
    session: Session, rulebook: Rulebook, now: dt.datetime, filters: Filters | None = None
) -> Plan:
    """The batches that sending now would make. Writes nothing."""
    rows = [row for row in candidates(session, None, filters or Filters()) if wanted(row)]
    on_hold = held(session, [row.id for row in rows])
    ids = [row.id for row in rows if row.id not in on_hold]
    made = plan(rulebook.at(session), payables(session, ids), business_date_of(now))
    return in_files(session, made, now)


def _reason(row: Candidate, on_hold: frozenset[int]) -> tuple[str, Text] | None:
    if row.channel not in IN_BATCHES and not row.live and row.payable:
        return "NOT_DIRECT", Text(
            f"{row.document_no} goes by {row.channel}, not by a message or a file to the bank",
            f"单据 {row.document_no} 的结算渠道为 {row.channel},不通过银行报文或文件支付",
        )
    return not_ready(row, on_hold)


def _send(
    session: Session,
    pinned: Pinned,
    rows: Sequence[Candidate],
    refused: dict[int, tuple[str, Text]],
    actor: str,
    now: dt.datetime,
) -> Released:
    on_hold = held(session, [row.id for row in rows])
    for row in rows:
        why = refused.get(row.id) or _reason(row, on_hold)
        if why is not None:
            refused[row.id] = why
    good = [row for row in rows if row.id not in refused]
    ready = []
    gate = BankGate(session, now)
    for document in payables(session, [row.id for row in good]):
        shut = gate.standing(_leaving(document))
        if shut is None:
            ready.append(document)
        else:
            refused[document.id] = shut.code, shut.text
            wait(session, [document.id], shut.code, shut.text)
    again = [row.id for row in good if row.state == State.FAILED and row.id not in refused]
    transition(session, again, State.UNPAID, actor=actor, now=now, reason_code="NEW_ATTEMPT")
    made = plan(pinned, ready, business_date_of(now))
    batch_of: dict[int, int] = {}
    cut = in_files(session, made, now)
    for batch in cut.batches:
        batch_id = _create(session, pinned, made, batch, now)
        batch_of.update({item.id: batch_id for item in batch.items})
    for one in cut.undecided:
        refused[one.document.id] = (one.code, one.text)
        wait(session, [one.document.id], one.code, one.text)
    items = []
    for row in rows:
        code, text = refused.get(row.id, (None, None))
        if row.id not in batch_of and code is None:
            code = "NO_ACCOUNT"
            text = Text(
                f"{row.document_no} has no paying account", f"单据 {row.document_no} 没有付款账户"
            )
        items.append(ReleaseItem(row.id, row.document_no, batch_of.get(row.id), code, text))
    return Released(tuple(dict.fromkeys(batch_of.values())), tuple(items))


def _leaving(document: Payable) -> Leaving:
    return Leaving(
        document.document_no,
        document.bank_id,
        document.account_org_id,
        document.channel,
        document.direction,
        document.currency,
        document.amount,
    )


def _create(
    session: Session, pinned: Pinned, made: Plan, batch: PlannedBatch, now: dt.datetime
) -> int:
    """Record why each document is in this batch, then hand it to the instruction machine."""
    decisions = [
        pinned.record(
            session, made.considered[item.id], matter=Matter("document", str(item.id)), now=now
        ).decision_id
        for item in batch.items
    ]
    first = batch.items[0]
    return create_batch(
        session,
        BatchDraft(
            org_id=first.account_org_id,
            account_id=first.account_id,
            account_number=first.account_number,
            account_name=first.account_name,
            account_bank_code=first.account_bank_code,
            bank_id=first.bank_id,
            channel=first.channel,
            direction=first.direction,
            currency=first.currency,
            value_date=batch.value_date,
            grouping_decision_id=decisions[0],
            items=[_item(item) for item in batch.items],
            by_file=first.channel in FILE_CHANNELS,
        ),
        now,
    )


def _item(document: Payable) -> ItemDraft:
    return ItemDraft(
        document_id=document.id,
        document_no=document.document_no,
        content_hash=document.content_hash,
        amount=document.amount,
        counterparty_name=document.counterparty_name,
        counterparty_account=document.counterparty_account,
        counterparty_bank_code=document.counterparty_bank_code,
        remittance=" ".join(filter(None, (document.document_no, document.purpose))),
    )

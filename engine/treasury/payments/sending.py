"""Sending: approved documents become payment batches, by a person's word or at a set time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import SluiceError, Text
from engine.machines.instruction.create import BatchDraft, ItemDraft, create_batch
from engine.rulebook import Matter, Pinned, Rulebook
from engine.runtime import audit
from engine.runtime.clock import business_date_of
from engine.treasury.alerts.holds import held
from engine.treasury.documents.course import transition, wait
from engine.treasury.documents.states import State
from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.payments.grouping import Payable, Plan, PlannedBatch, payables, plan

ACTOR = "system:payments"
DIRECT = "bank_direct"
"""The channel whose documents leave as messages to a bank."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which unpaid documents; None means all the user may release."""

    org_id: str | None = None
    account_id: int | None = None
    direction: str | None = None
    urgency: str | None = None
    business_type: str | None = None


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


class ReleaseError(SluiceError):
    """A release that cannot even begin."""


# Locked first, looked at afterwards: whoever waited here for another release must see the attempts
# that one made, or the whole release would fail with its first document.
_LOCK = sa.text("""
SELECT d.id FROM document d
WHERE (CAST(:ids AS bigint[]) IS NULL OR d.id = ANY(:ids))
  AND (CAST(:ids AS bigint[]) IS NOT NULL
       OR (d.state IN ('UNPAID', 'FAILED') AND d.channel = 'bank_direct'))
  AND (CAST(:org AS text) IS NULL OR d.org_id = :org)
  AND (CAST(:account AS bigint) IS NULL OR d.account_id = :account)
  AND (CAST(:direction AS text) IS NULL OR d.direction = :direction)
  AND (CAST(:urgency AS text) IS NULL OR d.urgency = :urgency)
  AND (CAST(:business_type AS text) IS NULL OR d.business_type = :business_type)
ORDER BY d.document_no, d.id
FOR UPDATE OF d
""")

_CANDIDATES = sa.text("""
SELECT d.id, d.document_no, d.org_id, d.created_by, d.state, d.channel,
       (SELECT array_agg(v.user_id) FROM approval_verdict v
        JOIN approval_request r ON r.id = v.request_id
        WHERE r.subject_kind = 'document' AND r.subject_id = d.id) AS approvers,
       EXISTS (SELECT 1 FROM attempt a WHERE a.document_id = d.id
               AND a.state IN ('READY', 'SENDING', 'PROCESSING', 'UNKNOWN', 'REVIEW', 'PAID',
                               'CONFIRMED', 'LATE_SUCCESS')) AS live,
       (SELECT CASE a.bank_code WHEN 'NOT_RECEIVED' THEN 'review' ELSE a.handling END
        FROM attempt a WHERE a.document_id = d.id ORDER BY a.attempt_no DESC LIMIT 1) AS handling
FROM document d WHERE d.id = ANY(:locked)
ORDER BY d.document_no, d.id
""")


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

    Without `document_ids` all unpaid bank-direct documents within `filters` that the user may
    release; failed ones kept for a new attempt are among them. One whose failure waits for a
    person's decision (review, not received) goes again only when it is named. Made or
    approved by the user, held, under way already, not unpaid: not sent, with the reason. Writes
    the audit log.
    """
    allowed = visible_orgs(session, user, "payments.release")
    if not allowed:
        raise ReleaseError(
            "NOT_PERMITTED",
            Text(
                f"{user} may not release payments; ask for the role cashier",
                f"{user} 无权发起支付;请申请出纳角色",
            ),
        )
    rows = _candidates(session, document_ids, filters or Filters())
    if document_ids is None:
        rows = [row for row in rows if row.org_id in allowed and _wanted(row)]
    refused = {row.id: why for row in rows if (why := _barred(row, user, allowed)) is not None}
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
    rows = [row for row in _candidates(session, None, Filters()) if _wanted(row)]
    return _send(session, rulebook.at(session), rows, {}, ACTOR, now)


def preview(
    session: Session, rulebook: Rulebook, now: dt.datetime, filters: Filters | None = None
) -> Plan:
    """The batches that sending now would make. Writes nothing."""
    rows = [row for row in _candidates(session, None, filters or Filters()) if _wanted(row)]
    on_hold = held(session, [row.id for row in rows])
    ids = [row.id for row in rows if row.id not in on_hold]
    return plan(rulebook.at(session), payables(session, ids), business_date_of(now))


@dataclass(frozen=True, slots=True)
class _Candidate:
    id: int
    document_no: str
    org_id: str
    created_by: str
    state: str
    channel: str | None
    approvers: frozenset[str]
    live: bool
    handling: str | None


def _candidates(
    session: Session, document_ids: Sequence[int] | None, filters: Filters
) -> list[_Candidate]:
    session.flush()
    locked = session.execute(
        _LOCK,
        {
            "ids": None if document_ids is None else list(document_ids),
            "org": filters.org_id,
            "account": filters.account_id,
            "direction": filters.direction,
            "urgency": filters.urgency,
            "business_type": filters.business_type,
        },
    ).scalars()
    rows = session.execute(_CANDIDATES, {"locked": list(locked)}).mappings()
    return [_Candidate(**{**row, "approvers": frozenset(row["approvers"] or ())}) for row in rows]


def _wanted(row: _Candidate) -> bool:
    """What leaves without being named: unpaid, or failed and kept for a new attempt."""
    again = row.state == State.FAILED and row.handling == "retry_inside"
    return not row.live and (row.state == State.UNPAID or again)


def _may_go_again(row: _Candidate) -> bool:
    """A definite failure that a person may order anew; what went back to its source may not."""
    return row.state == State.FAILED and row.handling in ("retry_inside", "review")


def _barred(row: _Candidate, user: str, allowed: frozenset[str]) -> tuple[str, Text] | None:
    if row.org_id not in allowed:
        return "NOT_PERMITTED", Text(
            f"{user} may not release payments of {row.org_id}",
            f"{user} 无权发起机构 {row.org_id} 的支付",
        )
    if user == row.created_by or user in row.approvers:
        return "FOUR_EYES", Text(
            f"{user} made or approved {row.document_no}; another person has to release it",
            f"{user} 是单据 {row.document_no} 的制单人或审批人;须由他人发起支付",
        )
    return None


def _reason(row: _Candidate, on_hold: frozenset[int]) -> tuple[str, Text] | None:
    if row.live:
        return "ALREADY_LIVE", Text(
            f"{row.document_no} is under way or paid; wait for the outcome",
            f"单据 {row.document_no} 已在支付中或已支付;请等待结果",
        )
    if row.state != State.UNPAID and not _may_go_again(row):
        return "NOT_UNPAID", Text(
            f"{row.document_no} is {row.state}; only unpaid documents are sent",
            f"单据 {row.document_no} 状态为 {row.state};只能支付未支付单据",
        )
    if row.channel != DIRECT:
        return "NOT_DIRECT", Text(
            f"{row.document_no} goes by {row.channel}, not by a message to the bank",
            f"单据 {row.document_no} 的结算渠道为 {row.channel},不走银企直联",
        )
    if row.id in on_hold:
        return "HELD", Text(
            f"{row.document_no} is held by an alert; release the hold first",
            f"单据 {row.document_no} 被预警拦截;请先解除",
        )
    return None


def _send(
    session: Session,
    pinned: Pinned,
    rows: Sequence[_Candidate],
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
    again = [row.id for row in good if row.state == State.FAILED]
    transition(session, again, State.UNPAID, actor=actor, now=now, reason_code="NEW_ATTEMPT")
    made = plan(pinned, payables(session, [row.id for row in good]), business_date_of(now))
    batch_of: dict[int, int] = {}
    for batch in made.batches:
        batch_id = _create(session, pinned, made, batch, now)
        batch_of.update({item.id: batch_id for item in batch.items})
    for one in made.undecided:
        refused[one.document.id] = (one.code, one.text)
        wait(session, [one.document.id], one.code, one.text.en)
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

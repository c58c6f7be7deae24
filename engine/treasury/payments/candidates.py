"""Documents somebody wants to pay, and what speaks against it, whatever the channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import SluiceError, Text
from engine.treasury.documents.states import State
from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.payments.paid_after_all import paid_after_all


class ReleaseError(SluiceError):
    """A release that cannot even begin."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which unpaid documents; None means all the user may release."""

    org_id: str | None = None
    account_id: int | None = None
    direction: str | None = None
    urgency: str | None = None
    business_type: str | None = None


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
       (SELECT array_agg(v.user_id) || array_agg(v.on_behalf_of)
          FILTER (WHERE v.on_behalf_of IS NOT NULL) FROM approval_verdict v
        JOIN approval_request r ON r.id = v.request_id
        WHERE r.subject_kind = 'document' AND r.subject_id = d.id) AS approvers,
       EXISTS (SELECT 1 FROM attempt a WHERE a.document_id = d.id
               AND a.state IN ('READY', 'SENDING', 'PROCESSING', 'UNKNOWN', 'REVIEW', 'PAID',
                               'CONFIRMED')) AS under_way,
       (SELECT CASE a.bank_code WHEN 'NOT_RECEIVED' THEN 'review' ELSE a.handling END
        FROM attempt a WHERE a.document_id = d.id ORDER BY a.attempt_no DESC LIMIT 1) AS handling
FROM document d WHERE d.id = ANY(:locked)
ORDER BY d.document_no, d.id
""")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document somebody wants to pay, locked, with what speaks against it."""

    id: int
    document_no: str
    org_id: str
    created_by: str
    state: str
    channel: str | None
    approvers: frozenset[str]
    live: bool
    """Under way or paid, by an attempt of its own or of a document it replaces."""
    handling: str | None

    @property
    def payable(self) -> bool:
        """Unpaid, or failed so that a person may order it anew: not what went to its source."""
        again = self.state == State.FAILED and self.handling in ("retry_inside", "review")
        return self.state == State.UNPAID or again


def candidates(
    session: Session, document_ids: Sequence[int] | None, filters: Filters
) -> list[Candidate]:
    """The documents named, or within `filters`, locked in order of number."""
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
    ids = [int(one) for one in locked]
    paid = paid_after_all(session, ids)
    return [
        Candidate(
            id=row.id,
            document_no=row.document_no,
            org_id=row.org_id,
            created_by=row.created_by,
            state=row.state,
            channel=row.channel,
            approvers=frozenset(row.approvers or ()),
            live=row.under_way or row.id in paid,
            handling=row.handling,
        )
        for row in session.execute(_CANDIDATES, {"locked": ids})
    ]


def wanted(row: Candidate) -> bool:
    """What leaves without being named: unpaid, or failed and kept for a new attempt."""
    again = row.state == State.FAILED and row.handling == "retry_inside"
    return not row.live and (row.state == State.UNPAID or again)


def barred(row: Candidate, user: str, allowed: frozenset[str]) -> tuple[str, Text] | None:
    """Why `user` does not pay this document: not his organisation, or four eyes."""
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


def not_ready(row: Candidate, on_hold: frozenset[int]) -> tuple[str, Text] | None:
    """Why nobody pays this document now: under way, not unpaid, or held."""
    if row.live:
        return "ALREADY_LIVE", Text(
            f"{row.document_no} is under way or paid; wait for the outcome",
            f"单据 {row.document_no} 已在支付中或已支付;请等待结果",
        )
    if not row.payable:
        return "NOT_UNPAID", Text(
            f"{row.document_no} is {row.state}; only unpaid documents are paid",
            f"单据 {row.document_no} 状态为 {row.state};只能支付未支付单据",
        )
    if row.id in on_hold:
        return "HELD", Text(
            f"{row.document_no} is held by an alert; release the hold first",
            f"单据 {row.document_no} 被预警拦截;请先解除",
        )
    return None


def payable_orgs(session: Session, user: str) -> frozenset[str]:
    """Organisations whose documents the user pays; ReleaseError NOT_PERMITTED for none."""
    allowed = visible_orgs(session, user, "payments.release")
    if not allowed:
        raise ReleaseError(
            "NOT_PERMITTED",
            Text(
                f"{user} may not release payments; ask for the role cashier",
                f"{user} 无权发起支付;请申请出纳角色",
            ),
        )
    return allowed


def content_changed(row: Candidate) -> tuple[str, Text]:
    """HASH_CHANGED: the document as it stands is not what was approved."""
    return "HASH_CHANGED", Text(
        f"{row.document_no} is not what was approved; withdraw it and have it approved anew",
        f"单据 {row.document_no} 与审批内容不一致;请撤回后重新审批",
    )

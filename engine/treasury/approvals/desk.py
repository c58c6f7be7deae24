"""The approver's desk: what waits for me, deciding one or many, withdrawing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.base.text import Text
from engine.machines import approval
from engine.machines.approval import Result, WorkItem
from engine.machines.approval.deciding import Verdict
from engine.machines.approval.models import ApprovalRequest, ApprovalStep, ApprovalVerdict
from engine.runtime.clock import business_date_of
from engine.treasury.approvals.wiring import MACHINE, SUBJECT
from engine.treasury.documents import course
from engine.treasury.documents.content import submitted_hashes
from engine.treasury.documents.errors import DocumentError
from engine.treasury.documents.models import Document
from engine.treasury.documents.states import State
from engine.treasury.organisations.grants import require


@dataclass(frozen=True, slots=True)
class WorkGroup:
    """What waits for one person out of one document batch, or out of one source's day."""

    key: str
    title: Text
    items: tuple[WorkItem, ...]
    totals: tuple[tuple[str, int], ...]
    """Currency and sum of the items, minor units."""
    due_at: dt.datetime | None
    """The earliest due time of the items."""


def worklist(session: Session, user_id: str, now: dt.datetime) -> list[WorkGroup]:
    """Open steps the user may decide, in his own place or in another's, grouped by document
    batch, what is due first first.

    Single documents of one source and day are one group: each is a batch of its own.
    """
    items = approval.worklist(session, MACHINE.directory, user_id, business_date_of(now))
    batches = {
        int(row.id): row
        for row in session.execute(
            sa.text(
                "SELECT id, batch_no, source_channel, source_system, file_name, business_date "
                "FROM document_batch WHERE id = ANY(:ids)"
            ),
            {"ids": sorted({i.batch_id for i in items if i.batch_id is not None})},
        )
    }
    grouped: dict[str, list[WorkItem]] = {}
    titles: dict[str, Text] = {}
    for item in items:
        batch = batches.get(item.batch_id or 0)
        if batch is None:
            key, title = item.subject_kind, Text(item.subject_kind, item.subject_kind)
        elif batch.source_channel == "api":
            key = f"{batch.source_system}:{batch.business_date}"
            title = Text(
                f"{batch.source_system}, {batch.business_date}",
                f"{batch.source_system} {batch.business_date}",
            )
        else:
            key = str(batch.batch_no)
            named = f" {batch.file_name}" if batch.file_name else ""
            title = Text(f"{key}{named}", f"{key}{named}")
        grouped.setdefault(key, []).append(item)
        titles[key] = title
    return [
        WorkGroup(
            key,
            titles[key],
            tuple(those),
            _totals(those),
            min((i.due_at for i in those if i.due_at is not None), default=None),
        )
        for key, those in grouped.items()
    ]


def decide(
    session: Session,
    user_id: str,
    step_ids: Sequence[int],
    verdict: Verdict,
    comment: str | None,
    now: dt.datetime,
) -> list[Result]:
    """Approve or reject, one answer per step; see engine.machines.approval.decide."""
    return approval.decide(session, MACHINE, user_id, step_ids, verdict, comment, now)


def withdraw(
    session: Session, user_id: str, document_ids: Sequence[int], reason: str, now: dt.datetime
) -> None:
    """Take documents back out of approval, or approved ones before they are sent, to BATCHED.

    Their approvals are void. Needs documents.submit. Raises NotPermitted, DocumentError
    REASON_MISSING, TransitionRefused.
    """
    if not reason.strip():
        raise DocumentError("REASON_MISSING", Text("a reason is needed; write why", "须填写原因"))
    orgs = session.exec(
        select(Document.org_id).where(col(Document.id).in_(document_ids)).distinct()
    ).all()
    for org_id in orgs:
        require(session, user_id, "documents.submit", org_id)
    # Requests are locked before documents, as deciding does: else the two could deadlock. The
    # savepoint undoes the first when the second is refused.
    with session.begin_nested():
        approval.withdraw(session, SUBJECT, document_ids, reason.strip(), now)
        course.transition(
            session,
            document_ids,
            State.BATCHED,
            actor=user_id,
            now=now,
            reason_code="WITHDRAWN",
            reason=reason.strip(),
        )
    why = reason.strip()
    said = Text(f"withdrawn by {user_id}: {why}", f"{user_id} 已撤回：{why}")
    course.wait(session, document_ids, "WITHDRAWN", said)


def reassess(session: Session, now: dt.datetime) -> list[int]:
    """Look again at requests; to be called when grants change, and people go away or return."""
    return approval.reassess(session, MACHINE, now)


def approved_hash_matches(session: Session, document_ids: Sequence[int]) -> dict[int, bool]:
    """Whether each document, computed anew as it stands now, is what was approved.

    False too when no approved request stands. To be asked before sending, in the transaction
    that commits SENDING (invariant I7).
    """
    session.flush()
    approved = {
        int(row.subject_id): str(row.content_hash)
        for row in session.execute(
            sa.text(
                "SELECT subject_id, content_hash FROM approval_request WHERE subject_kind = :kind "
                "AND state = 'APPROVED' AND subject_id = ANY(:ids)"
            ),
            {"kind": SUBJECT, "ids": list(document_ids)},
        )
    }
    hashes = submitted_hashes(session, document_ids)
    return {one: one in hashes and approved.get(one) == hashes[one] for one in document_ids}


@dataclass(frozen=True, slots=True)
class StepView:
    """A step with the verdict that was given, if any."""

    step: ApprovalStep
    verdict: ApprovalVerdict | None


@dataclass(frozen=True, slots=True)
class RequestView:
    """One round of approval of a document."""

    request: ApprovalRequest
    steps: tuple[StepView, ...]


def rounds_of(session: Session, document_id: int) -> list[RequestView]:
    """Every round of approval of a document with steps and verdicts, oldest first, for traces."""
    requests = session.exec(
        select(ApprovalRequest)
        .where(ApprovalRequest.subject_kind == SUBJECT, ApprovalRequest.subject_id == document_id)
        .order_by(col(ApprovalRequest.round))
    ).all()
    ids = [r.id for r in requests]
    steps = session.exec(
        select(ApprovalStep)
        .where(col(ApprovalStep.request_id).in_(ids))
        .order_by(col(ApprovalStep.position))
    ).all()
    verdicts = {
        v.step_id: v
        for v in session.exec(
            select(ApprovalVerdict).where(col(ApprovalVerdict.request_id).in_(ids))
        )
    }
    return [
        RequestView(
            r, tuple(StepView(s, verdicts.get(s.id or 0)) for s in steps if s.request_id == r.id)
        )
        for r in requests
    ]


def _totals(items: Sequence[WorkItem]) -> tuple[tuple[str, int], ...]:
    sums: dict[str, int] = {}
    for item in items:
        if item.currency is not None and item.amount is not None:
            sums[item.currency] = sums.get(item.currency, 0) + item.amount
    return tuple(sorted(sums.items()))

"""Taking verdicts, one or many: every item has its own answer, and none stops the others."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.machines.approval import errors
from engine.machines.approval.errors import ApprovalError
from engine.machines.approval.models import ApprovalRequest, ApprovalStep, ApprovalVerdict
from engine.machines.approval.ports import Decided, Machine
from engine.machines.approval.requests import staff, steps_of, tell_blocked
from engine.machines.approval.rights import Right, Rights
from engine.machines.approval.staffing import FourEyes, Subject
from engine.runtime import audit
from engine.runtime.clock import business_date_of
from engine.runtime.jsontypes import JsonValue

Verdict = Literal["approve", "reject"]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one step: `error` is None when the verdict was taken.

    `request_state` is the request's state afterwards (OPEN: the next step waits).
    """

    step_id: int
    subject_id: int | None
    subject_no: str | None
    error: ApprovalError | None
    request_state: str | None


def decide(
    session: Session,
    machine: Machine,
    user_id: str,
    step_ids: Sequence[int],
    verdict: Verdict,
    comment: str | None,
    now: dt.datetime,
) -> list[Result]:
    """Approve or reject open steps as `user_id`; results in the order of `step_ids`.

    Refused items have an error and change nothing: STEP_UNKNOWN, STEP_NOT_OPEN,
    NOT_THE_APPROVER, FOUR_EYES_MAKER, FOUR_EYES_EARLIER, FOUR_EYES_BENEFICIARY,
    FOUR_EYES_PRINCIPAL, CONTENT_CHANGED. What the user holds himself he decides in his own place,
    anything else in the place of whom he stands in for. Raises ApprovalError REASON_MISSING when
    rejecting without a reason. The database holds four eyes once more, by trigger and constraints.
    """
    comment = (comment or "").strip() or None
    if verdict == "reject" and comment is None:
        raise errors.reason_missing()
    # Delegations are locked before requests, as revoking one does: else the two could deadlock.
    # What anybody may do is read when all is locked: a role may have been lost in the meantime.
    today = business_date_of(now)
    machine.directory.stand_ins(session, today, user_id, lock=True)
    steps, requests = _load(session, step_ids)
    rights = Rights(session, machine.directory, user_id, today)
    check = _Check(session, machine, user_id, rights, requests)
    taken: list[tuple[ApprovalStep, Right]] = []
    refused: dict[int, ApprovalError] = {}
    for step_id in dict.fromkeys(step_ids):
        step = steps.get(step_id)
        if step is None:
            refused[step_id] = errors.step_unknown(step_id)
            continue
        right = check.right(step)
        if isinstance(right, ApprovalError):
            refused[step_id] = right
            continue
        taken.append((step, right))
        # Two steps of one request in one call: the second is an earlier approver's.
        check.four_eyes.decided(step.request_id, filter(None, (user_id, right.on_behalf_of)))
    _write(session, user_id, taken, requests, verdict, comment, now)
    decided = [requests[step.request_id] for step, _ in taken]
    if verdict == "approve":
        _approve(session, machine, user_id, decided, now)
    else:
        _reject(session, machine, user_id, decided, comment, now)
    results = []
    for step_id in step_ids:
        step = steps.get(step_id)
        error = refused.get(step_id)
        told = error is None or error.code != "NOT_THE_APPROVER"
        request = requests[step.request_id] if step is not None and told else None
        results.append(
            Result(
                step_id,
                request.subject_id if request else None,
                request.subject_no if request else None,
                error,
                request.state if request else None,
            )
        )
    return results


def _load(
    session: Session, step_ids: Sequence[int]
) -> tuple[dict[int, ApprovalStep], dict[int, ApprovalRequest]]:
    found = session.exec(
        select(ApprovalStep.request_id).where(col(ApprovalStep.id).in_(step_ids)).distinct()
    ).all()
    # Locked in one order, so that two approvers with overlapping lists do not deadlock.
    requests = session.exec(
        select(ApprovalRequest)
        .where(col(ApprovalRequest.id).in_(found))
        .order_by(col(ApprovalRequest.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    steps = session.exec(
        select(ApprovalStep)
        .where(col(ApprovalStep.id).in_(step_ids))
        .execution_options(populate_existing=True)
    ).all()
    return (
        {s.id: s for s in steps if s.id is not None},
        {r.id: r for r in requests if r.id is not None},
    )


class _Check:
    """The same questions the database asks, answered with words."""

    def __init__(
        self,
        session: Session,
        machine: Machine,
        user_id: str,
        rights: Rights,
        requests: Mapping[int, ApprovalRequest],
    ) -> None:
        self.user_id = user_id
        self.rights = rights
        self.requests = requests
        subjects = [Subject.of(one) for one in requests.values()]
        self.four_eyes = FourEyes(session, machine.directory, subjects)
        self.hashes: dict[tuple[str, int], str] = {}
        for kind, ids in _subjects(requests.values()).items():
            now_hashes = machine.owners[kind].content_hashes(session, ids)
            self.hashes |= {(kind, one): hashed for one, hashed in now_hashes.items()}

    def right(self, step: ApprovalStep) -> Right | ApprovalError:
        """By which right the user decides the step, or why he does not."""
        request = self.requests[step.request_id]
        name = request.subject_no
        if request.state != "OPEN" or step.state != "OPEN":
            return errors.step_closed(name)
        subject = Subject.of(request)
        barred = self.four_eyes.bars(subject, self.user_id)
        if barred is not None:
            return errors.four_eyes(name, barred)
        right = self.rights.of(step.role, step.holder_org_id, subject, self.four_eyes)
        if right == "NOT_THE_APPROVER":
            return errors.not_holder(step.id or 0)
        if isinstance(right, str):
            return errors.four_eyes(name, right)
        if self.hashes.get((request.subject_kind, request.subject_id)) != request.content_hash:
            return errors.content_changed(name)
        return right


def _write(
    session: Session,
    user_id: str,
    taken: Sequence[tuple[ApprovalStep, Right]],
    requests: Mapping[int, ApprovalRequest],
    verdict: Verdict,
    comment: str | None,
    now: dt.datetime,
) -> None:
    session.add_all(
        ApprovalVerdict(
            org_id=step.org_id,
            request_id=step.request_id,
            step_id=step.id or 0,
            user_id=user_id,
            on_behalf_of=right.on_behalf_of,
            delegation_id=right.delegation_id,
            verdict=verdict,
            comment=comment,
            content_hash=requests[step.request_id].content_hash,
            at=now,
        )
        for step, right in taken
    )
    # The verdict stands before the step may call itself decided: a trigger asks for it.
    session.flush()
    for step, _ in taken:
        step.state = "APPROVED" if verdict == "approve" else "REJECTED"
    session.flush()
    for step, right in taken:
        request = requests[step.request_id]
        said: dict[str, JsonValue] = {"verdict": verdict, "content_hash": request.content_hash}
        if right.on_behalf_of is not None:
            said |= {"on_behalf_of": right.on_behalf_of, "delegation": right.delegation_id}
        audit.record(
            session,
            user_id,
            f"approval.{verdict}",
            request.subject_kind,
            str(request.subject_id),
            request.org_id,
            {"step": step.position, "role": step.role},
            said,
            comment,
            now,
        )


def _approve(
    session: Session,
    machine: Machine,
    user_id: str,
    requests: Sequence[ApprovalRequest],
    now: dt.datetime,
) -> None:
    steps = steps_of(session, [r.id for r in requests if r.id is not None])
    last = [r for r in requests if all(s.state == "APPROVED" for s in steps[r.id or 0])]
    for request in last:
        request.state = "APPROVED"
        request.closed_at = now
    ended = {r.id for r in last}
    going_on = [r for r in requests if r.id not in ended]
    blocked = staff(session, machine, going_on, steps, now)
    session.flush()
    tell_blocked(session, machine, going_on, blocked, now)
    for kind, decided in _decided(last, user_id, None).items():
        machine.owners[kind].approved(session, decided, now)


def _reject(
    session: Session,
    machine: Machine,
    user_id: str,
    requests: Sequence[ApprovalRequest],
    comment: str | None,
    now: dt.datetime,
) -> None:
    for request in requests:
        request.state = "REJECTED"
        request.closed_at = now
        request.closed_reason = comment
    session.flush()
    session.execute(
        sa.text(
            "UPDATE approval_step SET state = 'CANCELLED' "
            "WHERE request_id = ANY(:ids) AND state IN ('WAITING', 'BLOCKED')"
        ),
        {"ids": [r.id for r in requests]},
    )
    for kind, decided in _decided(requests, user_id, comment).items():
        machine.owners[kind].rejected(session, decided, now)


def _decided(
    requests: Sequence[ApprovalRequest], user_id: str, comment: str | None
) -> dict[str, list[Decided]]:
    grouped: defaultdict[str, list[Decided]] = defaultdict(list)
    for one in requests:
        assert one.id is not None
        grouped[one.subject_kind].append(Decided(one.id, one.subject_id, user_id, comment))
    return dict(grouped)


def _subjects(requests: Collection[ApprovalRequest]) -> dict[str, list[int]]:
    grouped: defaultdict[str, list[int]] = defaultdict(list)
    for one in requests:
        grouped[one.subject_kind].append(one.subject_id)
    return dict(grouped)

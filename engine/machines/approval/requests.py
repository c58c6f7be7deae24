"""Opening, blocking, re-opening and withdrawing requests.

A request whose roles are not all held by somebody who may approve is BLOCKED as a whole; it is
looked at again whenever grants change, and when somebody goes away or another stands in. No role
at all is blocked too: nothing passes by itself.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.base.text import Text
from engine.machines.approval.models import ApprovalRequest, ApprovalStep
from engine.machines.approval.ports import Blocked, Machine, RequestDraft
from engine.machines.approval.staffing import FourEyes, Staffing, Subject
from engine.runtime.clock import business_date_of


@dataclass(frozen=True, slots=True)
class Opened:
    """A new request: OPEN or BLOCKED."""

    request_id: int
    subject_id: int
    state: str


def open_requests(
    session: Session, machine: Machine, drafts: Sequence[RequestDraft], now: dt.datetime
) -> list[Opened]:
    """Open one request per draft, all steps anew, and hand the first step to its holders.

    A subject with a live request is refused by the database. Owners hear of blocked ones.
    """
    rounds = _rounds(session, drafts)
    requests = [_request(draft, rounds, now) for draft in drafts]
    session.add_all(requests)
    session.flush()
    steps: dict[int, list[ApprovalStep]] = {}
    for draft, request in zip(drafts, requests, strict=True):
        assert request.id is not None
        steps[request.id] = [
            ApprovalStep(
                org_id=draft.org_id,
                request_id=request.id,
                position=position,
                role=role,
                sla_seconds=draft.sla_seconds,
                state="WAITING",
            )
            for position, role in enumerate(draft.roles, start=1)
        ]
    blocked = staff(session, machine, requests, steps, now)
    session.add_all([step for of_one in steps.values() for step in of_one])
    session.flush()
    tell_blocked(session, machine, requests, blocked, now)
    return [Opened(r.id, r.subject_id, r.state) for r in requests if r.id is not None]


def staff(
    session: Session,
    machine: Machine,
    requests: Sequence[ApprovalRequest],
    steps: Mapping[int, Sequence[ApprovalStep]],
    now: dt.datetime,
) -> list[Blocked]:
    """Give every request's next step to its nearest holders, or block the request.

    Sets states of requests and steps (not flushed). All steps to come are looked at, so a gap
    is known at once and not when the last but one has approved.
    """
    staffing = _staffing(session, machine, requests, now)
    blocked = []
    for request in requests:
        assert request.id is not None
        subject = Subject.of(request)
        todo = [s for s in steps[request.id] if s.state in ("WAITING", "BLOCKED", "OPEN")]
        missing: str | None = None
        for step in todo:
            found = staffing.of(step.role, subject)
            step.state = "BLOCKED" if found is None else "WAITING"
            step.holder_org_id = found
            if found is None and missing is None:
                missing = step.role
        if todo and missing is None:
            request.state = "OPEN"
            _open(todo[0], now)
            continue
        request.state = "BLOCKED"
        blocked.append(_blocked(request, missing))
    return blocked


def reassess(session: Session, machine: Machine, now: dt.datetime) -> list[int]:
    """Look again at blocked requests and at open steps whose holders are gone.

    Called when grants change, and when people go away or come back. Returns the ids of the
    requests that changed.
    """
    requests = session.exec(
        select(ApprovalRequest)
        .where(col(ApprovalRequest.state).in_(("OPEN", "BLOCKED")))
        .order_by(col(ApprovalRequest.id))
        .with_for_update()
    ).all()
    if not requests:
        return []
    steps = steps_of(session, [r.id for r in requests if r.id is not None])
    staffing = _staffing(session, machine, requests, now)
    changed = [
        r
        for r in requests
        if r.id is not None and (r.state == "BLOCKED" or _deserted(r, steps[r.id], staffing))
    ]
    before = {r.id: r.state for r in changed}
    # An open step goes back before it is given to others: the table of transitions knows no
    # other way, and its time begins anew.
    for request in changed:
        for step in steps[request.id or 0]:
            if step.state == "OPEN":
                step.state = "BLOCKED"
    session.flush()
    blocked = staff(session, machine, changed, steps, now)
    session.flush()
    tell_blocked(
        session, machine, changed, [b for b in blocked if before[b.request_id] == "OPEN"], now
    )
    freed = [r for r in changed if before[r.id] == "BLOCKED" and r.state == "OPEN"]
    for kind, subjects in _by_kind(freed).items():
        machine.owners[kind].unblocked(session, subjects, now)
    return [r.id for r in changed if r.id is not None and before[r.id] != r.state]


def withdraw(
    session: Session, subject_kind: str, subject_ids: Sequence[int], reason: str, now: dt.datetime
) -> list[int]:
    """End the live requests of subjects, approved ones too: content or route is to change.

    Returns the ids of the requests that were withdrawn.
    """
    session.flush()
    rows = session.execute(
        sa.text("""
            UPDATE approval_request SET state = 'WITHDRAWN', closed_at = :now,
                   closed_reason = :reason
            WHERE subject_kind = :kind AND subject_id = ANY(:ids)
              AND state IN ('OPEN', 'BLOCKED', 'APPROVED') RETURNING id"""),
        {"kind": subject_kind, "ids": list(subject_ids), "reason": reason, "now": now},
    )
    gone = [int(one) for one in rows.scalars()]
    session.execute(
        sa.text("""
            UPDATE approval_step SET state = 'CANCELLED'
            WHERE request_id = ANY(:ids) AND state IN ('WAITING', 'OPEN', 'BLOCKED')"""),
        {"ids": gone},
    )
    _forget(session, gone)
    return gone


def steps_of(session: Session, request_ids: Sequence[int]) -> dict[int, list[ApprovalStep]]:
    """The steps of requests, in order, by request."""
    rows = session.exec(
        select(ApprovalStep)
        .where(col(ApprovalStep.request_id).in_(request_ids))
        .order_by(col(ApprovalStep.request_id), col(ApprovalStep.position))
    )
    found: dict[int, list[ApprovalStep]] = {one: [] for one in request_ids}
    for step in rows:
        found[step.request_id].append(step)
    return found


def tell_blocked(
    session: Session,
    machine: Machine,
    requests: Sequence[ApprovalRequest],
    blocked: Sequence[Blocked],
    now: dt.datetime,
) -> None:
    """Let the owners of the subjects raise their alerts."""
    kinds = {r.id: r.subject_kind for r in requests}
    grouped: defaultdict[str, list[Blocked]] = defaultdict(list)
    for one in blocked:
        grouped[kinds[one.request_id]].append(one)
    for kind, those in grouped.items():
        machine.owners[kind].blocked(session, those, now)


def _open(step: ApprovalStep, now: dt.datetime) -> None:
    step.state = "OPEN"
    step.opened_at = now
    step.due_at = now + dt.timedelta(seconds=step.sla_seconds) if step.sla_seconds else None


def _staffing(
    session: Session, machine: Machine, requests: Sequence[ApprovalRequest], now: dt.datetime
) -> Staffing:
    four_eyes = FourEyes(session, machine.directory, [Subject.of(one) for one in requests])
    return Staffing(session, machine.directory, business_date_of(now), four_eyes)


def _deserted(request: ApprovalRequest, steps: Sequence[ApprovalStep], staffing: Staffing) -> bool:
    """Whether somebody is missing for a step to come, or the open one has no holder there."""
    subject = Subject.of(request)
    todo = [s for s in steps if s.state in ("WAITING", "OPEN")]
    for step in todo:
        found = staffing.of(step.role, subject)
        if found is None or (step.state == "OPEN" and found != step.holder_org_id):
            return True
    return False


def _blocked(request: ApprovalRequest, role: str | None) -> Blocked:
    assert request.id is not None
    if role is None:
        text = Text(
            f"{request.subject_no}: the rules name no approver; correct the approval ruleset "
            "and submit it again",
            f"{request.subject_no}:规则未指定审批人;请修改审批规则后重新送审",
        )
    else:
        text = Text(
            f"{request.subject_no}: nobody from {request.org_id} upwards may act as {role}; "
            "grant the role to somebody, or let somebody stand in for who is away",
            f"{request.subject_no}:自 {request.org_id} 向上无人可任 {role};"
            "请授予该角色,或为外出人员办理授权",
        )
    return Blocked(request.id, request.subject_id, request.subject_no, request.org_id, role, text)


def _request(
    draft: RequestDraft, rounds: Mapping[tuple[str, int], int], now: dt.datetime
) -> ApprovalRequest:
    return ApprovalRequest(
        org_id=draft.org_id,
        subject_kind=draft.subject_kind,
        subject_id=draft.subject_id,
        subject_no=draft.subject_no,
        batch_id=draft.batch_id,
        round=rounds.get((draft.subject_kind, draft.subject_id), 0) + 1,
        content_hash=draft.content_hash,
        maker=draft.maker,
        editor=draft.editor,
        submitter=draft.submitter,
        beneficiary_account=draft.beneficiary_account,
        amount=draft.amount,
        currency=draft.currency,
        category=draft.category,
        rows=list(draft.rows),
        decision_ids=list(draft.decision_ids),
        state="BLOCKED",
        opened_at=now,
    )


def _rounds(session: Session, drafts: Sequence[RequestDraft]) -> dict[tuple[str, int], int]:
    rows = session.execute(
        sa.text("""
            SELECT subject_kind, subject_id, max(round) AS round FROM approval_request
            WHERE subject_kind = ANY(:kinds) AND subject_id = ANY(:ids)
            GROUP BY subject_kind, subject_id"""),
        {
            "kinds": sorted({d.subject_kind for d in drafts}),
            "ids": [d.subject_id for d in drafts],
        },
    )
    return {(str(r.subject_kind), int(r.subject_id)): int(r.round) for r in rows}


def _by_kind(requests: Sequence[ApprovalRequest]) -> dict[str, list[int]]:
    grouped: defaultdict[str, list[int]] = defaultdict(list)
    for one in requests:
        grouped[one.subject_kind].append(one.subject_id)
    return dict(grouped)


def _forget(session: Session, request_ids: Sequence[int]) -> None:
    gone = set(request_ids)
    for key in list(session.identity_map.keys()):
        loaded = session.identity_map.get(key)
        ours = key[0] is ApprovalStep or (key[0] is ApprovalRequest and key[1][0] in gone)
        if ours and loaded is not None:
            session.expire(loaded)

"""What a person decides: one of the candidates of a line, or that a match was wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.base.text import SluiceError, Text
from engine.machines.instruction.evidence import Evidence, record
from engine.machines.instruction.states import AttemptState
from engine.machines.instruction.store import Move, lock_attempts, move
from engine.machines.matching import MatchGroup, MatchProposal, members_of, retire
from engine.machines.posting import reverse_event
from engine.runtime import actions, audit
from engine.runtime.clock import business_date_of
from engine.runtime.jsontypes import canonical_json
from engine.treasury.arrivals.bounces import bounce
from engine.treasury.arrivals.confirming import Services
from engine.treasury.arrivals.effects import Arrival, confirm, event_id_of
from engine.treasury.arrivals.items import OpenLine, open_lines
from engine.treasury.arrivals.proposals import Choice
from engine.treasury.documents.course import forget, transition
from engine.treasury.documents.reporting import report
from engine.treasury.documents.states import State
from engine.treasury.organisations.grants import require
from engine.treasury.statements import CONFIRM


class ArrivalError(SluiceError):
    """A decision about a line or a match that cannot be taken."""


def confirm_proposal(
    session: Session, services: Services, user: str, proposal_id: int, choice: int
) -> str:
    """Confirm candidate `choice` (0 for the first) of an entry of the queue; its match number.

    Permission statements.reconcile; whoever released the payment may not confirm its arrival.
    Raises NotPermitted, ArrivalError PROPOSAL_UNKNOWN, PROPOSAL_CLOSED, CHOICE_UNKNOWN,
    FOUR_EYES, and what `confirm` raises: nothing must be committed then.
    """
    now = services.clock.now()
    proposal = session.exec(
        select(MatchProposal).where(col(MatchProposal.id) == proposal_id).with_for_update()
    ).first()
    if proposal is None:
        raise ArrivalError(
            "PROPOSAL_UNKNOWN",
            Text(f"there is no proposal {proposal_id}", f"没有待确认项 {proposal_id}"),
        )
    require(session, user, "statements.reconcile", proposal.org_id)
    account_id = _account_of(session, proposal)
    line = _open_line(session, proposal, account_id)
    if not 0 <= choice < len(proposal.candidates):
        raise ArrivalError(
            "CHOICE_UNKNOWN",
            Text(
                f"proposal {proposal_id} has {len(proposal.candidates)} candidates; choose one",
                f"待确认项 {proposal_id} 有 {len(proposal.candidates)} 个候选;请选择其一",
            ),
        )
    chosen = Choice.from_json(proposal.candidates[choice])
    _refuse_releaser(session, user, chosen)
    if chosen.kind == "bounce":
        match_no = bounce(session, chosen.attempt_ids[0], line, user, now).match_no
    else:
        arrival = Arrival(chosen.attempt_ids, line, user, row=chosen.row)
        pinned = services.rulebook.at(session)
        (done,) = confirm(session, pinned, None, services.listener, [arrival], now)
        match_no = done.match_no
    group = session.exec(select(MatchGroup).where(MatchGroup.match_no == match_no)).one()
    proposal.state, proposal.group_id = "confirmed", group.id
    proposal.decided_by, proposal.decided_at = user, now
    session.add(proposal)
    audit.record(
        session,
        user,
        "match.confirm",
        "match_group",
        match_no,
        proposal.org_id,
        None,
        {"line": line.id, "documents": list(chosen.document_nos)},
        None,
        now,
    )
    # What else fitted this line or this payment now has fewer candidates.
    actions.enqueue(
        session,
        CONFIRM,
        f"{CONFIRM}:{account_id}:proposal:{proposal_id}",
        {"account_id": account_id},
    )
    return match_no


def unmatch(session: Session, user: str, match_no: str, reason: str, now: dt.datetime) -> None:
    """Undo an arrival that was confirmed wrongly (permission statements.reconcile).

    By another person than the one who matched, with a reason: the number is retired, documents
    are PAID again, their vouchers reversed on today's business date, the source told. Raises
    NotPermitted, MatchError, ArrivalError NOT_AN_ARRIVAL, and CANNOT_UNDO when a document of the
    match bounced or was a late success: then nothing of it is undone.
    """
    group = session.exec(
        select(MatchGroup).where(MatchGroup.match_no == match_no).with_for_update()
    ).first()
    rows: Sequence[_Undone] = ()
    if group is not None:
        require(session, user, "statements.reconcile", group.org_id)
        if group.kind != "arrival":
            raise ArrivalError(
                "NOT_AN_ARRIVAL",
                Text(
                    f"{match_no} is a {group.kind}; only arrivals are undone by hand",
                    f"{match_no} 属于 {group.kind};只能手工撤销到账匹配",
                ),
            )
        if group.state == "live":
            rows = _undoable(session, group)
    retire(session, match_no, user=user, reason=reason, now=now)
    why = canonical_json({"match_no": match_no, "undone_by": user, "reason": reason}).encode()
    for attempt in lock_attempts(session, [row.attempt_id for row in rows]):
        shown = Evidence("manual", "UNMATCHED", why, reason)
        kept = record(session, attempt.org_id, attempt.batch_id, shown, now, attempt.id)
        move(session, [Move(attempt, AttemptState.PAID)], kept, now)
    documents = [row.document_id for row in rows]
    for document in documents:
        reverse_event(
            session,
            event_id_of(match_no, document),
            f"unmatch:{match_no}:{document}",
            business_date_of(now),
            now,
        )
    transition(
        session,
        documents,
        State.PAID,
        actor=user,
        now=now,
        reason_code="UNMATCHED",
        reason=reason,
    )
    session.execute(
        sa.text(
            "UPDATE document SET match_no = NULL, voucher_no = NULL, booking_date = NULL "
            "WHERE id = ANY(:ids)"
        ),
        {"ids": documents},
    )
    forget(session, documents)
    report(session, documents, "PAID", now)
    audit.record(
        session,
        user,
        "match.undo",
        "match_group",
        match_no,
        None if group is None else group.org_id,
        {"documents": documents},
        None,
        reason,
        now,
    )


@dataclass(frozen=True, slots=True)
class _Undone:
    attempt_id: int
    document_id: int


def _undoable(session: Session, group: MatchGroup) -> list[_Undone]:
    """Attempt and document of every member, locked; ArrivalError CANNOT_UNDO unless all can be."""
    assert group.id is not None
    rows = session.execute(
        sa.text(
            "SELECT a.id, d.id AS document_id FROM attempt a JOIN document d "
            "ON d.id = a.document_id WHERE a.match_no = :match_no AND d.match_no = :match_no "
            "AND a.state = 'CONFIRMED' AND d.state = 'CONFIRMED' ORDER BY d.id FOR UPDATE OF a, d"
        ),
        {"match_no": group.match_no},
    )
    found = [_Undone(int(row.id), int(row.document_id)) for row in rows]
    members = {one.ref_id for one in members_of(session, group.id) if one.kind == "document"}
    standing = members - {one.document_id for one in found}
    if standing or len(found) != len(members):
        named = ", ".join(
            str(one)
            for one in session.execute(
                sa.text(
                    "SELECT document_no || ' ' || state FROM document WHERE id = ANY(:ids) "
                    "ORDER BY id"
                ),
                {"ids": sorted(standing)},
            ).scalars()
        )
        raise ArrivalError(
            "CANNOT_UNDO",
            Text(
                f"{group.match_no} cannot be undone: {named} came back or was paid after it had "
                "been called failed; correct it with the bank and a voucher by hand",
                f"{group.match_no} 不能撤销:{named} 已退票,或曾判失败后查明已支付;"
                "请与银行核实并手工制证更正",
            ),
        )
    return found


def _account_of(session: Session, proposal: MatchProposal) -> int:
    found = session.execute(
        sa.text("SELECT account_id FROM statement_line WHERE id = :id"), {"id": proposal.line_id}
    )
    return int(found.scalar_one())


def _open_line(session: Session, proposal: MatchProposal, account_id: int) -> OpenLine:
    line = next(
        (one for one in open_lines(session, account_id) if one.id == proposal.line_id), None
    )
    if proposal.state != "open" or line is None:
        raise ArrivalError(
            "PROPOSAL_CLOSED",
            Text(
                f"proposal {proposal.id} is {proposal.state}; reload the queue",
                f"待确认项 {proposal.id} 已处理;请刷新列表",
            ),
        )
    return line


def _refuse_releaser(session: Session, user: str, chosen: Choice) -> None:
    released = session.execute(
        sa.text(
            "SELECT EXISTS (SELECT 1 FROM audit_entry WHERE action = 'payments.release' "
            "AND actor = :user AND after -> 'documents' ?| CAST(:numbers AS text[]))"
        ),
        {"user": user, "numbers": list(chosen.document_nos)},
    ).scalar_one()
    if released:
        raise ArrivalError(
            "FOUR_EYES",
            Text(
                f"{user} released this payment; another person has to confirm its arrival",
                f"{user} 是该笔支付的发起人;须由他人确认到账",
            ),
        )

"""What a person decides: which of its candidates a line is."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.base.text import Text
from engine.machines.matching import MatchGroup, MatchProposal
from engine.runtime import actions, audit
from engine.treasury.arrivals.bounces import bounce
from engine.treasury.arrivals.confirming import Services
from engine.treasury.arrivals.effects import Arrival, confirm
from engine.treasury.arrivals.errors import ArrivalError
from engine.treasury.arrivals.items import NO_WORDS, OpenLine, open_lines
from engine.treasury.arrivals.proposals import Choice
from engine.treasury.organisations.grants import require
from engine.treasury.statements import CONFIRM


def confirm_proposal(
    session: Session, services: Services, user: str, proposal_id: int, choice: int
) -> str:
    """Confirm candidate `choice` (0 for the first) of an entry of the queue; its match number.

    Permission statements.reconcile; whoever released the payment, or took its file to the bank, may
    not confirm its arrival.
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


def _account_of(session: Session, proposal: MatchProposal) -> int:
    found = session.execute(
        sa.text("SELECT account_id FROM statement_line WHERE id = :id"), {"id": proposal.line_id}
    )
    return int(found.scalar_one())


def _open_line(session: Session, proposal: MatchProposal, account_id: int) -> OpenLine:
    line = next(
        (one for one in open_lines(session, account_id, NO_WORDS) if one.id == proposal.line_id),
        None,
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
            "AND actor = :user AND after -> 'documents' ?| CAST(:numbers AS text[])) "
            "OR EXISTS (SELECT 1 FROM payment_file_download f JOIN attempt a "
            "ON a.batch_id = f.batch_id WHERE f.user_id = :user AND a.id = ANY(:attempts))"
        ),
        {
            "user": user,
            "numbers": list(chosen.document_nos),
            "attempts": list(chosen.attempt_ids),
        },
    ).scalar_one()
    if released:
        raise ArrivalError(
            "FOUR_EYES",
            Text(
                f"{user} released this payment or took its file to the bank; another person has to "
                "confirm its arrival",
                f"{user} 是该笔支付的发起人或将其文件交银行的人;须由他人确认到账",
            ),
        )

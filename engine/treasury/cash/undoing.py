"""Taking back cash that was confirmed wrongly: who pays out proposes, who reconciles decides.

A decided reversal is one transaction: the cash is in the desk's journal again by a row that is the
exact negative, the voucher is reversed on today's business date, the document is UNPAID with its
approvals, and the source is told once. It may then be confirmed anew, voided or replaced.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import RowMapping
from sqlmodel import Session

from engine.base.text import Text
from engine.machines.posting import reverse_event
from engine.runtime import audit
from engine.runtime.clock import Clock, business_date_of
from engine.treasury.cash.desks import CashError, Movement, enter, event_id, reversal_event_id
from engine.treasury.documents import lists
from engine.treasury.documents.course import forget, transition
from engine.treasury.documents.reporting import ReportedReason, report
from engine.treasury.documents.states import State
from engine.treasury.organisations.grants import require, visible_orgs
from engine.treasury.organisations.permissions import Permission

PROPOSES: Permission = "payments.release"
DECIDES: Permission = "statements.reconcile"
REASON = "CASH_UNDONE"


class CashConflict(CashError):
    """Somebody was faster."""

    http_status = 409


@dataclass(frozen=True, slots=True)
class CashReversal:
    """A proposal that waits for its second person. `amount` in minor units, below zero when it
    was paid out."""

    id: int
    org_id: str
    document_no: str
    counterparty_name: str | None
    amount: int
    currency: str
    entry_no: int
    confirmed_by: str
    reason: str
    proposed_by: str
    proposed_at: dt.datetime


def propose(session: Session, user: str, document_no: str, reason: str, now: dt.datetime) -> int:
    """Propose to take back a cash confirmation (permission payments.release); its number.

    Raises DocumentError DOCUMENT_UNKNOWN, NotPermitted, CashError REASON_MISSING, NOT_CONFIRMED
    (no cash of it is out or in), and CashConflict REVERSAL_OPEN.
    """
    (document_id,) = lists.ids(session, user, [document_no.strip()])
    row = _standing(session, document_id)
    require(session, user, PROPOSES, row["org_id"])
    if not reason.strip():
        raise CashError(
            "REASON_MISSING",
            Text(
                "taking a confirmation back needs a reason; write why",
                "撤销确认须填写原因",
            ),
        )
    if row["entry_id"] is None:
        raise _not_confirmed(row)
    made = session.execute(
        sa.text(
            "INSERT INTO cash_reversal (org_id, entry_id, reason, proposed_by, proposed_at) "
            "VALUES (:org, :entry, :reason, :user, :now) ON CONFLICT DO NOTHING RETURNING id"
        ),
        {
            "org": row["org_id"],
            "entry": row["entry_id"],
            "reason": reason.strip(),
            "user": user,
            "now": now,
        },
    ).scalar_one_or_none()
    if made is None:
        raise CashConflict(
            "REVERSAL_OPEN",
            Text(
                f"somebody proposed to take {row['document_no']} back before; decide that proposal",
                f"单据 {row['document_no']} 已有撤销申请;请处理该申请",
            ),
        )
    audit.record(
        session,
        user,
        "cash.propose_reversal",
        "document",
        row["document_no"],
        row["org_id"],
        None,
        {"reversal": int(made)},
        reason.strip(),
        now,
    )
    return int(made)


def decide(
    session: Session, user: str, reversal_id: int, *, approve: bool, reason: str, clock: Clock
) -> str:
    """Carry out or refuse a proposal (permission statements.reconcile); the document's number.

    By another person than who proposed and who confirmed; refusing needs a reason. Raises
    CashError REVERSAL_UNKNOWN, FOUR_EYES, REASON_MISSING, CASH_SHORT (what was received is not in
    the desk any more), LedgerError, and CashConflict REVERSAL_DECIDED: nothing must be committed
    then.
    """
    found = _proposal(session, user, reversal_id)
    _may_decide(found, user, approve=approve, reason=reason)
    # Read when the desk is locked: the rows of a journal follow each other in time too.
    session.execute(
        sa.text("SELECT id FROM cash_desk WHERE id = :id FOR UPDATE"), {"id": found["desk_id"]}
    )
    now = clock.now()
    session.execute(
        sa.text(
            "UPDATE cash_reversal SET state = :state, decided_by = :user, decided_at = :now, "
            "decision_reason = nullif(:reason, '') WHERE id = :id"
        ),
        {
            "state": "done" if approve else "refused",
            "user": user,
            "now": now,
            "reason": reason.strip(),
            "id": reversal_id,
        },
    )
    if approve:
        _take_back(session, found, user, now)
    audit.record(
        session,
        user,
        "cash.undo" if approve else "cash.refuse_reversal",
        "document",
        found["document_no"],
        found["org_id"],
        None,
        {"reversal": reversal_id, "proposed_by": found["proposed_by"]},
        reason.strip() or found["reason"],
        now,
    )
    return str(found["document_no"])


_OPEN = sa.text("""
SELECT r.id, r.org_id, d.document_no, d.counterparty_name, e.amount, d.currency, e.entry_no,
       e.user_id AS confirmed_by, r.reason, r.proposed_by, r.proposed_at
FROM cash_reversal r JOIN cash_entry e ON e.id = r.entry_id JOIN document d ON d.id = e.document_id
WHERE r.state = 'open' AND r.org_id = ANY(:orgs) ORDER BY r.id
""")


def open_reversals(session: Session, user: str) -> list[CashReversal]:
    """Proposals of desks the user sees (accounts.read), oldest first."""
    session.flush()
    orgs = sorted(visible_orgs(session, user, "accounts.read"))
    return [CashReversal(**row) for row in session.execute(_OPEN, {"orgs": orgs}).mappings()]


_STANDING = sa.text("""
SELECT d.org_id, d.document_no, d.state,
       (SELECT e.id FROM cash_entry e WHERE e.document_id = d.id AND e.reverses IS NULL
        AND NOT EXISTS (SELECT 1 FROM cash_entry u WHERE u.reverses = e.id)) AS entry_id
FROM document d WHERE d.id = :id
""")


def _standing(session: Session, document_id: int) -> RowMapping:
    """The document, locked, with the row of the journal that still counts."""
    session.execute(
        sa.text("SELECT 1 FROM document WHERE id = :id FOR UPDATE"), {"id": document_id}
    )
    return session.execute(_STANDING, {"id": document_id}).mappings().one()


_PROPOSAL = sa.text("""
SELECT r.id, r.org_id, r.reason, r.state, r.proposed_by, r.decided_by, e.id AS entry_id, e.desk_id,
       e.document_id, e.amount, e.round, e.user_id AS confirmed_by, d.document_no, d.currency
FROM cash_reversal r JOIN cash_entry e ON e.id = r.entry_id JOIN document d ON d.id = e.document_id
WHERE r.id = :id AND r.org_id = ANY(:orgs) FOR UPDATE OF r, d
""")


def _proposal(session: Session, user: str, reversal_id: int) -> RowMapping:
    session.flush()
    orgs = sorted(visible_orgs(session, user, DECIDES))
    found = session.execute(_PROPOSAL, {"id": reversal_id, "orgs": orgs}).mappings().first()
    if found is None:
        raise CashError(
            "REVERSAL_UNKNOWN",
            Text(
                f"there is no proposal {reversal_id} within your organisations",
                f"所辖机构内没有撤销申请 {reversal_id}",
            ),
        )
    return found


def _may_decide(found: RowMapping, user: str, *, approve: bool, reason: str) -> None:
    if found["state"] != "open":
        raise CashConflict(
            "REVERSAL_DECIDED",
            Text(
                f"{found['decided_by']} decided this proposal already; reload the list",
                f"该撤销申请已由 {found['decided_by']} 处理;请刷新列表",
            ),
        )
    if user in (found["proposed_by"], found["confirmed_by"]):
        raise CashError(
            "FOUR_EYES",
            Text(
                f"{user} proposed or confirmed this; another person has to decide it",
                f"{user} 是申请人或确认人;须由他人决定",
            ),
        )
    if not approve and not reason.strip():
        raise CashError(
            "REASON_MISSING",
            Text("refusing a proposal needs a reason; write why", "拒绝撤销申请须填写原因"),
        )


def _take_back(session: Session, found: RowMapping, user: str, now: dt.datetime) -> None:
    document, day = int(found["document_id"]), business_date_of(now)
    enter(
        session,
        Movement(
            org_id=found["org_id"],
            desk_id=found["desk_id"],
            document_id=document,
            amount=-found["amount"],
            currency=found["currency"],
            user_id=user,
            reverses=found["entry_id"],
        ),
        now,
    )
    reverse_event(
        session,
        event_id(document, found["round"]),
        reversal_event_id(found["entry_id"]),
        day,
        now,
    )
    transition(
        session,
        document,
        State.UNPAID,
        actor=user,
        now=now,
        reason_code=REASON,
        reason=found["reason"],
    )
    session.execute(
        sa.text("UPDATE document SET voucher_no = NULL, booking_date = NULL WHERE id = :id"),
        {"id": document},
    )
    forget(session, [document])
    why = ReportedReason(REASON, Text(found["reason"], found["reason"]))
    report(session, [document], State.UNPAID.value, now, {document: [why]})


def _not_confirmed(row: RowMapping) -> CashError:
    return CashError(
        "NOT_CONFIRMED",
        Text(
            f"{row['document_no']} is {row['state']} without a cash confirmation; there is nothing "
            "to take back",
            f"单据 {row['document_no']} 状态为 {row['state']},没有现金确认;无需撤销",
        ),
    )

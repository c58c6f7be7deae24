"""Undoing an arrival that was confirmed wrongly: one person proposes with proof, another decides.

A decided reversal undoes the whole match in one transaction: its number is retired for ever, the
lines are open again, every document is PAID again, every voucher reversed as its exact negative on
today's business date, and the source told once. The lines are never matched by rule again: what
they are is then for a person to say.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.base.text import Text
from engine.machines.instruction.evidence import Evidence, digest, record
from engine.machines.instruction.states import AttemptState
from engine.machines.instruction.store import Move, lock_attempts, move
from engine.machines.matching import MatchGroup, MatchReversal, members_of, retire
from engine.machines.posting import reverse_event
from engine.runtime import actions, audit
from engine.runtime.clock import business_date_of
from engine.runtime.jsontypes import canonical_json
from engine.treasury.arrivals.effects import event_id_of
from engine.treasury.arrivals.errors import ArrivalError
from engine.treasury.documents.course import forget, transition
from engine.treasury.documents.reporting import report
from engine.treasury.documents.states import State
from engine.treasury.organisations.grants import require, visible_orgs
from engine.treasury.organisations.permissions import Permission
from engine.treasury.statements import CONFIRM

MAY: Permission = "statements.reconcile"
MAX_PROOF = 10 * 1024 * 1024
"""Most bytes of a proof."""


class ReversalConflict(ArrivalError):
    """Somebody was faster."""

    http_status = 409


@dataclass(frozen=True, slots=True)
class Proof:
    """What shows that the confirmation is wrong: a file with its name."""

    name: str
    content: bytes


def propose_reversal(
    session: Session, user: str, match_no: str, reason: str, proof: Proof, now: dt.datetime
) -> int:
    """Propose to undo a live arrival (permission statements.reconcile); id of the proposal.

    Raises NotPermitted, ArrivalError MATCH_UNKNOWN, NOT_AN_ARRIVAL, REASON_MISSING, NO_EVIDENCE,
    EVIDENCE_TOO_LARGE, CANNOT_UNDO (a document bounced or was a late success), and ReversalConflict
    MATCH_RETIRED or REVERSAL_OPEN.
    """
    group = _group(session, match_no)
    require(session, user, MAY, group.org_id)
    if group.kind != "arrival":
        raise ArrivalError(
            "NOT_AN_ARRIVAL",
            Text(
                f"{match_no} is a {group.kind}; only arrivals are undone by hand",
                f"{match_no} 属于 {group.kind};只能手工撤销到账匹配",
            ),
        )
    if group.state != "live":
        raise ReversalConflict(
            "MATCH_RETIRED",
            Text(
                f"{match_no} was retired by {group.retired_by}; nothing is left to undo",
                f"{match_no} 已由 {group.retired_by} 撤销;无需再次撤销",
            ),
        )
    _check(reason, proof)
    _undoable(session, group)
    made = session.execute(
        sa.text(
            "INSERT INTO match_reversal (org_id, group_id, reason, evidence_name, evidence, "
            "sha256, proposed_by, proposed_at) VALUES (:org, :group, :reason, :name, :evidence, "
            ":sha256, :user, :now) ON CONFLICT DO NOTHING RETURNING id"
        ),
        {
            "org": group.org_id,
            "group": group.id,
            "reason": reason.strip(),
            "name": proof.name.strip() or "proof",
            "evidence": proof.content,
            "sha256": digest(proof.content),
            "user": user,
            "now": now,
        },
    ).scalar_one_or_none()
    if made is None:
        raise ReversalConflict(
            "REVERSAL_OPEN",
            Text(
                f"somebody proposed to undo {match_no} before; decide that proposal",
                f"{match_no} 已有撤销申请;请处理该申请",
            ),
        )
    audit.record(
        session,
        user,
        "match.propose_reversal",
        "match_group",
        match_no,
        group.org_id,
        None,
        {"reversal": int(made), "evidence_sha256": digest(proof.content)},
        reason.strip(),
        now,
    )
    return int(made)


def decide_reversal(
    session: Session,
    user: str,
    reversal_id: int,
    *,
    approve: bool,
    reason: str,
    now: dt.datetime,
) -> str:
    """Carry out or refuse a proposal (permission statements.reconcile); the match number.

    By another person than the one who proposed, and to carry it out another than who matched.
    Refusing needs a reason. Raises NotPermitted, ArrivalError REVERSAL_UNKNOWN, FOUR_EYES,
    REASON_MISSING, CANNOT_UNDO, MatchError FOUR_EYES, and ReversalConflict REVERSAL_DECIDED:
    nothing must be committed then.
    """
    found = _reversal(session, user, reversal_id, lock=True)
    group = session.get_one(MatchGroup, found.group_id, with_for_update=True)
    if found.state != "open":
        raise ReversalConflict(
            "REVERSAL_DECIDED",
            Text(
                f"{found.decided_by} decided this proposal already ({found.state}); reload the "
                "list",
                f"该撤销申请已由 {found.decided_by} 处理({found.state});请刷新列表",
            ),
        )
    if user == found.proposed_by:
        raise ArrivalError(
            "FOUR_EYES",
            Text(
                f"{user} proposed this; another person has to decide it",
                f"{user} 是申请人;须由他人决定",
            ),
        )
    if not approve and not reason.strip():
        raise ArrivalError(
            "REASON_MISSING",
            Text("refusing a proposal needs a reason; write why", "拒绝撤销申请须填写原因"),
        )
    found.state = "done" if approve else "refused"
    found.decided_by, found.decided_at = user, now
    found.decision_reason = reason.strip() or None
    session.add(found)
    session.flush()
    documents = _undo(session, group, found, user, now) if approve else []
    audit.record(
        session,
        user,
        "match.undo" if approve else "match.refuse_reversal",
        "match_group",
        group.match_no,
        group.org_id,
        {"documents": list(documents)},
        {"reversal": reversal_id, "proposed_by": found.proposed_by},
        reason.strip() or found.reason,
        now,
    )
    return group.match_no


@dataclass(frozen=True, slots=True)
class OpenReversal:
    """A proposal that waits for its second person. `total` in minor units of `currency`."""

    id: int
    match_no: str
    org_id: str
    reason: str
    evidence_name: str
    proposed_by: str
    proposed_at: dt.datetime
    document_nos: tuple[str, ...]
    total: int
    currency: str


_OPEN = sa.text("""
SELECT r.id, g.match_no, r.org_id, r.reason, r.evidence_name, r.proposed_by, r.proposed_at,
       g.currency, sum(i.amount)::bigint AS total,
       array_agg(d.document_no ORDER BY d.id) AS document_nos
FROM match_reversal r JOIN match_group g ON g.id = r.group_id
JOIN match_item i ON i.group_id = g.id AND i.kind = 'document'
JOIN document d ON d.id = i.ref_id
WHERE r.state = 'open' AND r.org_id = ANY(:orgs) GROUP BY r.id, g.id ORDER BY r.id
""")


def open_reversals(session: Session, user: str) -> list[OpenReversal]:
    """Proposals of organisations whose statements the user may reconcile, oldest first."""
    allowed = sorted(visible_orgs(session, user, MAY))
    rows = session.execute(_OPEN, {"orgs": allowed}).mappings()
    return [OpenReversal(**{**row, "document_nos": tuple(row["document_nos"])}) for row in rows]


def proof_of(session: Session, user: str, reversal_id: int) -> Proof:
    """The proof of a proposal. Raises NotPermitted, ArrivalError REVERSAL_UNKNOWN."""
    found = _reversal(session, user, reversal_id, lock=False)
    return Proof(found.evidence_name, found.evidence)


def _reversal(session: Session, user: str, reversal_id: int, *, lock: bool) -> MatchReversal:
    query = select(MatchReversal).where(
        MatchReversal.id == reversal_id,
        col(MatchReversal.org_id).in_(visible_orgs(session, user, MAY)),
    )
    found = session.exec(query.with_for_update() if lock else query).first()
    if found is None:
        raise ArrivalError(
            "REVERSAL_UNKNOWN",
            Text(
                f"there is no proposal {reversal_id} within your organisations",
                f"所辖机构内没有撤销申请 {reversal_id}",
            ),
        )
    return found


def _group(session: Session, match_no: str) -> MatchGroup:
    group = session.exec(
        select(MatchGroup).where(MatchGroup.match_no == match_no).with_for_update()
    ).first()
    if group is None:
        raise ArrivalError(
            "MATCH_UNKNOWN",
            Text(
                f"there is no match number {match_no}; check the number",
                f"没有核对批号 {match_no};请核对号码",
            ),
        )
    return group


def _check(reason: str, proof: Proof) -> None:
    if not reason.strip():
        raise ArrivalError(
            "REASON_MISSING", Text("undoing a match needs a reason", "撤销匹配须填写原因")
        )
    if not proof.content:
        raise ArrivalError(
            "NO_EVIDENCE",
            Text(
                "attach what shows that the confirmation is wrong; nothing is undone without proof",
                "请附上证明核对有误的材料;没有证据不能撤销",
            ),
        )
    if len(proof.content) > MAX_PROOF:
        raise ArrivalError(
            "EVIDENCE_TOO_LARGE",
            Text(
                f"the proof has {len(proof.content):,} bytes; {MAX_PROOF:,} are allowed",
                f"证明材料有 {len(proof.content):,} 字节,最多 {MAX_PROOF:,}",
            ),
        )


def _undo(
    session: Session, group: MatchGroup, found: MatchReversal, user: str, now: dt.datetime
) -> list[int]:
    """All effects of a decided reversal; ids of the documents."""
    rows = _undoable(session, group)
    match_no = group.match_no
    retire(session, match_no, user=user, reason=found.reason, now=now)
    why = canonical_json(
        {
            "match_no": match_no,
            "proposed_by": found.proposed_by,
            "undone_by": user,
            "reason": found.reason,
            "evidence_sha256": found.sha256,
        }
    ).encode()
    for attempt in lock_attempts(session, [row.attempt_id for row in rows]):
        shown = Evidence("manual", "UNMATCHED", why, found.reason)
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
        reason=found.reason,
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
    # The lines and the documents are open again: look who else they could belong to.
    actions.enqueue(
        session,
        CONFIRM,
        f"{CONFIRM}:{group.account_id}:reversal:{found.id}",
        {"account_id": group.account_id},
    )
    return documents


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

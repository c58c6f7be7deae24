"""Dual control over payments whose outcome the bank does not say.

One person proposes what became of the attempt and attaches the bank's proof; another confirms or
refuses it. Only confirming moves anything, in one transaction with the evidence, the document and
the audit entry.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, select

from engine.machines.instruction.confirm import Verdict, resolve_review
from engine.machines.instruction.evidence import Evidence, digest
from engine.machines.instruction.ports import AttemptChange, Listener
from engine.machines.instruction.states import AttemptState
from engine.runtime import audit
from engine.runtime.db import constraint
from engine.treasury.organisations.grants import can, require, visible_orgs
from engine.treasury.organisations.permissions import Permission
from engine.treasury.payments import review_errors as errors
from engine.treasury.payments.models import ReviewProposal

PROPOSES: Permission = "statements.reconcile"
CONFIRMS: Permission = "holds.release"
"""Permissions of the two persons: one reconciles, the other approves."""

MAX_PROOF = 10 * 1024 * 1024
"""Bytes of a proof; the database holds the same limit."""

UNCLEAR = (AttemptState.UNKNOWN, AttemptState.REVIEW)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one person says, without the bytes of the proof."""

    id: int
    verdict: Verdict
    note: str
    proof_name: str
    proposed_by: str
    proposed_at: dt.datetime


@dataclass(frozen=True, slots=True)
class UnclearPayment:
    """An attempt in UNKNOWN or REVIEW with what is known of it. `amount` in minor units."""

    instruction_id: str
    state: AttemptState
    document_no: str
    org_id: str
    direction: str
    amount: int
    currency: str
    counterparty_name: str | None
    counterparty_account: str | None
    bank_id: str
    sent_at: dt.datetime | None
    bank_code: str | None
    bank_text: str | None
    bank_text_zh: str | None
    """Where the words are ours."""
    proposal: Proposal | None
    may_propose: bool
    may_decide: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """A file that shows what the bank said."""

    name: str
    content: bytes


_UNCLEAR = sa.text("""
SELECT a.instruction_id, a.state, d.document_no, d.org_id, d.direction, a.amount, b.currency,
       d.counterparty_name, d.counterparty_account, b.bank_id, b.sent_at, a.bank_code, a.bank_text,
       a.bank_text_zh,       p.id, p.verdict, p.note, p.proof_name, p.proposed_by, p.proposed_at
FROM attempt a JOIN payment_batch b ON b.id = a.batch_id JOIN document d ON d.id = a.document_id
LEFT JOIN review_proposal p ON p.attempt_id = a.id AND p.outcome IS NULL
WHERE a.state = ANY(:states) AND d.org_id = ANY(:orgs)
ORDER BY a.state, b.sent_at, a.id
""")

_ATTEMPT = sa.text("""
SELECT a.id, a.instruction_id, a.state, d.org_id FROM attempt a
JOIN document d ON d.id = a.document_id WHERE a.instruction_id = :instruction
""")


def unclear(session: Session, user_id: str) -> list[UnclearPayment]:
    """Unclear payments the user may propose or decide about: REVIEW first, oldest first."""
    proposes = visible_orgs(session, user_id, PROPOSES)
    confirms = visible_orgs(session, user_id, CONFIRMS)
    rows = session.execute(
        _UNCLEAR, {"states": [one.value for one in UNCLEAR], "orgs": sorted(proposes | confirms)}
    ).all()
    return [
        UnclearPayment(
            instruction_id=row.instruction_id,
            state=AttemptState(row.state),
            document_no=row.document_no,
            org_id=row.org_id,
            direction=row.direction,
            amount=row.amount,
            currency=row.currency,
            counterparty_name=row.counterparty_name,
            counterparty_account=row.counterparty_account,
            bank_id=row.bank_id,
            sent_at=row.sent_at,
            bank_code=row.bank_code,
            bank_text=row.bank_text,
            bank_text_zh=row.bank_text_zh,
            proposal=None
            if row.id is None
            else Proposal(
                row.id,
                Verdict(row.verdict),
                row.note,
                row.proof_name,
                row.proposed_by,
                row.proposed_at,
            ),
            may_propose=row.id is None and row.org_id in proposes,
            may_decide=row.id is not None and row.org_id in confirms and row.proposed_by != user_id,
        )
        for row in rows
    ]


def propose(
    session: Session,
    user_id: str,
    instruction_id: str,
    verdict: Verdict,
    proof: Proof,
    note: str,
    now: dt.datetime,
) -> int:
    """Say what became of an attempt; the proposal's id. Nothing moves yet.

    Raises NotPermitted (statements.reconcile), ReviewError INSTRUCTION_UNKNOWN, REASON_MISSING,
    NO_EVIDENCE, PROOF_TOO_LARGE, REVIEW_NOT_POSSIBLE, REVIEW_PROPOSED.
    """
    found = session.execute(_ATTEMPT, {"instruction": instruction_id}).one_or_none()
    if found is None or not _sees(session, user_id, found.org_id):
        raise errors.unknown_instruction(instruction_id)
    require(session, user_id, PROPOSES, found.org_id)
    _check_words(note, proof)
    state = AttemptState(found.state)
    if state not in UNCLEAR or (verdict is Verdict.NOT_RECEIVED and state is AttemptState.UNKNOWN):
        raise errors.not_possible(instruction_id, state.value, verdict.value)
    proposal = ReviewProposal(
        org_id=found.org_id,
        attempt_id=found.id,
        verdict=verdict.value,
        note=note.strip(),
        proof_name=proof.name.strip() or "proof",
        proof=proof.content,
        proof_sha256=digest(proof.content),
        proposed_by=user_id,
        proposed_at=now,
    )
    try:
        with session.begin_nested():
            session.add(proposal)
            session.flush()
    except sa.exc.IntegrityError as error:
        if constraint(error) == "review_proposal_one_open":
            raise errors.proposed(instruction_id) from error
        raise
    assert proposal.id is not None
    audit.record(
        session,
        user_id,
        "review.proposed",
        "attempt",
        instruction_id,
        found.org_id,
        None,
        {"verdict": verdict.value, "proof_sha256": proposal.proof_sha256},
        note.strip(),
        now,
    )
    return proposal.id


def confirm(
    session: Session, listener: Listener, user_id: str, proposal_id: int, now: dt.datetime
) -> list[AttemptChange]:
    """Confirm another person's proposal: the attempt and its document move; the changes.

    Raises NotPermitted (holds.release), ReviewError PROPOSAL_UNKNOWN, REVIEW_DECIDED,
    FOUR_EYES_PROPOSER, InstructionError NOT_IN_REVIEW when the bank's word came first.
    """
    proposal, instruction_id = _waiting(session, user_id, proposal_id)
    require(session, user_id, CONFIRMS, proposal.org_id)
    if proposal.proposed_by == user_id:
        raise errors.own_proposal()
    verdict = Verdict(proposal.verdict)
    shown = Evidence("manual", verdict.value, proposal.proof, proposal.note)
    changes = resolve_review(
        session, proposal.attempt_id, verdict, shown, proposal.proposed_by, user_id, now
    )
    listener.on_attempts(session, changes)
    _decide(session, proposal, instruction_id, "confirmed", user_id, None, now)
    return changes


def turn_down(
    session: Session, user_id: str, proposal_id: int, reason: str, now: dt.datetime
) -> None:
    """Refuse another person's proposal, or withdraw one's own; a reason is needed.

    Nothing else moves: the payment stays unclear. Raises NotPermitted, ReviewError
    PROPOSAL_UNKNOWN, REVIEW_DECIDED, REASON_MISSING.
    """
    proposal, instruction_id = _waiting(session, user_id, proposal_id)
    if not reason.strip():
        raise errors.reason_missing()
    own = proposal.proposed_by == user_id
    if not own:
        require(session, user_id, CONFIRMS, proposal.org_id)
    outcome = "withdrawn" if own else "refused"
    _decide(session, proposal, instruction_id, outcome, user_id, reason.strip(), now)


def proof_of(session: Session, user_id: str, proposal_id: int) -> Proof:
    """The file of a proposal, decided or not. Raises ReviewError PROPOSAL_UNKNOWN."""
    proposal = session.get(ReviewProposal, proposal_id)
    if proposal is None or not _sees(session, user_id, proposal.org_id):
        raise errors.unknown_proposal(proposal_id)
    return Proof(proposal.proof_name, proposal.proof)


def _waiting(session: Session, user_id: str, proposal_id: int) -> tuple[ReviewProposal, str]:
    """The proposal, locked, and its instruction id."""
    proposal = session.exec(
        select(ReviewProposal).where(ReviewProposal.id == proposal_id).with_for_update()
    ).one_or_none()
    if proposal is None or not _sees(session, user_id, proposal.org_id):
        raise errors.unknown_proposal(proposal_id)
    if proposal.outcome is not None:
        raise errors.decided(proposal.decided_by or "?")
    instruction = session.execute(
        sa.text("SELECT instruction_id FROM attempt WHERE id = :id"), {"id": proposal.attempt_id}
    ).scalar_one()
    return proposal, str(instruction)


def _sees(session: Session, user_id: str, org_id: str) -> bool:
    return can(session, user_id, PROPOSES, org_id) or can(session, user_id, CONFIRMS, org_id)


def _decide(
    session: Session,
    proposal: ReviewProposal,
    instruction_id: str,
    outcome: str,
    user_id: str,
    reason: str | None,
    now: dt.datetime,
) -> None:
    proposal.outcome, proposal.decided_by, proposal.decided_at = outcome, user_id, now
    proposal.reason = reason
    session.add(proposal)
    session.flush()
    audit.record(
        session,
        user_id,
        f"review.{outcome}",
        "attempt",
        instruction_id,
        proposal.org_id,
        {"verdict": proposal.verdict, "proposed_by": proposal.proposed_by},
        {"outcome": outcome},
        reason or proposal.note,
        now,
    )


def _check_words(note: str, proof: Proof) -> None:
    if not note.strip():
        raise errors.reason_missing()
    if not proof.content:
        raise errors.no_evidence()
    if len(proof.content) > MAX_PROOF:
        raise errors.too_large(MAX_PROOF)

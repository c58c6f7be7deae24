"""Payments whose outcome the bank does not say: one person proposes, another decides."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import Response
from pydantic import BaseModel, Field

from api.access import unmasked_orgs
from api.downloads import BINARY, download
from api.identity import Caller, needs
from api.rest.errors import Problem
from api.services import services_of
from engine.base.masking import masked
from engine.base.money import format_major
from engine.machines.instruction.confirm import Verdict
from engine.runtime.db import transaction
from engine.treasury.payments import reviewing
from engine.treasury.payments.listener import PaymentListener

router = APIRouter(prefix="/api/v1", tags=["payments"])
Reads = Annotated[Caller, Depends(needs("documents.read"))]
Proposes = Annotated[Caller, Depends(needs(reviewing.PROPOSES))]
Confirms = Annotated[Caller, Depends(needs(reviewing.CONFIRMS))]


class Proposed(BaseModel):
    """What one person says became of it."""

    proposal_id: int
    verdict: Literal["paid", "not_received"]
    note: str
    proof_name: str
    proposed_by: str
    proposed_at: dt.datetime


class Unclear(BaseModel):
    """An instruction nobody knows the outcome of."""

    instruction_id: str
    state: Literal["UNKNOWN", "REVIEW"]
    document_no: str
    organisation: str
    direction: str
    amount: str
    currency: str
    counterparty_name: str | None
    counterparty_account: str | None
    bank: str
    sent_at: dt.datetime | None
    bank_code: str | None
    bank_text: str | None
    bank_text_zh: str | None
    proposal: Proposed | None
    may_propose: bool
    may_decide: bool


@router.get("/unclear-payments", summary="Payments of unknown outcome the caller may decide about")
def listed(request: Request, caller: Reads) -> list[Unclear]:
    """Those two persons must decide first, then those still asked about; oldest first."""
    with transaction(services_of(request).engine) as session:
        found = reviewing.unclear(session, caller.user_id)
        open_orgs = unmasked_orgs(session, caller.user_id)
    return [
        Unclear(
            instruction_id=one.instruction_id,
            state="REVIEW" if one.state.value == "REVIEW" else "UNKNOWN",
            document_no=one.document_no,
            organisation=one.org_id,
            direction=one.direction,
            amount=format_major(one.amount, one.currency),
            currency=one.currency,
            counterparty_name=one.counterparty_name,
            counterparty_account=one.counterparty_account
            if one.org_id in open_orgs
            else masked(one.counterparty_account),
            bank=one.bank_id,
            sent_at=one.sent_at,
            bank_code=one.bank_code,
            bank_text=one.bank_text,
            bank_text_zh=one.bank_text_zh,
            proposal=None
            if one.proposal is None
            else Proposed(
                proposal_id=one.proposal.id,
                verdict=one.proposal.verdict.value,
                note=one.proposal.note,
                proof_name=one.proposal.proof_name,
                proposed_by=one.proposal.proposed_by,
                proposed_at=one.proposal.proposed_at,
            ),
            may_propose=one.may_propose,
            may_decide=one.may_decide,
        )
        for one in found
    ]


class ProposalMade(BaseModel):
    """A proposal that waits for another person."""

    proposal_id: int


@router.post(
    "/unclear-payments/{instruction_id}/proposals",
    summary="Say what became of a payment, with the bank's proof; nothing moves yet",
    status_code=201,
    responses={
        400: {"model": Problem, "description": "No proof, too large a proof, no note"},
        404: {"model": Problem},
        409: {"model": Problem, "description": "Proposed already, or clear by now"},
    },
)
def propose(
    request: Request,
    caller: Proposes,
    instruction_id: str,
    verdict: Annotated[Verdict, Form()],
    note: Annotated[str, Form()],
    proof: Annotated[UploadFile, File()],
) -> ProposalMade:
    """`not_received` can only be said after the bank's finality horizon (state REVIEW)."""
    services = services_of(request)
    shown = reviewing.Proof(proof.filename or "", proof.file.read(reviewing.MAX_PROOF + 1))
    with transaction(services.engine) as session:
        made = reviewing.propose(
            session, caller.user_id, instruction_id, verdict, shown, note, services.clock.now()
        )
    return ProposalMade(proposal_id=made)


class Change(BaseModel):
    """A step of the attempt that was decided."""

    instruction_id: str
    before: str
    after: str


@router.post(
    "/unclear-payments/proposals/{proposal_id}/confirm",
    summary="Confirm another person's proposal: the payment moves",
    responses={404: {"model": Problem}, 409: {"model": Problem}},
)
def confirm(request: Request, caller: Confirms, proposal_id: int) -> list[Change]:
    """Attempt, document, evidence and audit entry in one transaction."""
    services = services_of(request)
    listener = PaymentListener(services.rulebook, services.clock)
    with transaction(services.engine) as session:
        changes = reviewing.confirm(
            session, listener, caller.user_id, proposal_id, services.clock.now()
        )
    return [
        Change(instruction_id=one.instruction_id, before=one.old.value, after=one.new.value)
        for one in changes
    ]


class Why(BaseModel):
    """Why a proposal is turned down."""

    reason: str = Field(min_length=1, max_length=500)


def _turn_down(request: Request, caller: Caller, proposal_id: int, why: Why) -> None:
    services = services_of(request)
    with transaction(services.engine) as session:
        reviewing.turn_down(session, caller.user_id, proposal_id, why.reason, services.clock.now())


@router.post(
    "/unclear-payments/proposals/{proposal_id}/refuse",
    summary="Refuse another person's proposal; the payment stays unclear",
    status_code=204,
    responses={404: {"model": Problem}, 409: {"model": Problem}},
)
def refuse(request: Request, caller: Confirms, proposal_id: int, why: Why) -> None:
    """With a reason."""
    _turn_down(request, caller, proposal_id, why)


@router.post(
    "/unclear-payments/proposals/{proposal_id}/withdraw",
    summary="Withdraw one's own proposal",
    status_code=204,
    responses={404: {"model": Problem}, 409: {"model": Problem}},
)
def withdraw(request: Request, caller: Proposes, proposal_id: int, why: Why) -> None:
    """With a reason."""
    _turn_down(request, caller, proposal_id, why)


@router.get(
    "/unclear-payments/proposals/{proposal_id}/proof",
    summary="The file a proposal rests on",
    response_class=Response,
    responses={200: {"content": {BINARY: {}}}, 404: {"model": Problem}},
)
def proof(request: Request, caller: Reads, proposal_id: int) -> Response:
    """As it was attached."""
    with transaction(services_of(request).engine) as session:
        kept = reviewing.proof_of(session, caller.user_id, proposal_id)
    return download(kept.content, kept.name, BINARY)

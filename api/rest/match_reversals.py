"""Undoing a wrong arrival confirmation over REST: one proposes with proof, another decides."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from api.downloads import download
from api.identity import Caller, needs
from api.rest.errors import Problem
from api.services import services_of
from engine.base.money import format_major
from engine.base.text import SluiceError, Text
from engine.runtime.db import transaction
from engine.treasury import arrivals

router = APIRouter(prefix="/api/v1/match-reversals", tags=["reconciliation"])
May = Annotated[Caller, Depends(needs("statements.reconcile"))]
REFUSED: dict[int | str, dict[str, object]] = {
    400: {"model": Problem, "description": "Reason or proof missing, or no arrival"},
    403: {"model": Problem, "description": "Not permitted, or the same person"},
    404: {"model": Problem, "description": "Not there, or not within your organisations"},
    409: {"model": Problem, "description": "It is proposed, decided or undone already"},
}


class NewReversal(BaseModel):
    """What is wrong, and what shows it."""

    match_no: str = Field(min_length=1, max_length=40)
    reason: str = Field(min_length=1, max_length=2000)
    evidence_name: str = Field(min_length=1, max_length=200, examples=["letter.pdf"])
    evidence: str = Field(min_length=1, description="the file in base64, 10 MB at most")


class Decision(BaseModel):
    """`approve` carries it out; refusing needs a reason."""

    approve: bool
    reason: str = Field(default="", max_length=2000)


class Proposed(BaseModel):
    """A proposal that waits for its second person."""

    id: int
    match_no: str


class ReversalOut(Proposed):
    """With what it is about; `total` as a decimal string."""

    organisation: str
    reason: str
    evidence_name: str
    proposed_by: str
    proposed_at: dt.datetime
    documents: list[str]
    total: str
    currency: str

    @classmethod
    def of(cls, one: arrivals.OpenReversal) -> ReversalOut:
        """From an open proposal."""
        return cls(
            id=one.id,
            match_no=one.match_no,
            organisation=one.org_id,
            reason=one.reason,
            evidence_name=one.evidence_name,
            proposed_by=one.proposed_by,
            proposed_at=one.proposed_at,
            documents=list(one.document_nos),
            total=format_major(one.total, one.currency),
            currency=one.currency,
        )


@router.get("", summary="Proposals that wait for their second person")
def listed(request: Request, caller: May) -> list[ReversalOut]:
    """Of the organisations whose statements the caller may reconcile."""
    with transaction(services_of(request).engine) as session:
        return [ReversalOut.of(one) for one in arrivals.open_reversals(session, caller.user_id)]


@router.post("", summary="Propose to undo an arrival", status_code=201, responses=REFUSED)
def propose(request: Request, caller: May, given: NewReversal) -> Proposed:
    """With reason and proof; another person decides."""
    try:
        content = base64.b64decode(given.evidence, validate=True)
    except binascii.Error:
        raise SluiceError(
            "EVIDENCE_UNREADABLE",
            Text("evidence is no base64; encode the file", "evidence 不是 base64;请编码文件"),
        ) from None
    services = services_of(request)
    proof = arrivals.Proof(given.evidence_name, content)
    with transaction(services.engine) as session:
        made = arrivals.propose_reversal(
            session,
            caller.user_id,
            given.match_no.strip(),
            given.reason,
            proof,
            services.clock.now(),
        )
    return Proposed(id=made, match_no=given.match_no.strip())


@router.post(
    "/{reversal_id}/decision", summary="Carry a proposal out, or refuse it", responses=REFUSED
)
def decide(request: Request, caller: May, reversal_id: int, given: Decision) -> Proposed:
    """By another person than the one who proposed; all of it in one transaction."""
    services = services_of(request)
    with transaction(services.engine) as session:
        match_no = arrivals.decide_reversal(
            session,
            caller.user_id,
            reversal_id,
            approve=given.approve,
            reason=given.reason,
            now=services.clock.now(),
        )
    return Proposed(id=reversal_id, match_no=match_no)


@router.get(
    "/{reversal_id}/evidence",
    summary="The proof of a proposal, as it was attached",
    response_class=Response,
    responses={404: {"model": Problem}},
)
def evidence(request: Request, caller: May, reversal_id: int) -> Response:
    """Always as a download: what a person attached is never shown in the page."""
    with transaction(services_of(request).engine) as session:
        proof = arrivals.proof_of(session, caller.user_id, reversal_id)
    return download(proof.content, proof.name, "application/octet-stream")

"""Unclear payments: one person says with proof what became of one, another decides."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import Response

from api.access import unmasked_orgs
from api.identity import Caller, needs
from api.pages.shell import Note, go, page, refusal
from api.services import services_of
from api.statuses import status_of
from engine.base.text import SluiceError
from engine.machines.instruction.confirm import Verdict
from engine.machines.instruction.states import AttemptState
from engine.runtime.db import transaction
from engine.treasury.payments import reviewing
from engine.treasury.payments.listener import PaymentListener

router = APIRouter(include_in_schema=False)
Reads = Annotated[Caller, Depends(needs("documents.read"))]
Proposes = Annotated[Caller, Depends(needs(reviewing.PROPOSES))]
Confirms = Annotated[Caller, Depends(needs(reviewing.CONFIRMS))]


@router.get("/unclear")
def listed(request: Request, caller: Reads) -> Response:
    """What waits for two persons, and what the bank is still asked about."""
    return _list(request, caller)


def _list(request: Request, caller: Caller, *notes: Note, status: int = 200) -> Response:
    with transaction(services_of(request).engine) as session:
        found = reviewing.unclear(session, caller.user_id)
        open_orgs = unmasked_orgs(session, caller.user_id)
    return page(
        request,
        "unclear.html",
        caller,
        notes=notes,
        status=status,
        found=found,
        who=caller.user_id,
        open_orgs=open_orgs,
        review=AttemptState.REVIEW,
        most=reviewing.MAX_PROOF // 1024 // 1024,
    )


@router.post("/unclear/{instruction_id}")
def propose(
    request: Request,
    caller: Proposes,
    instruction_id: str,
    verdict: Annotated[Verdict, Form()],
    note: Annotated[str, Form()] = "",
    proof: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Keep the proposal and its proof; nothing moves yet."""
    services = services_of(request)
    content = b"" if proof is None else proof.file.read(reviewing.MAX_PROOF + 1)
    shown = reviewing.Proof((proof and proof.filename) or "", content)
    try:
        with transaction(services.engine) as session:
            now = services.clock.now()
            reviewing.propose(session, caller.user_id, instruction_id, verdict, shown, note, now)
    except SluiceError as error:
        return _list(request, caller, refusal(request, error), status=status_of(error))
    return go("/unclear", key="done.unclear_proposed", number=instruction_id)


@router.post("/unclear/proposals/{proposal_id}/confirm")
def confirm(request: Request, caller: Confirms, proposal_id: int) -> Response:
    """Attempt, document, evidence and audit entry in one transaction."""
    services = services_of(request)
    listener = PaymentListener(services.rulebook, services.clock)
    try:
        with transaction(services.engine) as session:
            now = services.clock.now()
            changes = reviewing.confirm(session, listener, caller.user_id, proposal_id, now)
    except SluiceError as error:
        return _list(request, caller, refusal(request, error), status=status_of(error))
    return go("/unclear", key="done.unclear_confirmed", number=changes[0].instruction_id)


@router.post("/unclear/proposals/{proposal_id}/refuse")
def refuse(
    request: Request, caller: Confirms, proposal_id: int, reason: Annotated[str, Form()] = ""
) -> Response:
    """The payment stays unclear."""
    return _turn_down(request, caller, proposal_id, reason)


@router.post("/unclear/proposals/{proposal_id}/withdraw")
def withdraw(
    request: Request, caller: Proposes, proposal_id: int, reason: Annotated[str, Form()] = ""
) -> Response:
    """One's own proposal was wrong."""
    return _turn_down(request, caller, proposal_id, reason)


def _turn_down(request: Request, caller: Caller, proposal_id: int, reason: str) -> Response:
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            now = services.clock.now()
            reviewing.turn_down(session, caller.user_id, proposal_id, reason, now)
    except SluiceError as error:
        return _list(request, caller, refusal(request, error), status=status_of(error))
    return go("/unclear", key="done.unclear_off")

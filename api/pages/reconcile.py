"""Arrival confirmation by hand: lines a person must decide, and undoing a wrong match."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import Response
from sqlmodel import Session

from api.access import unmasked_orgs
from api.identity import Caller, needs
from api.pages.shell import Note, go, page, refusal
from api.services import Services, services_of
from api.statuses import status_of
from engine.base.text import SluiceError
from engine.machines.matching import MatchProposal
from engine.runtime.db import transaction
from engine.treasury import arrivals
from engine.treasury.accounts.models import BankAccount
from engine.treasury.arrivals import confirming
from engine.treasury.arrivals.by_hand import confirm_proposal
from engine.treasury.arrivals.proposals import Choice, proposals
from engine.treasury.documents.history import documents_by_number
from engine.treasury.documents.models import Document
from engine.treasury.payments import PaymentListener
from engine.treasury.statements.lists import line_of
from engine.treasury.statements.models import StatementLine

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("statements.reconcile"))]
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing a line could be, with its documents."""

    place: int
    choice: Choice
    documents: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A statement line with its candidates."""

    proposal: MatchProposal
    line: StatementLine
    account: BankAccount
    candidates: tuple[Candidate, ...]


def queue_of(session: Session, user_id: str, limit: int) -> tuple[list[Waiting], int]:
    """The first `limit` lines that wait for a person, and how many wait in all."""
    standing = proposals(session, user_id)
    made = []
    for one in standing[:limit]:
        line = line_of(session, one.line_id)
        account = session.get(BankAccount, line.account_id) if line is not None else None
        if line is None or account is None:
            continue
        choices = [Choice.from_json(kept) for kept in one.candidates]
        numbers = {number for choice in choices for number in choice.document_nos}
        found = documents_by_number(session, numbers)
        made.append(
            Waiting(
                one,
                line,
                account,
                tuple(
                    Candidate(
                        place,
                        choice,
                        tuple(found[number] for number in choice.document_nos if number in found),
                    )
                    for place, choice in enumerate(choices)
                ),
            )
        )
    return made, len(standing)


@router.get("/reconcile")
def queue(request: Request, caller: May) -> Response:
    """The queue."""
    return _queue(request, caller)


def _queue(request: Request, caller: Caller, *notes: Note, status: int = 200) -> Response:
    with transaction(services_of(request).engine) as session:
        waiting, count = queue_of(session, caller.user_id, SHOWN)
        open_orgs = unmasked_orgs(session, caller.user_id)
        reversals = arrivals.open_reversals(session, caller.user_id)
    return page(
        request,
        "reconcile.html",
        caller,
        notes=notes,
        status=status,
        waiting=waiting,
        count=count,
        open_orgs=open_orgs,
        reversals=reversals,
    )


@router.post("/reconcile/{proposal_id}")
def confirm(
    request: Request, caller: May, proposal_id: int, choice: Annotated[int, Form()]
) -> Response:
    """Confirm one candidate: match number, voucher and source in one transaction."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            match_no = confirm_proposal(
                session, _arrivals(services), caller.user_id, proposal_id, choice
            )
    except SluiceError as error:
        return _queue(request, caller, refusal(request, error), status=status_of(error))
    return go("/reconcile", key="done.matched", number=match_no)


@router.post("/reconcile")
def propose_undo(
    request: Request,
    caller: May,
    proof: Annotated[UploadFile, File()],
    match_no: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Propose to undo an arrival that was confirmed wrongly, with what shows it."""
    services = services_of(request)
    given = arrivals.Proof(proof.filename or "", proof.file.read(arrivals.MAX_PROOF + 1))
    try:
        with transaction(services.engine) as session:
            now = services.clock.now()
            arrivals.propose_reversal(session, caller.user_id, match_no.strip(), reason, given, now)
    except SluiceError as error:
        return _queue(request, caller, refusal(request, error), status=status_of(error))
    return go("/reconcile", key="done.reversal_proposed", number=match_no.strip())


@router.post("/reconcile/reversals/{reversal_id}")
def decide_undo(
    request: Request,
    caller: May,
    reversal_id: int,
    verdict: Annotated[Literal["approve", "refuse"], Form()],
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Carry a proposal out, or refuse it; by another person than the one who proposed."""
    services = services_of(request)
    approve = verdict == "approve"
    try:
        with transaction(services.engine) as session:
            number = arrivals.decide_reversal(
                session,
                caller.user_id,
                reversal_id,
                approve=approve,
                reason=reason,
                now=services.clock.now(),
            )
    except SluiceError as error:
        return _queue(request, caller, refusal(request, error), status=status_of(error))
    if approve:
        return go("/reconcile", key="done.unmatched", number=number)
    return go("/reconcile", key="done.reversal_refused", number=number)


def _arrivals(services: Services) -> confirming.Services:
    listener = PaymentListener(services.rulebook, services.clock)
    return confirming.Services(services.rulebook, services.clock, listener)

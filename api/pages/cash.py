"""Cash desks and their journals, and confirming what was paid or received."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlmodel import Session

from api.identity import Caller, needs
from api.pages.pay import show_results
from api.pages.shell import Note, go, page, refusal
from api.services import services_of
from api.statuses import status_of
from engine.base.text import SluiceError
from engine.runtime.db import run_in_transaction, transaction
from engine.treasury import cash
from engine.treasury.documents import lists
from engine.treasury.documents.results import ItemResult

router = APIRouter(include_in_schema=False)
Reads = Annotated[Caller, Depends(needs("accounts.read"))]


@router.get("/cash")
def desks_page(request: Request, caller: Reads) -> Response:
    """Every desk with what is in it, and confirmations somebody wants taken back."""
    return _desks(request, caller)


def _desks(request: Request, caller: Caller, *notes: Note, status: int = 200) -> Response:
    with transaction(services_of(request).engine) as session:
        found = cash.desks(session, caller.user_id)
        reversals = cash.open_reversals(session, caller.user_id)
    return page(
        request, "cash.html", caller, notes=notes, status=status, desks=found, reversals=reversals
    )


@router.post("/cash/reversals")
def propose_undo(
    request: Request,
    caller: Annotated[Caller, Depends(needs("payments.release"))],
    document_no: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Propose to take back a confirmation that was wrong."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            cash.propose(session, caller.user_id, document_no, reason, services.clock.now())
    except SluiceError as error:
        return _desks(request, caller, refusal(request, error), status=status_of(error))
    return go("/cash", key="done.cash_undo_proposed", number=document_no.strip())


@router.post("/cash/reversals/{reversal_id}")
def decide_undo(
    request: Request,
    caller: Annotated[Caller, Depends(needs("statements.reconcile"))],
    reversal_id: int,
    verdict: Annotated[Literal["approve", "refuse"], Form()],
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Take it back or refuse; by another person than who proposed and who confirmed."""
    services = services_of(request)
    approve = verdict == "approve"
    try:
        with transaction(services.engine) as session:
            number = cash.decide(
                session,
                caller.user_id,
                reversal_id,
                approve=approve,
                reason=reason,
                clock=services.clock,
            )
    except SluiceError as error:
        return _desks(request, caller, refusal(request, error), status=status_of(error))
    if approve:
        return go("/cash", key="done.cash_undone", number=number)
    return go("/cash", key="done.cash_kept", number=number)


@router.get("/cash/{org_id}/{currency}")
def journal_page(request: Request, caller: Reads, org_id: str, currency: str) -> Response:
    """The journal of one desk, newest row first."""
    with transaction(services_of(request).engine) as session:
        desk, entries = cash.journal(session, caller.user_id, org_id, currency)
    return page(request, "cash_journal.html", caller, desk=desk, entries=entries)


@router.post("/pay/cash")
def confirm(
    request: Request,
    caller: Annotated[Caller, Depends(needs("payments.release"))],
    document_no: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Confirm the ticked documents, each with its own result."""
    services = services_of(request)
    user = caller.user_id

    def work(session: Session) -> list[ItemResult]:
        ids = lists.ids(session, user, document_no or ())
        return cash.confirm(session, services.rulebook, user, ids, services.clock)

    done = run_in_transaction(services.engine, work)
    return show_results(request, caller, done, key="done.cash")

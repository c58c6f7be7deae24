"""Cash desks and their journals, and confirming what was paid or received."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlmodel import Session

from api.identity import Caller, needs
from api.pages.pay import show_results
from api.pages.shell import page
from api.services import services_of
from engine.runtime.db import run_in_transaction, transaction
from engine.treasury import cash
from engine.treasury.documents import lists
from engine.treasury.documents.results import ItemResult

router = APIRouter(include_in_schema=False)
Reads = Annotated[Caller, Depends(needs("accounts.read"))]


@router.get("/cash")
def desks_page(request: Request, caller: Reads) -> Response:
    """Every desk with what is in it."""
    with transaction(services_of(request).engine) as session:
        found = cash.desks(session, caller.user_id)
    return page(request, "cash.html", caller, desks=found)


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
        return cash.confirm(session, services.rulebook, user, ids, services.clock.now())

    done = run_in_transaction(services.engine, work)
    return show_results(request, caller, done, key="done.cash")

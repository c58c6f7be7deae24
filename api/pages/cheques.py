"""Asking for cheques on the page."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlmodel import Session

from api.identity import Caller, needs
from api.pages.pay import show_results
from api.services import services_of
from engine.runtime.db import run_in_transaction
from engine.treasury import cheques
from engine.treasury.documents import lists
from engine.treasury.documents.results import ItemResult

router = APIRouter(include_in_schema=False)


@router.post("/pay/cheque")
def ask(
    request: Request,
    caller: Annotated[Caller, Depends(needs("payments.release"))],
    document_no: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """One cheque per ticked document, each with its own result."""
    services = services_of(request)
    user = caller.user_id

    def work(session: Session) -> list[ItemResult]:
        ids = lists.ids(session, user, document_no or ())
        return cheques.request(session, user, ids, services.clock.now())

    done = run_in_transaction(services.engine, work)
    return show_results(request, caller, done, key="done.cheques")

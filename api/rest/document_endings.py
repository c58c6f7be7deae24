"""Voiding documents, paying one in another way, and asking for cheques."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from sqlmodel import Session

from api.identity import Caller, needs
from api.item_results import ItemOut
from api.rest.documents import Taken
from api.rest.errors import Problem
from api.rest.payment_files import Documents
from api.services import services_of
from engine.runtime.db import run_in_transaction, transaction
from engine.treasury import cheques
from engine.treasury.documents import lists
from engine.treasury.documents.models import Document
from engine.treasury.intake.ending import void_each
from engine.treasury.intake.replacing import Change, replace_document

router = APIRouter(prefix="/api/v1", tags=["documents"])


class Voided(Documents):
    """Which documents, and why."""

    reason: str


@router.post("/documents/void", summary="Void documents (作废); every one has its own result")
def void(
    request: Request, caller: Annotated[Caller, Depends(needs("documents.void"))], given: Voided
) -> list[ItemOut]:
    """Their approvals, alerts, holds, places in batches and cheques end with them."""
    services = services_of(request)
    user = caller.user_id
    with transaction(services.engine) as session:
        ids = [lists.get(session, user, one).id or 0 for one in given.document_nos]
    done = run_in_transaction(
        services.engine,
        lambda session: void_each(session, user, ids, given.reason, services.clock.now()),
    )
    return [ItemOut.of(one.document_no, one.code, one.text) for one in done]


class Replacement(BaseModel):
    """What is to be different; what is not named stays as it is."""

    payment_method: str | None = Field(default=None, examples=["cash"])
    counterparty_name: str | None = None
    counterparty_account: str | None = None
    counterparty_bank_code: str | None = None
    reason: str


@router.post(
    "/documents/{document_no}/replace",
    summary="Pay by another method or to another account: a new document, the old one void",
    status_code=201,
    responses={
        400: {"model": Problem, "description": "Nothing changed, being paid, or refused by rules"},
        404: {"model": Problem},
    },
)
def replace(
    request: Request,
    caller: Annotated[Caller, Depends(needs("documents.submit"))],
    document_no: str,
    given: Replacement,
) -> Taken:
    """The new document is approved anew; the source is told once, REPLACED."""
    services = services_of(request)
    change = Change(**given.model_dump(exclude={"reason"}))
    with transaction(services.engine) as session:
        found = lists.get(session, caller.user_id, document_no).id or 0

    def work(session: Session) -> Document:
        return replace_document(
            session,
            services.rulebook,
            caller.user_id,
            found,
            change,
            given.reason,
            services.clock.now(),
        )

    new = run_in_transaction(services.engine, work)
    return Taken(document_no=new.document_no, state=new.state)


@router.post("/cheques", summary="Ask for one cheque per document; every one has its own result")
def ask(
    request: Request,
    caller: Annotated[Caller, Depends(needs("payments.release"))],
    given: Documents,
) -> list[ItemOut]:
    """No bank instruction: the document waits for its cheque. One live cheque per document."""
    services = services_of(request)
    user = caller.user_id
    with transaction(services.engine) as session:
        ids = [lists.get(session, user, one).id or 0 for one in given.document_nos]
    done = run_in_transaction(
        services.engine, lambda session: cheques.request(session, user, ids, services.clock.now())
    )
    return [ItemOut.of(one.document_no, one.code, one.text) for one in done]

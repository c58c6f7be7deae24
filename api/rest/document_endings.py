"""Voiding documents, paying one in another way, and asking for cheques."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from sqlmodel import Session

from api.identity import Caller, needs
from api.item_results import DocumentNumbers, ItemOut
from api.keyed import IdempotencyKey, keyed
from api.rest.documents import Taken
from api.rest.errors import Problem
from api.services import services_of
from engine.treasury import cheques
from engine.treasury.documents import lists
from engine.treasury.intake.ending import void_each
from engine.treasury.intake.replacing import Change, replace_document

router = APIRouter(prefix="/api/v1", tags=["documents"])


class Voided(DocumentNumbers):
    """Which documents, and why."""

    reason: str


@router.post("/documents/void", summary="Void documents (作废); every one has its own result")
def void(
    request: Request,
    caller: Annotated[Caller, Depends(needs("documents.void"))],
    given: Voided,
    idempotency_key: IdempotencyKey = "",
) -> list[ItemOut]:
    """Their approvals, alerts, holds, places in batches and cheques end with them."""
    services = services_of(request)
    user = caller.user_id

    def work(session: Session) -> list[ItemOut]:
        ids = lists.ids(session, user, given.document_nos)
        done = void_each(session, user, ids, given.reason, services.clock.now())
        return [ItemOut.of(one.document_no, one.code, one.text) for one in done]

    return keyed(request, caller, idempotency_key, given, list[ItemOut], work)


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
    idempotency_key: IdempotencyKey = "",
) -> Taken:
    """The new document is approved anew; the source is told once, REPLACED."""
    services = services_of(request)
    change = Change(**given.model_dump(exclude={"reason"}))

    def work(session: Session) -> Taken:
        (found,) = lists.ids(session, caller.user_id, [document_no])
        new = replace_document(
            session,
            services.rulebook,
            caller.user_id,
            found,
            change,
            given.reason,
            services.clock.now(),
        )
        return Taken(document_no=new.document_no, state=new.state)

    return keyed(request, caller, idempotency_key, given, Taken, work)


@router.post("/cheques", summary="Ask for one cheque per document; every one has its own result")
def ask(
    request: Request,
    caller: Annotated[Caller, Depends(needs("payments.release"))],
    given: DocumentNumbers,
    idempotency_key: IdempotencyKey = "",
) -> list[ItemOut]:
    """No bank instruction: the document waits for its cheque. One live cheque per document."""
    services = services_of(request)
    user = caller.user_id

    def work(session: Session) -> list[ItemOut]:
        ids = lists.ids(session, user, given.document_nos)
        done = cheques.request(session, user, ids, services.clock.now())
        return [ItemOut.of(one.document_no, one.code, one.text) for one in done]

    return keyed(request, caller, idempotency_key, given, list[ItemOut], work)

"""POST /documents: one document from a source system; GET /documents/{no}: where it stands."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from api.access import unmasked_orgs
from api.identity import Caller, needs
from api.rest.errors import Problem
from api.services import services_of
from engine.base.masking import masked
from engine.base.money import format_major
from engine.base.text import SluiceError, Text
from engine.runtime.db import run_in_transaction, transaction
from engine.runtime.jsontypes import JsonError, JsonObject, check_object, unique_keys
from engine.treasury.documents import lists
from engine.treasury.documents.history import events_of
from engine.treasury.documents.models import Document, DocumentEvent
from engine.treasury.intake.single import take_document

router = APIRouter(prefix="/api/v1", tags=["documents"])


class UnreadableBody(SluiceError):
    """The body is no JSON object."""

    http_status = 400


class NewDocument(BaseModel):
    """A document as a source system sends it; amounts are decimal strings in major units."""

    organisation: str
    direction: str = Field(description="pay or collect")
    source_document_no: str
    business_type: str
    creditor_type: str | None = None
    counterparty_name: str | None = None
    counterparty_account: str | None = None
    counterparty_bank_code: str | None = None
    amount: str = Field(examples=["100.00"])
    currency: str = Field(examples=["CNY"])
    payment_method: str
    urgency: str | None = None
    due_date: dt.date | None = None
    purpose: str | None = None
    business_reference: str | None = None
    payee_is_insured: bool | None = None


class Taken(BaseModel):
    """A document that stands."""

    document_no: str
    state: str


class EventOut(BaseModel):
    """One step of a document's course."""

    from_state: str | None
    to_state: str
    actor: str
    at: dt.datetime
    reason_code: str | None
    reason: str | None
    reason_zh: str | None

    @staticmethod
    def of(event: DocumentEvent) -> EventOut:
        """From a stored event."""
        return EventOut(
            from_state=event.from_state,
            to_state=event.to_state,
            actor=event.actor,
            at=event.at,
            reason_code=event.reason_code,
            reason=event.reason,
            reason_zh=event.reason_zh or event.reason,
        )


class DocumentOut(BaseModel):
    """A document; `amount` as a decimal string. `counterparty_account` is masked for callers who
    need not see it."""

    document_no: str
    state: str
    waiting_code: str | None
    organisation: str
    direction: str
    source_system: str
    source_document_no: str
    business_type: str
    creditor_type: str | None
    counterparty_name: str | None
    counterparty_account: str | None
    counterparty_bank_code: str | None
    amount: str
    currency: str
    payment_method: str
    urgency: str
    due_date: dt.date
    purpose: str | None
    business_reference: str | None
    channel: str | None
    match_no: str | None
    voucher_no: str | None
    booking_date: dt.date | None
    business_date: dt.date
    created_at: dt.datetime

    @staticmethod
    def of(document: Document, open_orgs: frozenset[str]) -> DocumentOut:
        """From a stored document."""
        account = document.counterparty_account
        return DocumentOut(
            document_no=document.document_no,
            state=document.state,
            waiting_code=document.waiting_code,
            organisation=document.org_id,
            direction=document.direction,
            source_system=document.source_system,
            source_document_no=document.source_document_no,
            business_type=document.business_type,
            creditor_type=document.creditor_type,
            counterparty_name=document.counterparty_name,
            counterparty_account=account if document.org_id in open_orgs else masked(account),
            counterparty_bank_code=document.counterparty_bank_code,
            amount=format_major(document.amount, document.currency),
            currency=document.currency,
            payment_method=document.payment_method,
            urgency=document.urgency,
            due_date=document.due_date,
            purpose=document.purpose,
            business_reference=document.business_reference,
            channel=document.channel,
            match_no=document.match_no,
            voucher_no=document.voucher_no,
            booking_date=document.booking_date,
            business_date=document.business_date,
            created_at=document.created_at,
        )


class DocumentWithCourse(DocumentOut):
    """A document and every step it took."""

    events: list[EventOut]


async def _json_object(request: Request) -> JsonObject:
    """The body as it is: numbers with a decimal point are refused, they would be floats; so is
    a key that stands twice, of which two readers may take different ones."""
    try:
        value = json.loads(
            await request.body(),
            object_pairs_hook=unique_keys,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
        return check_object(value)
    except (ValueError, RecursionError, JsonError):
        raise UnreadableBody(
            "BODY_UNREADABLE",
            Text(
                "the body is no JSON object of texts with each key once; "
                'send amounts as strings like "100.00"',
                '请求体不是有效的 JSON 对象,或键重复;金额请用字符串,例如 "100.00"',
            ),
        ) from None


def _no_float(text: str) -> float:
    raise ValueError(f"{text} is a float")


@router.post(
    "/documents",
    summary="Take one document; the same Idempotency-Key again gets the first answer",
    status_code=201,
    response_model=Taken,
    responses={
        200: {"model": Taken, "description": "Taken before: the first answer again"},
        400: {"model": Problem, "description": "No Idempotency-Key, or no JSON object"},
        409: {"model": Problem, "description": "Same key or number with other content"},
        422: {"model": Problem, "description": "Refused, or taken and returned; see findings"},
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": NewDocument.model_json_schema()}},
        }
    },
)
def take(
    request: Request,
    caller: Annotated[Caller, Depends(needs("documents.submit"))],
    payload: Annotated[JsonObject, Depends(_json_object)],
    idempotency_key: Annotated[str, Header()] = "",
) -> JSONResponse:
    """Validation, routing, batching and approval follow at once, by the live rulesets."""
    services = services_of(request)
    answer = run_in_transaction(
        services.engine,
        lambda session: take_document(
            session,
            services.rulebook,
            caller.user_id,
            idempotency_key,
            payload,
            services.clock.now(),
        ),
    )
    return JSONResponse(answer.body, status_code=answer.status)


@router.get(
    "/documents/{document_no}",
    summary="Where a document stands, and its course",
    response_model=DocumentWithCourse,
    responses={404: {"model": Problem}},
)
def read(
    request: Request,
    caller: Annotated[Caller, Depends(needs("documents.read"))],
    document_no: str,
) -> DocumentWithCourse:
    """One document of an organisation the caller may see."""
    with transaction(services_of(request).engine) as session:
        document = lists.get(session, caller.user_id, document_no)
        events = events_of(session, document.id or 0)
        out = DocumentOut.of(document, unmasked_orgs(session, caller.user_id))
    return DocumentWithCourse(**out.model_dump(), events=[EventOut.of(event) for event in events])

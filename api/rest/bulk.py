"""One act on up to 1000 documents, each with its own result: submit, release holds, pay."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from sqlmodel import Session

from api.identity import Caller, needs
from api.item_results import DocumentNumbers, ItemOut
from api.keyed import IdempotencyKey, keyed
from api.rest.errors import Problem
from api.services import services_of
from engine.treasury import bulk

router = APIRouter(prefix="/api/v1", tags=["documents"])
_REFUSED: dict[int | str, dict[str, object]] = {400: {"model": Problem, "description": "No reason"}}


class NumbersAndReason(DocumentNumbers):
    """Which documents, and why."""

    reason: str


@router.post("/documents/submit", summary="Submit rejected and withdrawn documents again")
def submit(
    request: Request,
    caller: Annotated[Caller, Depends(needs("documents.submit"))],
    wanted: DocumentNumbers,
    idempotency_key: IdempotencyKey = "",
) -> list[ItemOut]:
    """All steps of their approval start anew; what an alert holds says so."""
    services = services_of(request)

    def work(session: Session) -> list[ItemOut]:
        items = bulk.submit(
            session, services.rulebook, caller.user_id, wanted.document_nos, services.clock.now()
        )
        return [ItemOut.told(one) for one in items]

    return keyed(request, caller, idempotency_key, wanted, list[ItemOut], work)


@router.post(
    "/documents/release-holds",
    summary="Let held documents go on, with a reason",
    responses=_REFUSED,
)
def release_holds(
    request: Request,
    caller: Annotated[Caller, Depends(needs("holds.release"))],
    wanted: NumbersAndReason,
    idempotency_key: IdempotencyKey = "",
) -> list[ItemOut]:
    """Never by whoever made the document or would be paid; the pairs behind it are remembered."""
    services = services_of(request)

    def work(session: Session) -> list[ItemOut]:
        items = bulk.release_holds(
            session,
            services.rulebook,
            caller.user_id,
            wanted.document_nos,
            wanted.reason,
            services.clock.now(),
        )
        return [ItemOut.told(one) for one in items]

    return keyed(request, caller, idempotency_key, wanted, list[ItemOut], work)


class ReleaseResult(BaseModel):
    """What became of every document; a file channel's batches are payment files."""

    batches: int
    items: list[ItemOut]

    @staticmethod
    def of(paid: bulk.Paid) -> ReleaseResult:
        """From a result."""
        return ReleaseResult(
            batches=len(paid.batch_ids), items=[ItemOut.told(one) for one in paid.items]
        )


@router.post("/payments/release", summary="Pay documents; every one has its own result")
def release(
    request: Request,
    caller: Annotated[Caller, Depends(needs("payments.release"))],
    wanted: DocumentNumbers,
    idempotency_key: IdempotencyKey = "",
) -> ReleaseResult:
    """Bank-direct documents leave as messages, others become payment files to be handed out.

    Grouped into payment batches by the rules; never by whoever made or approved them.
    """
    services = services_of(request)

    def work(session: Session) -> ReleaseResult:
        paid = bulk.pay(
            session, services.rulebook, caller.user_id, wanted.document_nos, services.clock.now()
        )
        return ReleaseResult.of(paid)

    return keyed(request, caller, idempotency_key, wanted, ReleaseResult, work)

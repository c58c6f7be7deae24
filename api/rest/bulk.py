"""One act on up to 1000 documents, each with its own result: submit, release holds, pay."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from api.identity import Caller, needs
from api.rest.errors import Problem
from api.services import services_of
from engine.runtime.db import transaction
from engine.treasury import bulk

router = APIRouter(prefix="/api/v1", tags=["documents"])
_REFUSED: dict[int | str, dict[str, object]] = {400: {"model": Problem, "description": "No reason"}}


class Numbers(BaseModel):
    """Which documents."""

    document_nos: list[str] = Field(min_length=1, max_length=1000)


class NumbersAndReason(Numbers):
    """Which documents, and why."""

    reason: str


class ItemOut(BaseModel):
    """What became of one document; `error` is null when it was done."""

    document_no: str
    done: bool
    state: str | None = Field(description="afterwards; null for a document you may not see")
    error: Problem | None

    @staticmethod
    def of(item: bulk.Item) -> ItemOut:
        """From a result."""
        error = item.error
        return ItemOut(
            document_no=item.document_no,
            done=error is None,
            state=item.state,
            error=None
            if error is None
            else Problem(code=error.code, message_en=error.text.en, message_zh=error.text.zh),
        )


@router.post("/documents/submit", summary="Submit rejected and withdrawn documents again")
def submit(
    request: Request,
    caller: Annotated[Caller, Depends(needs("documents.submit"))],
    wanted: Numbers,
) -> list[ItemOut]:
    """All steps of their approval start anew; what an alert holds says so."""
    services = services_of(request)
    with transaction(services.engine) as session:
        items = bulk.submit(
            session, services.rulebook, caller.user_id, wanted.document_nos, services.clock.now()
        )
    return [ItemOut.of(one) for one in items]


@router.post(
    "/documents/release-holds",
    summary="Let held documents go on, with a reason",
    responses=_REFUSED,
)
def release_holds(
    request: Request,
    caller: Annotated[Caller, Depends(needs("holds.release"))],
    wanted: NumbersAndReason,
) -> list[ItemOut]:
    """Never by whoever made the document or would be paid; the pairs behind it are remembered."""
    services = services_of(request)
    with transaction(services.engine) as session:
        items = bulk.release_holds(
            session,
            services.rulebook,
            caller.user_id,
            wanted.document_nos,
            wanted.reason,
            services.clock.now(),
        )
    return [ItemOut.of(one) for one in items]


@router.post("/documents/pay", summary="Release unpaid documents to the bank")
def pay(
    request: Request,
    caller: Annotated[Caller, Depends(needs("payments.release"))],
    wanted: Numbers,
) -> list[ItemOut]:
    """Grouped into payment batches by the rules; never by whoever made or approved them."""
    services = services_of(request)
    with transaction(services.engine) as session:
        items = bulk.pay(
            session, services.rulebook, caller.user_id, wanted.document_nos, services.clock.now()
        )
    return [ItemOut.of(one) for one in items]

"""Taking back cash confirmed wrongly over REST: who pays proposes, who reconciles decides."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from api.identity import Caller, needs
from api.rest.errors import Problem
from api.services import services_of
from engine.base.money import format_major
from engine.runtime.db import transaction
from engine.treasury import cash

router = APIRouter(prefix="/api/v1/cash-reversals", tags=["cash"])
REFUSED: dict[int | str, dict[str, object]] = {
    400: {"model": Problem, "description": "Reason missing, nothing confirmed, or too little cash"},
    403: {"model": Problem, "description": "Not permitted, or the same person"},
    404: {"model": Problem, "description": "Not there, or not within your organisations"},
    409: {"model": Problem, "description": "It is proposed, decided or taken back already"},
}


class NewCashReversal(BaseModel):
    """Which confirmation is wrong, and why."""

    document_no: str = Field(min_length=1, max_length=40)
    reason: str = Field(min_length=1, max_length=2000)


class CashDecision(BaseModel):
    """`approve` takes the confirmation back; refusing needs a reason."""

    approve: bool
    reason: str = Field(default="", max_length=2000)


class CashProposed(BaseModel):
    """A proposal, or what became of it."""

    id: int
    document_no: str


class CashReversalOut(CashProposed):
    """A proposal that waits; `amount` as a decimal string, below zero for what was paid."""

    organisation: str
    counterparty_name: str | None
    amount: str
    currency: str
    entry_no: int
    confirmed_by: str
    reason: str
    proposed_by: str
    proposed_at: dt.datetime

    @classmethod
    def of(cls, one: cash.CashReversal) -> CashReversalOut:
        """From an open proposal."""
        return cls(
            id=one.id,
            document_no=one.document_no,
            organisation=one.org_id,
            counterparty_name=one.counterparty_name,
            amount=format_major(one.amount, one.currency),
            currency=one.currency,
            entry_no=one.entry_no,
            confirmed_by=one.confirmed_by,
            reason=one.reason,
            proposed_by=one.proposed_by,
            proposed_at=one.proposed_at,
        )


@router.get("", summary="Cash confirmations that somebody proposed to take back")
def listed(
    request: Request, caller: Annotated[Caller, Depends(needs("accounts.read"))]
) -> list[CashReversalOut]:
    """Of the desks the caller sees."""
    with transaction(services_of(request).engine) as session:
        return [CashReversalOut.of(one) for one in cash.open_reversals(session, caller.user_id)]


@router.post(
    "", summary="Propose to take a cash confirmation back", status_code=201, responses=REFUSED
)
def propose(
    request: Request,
    caller: Annotated[Caller, Depends(needs("payments.release"))],
    given: NewCashReversal,
) -> CashProposed:
    """With a reason; a person who reconciles decides."""
    services = services_of(request)
    with transaction(services.engine) as session:
        made = cash.propose(
            session, caller.user_id, given.document_no, given.reason, services.clock.now()
        )
    return CashProposed(id=made, document_no=given.document_no.strip())


@router.post(
    "/{reversal_id}/decision", summary="Take the confirmation back, or refuse", responses=REFUSED
)
def decide(
    request: Request,
    caller: Annotated[Caller, Depends(needs("statements.reconcile"))],
    reversal_id: int,
    given: CashDecision,
) -> CashProposed:
    """By another person than who proposed and who confirmed; all of it in one transaction."""
    services = services_of(request)
    with transaction(services.engine) as session:
        number = cash.decide(
            session,
            caller.user_id,
            reversal_id,
            approve=given.approve,
            reason=given.reason,
            clock=services.clock,
        )
    return CashProposed(id=reversal_id, document_no=number)

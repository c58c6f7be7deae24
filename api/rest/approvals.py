"""POST /approvals/decide: verdicts on many steps at once, each with its own result."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from api.identity import Caller, needs
from api.rest.errors import Problem
from api.services import services_of
from engine.base.money import format_major
from engine.machines.approval import Result, WorkItem
from engine.runtime.db import run_in_transaction, transaction
from engine.treasury.approvals import desk

router = APIRouter(prefix="/api/v1", tags=["approvals"])
May = Annotated[Caller, Depends(needs("approvals.decide"))]


class Step(BaseModel):
    """An open step the caller may decide."""

    step_id: int
    document_no: str
    organisation: str
    role: str
    position: int
    steps: int
    amount: str | None
    currency: str | None
    maker: str
    due_at: dt.datetime | None
    on_behalf_of: str | None = Field(description="in whose place; null: the caller's own")
    delegation: int | None

    @staticmethod
    def of(item: WorkItem) -> Step:
        """From the worklist."""
        known = item.amount is not None and item.currency is not None
        return Step(
            step_id=item.step_id,
            document_no=item.subject_no,
            organisation=item.org_id,
            role=item.role,
            position=item.position,
            steps=item.steps,
            amount=format_major(item.amount or 0, item.currency or "") if known else None,
            currency=item.currency,
            maker=item.maker,
            due_at=item.due_at,
            on_behalf_of=item.right.on_behalf_of,
            delegation=item.right.delegation_id,
        )


@router.get("/approvals", summary="What waits for the caller's verdict")
def worklist(request: Request, caller: May) -> list[Step]:
    """Open steps, what is due first first."""
    services = services_of(request)
    with transaction(services.engine) as session:
        groups = desk.worklist(session, caller.user_id, services.clock.now())
    return [Step.of(one) for group in groups for one in group.items]


class Verdicts(BaseModel):
    """What to decide."""

    step_ids: list[int] = Field(min_length=1, max_length=1000)
    verdict: Literal["approve", "reject"]
    comment: str | None = Field(default=None, description="needed to reject")


class Decided(BaseModel):
    """What became of one step; `error` is null when the verdict was taken."""

    step_id: int
    document_no: str | None
    taken: bool
    request_state: str | None
    error: Problem | None

    @staticmethod
    def of(result: Result) -> Decided:
        """From a result."""
        error = result.error
        return Decided(
            step_id=result.step_id,
            document_no=result.subject_no,
            taken=error is None,
            request_state=result.request_state,
            error=None
            if error is None
            else Problem(code=error.code, message_en=error.text.en, message_zh=error.text.zh),
        )


@router.post(
    "/approvals/decide",
    summary="Approve or reject steps; every item has its own result",
    responses={400: {"model": Problem, "description": "Rejecting without a reason"}},
)
def decide(request: Request, caller: May, verdicts: Verdicts) -> list[Decided]:
    """Four eyes are held by the database as well; what is refused changes nothing."""
    services = services_of(request)
    results = run_in_transaction(
        services.engine,
        lambda session: desk.decide(
            session,
            caller.user_id,
            verdicts.step_ids,
            verdicts.verdict,
            verdicts.comment,
            services.clock.now(),
        ),
    )
    return [Decided.of(one) for one in results]

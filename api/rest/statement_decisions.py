"""Quarantined statements over REST: one person asks what becomes of them, another decides."""

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
from engine.treasury.statements import deciding

router = APIRouter(prefix="/api/v1/statements/quarantined", tags=["statements"])
REFUSED: dict[int | str, dict[str, object]] = {
    400: {"model": Problem, "description": "Reason missing, or it cannot be taken as it is"},
    403: {"model": Problem, "description": "Not permitted, or the same person"},
    404: {"model": Problem, "description": "Not there, or not within your organisations"},
    409: {"model": Problem, "description": "Asked before, decided already, or taken since"},
}


class Asked(BaseModel):
    """What somebody asked for: take (as it is) or refuse (for good)."""

    wanted: deciding.Wanted
    reason: str
    proposed_by: str
    proposed_at: dt.datetime


class QuarantinedStatement(BaseModel):
    """A statement that waits. Amounts in major units; `difference` is what no line explains if it
    is taken now, None when it cannot be taken (`cannot_*` says why)."""

    id: int
    organisation: str
    account: str
    bank_statement_id: str | None
    statement_date: dt.date
    currency: str
    opening: str | None
    closing: str | None
    lines: int
    new_lines: int
    difference: str | None
    code: str | None
    reason_en: str | None
    reason_zh: str | None
    cannot_en: str | None
    cannot_zh: str | None
    asked: Asked | None

    @classmethod
    def of(cls, one: deciding.Waiting) -> QuarantinedStatement:
        """From a statement that waits."""
        kept = one.statement

        def money(minor: int | None) -> str | None:
            return None if minor is None else format_major(minor, kept.currency)

        asked = one.asked
        return cls(
            id=kept.id or 0,
            organisation=kept.org_id,
            account=one.account,
            bank_statement_id=kept.bank_statement_id,
            statement_date=kept.statement_date,
            currency=kept.currency,
            opening=money(kept.opening),
            closing=money(kept.closing),
            lines=kept.line_count,
            new_lines=one.new_lines,
            difference=money(one.difference),
            code=kept.quarantine_code,
            reason_en=kept.quarantine_en,
            reason_zh=kept.quarantine_zh,
            cannot_en=one.cannot and one.cannot.en,
            cannot_zh=one.cannot and one.cannot.zh,
            asked=None
            if asked is None
            else Asked(
                wanted="take" if asked.wanted == "take" else "refuse",
                reason=asked.reason,
                proposed_by=asked.proposed_by,
                proposed_at=asked.proposed_at,
            ),
        )


class NewStatementProposal(BaseModel):
    """What should become of it, and why."""

    wanted: deciding.Wanted
    reason: str = Field(min_length=1, max_length=2000)


class StatementProposed(BaseModel):
    """Number of the proposal."""

    id: int
    statement: int


class StatementVerdict(BaseModel):
    """`approve` carries out what was asked; declining needs a reason."""

    approve: bool
    reason: str = Field(default="", max_length=2000)


class StatementDecided(BaseModel):
    """What became of it: taken, refused (for good), or waiting (the proposal was declined)."""

    statement: int
    outcome: str
    new_lines: int


@router.get("", summary="Statements in quarantine")
def listed(
    request: Request, caller: Annotated[Caller, Depends(needs("accounts.read"))]
) -> list[QuarantinedStatement]:
    """Of the accounts the caller sees, newest first."""
    with transaction(services_of(request).engine) as session:
        return [QuarantinedStatement.of(one) for one in deciding.waiting(session, caller.user_id)]


@router.post(
    "/{statement_id}/proposals",
    summary="Ask for a quarantined statement to be taken as it is, or refused for good",
    status_code=201,
    responses=REFUSED,
)
def propose(
    request: Request,
    caller: Annotated[Caller, Depends(needs("statements.reconcile"))],
    statement_id: int,
    given: NewStatementProposal,
) -> StatementProposed:
    """With a reason; another person decides."""
    services = services_of(request)
    with transaction(services.engine) as session:
        made = deciding.propose(
            session,
            caller.user_id,
            statement_id,
            given.wanted,
            given.reason,
            services.clock.now(),
        )
    return StatementProposed(id=made, statement=statement_id)


@router.post(
    "/{statement_id}/decision",
    summary="Carry out what was asked about a statement, or decline",
    responses=REFUSED,
)
def decide(
    request: Request,
    caller: Annotated[Caller, Depends(needs("statements.reconcile"))],
    statement_id: int,
    given: StatementVerdict,
) -> StatementDecided:
    """By another person than who asked; all of it in one transaction."""
    services = services_of(request)
    with transaction(services.engine) as session:
        done = deciding.decide(
            session,
            caller.user_id,
            statement_id,
            approve=given.approve,
            reason=given.reason,
            now=services.clock.now(),
        )
    return StatementDecided(statement=statement_id, outcome=done.outcome, new_lines=done.new_lines)

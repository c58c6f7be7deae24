"""Cash: desks with their journals, and confirming what was paid or received."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from sqlmodel import Session

from api.identity import Caller, needs
from api.item_results import DocumentNumbers, ItemOut
from api.keyed import IdempotencyKey, keyed
from api.rest.errors import Problem
from api.services import services_of
from engine.base.money import format_major
from engine.runtime.db import transaction
from engine.treasury import cash
from engine.treasury.documents import lists

router = APIRouter(prefix="/api/v1", tags=["cash"])
Reads = Annotated[Caller, Depends(needs("accounts.read"))]


class DeskOut(BaseModel):
    """A cash desk; amounts as decimal strings."""

    organisation: str
    currency: str
    opening: str
    balance: str
    entries: int

    @staticmethod
    def of(one: cash.Desk) -> DeskOut:
        """From a stored desk."""
        return DeskOut(
            organisation=one.org_id,
            currency=one.currency,
            opening=format_major(one.opening, one.currency),
            balance=format_major(one.balance, one.currency),
            entries=one.entries,
        )


class EntryOut(BaseModel):
    """One row of a journal; `amount` is below zero for what was paid. A row that was confirmed
    wrongly and the row that takes it back name each other."""

    entry_no: int
    document_no: str
    counterparty_name: str | None
    amount: str
    balance: str
    business_date: dt.date
    user: str
    at: dt.datetime
    voucher_no: str | None
    reverses_no: int | None
    reversed_by_no: int | None


class Journal(BaseModel):
    """A desk and the latest rows of its journal, newest first."""

    desk: DeskOut
    entries: list[EntryOut]

    @staticmethod
    def of(desk: cash.Desk, entries: list[cash.Entry]) -> Journal:
        """From stored rows."""
        return Journal(
            desk=DeskOut.of(desk),
            entries=[
                EntryOut(
                    entry_no=one.entry_no,
                    document_no=one.document_no,
                    counterparty_name=one.counterparty_name,
                    amount=format_major(one.amount, desk.currency),
                    balance=format_major(one.balance, desk.currency),
                    business_date=one.business_date,
                    user=one.user_id,
                    at=one.at,
                    voucher_no=one.voucher_no,
                    reverses_no=one.reverses_no,
                    reversed_by_no=one.reversed_by_no,
                )
                for one in entries
            ],
        )


@router.get("/cash", summary="Cash desks and what is in them")
def desks(request: Request, caller: Reads) -> list[DeskOut]:
    """Of the caller's organisations."""
    with transaction(services_of(request).engine) as session:
        return [DeskOut.of(one) for one in cash.desks(session, caller.user_id)]


@router.get(
    "/cash/{organisation}/{currency}",
    summary="The journal of a cash desk",
    responses={404: {"model": Problem}},
)
def journal(request: Request, caller: Reads, organisation: str, currency: str) -> Journal:
    """The latest rows, newest first."""
    with transaction(services_of(request).engine) as session:
        return Journal.of(*cash.journal(session, caller.user_id, organisation, currency))


@router.post("/cash/confirm", summary="Confirm cash that was paid or received, each by itself")
def confirm(
    request: Request,
    caller: Annotated[Caller, Depends(needs("payments.release"))],
    given: DocumentNumbers,
    idempotency_key: IdempotencyKey = "",
) -> list[ItemOut]:
    """Never by whoever made or approved the document; a desk never goes below zero."""
    services = services_of(request)
    user = caller.user_id

    def work(session: Session) -> list[ItemOut]:
        ids = lists.ids(session, user, given.document_nos)
        done = cash.confirm(session, services.rulebook, user, ids, services.clock)
        return [ItemOut.of(one.document_no, one.code, one.text) for one in done]

    return keyed(request, caller, idempotency_key, given, list[ItemOut], work)

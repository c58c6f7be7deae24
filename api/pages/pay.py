"""Releasing payments: what would leave as which message to which bank, then doing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from api.access import unmasked_orgs
from api.identity import Caller, needs
from api.pages.shell import Note, page, refusal
from api.services import services_of
from engine.base.text import SluiceError
from engine.runtime.db import transaction
from engine.treasury.alerts import holds
from engine.treasury.documents import lists
from engine.treasury.documents.lists import Filter
from engine.treasury.documents.results import ItemResult
from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.payments import (
    CASH,
    CHEQUE,
    FILE_CHANNELS,
    IN_BATCHES,
    files,
    payables,
    plan,
    release,
)

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("payments.release"))]
SHOWN = 500
"""Documents planned on one page; the rest is planned when these have gone."""

BY_HAND = (CASH, CHEQUE)
"""Channels whose documents leave by a person's hand."""


@router.get("/pay")
def plan_page(request: Request, caller: May) -> Response:
    """The payment batches that releasing now would make; nothing is written."""
    return show_pay(request, caller)


def show_pay(request: Request, caller: Caller, *notes: Note, status: int = 200) -> Response:
    """What can be paid now by which way, with what an act was answered."""
    services = services_of(request)
    planned = None
    with transaction(services.engine) as session:
        user = caller.user_id
        allowed = visible_orgs(session, user, "payments.release")
        found = [
            lists.find(session, user, Filter(("UNPAID",), allowed, channel=channel), limit=SHOWN)
            for channel in sorted(IN_BATCHES)
        ]
        ids = [one.id for some in found for one in some.rows if one.id is not None]
        held = holds.held(session, ids)
        try:
            planned = plan(
                services.rulebook.at(session),
                payables(session, [one for one in ids if one not in held]),
                services.clock.business_date(),
            )
        except SluiceError as error:
            notes = (*notes, refusal(request, error))
        by_hand = {
            channel: lists.find(
                session, user, Filter(("UNPAID",), allowed, channel=channel), limit=SHOWN
            )
            for channel in BY_HAND
        }
        values = {
            "by_hand": by_hand,
            "files": [one for one in files.find(session, user) if one.org_id in allowed],
            "returns": visible_orgs(session, user, "statements.import"),
            "open_orgs": unmasked_orgs(session, user),
        }
    return page(
        request,
        "pay.html",
        caller,
        notes=notes,
        status=status,
        planned=planned,
        file_channels=FILE_CHANNELS,
        hidden=sum(some.count - len(some.rows) for some in (*found, *by_hand.values())),
        held=len(held),
        **values,
    )


@router.post("/pay")
def pay(
    request: Request, caller: May, document_no: Annotated[list[str] | None, Form()] = None
) -> Response:
    """Release the ticked documents, each with its own result."""
    services = services_of(request)
    with transaction(services.engine) as session:
        found = [lists.get(session, caller.user_id, one) for one in document_no or ()]
        done = release(
            session,
            services.rulebook,
            caller.user_id,
            services.clock.now(),
            document_ids=[one.id for one in found if one.id is not None],
        )
    amounts: dict[str, int] = {}
    sent = {one.document_id for one in done.items if one.sent}
    for one in found:
        if one.id in sent:
            amounts[one.currency] = amounts.get(one.currency, 0) + one.amount
    return page(
        request,
        "paid.html",
        caller,
        sent=[one for one in done.items if one.sent],
        kept=[one for one in done.items if not one.sent],
        batches=len(done.batch_ids),
        sums=sorted(amounts.items()),
    )


def show_results(
    request: Request, caller: Caller, results: Sequence[ItemResult], *, key: str
) -> Response:
    """What became of each document; `key`: the sentence about those done."""
    return page(
        request,
        "pay_results.html",
        caller,
        sentence=key,
        good=[one for one in results if one.done],
        kept=[one for one in results if not one.done],
    )

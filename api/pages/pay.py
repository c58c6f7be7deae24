"""Releasing payments: what would leave as which message to which bank, then doing it."""

from __future__ import annotations

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
from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.payments import payables, plan, release

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("payments.release"))]
SHOWN = 500
"""Documents planned on one page; the rest is planned when these have gone."""


@router.get("/pay")
def plan_page(request: Request, caller: May) -> Response:
    """The payment batches that releasing now would make; nothing is written."""
    services = services_of(request)
    notes: tuple[Note, ...] = ()
    planned = None
    with transaction(services.engine) as session:
        allowed = visible_orgs(session, caller.user_id, "payments.release")
        wanted = Filter(states=("UNPAID",), org_ids=allowed, channel="bank_direct")
        found = lists.find(session, caller.user_id, wanted, limit=SHOWN)
        ids = [one.id for one in found.rows if one.id is not None]
        held = holds.held(session, ids)
        try:
            planned = plan(
                services.rulebook.at(session),
                payables(session, [one for one in ids if one not in held]),
                services.clock.business_date(),
            )
        except SluiceError as error:
            notes = (refusal(request, error),)
        open_orgs = unmasked_orgs(session, caller.user_id)
    return page(
        request,
        "pay.html",
        caller,
        notes=notes,
        planned=planned,
        hidden=found.count - len(found.rows),
        held=len(held),
        open_orgs=open_orgs,
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

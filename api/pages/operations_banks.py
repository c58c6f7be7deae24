"""A bank's parameters: channels on and off, cut-offs, limits, who set what and why."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from api.identity import Caller, needs
from api.pages.shell import Note, go, page, refusal
from api.services import services_of
from api.statuses import status_of
from engine.banks.parameters import LIMITS, ROOT
from engine.base.text import SluiceError
from engine.runtime.db import transaction
from engine.treasury.banks import Change, bank_view, changes, set_parameter
from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.organisations.tree import organisations, path_of

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("operations.read"))]
MayManage = Annotated[Caller, Depends(needs("banks.manage"))]
Line = Annotated[str, Form(max_length=40)]
SET = ("cut_off", "max_payment", "max_day", "max_in_flight", "quiet")
"""What the form sets; channels have buttons of their own."""


@router.get("/operations/banks/{bank}")
def shown(request: Request, caller: May, bank: str, org: str = ROOT) -> Response:
    """The bank as an organisation meets it."""
    return _shown(request, caller, bank, org)


@router.post("/operations/banks/{bank}")
def put(
    request: Request,
    caller: MayManage,
    bank: str,
    name: Line,
    value: Line = "",
    channel: Line = "",
    org: Line = ROOT,
    currency: Line = "",
    reason: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Set a parameter; an empty value takes it back."""
    services = services_of(request)
    change = Change(bank, name, value.strip() or None, reason, channel, org, currency)
    try:
        with transaction(services.engine) as session:
            set_parameter(session, caller.user_id, change, services.clock.now())
    except SluiceError as error:
        note = refusal(request, error)
        return _shown(request, caller, bank, org, note, status=status_of(error))
    return go(f"/operations/banks/{bank}?org={org}", key="done.bank_set", name=name)


def _shown(
    request: Request, caller: Caller, bank: str, org: str, *notes: Note, status: int = 200
) -> Response:
    with transaction(services_of(request).engine) as session:
        orgs = visible_orgs(session, caller.user_id, "operations.read")
        view = bank_view(session, bank, org, orgs)
        made = changes(session, bank, {*orgs, *path_of(session, org)})
        tree = [one for one in organisations(session).values() if one.id in orgs]
    return page(
        request,
        "operations_bank.html",
        caller,
        notes=notes,
        status=status,
        bank=view,
        org=org,
        orgs=tree,
        changes=made,
        names=SET,
        limits=LIMITS,
    )

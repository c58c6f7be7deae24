"""Bank layouts: what is live, what waits for a second person, and one with its text."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from api.identity import Caller, needs
from api.pages.shell import Note, go, page, refusal
from api.rest.bank_layouts import layouts_of
from api.services import services_of
from api.statuses import status_of
from engine.base.text import SluiceError
from engine.runtime.db import transaction
from engine.treasury.layouts import reviewing
from engine.treasury.layouts.errors import unknown_layout

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("layouts.read"))]
MaySign = Annotated[Caller, Depends(needs("layouts.approve"))]


@router.get("/operations/layouts")
def listed(request: Request, caller: May) -> Response:
    """Every layout the caller may see."""
    with transaction(services_of(request).engine) as session:
        found = [one for one, _ in layouts_of(session, caller.user_id)]
    return page(request, "operations_layouts.html", caller, layouts=found)


@router.get("/operations/layouts/{hash}")
def shown(request: Request, caller: May, hash: str) -> Response:
    """One layout: its text and what was live under its name."""
    return _shown(request, caller, hash)


@router.post("/operations/layouts/{hash}/sign")
def sign(request: Request, caller: MaySign, hash: str) -> Response:
    """Sign what another wrote; it is live with that."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            made = reviewing.sign(session, caller.user_id, hash, services.clock.now())
            name = made.name
    except SluiceError as error:
        return _shown(request, caller, hash, refusal(request, error), status=status_of(error))
    return go(f"/operations/layouts/{hash}", key="done.layout_signed", name=name)


@router.post("/operations/layouts/{hash}/return")
def send_back(
    request: Request,
    caller: MaySign,
    hash: str,
    reason: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Return it to its author."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            made = reviewing.send_back(session, caller.user_id, hash, reason, services.clock.now())
            name = made.name
    except SluiceError as error:
        return _shown(request, caller, hash, refusal(request, error), status=status_of(error))
    return go(f"/operations/layouts/{hash}", key="done.layout_returned", name=name)


def _shown(
    request: Request, caller: Caller, hash: str, *notes: Note, status: int = 200
) -> Response:
    with transaction(services_of(request).engine) as session:
        pairs = {one.hash: (one, text) for one, text in layouts_of(session, caller.user_id)}
        if hash not in pairs:
            raise unknown_layout(hash)
        layout, text = pairs[hash]
        made = reviewing.activations(session, layout.organisation, layout.name)
    return page(
        request,
        "operations_layout.html",
        caller,
        notes=notes,
        status=status,
        layout=layout,
        text=text,
        activations=made,
    )

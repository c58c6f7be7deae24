"""Alerts: the inbox, acknowledging and resolving, and what is held because of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlmodel import Session

from api.filters import text_of
from api.identity import Caller, needs
from api.pages.shell import Note, go, page, pager, refusal
from api.services import services_of
from api.statuses import status_of
from engine.base.text import SluiceError
from engine.runtime.db import transaction
from engine.treasury.alerts import board, holds
from engine.treasury.alerts.lists import AlertFilter, document_of, find
from engine.treasury.documents.history import documents_by_id
from engine.treasury.intake import course as intake
from engine.treasury.intake import ending
from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.status import monitor_state

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("alerts.read"))]
MayHandle = Annotated[Caller, Depends(needs("alerts.handle"))]
ROWS = 50
OPEN = ("open", "acknowledged")
STATES = ("open", "acknowledged", "resolved")
SEVERITIES = ("high", "medium", "low")


@router.get("/alerts")
def inbox(request: Request, caller: May) -> Response:
    """Open alerts, newest first; resolved ones by filter."""
    return _inbox(request, caller)


def _inbox(request: Request, caller: Caller, *notes: Note, status: int = 200) -> Response:
    query = request.query_params
    number = max(1, int(query["page"])) if query.get("page", "").isdecimal() else 1
    state = text_of(query.get("state"))
    wanted = AlertFilter(
        states=(state,) if state in STATES else OPEN,
        severity=text_of(query.get("severity")),
        text=text_of(query.get("q")),
    )
    with transaction(services_of(request).engine) as session:
        user = caller.user_id
        found = find(session, user, wanted, limit=ROWS, offset=(number - 1) * ROWS)
        ids = [
            int(one.subject_id)
            for one in found.rows
            if one.subject_kind == "document" and one.subject_id.isdecimal()
        ]
        readable = visible_orgs(session, user, "documents.read")
        documents = {
            str(key): one
            for key, one in documents_by_id(session, ids).items()
            if one.org_id in readable
        }
        values = {
            "documents": documents,
            "held": {str(one) for one in holds.held(session, ids)},
            "monitor": monitor_state(session),
            "handles": visible_orgs(session, user, "alerts.handle"),
            "releases": visible_orgs(session, user, "holds.release"),
            "voids": visible_orgs(session, user, "documents.void"),
        }
    return page(
        request,
        "alerts.html",
        caller,
        notes=notes,
        status=status,
        found=found,
        states=STATES,
        severities=SEVERITIES,
        pager=pager(request, number, ROWS, found.count),
        **values,
    )


Act = Callable[[Session], dict[str, str | int]]
"""What is done in a transaction; the values of the word that is shown afterwards."""


def _done(request: Request, caller: Caller, act: Act, *, key: str) -> Response:
    """Act, then show the inbox with the word `key`; a refusal is shown in it."""
    try:
        with transaction(services_of(request).engine) as session:
            values = act(session)
    except SluiceError as error:
        return _inbox(request, caller, refusal(request, error), status=status_of(error))
    return go("/alerts", key=key, **values)


@router.post("/alerts/{alert_id}/acknowledge")
def acknowledge(request: Request, caller: MayHandle, alert_id: int) -> Response:
    """I am on it."""

    def act(session: Session) -> dict[str, str | int]:
        board.acknowledge(session, caller.user_id, alert_id, services_of(request).clock.now())
        return {"alert": alert_id}

    return _done(request, caller, act, key="done.acknowledged")


@router.post("/alerts/{alert_id}/resolve")
def resolve(
    request: Request, caller: MayHandle, alert_id: int, note: Annotated[str, Form()] = ""
) -> Response:
    """Close the alert with a note."""

    def act(session: Session) -> dict[str, str | int]:
        board.resolve(session, caller.user_id, alert_id, note, services_of(request).clock.now())
        return {"alert": alert_id}

    return _done(request, caller, act, key="done.resolved")


@router.post("/alerts/{alert_id}/release")
def release(
    request: Request,
    caller: Annotated[Caller, Depends(needs("holds.release"))],
    alert_id: int,
    note: Annotated[str, Form()] = "",
) -> Response:
    """Let the held document go on; never by whoever made it."""
    services = services_of(request)

    def act(session: Session) -> dict[str, str | int]:
        held = document_of(session, caller.user_id, alert_id)
        now = services.clock.now()
        document = intake.release(session, services.rulebook, caller.user_id, held, note, now)
        return {"number": document.document_no}

    return _done(request, caller, act, key="done.released")


@router.post("/alerts/{alert_id}/void")
def void(
    request: Request,
    caller: Annotated[Caller, Depends(needs("documents.void"))],
    alert_id: int,
    note: Annotated[str, Form()] = "",
) -> Response:
    """End the held document for good."""

    def act(session: Session) -> dict[str, str | int]:
        held = document_of(session, caller.user_id, alert_id)
        number = documents_by_id(session, [held])[held].document_no
        ending.void(session, caller.user_id, [held], note, services_of(request).clock.now())
        return {"number": number}

    return _done(request, caller, act, key="done.voided")

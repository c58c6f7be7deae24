"""Schedules: when they fire, what became of it; hold, release, run now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlmodel import Session

from api.identity import Caller, needs
from api.pages.shell import Note, go, page, refusal
from api.schedule_words import when
from api.services import services_of
from api.statuses import status_of
from engine.base.text import SluiceError
from engine.runtime.db import transaction
from engine.treasury.operations import schedules

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("operations.read"))]
MayRun = Annotated[Caller, Depends(needs("operations.run"))]
Reason = Annotated[str, Form(max_length=2000)]


@router.get("/operations/schedules")
def listed(request: Request, caller: May) -> Response:
    """Every schedule with its latest run and its next time."""
    return _listed(request, caller)


def _listed(request: Request, caller: Caller, *notes: Note, status: int = 200) -> Response:
    services = services_of(request)
    with transaction(services.engine) as session:
        now = services.clock.now()
        rows = schedules.listed(session, caller.user_id, services.schedules, now)
    return page(
        request,
        "operations_schedules.html",
        caller,
        notes=notes,
        status=status,
        rows=[(one, when(one.schedule)) for one in rows],
    )


@router.post("/operations/schedules/{name}/hold")
def hold(request: Request, caller: MayRun, name: str, reason: Reason = "") -> Response:
    """Let it not fire until it is released."""
    services = services_of(request)

    def act(session: Session) -> object:
        now, user = services.clock.now(), caller.user_id
        return schedules.hold(session, user, services.schedules, name, reason, now)

    return _done(request, caller, act, name, key="done.schedule_held")


@router.post("/operations/schedules/{name}/release")
def release(request: Request, caller: MayRun, name: str, reason: Reason = "") -> Response:
    """Let it fire again."""
    services = services_of(request)

    def act(session: Session) -> object:
        now, user = services.clock.now(), caller.user_id
        return schedules.release(session, user, services.schedules, name, reason, now)

    return _done(request, caller, act, name, key="done.schedule_unheld")


@router.post("/operations/schedules/{name}/run")
def run(request: Request, caller: MayRun, name: str, reason: Reason = "") -> Response:
    """One extra run at once."""
    services = services_of(request)

    def act(session: Session) -> object:
        now, user = services.clock.now(), caller.user_id
        return schedules.run_now(session, user, services.schedules, name, reason, now)

    return _done(request, caller, act, name, key="done.schedule_run")


def _done(
    request: Request, caller: Caller, act: Callable[[Session], object], name: str, *, key: str
) -> Response:
    try:
        with transaction(services_of(request).engine) as session:
            act(session)
    except SluiceError as error:
        return _listed(request, caller, refusal(request, error), status=status_of(error))
    return go("/operations/schedules", key=key, name=name)

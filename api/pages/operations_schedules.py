"""Schedules: when they fire, what became of it; hold, release, run now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
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
from engine.runtime.schedules import Schedule
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
    return _acted(request, caller, schedules.hold, name, reason, key="done.schedule_held")


@router.post("/operations/schedules/{name}/release")
def release(request: Request, caller: MayRun, name: str, reason: Reason = "") -> Response:
    """Let it fire again."""
    return _acted(request, caller, schedules.release, name, reason, key="done.schedule_unheld")


@router.post("/operations/schedules/{name}/run")
def run(request: Request, caller: MayRun, name: str, reason: Reason = "") -> Response:
    """One extra run at once."""
    return _acted(request, caller, schedules.run_now, name, reason, key="done.schedule_run")


def _acted(
    request: Request,
    caller: Caller,
    do: Callable[[Session, str, Sequence[Schedule], str, str, dt.datetime], object],
    name: str,
    reason: str,
    *,
    key: str,
) -> Response:
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            now = services.clock.now()
            do(session, caller.user_id, services.schedules, name, reason, now)
    except SluiceError as error:
        return _listed(request, caller, refusal(request, error), status=status_of(error))
    return go("/operations/schedules", key=key, name=name)

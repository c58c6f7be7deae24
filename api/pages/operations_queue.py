"""The action queue: by state and kind, row by row; retry, hold, release."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlmodel import Session

from api.filters import text_of
from api.identity import Caller, needs
from api.pages.shell import Note, go, page, pager, refusal
from api.services import services_of
from api.statuses import status_of
from engine.base.text import SluiceError, Text
from engine.runtime.db import transaction
from engine.runtime.holds import open_holds
from engine.treasury.operations import letters, queue, queue_acts
from engine.treasury.operations.queue import QueueFilter

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("operations.read"))]
MayRun = Annotated[Caller, Depends(needs("operations.run"))]
Keys = Annotated[list[str] | None, Form()]
Reason = Annotated[str, Form(max_length=2000)]
ROWS = 50


@router.get("/operations/queue")
def listed(request: Request, caller: May) -> Response:
    """Kinds with their counts, and the actions that are not done."""
    return _listed(request, caller)


def _listed(request: Request, caller: Caller, *notes: Note, status: int = 200) -> Response:
    query = request.query_params
    asked = query.get("page", "")
    number = max(1, int(asked)) if asked.isdecimal() and len(asked) < 9 else 1
    state = text_of(query.get("state"))
    wanted = QueueFilter(
        state if state in queue.STATES else None,
        text_of(query.get("kind")),
        text_of(query.get("q")),
    )
    services = services_of(request)
    with transaction(services.engine) as session:
        now, user = services.clock.now(), caller.user_id
        kinds = queue.kinds(session, user, services.kinds, now)
        found = queue.find(session, user, wanted, now, limit=ROWS, offset=(number - 1) * ROWS)
        own = {one.name: one for one in open_holds(session, "action")}
        dead = letters.dead_letters(session, user)
    counts: Counter[str] = Counter()
    for kind in kinds:
        counts.update(kind.counts)
    return page(
        request,
        "operations_queue.html",
        caller,
        notes=notes,
        status=status,
        kinds=kinds,
        counts=counts,
        states=queue.STATES,
        state=wanted.state,
        found=found,
        own=own,
        dead=dead,
        pager=pager(request, number, ROWS, found.count),
    )


@router.post("/operations/queue/retry")
def retry(request: Request, caller: MayRun, key: Keys = None, reason: Reason = "") -> Response:
    """Let the ticked given-up actions be tried again, all or none."""
    return _each(request, caller, key or (), queue_acts.retry, reason, key="done.retried")


@router.post("/operations/queue/hold")
def hold(request: Request, caller: MayRun, key: Keys = None, reason: Reason = "") -> Response:
    """Let no worker begin the ticked actions, all or none."""
    return _each(request, caller, key or (), queue_acts.hold_action, reason, key="done.held")


@router.post("/operations/queue/release")
def release(request: Request, caller: MayRun, key: Keys = None, reason: Reason = "") -> Response:
    """Let workers take the ticked actions again, all or none."""
    return _each(request, caller, key or (), queue_acts.release_action, reason, key="done.unheld")


@router.post("/operations/queue/letters/replay")
def replay(
    request: Request, caller: MayRun, message_id: Annotated[str, Form()], reason: Reason = ""
) -> Response:
    """Send a dead letter again; those it held back follow in order."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            letters.replay(session, caller.user_id, message_id, reason, services.clock.now())
    except SluiceError as error:
        return _listed(request, caller, refusal(request, error), status=status_of(error))
    return go("/operations/queue", key="done.replayed", message=message_id)


@router.post("/operations/queue/kinds/hold")
def hold_kind(
    request: Request, caller: MayRun, kind: Annotated[str, Form()], reason: Reason = ""
) -> Response:
    """Let no worker begin any action of a kind."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            now, user = services.clock.now(), caller.user_id
            queue_acts.hold_kind(session, user, kind, services.kinds, reason, now)
            under_way = queue_acts.running(session, kind)
    except SluiceError as error:
        return _listed(request, caller, refusal(request, error), status=status_of(error))
    return go("/operations/queue", key="done.kind_held", kind=kind, running=under_way)


@router.post("/operations/queue/kinds/release")
def release_kind(
    request: Request, caller: MayRun, kind: Annotated[str, Form()], reason: Reason = ""
) -> Response:
    """Let workers take a held kind again."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            now = services.clock.now()
            queue_acts.release_kind(session, caller.user_id, kind, reason, now)
    except SluiceError as error:
        return _listed(request, caller, refusal(request, error), status=status_of(error))
    return go("/operations/queue", key="done.kind_unheld", kind=kind)


def _each(
    request: Request,
    caller: Caller,
    keys: Sequence[str],
    do: Callable[[Session, str, str, str, dt.datetime], object],
    reason: str,
    *,
    key: str,
) -> Response:
    services = services_of(request)
    try:
        if not keys:
            raise SluiceError(
                "NOTHING_TICKED",
                Text("tick the actions it is about", "请先勾选任务"),
            )
        with transaction(services.engine) as session:
            now = services.clock.now()
            for one in dict.fromkeys(keys):
                do(session, caller.user_id, one, reason, now)
    except SluiceError as error:
        return _listed(request, caller, refusal(request, error), status=status_of(error))
    return go("/operations/queue", key=key, count=len(set(keys)))

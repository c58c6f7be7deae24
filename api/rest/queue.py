"""The action queue over REST: what waits, runs, is held or was given up; retry, hold, release."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field
from sqlmodel import Session

from api.filters import text_of
from api.identity import Caller, needs
from api.rest.errors import Problem
from api.services import services_of
from engine.runtime.db import transaction
from engine.runtime.models import WorkHold
from engine.treasury.operations import queue, queue_acts
from engine.treasury.operations.queue import QueueFilter

router = APIRouter(prefix="/api/v1/queue", tags=["operations"])
Reads = Annotated[Caller, Depends(needs("operations.read"))]
Runs = Annotated[Caller, Depends(needs("operations.run"))]
REFUSED: dict[int | str, dict[str, object]] = {
    403: {"model": Problem},
    404: {"model": Problem, "description": "Not there, or not within your organisations"},
    409: {"model": Problem, "description": "It is so already"},
}


class ActionOut(BaseModel):
    """One action. `state`: due, later, running, held, dead or done; `held` from the end of this
    run for one that is running."""

    key: str
    kind: str
    organisation: str | None
    state: str
    held: bool
    due_at: dt.datetime | None
    attempts: int
    crashes: int
    last_error: str | None
    worker: str | None
    lease_until: dt.datetime | None
    created_at: dt.datetime

    @classmethod
    def of(cls, one: queue.QueueRow) -> ActionOut:
        """From a row of the queue."""
        return cls(
            key=one.key,
            kind=one.kind,
            organisation=one.org_id,
            state=one.standing,
            held=one.held,
            due_at=one.due_at,
            attempts=one.attempts,
            crashes=one.crashes,
            last_error=one.last_error,
            worker=one.worker,
            lease_until=one.lease_until,
            created_at=one.created_at,
        )


class ActionList(BaseModel):
    """One page of actions; `count` is of all that were found."""

    rows: list[ActionOut]
    count: int


class HoldOut(BaseModel):
    """A hold: `scope` is kind, action or schedule."""

    scope: str
    name: str
    reason: str
    held_by: str
    held_at: dt.datetime
    released_by: str | None
    released_at: dt.datetime | None
    release_reason: str | None

    @classmethod
    def of(cls, one: WorkHold) -> HoldOut:
        """From the stored one."""
        return cls(
            scope=one.scope,
            name=one.name,
            reason=one.reason,
            held_by=one.held_by,
            held_at=one.held_at,
            released_by=one.released_by,
            released_at=one.released_at,
            release_reason=one.release_reason,
        )


class KindOut(BaseModel):
    """A kind of action, how many stand how, and the hold on it."""

    kind: str
    counts: dict[str, int]
    hold: HoldOut | None

    @classmethod
    def of(cls, one: queue.KindRow) -> KindOut:
        """From a row of the queue's summary."""
        return cls(
            kind=one.kind,
            counts=one.counts,
            hold=None if one.hold is None else HoldOut.of(one.hold),
        )


class Reason(BaseModel):
    """Why; it is kept in the audit log."""

    reason: str = Field(min_length=1, max_length=2000)


class OfAction(Reason):
    """One action by its key."""

    key: str = Field(min_length=1, max_length=500)


class OfKind(Reason):
    """All actions of a kind."""

    kind: str = Field(min_length=1, max_length=200)


class Retried(BaseModel):
    """The action that workers take again."""

    key: str


@router.get("", summary="Actions, open ones unless a state is named")
def listed(
    request: Request,
    caller: Reads,
    state: Literal["due", "later", "running", "held", "dead", "done"] | None = None,
    kind: str | None = None,
    q: Annotated[str | None, Query(description="part of the key or the last reason")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> ActionList:
    """Of the organisations the caller may see; the system's own for the whole group only."""
    services = services_of(request)
    wanted = QueueFilter(state, text_of(kind), text_of(q))
    with transaction(services.engine) as session:
        now = services.clock.now()
        found = queue.find(session, caller.user_id, wanted, now, limit=limit, offset=offset)
    return ActionList(rows=[ActionOut.of(one) for one in found.rows], count=found.count)


@router.get("/kinds", summary="Kinds of action, how many stand how, and the holds on kinds")
def kinds(request: Request, caller: Reads) -> list[KindOut]:
    """Every kind the product knows."""
    services = services_of(request)
    with transaction(services.engine) as session:
        found = queue.kinds(session, caller.user_id, services.kinds, services.clock.now())
    return [KindOut.of(one) for one in found]


@router.post("/retry", summary="Let a given-up action be tried again", responses=REFUSED)
def retry(request: Request, caller: Runs, given: OfAction) -> Retried:
    """At once; its cause should be mended by now."""
    services = services_of(request)
    with transaction(services.engine) as session:
        now = services.clock.now()
        queue_acts.retry(session, caller.user_id, given.key, given.reason, now)
    return Retried(key=given.key)


@router.post("/hold", summary="Let no worker begin an action", responses=REFUSED)
def hold(request: Request, caller: Runs, given: OfAction) -> HoldOut:
    """One that is being carried out is held from the end of this run."""
    return _of_action(request, caller, given, queue_acts.hold_action)


@router.post("/release", summary="Let workers take a held action again", responses=REFUSED)
def release(request: Request, caller: Runs, given: OfAction) -> HoldOut:
    """As if it had not been held."""
    return _of_action(request, caller, given, queue_acts.release_action)


@router.post("/kinds/hold", summary="Let no worker begin any action of a kind", responses=REFUSED)
def hold_kind(request: Request, caller: Runs, given: OfKind) -> HoldOut:
    """Those to come included; needs operations.run for the whole group."""
    services = services_of(request)
    with transaction(services.engine) as session:
        now, user = services.clock.now(), caller.user_id
        return HoldOut.of(
            queue_acts.hold_kind(session, user, given.kind, services.kinds, given.reason, now)
        )


@router.post("/kinds/release", summary="Let workers take a held kind again", responses=REFUSED)
def release_kind(request: Request, caller: Runs, given: OfKind) -> HoldOut:
    """Actions that are held by themselves stay held."""
    services = services_of(request)
    with transaction(services.engine) as session:
        now = services.clock.now()
        return HoldOut.of(
            queue_acts.release_kind(session, caller.user_id, given.kind, given.reason, now)
        )


def _of_action(
    request: Request,
    caller: Caller,
    given: OfAction,
    do: Callable[[Session, str, str, str, dt.datetime], WorkHold],
) -> HoldOut:
    services = services_of(request)
    with transaction(services.engine) as session:
        now = services.clock.now()
        return HoldOut.of(do(session, caller.user_id, given.key, given.reason, now))

"""Schedules over REST: when they fired and will fire; hold, release, run now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from sqlmodel import Session

from api.identity import Caller, needs
from api.rest.queue import REFUSED, HoldOut, Reason
from api.services import services_of
from engine.runtime.db import transaction
from engine.runtime.schedules import Schedule
from engine.treasury.operations import schedules
from engine.treasury.operations.schedules import ScheduleRow

router = APIRouter(prefix="/api/v1/schedules", tags=["operations"])
Reads = Annotated[Caller, Depends(needs("operations.read"))]
Runs = Annotated[Caller, Depends(needs("operations.run"))]


class RunOut(BaseModel):
    """The latest run. `state` of its action: ready, leased, done or dead; `asked_by` who had it
    run outside its times."""

    due_at: dt.datetime
    fired_at: dt.datetime
    asked_by: str | None
    state: str | None
    last_error: str | None


class ScheduleOut(BaseModel):
    """A schedule. `trigger` is a cron line in Asia/Shanghai, or words where a calendar decides."""

    name: str
    trigger: str
    kind: str
    missed: str
    organisation: str | None
    last: RunOut | None
    next_due: dt.datetime | None
    hold: HoldOut | None

    @classmethod
    def of(cls, one: ScheduleRow) -> ScheduleOut:
        """From a schedule with its latest run."""
        last = one.last
        return cls(
            name=one.schedule.name,
            trigger=one.schedule.trigger,
            kind=one.schedule.kind,
            missed=one.schedule.missed,
            organisation=one.schedule.org_id,
            last=None
            if last is None
            else RunOut(
                due_at=last.due_at,
                fired_at=last.fired_at,
                asked_by=last.asked_by,
                state=last.state,
                last_error=last.last_error,
            ),
            next_due=one.next_due,
            hold=None if one.hold is None else HoldOut.of(one.hold),
        )


class Fired(BaseModel):
    """The action of the extra run."""

    action: str


@router.get("", summary="Schedules with their latest run and next time")
def listed(request: Request, caller: Reads) -> list[ScheduleOut]:
    """Those of the system are the whole group's."""
    services = services_of(request)
    with transaction(services.engine) as session:
        now = services.clock.now()
        found = schedules.listed(session, caller.user_id, services.schedules, now)
    return [ScheduleOut.of(one) for one in found]


@router.post("/{name}/hold", summary="Let a schedule not fire", responses=REFUSED)
def hold(request: Request, caller: Runs, name: str, why: Reason) -> HoldOut:
    """Until it is released."""
    return _acted(request, caller, name, why, schedules.hold, HoldOut.of)


@router.post("/{name}/release", summary="Let a schedule fire again", responses=REFUSED)
def release(request: Request, caller: Runs, name: str, why: Reason) -> HoldOut:
    """Of the times that passed meanwhile the latest fires at once, the others never."""
    return _acted(request, caller, name, why, schedules.release, HoldOut.of)


@router.post("/{name}/run", summary="One extra run at once", responses=REFUSED)
def run(request: Request, caller: Runs, name: str, why: Reason) -> Fired:
    """It moves none of the schedule's times. What releases payments needs payments.release too."""
    return _acted(request, caller, name, why, schedules.run_now, lambda key: Fired(action=key))


Done = TypeVar("Done")
Told = TypeVar("Told")


def _acted(
    request: Request,
    caller: Caller,
    name: str,
    why: Reason,
    do: Callable[[Session, str, Sequence[Schedule], str, str, dt.datetime], Done],
    tell: Callable[[Done], Told],
) -> Told:
    """Do it to a schedule in one transaction, and tell of it."""
    services = services_of(request)
    with transaction(services.engine) as session:
        now, user = services.clock.now(), caller.user_id
        return tell(do(session, user, services.schedules, name, why.reason, now))

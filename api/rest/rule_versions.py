"""Versions of rulesets: listed, signed, returned, timed; and what ruled on a date."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, Field

from api.identity import Caller, needs
from api.rest.errors import Problem
from api.rest.rule_shapes import VersionOut, refused
from api.services import services_of
from engine.rulebook.errors import RulesetRefused
from engine.rulebook.models import ScheduledActivation
from engine.rulebook.versions import state_of
from engine.runtime.db import transaction
from engine.treasury.rulesets import activating, reviewing
from engine.treasury.rulesets.known import known as known_then
from engine.treasury.rulesets.shelf import stored_for
from engine.treasury.rulesets.visible import version_for

router = APIRouter(prefix="/api/v1", tags=["rulesets"])
Reads = Annotated[Caller, Depends(needs("rulesets.read"))]
Signs = Annotated[Caller, Depends(needs("rulesets.approve"))]
Activates = Annotated[Caller, Depends(needs("rulesets.activate"))]


class VersionText(VersionOut):
    """A version with its text."""

    text: str


class Signature(BaseModel):
    """Whether the version becomes live at once."""

    activate: bool = False


class Signed(BaseModel):
    """The signed version, and the revision it became live with."""

    version: VersionOut
    revision: int | None


class Because(BaseModel):
    """A reason, which is kept."""

    reason: str = Field(min_length=1, max_length=2000)


class Timing(Because):
    """Which signed versions become live when."""

    hashes: list[str] = Field(min_length=1, max_length=100)
    activate_at: AwareDatetime


class TimedOut(BaseModel):
    """A timed activation; `state` is waiting, done, refused or cancelled."""

    id: int
    hashes: list[str]
    activate_at: dt.datetime
    requested_by: str
    reason: str
    state: str
    revision: int | None
    outcome: str | None

    @classmethod
    def of(cls, one: ScheduledActivation) -> TimedOut:
        """From the stored one."""
        return cls(
            id=one.id or 0,
            hashes=one.hashes,
            activate_at=one.activate_at,
            requested_by=one.requested_by,
            reason=one.reason,
            state=one.state,
            revision=one.revision_id,
            outcome=one.outcome,
        )


class AsOf(BaseModel):
    """What ruled: the revision that was known, and its rulesets for the date."""

    revision: int
    on: dt.date
    rulesets: list[VersionOut]


@router.get("/ruleset-versions", summary="Stored versions, newest first")
def versions(
    request: Request,
    caller: Reads,
    kind: str | None = None,
    name: str | None = None,
    state: Literal["proposed", "returned", "signed"] | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> list[VersionOut]:
    """Of the rulesets that rule an organisation the caller may see."""
    with transaction(services_of(request).engine) as session:
        found = [
            one
            for one in stored_for(session, caller.user_id)
            if kind in (None, one.kind)
            and name in (None, one.name)
            and state in (None, state_of(one))
        ]
    found.sort(key=lambda one: (one.created_at, one.version), reverse=True)
    return [VersionOut.of(one) for one in found[offset : offset + limit]]


@router.get(
    "/ruleset-versions/{hash}",
    summary="A version with its text",
    responses={404: {"model": Problem}},
)
def version(request: Request, caller: Reads, hash: str) -> VersionText:
    """By its hash, or the first 8 digits of it or more."""
    with transaction(services_of(request).engine) as session:
        found = version_for(session, caller.user_id, hash)
    return VersionText(**VersionOut.of(found).model_dump(), text=found.text)


@router.post(
    "/ruleset-versions/{hash}/sign",
    summary="Sign a proposed version, and make it live if wanted",
    response_model=Signed,
    responses={403: {"model": Problem}, 422: {"description": "A broken set: `findings`"}},
)
def sign(request: Request, caller: Signs, hash: str, how: Signature) -> Signed | JSONResponse:
    """Never by somebody who wrote at it."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            now, revision = services.clock.now(), None
            if how.activate:
                revision = reviewing.sign_and_activate(session, caller.user_id, hash, now)
                done = version_for(session, caller.user_id, hash)
            else:
                done = reviewing.sign(session, caller.user_id, hash, now)
            return Signed(version=VersionOut.of(done), revision=revision)
    except RulesetRefused as error:
        return refused(error)


@router.post(
    "/ruleset-versions/{hash}/return",
    summary="Return a proposed version to its author",
    responses={409: {"model": Problem, "description": "Signed or returned already"}},
)
def give_back(request: Request, caller: Reads, hash: str, why: Because) -> VersionOut:
    """Needs rulesets.approve; who wrote at it may withdraw it."""
    services = services_of(request)
    with transaction(services.engine) as session:
        now = services.clock.now()
        return VersionOut.of(reviewing.give_back(session, caller.user_id, hash, why.reason, now))


@router.get("/scheduled-activations", summary="Timed activations and what became of them")
def timed(request: Request, caller: Reads) -> list[TimedOut]:
    """By their time."""
    with transaction(services_of(request).engine) as session:
        found = activating.timed(session, caller.user_id, state=None)
    return [TimedOut.of(one) for one in found]


@router.post(
    "/scheduled-activations", summary="Let signed versions become live later", status_code=201
)
def schedule(request: Request, caller: Activates, timing: Timing) -> TimedOut:
    """A worker does it; a set that is broken by then changes nothing and raises an incident."""
    services = services_of(request)
    with transaction(services.engine) as session:
        made = activating.at(
            session,
            caller.user_id,
            timing.hashes,
            timing.activate_at.astimezone(dt.UTC),
            timing.reason,
            services.clock.now(),
        )
        return TimedOut.of(made)


@router.post("/scheduled-activations/{number}/cancel", summary="Stop a timed activation")
def cancel(request: Request, caller: Activates, number: int, why: Because) -> TimedOut:
    """While it waits."""
    services = services_of(request)
    with transaction(services.engine) as session:
        now = services.clock.now()
        return TimedOut.of(activating.cancel(session, caller.user_id, number, why.reason, now))


@router.get("/rulesets/as-of", summary="What ruled an organisation on a date, as known then")
def as_of(
    request: Request,
    caller: Reads,
    kind: str,
    org: str = "GROUP",
    on: dt.date | None = None,
    known: AwareDatetime | None = None,
    subject: str | None = None,
) -> AsOf:
    """Defaults: today, and what is known now."""
    services = services_of(request)
    with transaction(services.engine) as session:
        day = on or services.clock.business_date()
        found = known_then(
            session,
            caller.user_id,
            services.rulebook,
            kind,
            org=org,
            on=day,
            at=known or services.clock.now(),
            subject=subject,
        )
    rulesets = [VersionOut.of(one.version) for one in found.rulesets]
    return AsOf(revision=found.revision, on=day, rulesets=rulesets)

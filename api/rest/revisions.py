"""Revisions: what became live when; plan, reload and undo."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from api.identity import Caller, needs
from api.plan_json import plan_json
from api.rest.errors import Problem
from api.rest.rule_shapes import FindingOut, VersionOut, refused
from api.services import services_of
from engine.rulebook.errors import RulesetRefused, unknown_revision
from engine.rulebook.impact import MOST, impacts
from engine.rulebook.models import Revision
from engine.rulebook.reloading import Reloaded, revisions
from engine.rulebook.revisions import items_of
from engine.runtime.db import transaction
from engine.treasury.organisations.rule_grants import rule_reach
from engine.treasury.rulesets import activating
from engine.treasury.rulesets.shelf import touching
from engine.treasury.rulesets.visible import READ, ruling

router = APIRouter(prefix="/api/v1", tags=["rulesets"])
Reads = Annotated[Caller, Depends(needs("rulesets.read"))]
Activates = Annotated[Caller, Depends(needs("rulesets.activate"))]
BROKEN: dict[int | str, dict[str, Any]] = {
    403: {"model": Problem},
    409: {"model": Problem, "description": "Superseded, returned, or nothing to undo"},
    422: {"description": "A broken set: `findings`; nothing has changed"},
}


class RevisionOut(BaseModel):
    """A revision; `cause` is approved, reload, schedule or undo.

    Who and why are null where it changed nothing the caller may see.
    """

    id: int
    activated_at: dt.datetime
    activated_by: str | None
    approved_by: str | None
    reason: str | None
    cause: str
    restores: int | None

    @classmethod
    def of(cls, one: Revision, *, told: bool) -> RevisionOut:
        """From the stored one; `told`: with names and reason."""
        return cls(
            id=one.id or 0,
            activated_at=one.activated_at,
            activated_by=one.activated_by if told else None,
            approved_by=one.approved_by if told else None,
            reason=one.reason if told else None,
            cause=one.cause,
            restores=one.restores,
        )


class RevisionItems(RevisionOut):
    """A revision with the versions it holds."""

    rulesets: list[VersionOut]


class Reload(BaseModel):
    """Which signed versions become live; null: all that wait."""

    hashes: list[str] | None = Field(default=None, min_length=1, max_length=500)
    over: int | None = Field(default=None, description="`revision` of the plan that was read")
    reason: str = Field(min_length=1, max_length=2000)


class Undo(BaseModel):
    """Which revision rules again; null: the one before the live one."""

    revision: int | None = None
    over: int | None = Field(default=None, description="`revision` of the plan that was read")
    reason: str = Field(min_length=1, max_length=2000)


class Activated(BaseModel):
    """The live revision and the one before; undoing is going back to `before`."""

    revision: int
    before: int
    changed: bool

    @classmethod
    def of(cls, done: Reloaded) -> Activated:
        """From what was done."""
        return cls(revision=done.revision, before=done.before, changed=done.changed)


@router.get("/rulesets/plan", summary="What a reload would make live")
def plan(
    request: Request,
    caller: Reads,
    hash: Annotated[list[str] | None, Query(description="only these signed versions")] = None,
    impacts_of: Annotated[
        int, Query(ge=0, le=MOST, description="how many versions the impact is told of")
    ] = MOST,
) -> dict[str, Any]:
    """Nothing is written. The form of `sluice plan --format json`. Each impact is a preview on
    the whole history: of versions behind the first ask by `hash`."""
    services = services_of(request)
    with transaction(services.engine) as session:
        found = activating.plan(session, caller.user_id, hash)
        told = None
        if services.histories is not None:
            told = impacts(
                session,
                found,
                services.rulebook.at(session),
                services.histories,
                services.clock.business_date(),
                visible=rule_reach(session, caller.user_id, READ).of,
                most=impacts_of,
            )
    findings = [FindingOut.of(one).model_dump() for one in found.findings]
    return {**plan_json(found, told), "findings": findings}


@router.get("/rulesets/undo-plan", summary="What an undo would bring back")
def undo_plan(
    request: Request,
    caller: Reads,
    revision: Annotated[int | None, Query(description="null: the one before the live one")] = None,
) -> dict[str, Any]:
    """Nothing is written. A plan as of a reload, with the revision it `restores`."""
    with transaction(services_of(request).engine) as session:
        target, found = activating.plan_back(session, caller.user_id, revision)
    return {**plan_json(found), "findings": [], "restores": target}


@router.post(
    "/rulesets/reload",
    summary="Make signed versions live, all or none",
    response_model=Activated,
    responses=BROKEN,
)
def reload(request: Request, caller: Activates, given: Reload) -> Activated | JSONResponse:
    """One revision for all of them."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            now = services.clock.now()
            done = activating.reload(
                session, caller.user_id, given.hashes, given.reason, now, given.over
            )
            return Activated.of(done)
    except RulesetRefused as error:
        return refused(error)


@router.post(
    "/rulesets/undo",
    summary="Let an earlier revision rule again",
    response_model=Activated,
    responses=BROKEN,
)
def undo(request: Request, caller: Activates, given: Undo) -> Activated | JSONResponse:
    """A new revision with exactly the earlier one's rulesets."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            now = services.clock.now()
            done = activating.take_back(
                session, caller.user_id, given.revision, given.reason, now, given.over
            )
            return Activated.of(done)
    except RulesetRefused as error:
        return refused(error)


@router.get(
    "/revisions",
    summary="Revisions, newest first",
)
def listed(
    request: Request, caller: Reads, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> list[RevisionOut]:
    """Who made what live, when and why."""
    with transaction(services_of(request).engine) as session:
        found = revisions(session, limit=limit)
        told = touching(session, caller.user_id, [one.id or 0 for one in found])
        return [RevisionOut.of(one, told=one.id in told) for one in found]


@router.get(
    "/revisions/{number}", summary="A revision's rulesets", responses={404: {"model": Problem}}
)
def revision(request: Request, caller: Reads, number: int) -> RevisionItems:
    """Those that rule an organisation the caller may see."""
    with transaction(services_of(request).engine) as session:
        found = session.get(Revision, number)
        if found is None:
            raise unknown_revision(number)
        seen = ruling(session, caller.user_id)
        told = touching(session, caller.user_id, [number])
        held = [i.version for i in items_of(session, number) if seen.covers(i.version)]
        return RevisionItems(
            **RevisionOut.of(found, told=number in told).model_dump(),
            rulesets=[VersionOut.of(one) for one in held],
        )

"""A reload as a plan: what would become live with its impact, chosen and made live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response

from api.identity import Caller, needs
from api.pages.language import language_of
from api.pages.plan_view import view_of
from api.pages.refusals import refused_notes
from api.pages.shell import Note, go, page, refusal
from api.plan_words import impact_text
from api.services import services_of
from api.statuses import status_of
from engine.base.text import SluiceError, Text
from engine.rulebook.impact import DAYS, impacts
from engine.runtime.db import transaction
from engine.treasury.organisations.rule_grants import rule_reach
from engine.treasury.rulesets import activating
from engine.treasury.rulesets.visible import READ, version_for

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("rulesets.read"))]
MayActivate = Annotated[Caller, Depends(needs("rulesets.activate"))]
Reason = Annotated[str, Form(max_length=2000)]

AT_ONCE = 3
"""Effects that are looked up as soon as the plan is shown; the others by a click."""


@router.get("/operations/reload")
def plan(
    request: Request,
    caller: May,
    hash: Annotated[list[str] | None, Query()] = None,
    chosen: str = "",
) -> Response:
    """What a reload would make live: all that waits, or with `chosen` the named versions."""
    return _plan(request, caller, (hash or []) if chosen else None)


def _plan(
    request: Request,
    caller: Caller,
    chosen: Sequence[str] | None,
    *notes: Note,
    reason: str = "",
    status: int = 200,
) -> Response:
    services = services_of(request)
    with transaction(services.engine) as session:
        waiting = activating.waiting(session, caller.user_id)
        known = {one.hash for one in waiting}
        ticked = known if chosen is None else known.intersection(chosen)
        hashes = [one.hash for one in waiting if one.hash in ticked]
        found = activating.plan(session, caller.user_id, hashes)
        timed = {
            hash: version_for(session, caller.user_id, hash)
            for one in found.scheduled
            for hash in one.hashes
        }
    view = view_of(found, language_of(request))
    planned = {*view.coming}
    return page(
        request,
        "operations_reload.html",
        caller,
        notes=notes,
        status=status,
        view=view,
        covered=[
            f"{one.name} {one.version}"
            for one in waiting
            if one.hash in ticked and one.hash not in planned
        ],
        waiting=waiting,
        ticked=ticked,
        at_once=AT_ONCE,
        days=DAYS,
        timed=timed,
        typed=reason,
    )


@router.get("/operations/reload/impact/{hash}")
def impact(request: Request, caller: May, hash: str) -> Response:
    """How many documents of the last months one version would have sent another way."""
    services = services_of(request)
    said = Text("this process keeps none", "本进程未保存历史数据")
    with transaction(services.engine) as session:
        found = activating.plan(session, caller.user_id, [hash])
        told = None
        if services.histories is not None:
            told = impacts(
                session,
                found,
                services.rulebook.at(session),
                services.histories,
                services.clock.business_date(),
                visible=rule_reach(session, caller.user_id, READ).of,
                most=1,
            )
    for one in (told or {}).values():
        said = impact_text(one)
    return page(request, "_operations_impact.html", caller, said=said)


@router.post("/operations/reload")
def reload(
    request: Request,
    caller: MayActivate,
    over: Annotated[int, Form()],
    hash: Annotated[list[str] | None, Form()] = None,
    reason: Reason = "",
) -> Response:
    """Make exactly what the plan showed live; refused when another revision is live by now."""
    services = services_of(request)
    hashes = hash or []
    try:
        with transaction(services.engine) as session:
            now = services.clock.now()
            done = activating.reload(session, caller.user_id, hashes, reason, now, over)
    except SluiceError as error:
        notes = refused_notes(request, error)
        return _plan(request, caller, hashes, *notes, reason=reason, status=status_of(error))
    if not done.changed:
        return go("/operations/reload", key="done.nothing_waited", revision=done.revision)
    return go("/operations/undo", key="done.reloaded", revision=done.revision, count=len(hashes))


@router.post("/operations/timed/{number}/cancel")
def cancel(request: Request, caller: MayActivate, number: int, reason: Reason = "") -> Response:
    """Stop a timed activation."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            activating.cancel(session, caller.user_id, number, reason, services.clock.now())
    except SluiceError as error:
        return _plan(request, caller, None, refusal(request, error), status=status_of(error))
    return go("/operations/reload", key="done.timed_cancelled", number=number)

"""Who knew what when: which rules ruled on a date as known at an instant; every revision."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response

from api.filters import date_of, instant_of, number_of, text_of
from api.identity import Caller, needs
from api.pages.review import Typed
from api.pages.shell import Note, go, page, pager, refusal
from api.services import services_of
from api.statuses import status_of
from engine.base.text import SluiceError
from engine.rulebook.models import Revision, RulesetVersion
from engine.rulebook.reloading import revision_count, revisions
from engine.rulebook.revision_changes import VersionChange, revision_changes
from engine.rulebook.revisions import current_revision
from engine.rules.registry import all_kinds
from engine.runtime.clock import BUSINESS_ZONE
from engine.runtime.db import transaction
from engine.treasury.organisations.rule_grants import rule_reach
from engine.treasury.organisations.tree import organisations
from engine.treasury.rulesets import activating
from engine.treasury.rulesets.comparing import live_version
from engine.treasury.rulesets.known import Known, known
from engine.treasury.rulesets.shelf import touching
from engine.treasury.rulesets.visible import READ, ruling

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("rulesets.read"))]
Activates = Annotated[Caller, Depends(needs("rulesets.activate"))]
PER_PAGE = 50


@router.get("/rulesets/as-of")
def as_of(
    request: Request, caller: May, kind: str = "", org: str = "", on: str = "", at: str = ""
) -> Response:
    """Kind, organisation, business date and the instant as of which it was known (Shanghai)."""
    services = services_of(request)
    now = services.clock.now()
    found: Known | None = None
    today: dict[str, RulesetVersion | None] = {}
    told = False
    note: Note | None = None
    status = 200
    with transaction(services.engine) as session:
        seen = rule_reach(session, caller.user_id, READ).anywhere
        places = [one for code, one in organisations(session).items() if code in seen]
        chosen = org or (places[0].id if places else "")
        day = instant = None
        try:
            day = date_of(on) or services.clock.business_date()
            instant = instant_of(at) if text_of(at) else now
            if kind:
                found = known(
                    session, caller.user_id, services.rulebook, kind, org=chosen, on=day, at=instant
                )
                told = bool(touching(session, caller.user_id, [found.revision]))
                today = {
                    one.version.hash: live_version(
                        session, kind, one.version.name, services.clock.business_date()
                    )
                    for one in found.rulesets
                }
        except SluiceError as error:
            note, status = refusal(request, error), status_of(error)
    return page(
        request,
        "as_of.html",
        caller,
        notes=() if note is None else (note,),
        status=status,
        kinds=sorted(all_kinds()),
        kind=kind,
        places=places,
        org=chosen,
        on=on or day,
        at=at or local(now),
        day=day,
        instant_known=instant,
        found=found,
        today=today,
        told=told,
    )


def local(at: dt.datetime) -> str:
    """An instant as a field for date and time holds it: Shanghai time, to the minute."""
    return f"{at.astimezone(BUSINESS_ZONE):%Y-%m-%dT%H:%M}"


@dataclass(frozen=True, slots=True)
class ShownRevision:
    """A revision as the user may see it; `told` without it, names and reason stay unsaid."""

    one: Revision
    told: bool
    words: bool
    changes: tuple[VersionChange, ...]


@router.get("/revisions")
def timeline(
    request: Request, caller: May, page_number: Annotated[int, Query(alias="page", ge=1)] = 1
) -> Response:
    """Who made what live when, by what and why, and what each revision changed."""
    return _timeline(request, caller, page_number)


def _timeline(
    request: Request,
    caller: Caller,
    number: int = 1,
    refused: SluiceError | None = None,
    typed: Typed | None = None,
) -> Response:
    with transaction(services_of(request).engine) as session:
        found = revisions(session, limit=PER_PAGE, offset=(number - 1) * PER_PAGE)
        numbers = [one.id or 0 for one in found]
        told = touching(session, caller.user_id, numbers)
        seen = ruling(session, caller.user_id)
        changed = revision_changes(session, numbers)
        live = current_revision(session)
        count = revision_count(session)
    shown = [
        ShownRevision(
            one,
            one.id in told,
            changed[one.id or 0].words,
            tuple(
                change for change in changed[one.id or 0].rulesets if seen.covers(change.version)
            ),
        )
        for one in found
    ]
    return page(
        request,
        "revisions.html",
        caller,
        notes=() if refused is None else (refusal(request, refused),),
        status=200 if refused is None else status_of(refused),
        shown=shown,
        live=live,
        pages_of=pager(request, number, PER_PAGE, count),
        typed=typed or {},
    )


@router.post("/revisions/undo")
def undo(
    request: Request,
    caller: Activates,
    to: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    over: Annotated[str, Form()] = "",
) -> Response:
    """Let an earlier revision rule again; without a number the one before the live one.

    `over` is the revision that was live when the form was read: not another one is undone.
    """
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            target = number_of(to)
            now = services.clock.now()
            seen = number_of(over)
            done = activating.take_back(session, caller.user_id, target, reason, now, seen)
    except SluiceError as error:
        return _timeline(request, caller, 1, error, {"to": to, "reason": reason})
    return go("/revisions", key="done.review_undone", revision=done.revision)

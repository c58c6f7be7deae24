"""Who knew what when: which rules ruled on a date as known at an instant."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.filters import date_of, instant_of, text_of
from api.identity import Caller, needs
from api.pages.shell import Note, page, refusal
from api.services import services_of
from api.statuses import status_of
from engine.base.text import SluiceError
from engine.rulebook.models import RulesetVersion
from engine.rules.registry import all_kinds
from engine.runtime.clock import BUSINESS_ZONE
from engine.runtime.db import transaction
from engine.treasury.organisations.rule_grants import rule_reach
from engine.treasury.organisations.tree import organisations
from engine.treasury.rulesets.comparing import live_version
from engine.treasury.rulesets.known import Known, known
from engine.treasury.rulesets.shelf import touching
from engine.treasury.rulesets.visible import READ

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

"""What waits for me among the rules: to sign, returned to me, to activate, timed, my drafts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.identity import Caller, needs
from api.pages.shell import page
from api.services import services_of
from engine.runtime.db import transaction
from engine.treasury.rulesets import activating, waiting, writing
from engine.treasury.rulesets.visible import version_for

router = APIRouter(include_in_schema=False)


@router.get("/rulesets/waiting")
def desk(request: Request, caller: Annotated[Caller, Depends(needs("rulesets.read"))]) -> Response:
    """Each with the way to its review."""
    user = caller.user_id
    with transaction(services_of(request).engine) as session:
        timed = [
            (one, [version_for(session, user, hash) for hash in one.hashes])
            for one in activating.timed(session, user)
        ]
        drafts = [one for one in writing.visible_drafts(session, user) if user in one.editors]
        return page(
            request,
            "waiting_rules.html",
            caller,
            to_sign=waiting.to_sign(session, user),
            returned=waiting.returned_to(session, user),
            to_activate=waiting.to_activate(session, user),
            timed=timed,
            drafts=drafts,
        )

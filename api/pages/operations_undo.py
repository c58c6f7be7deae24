"""Going back to an earlier revision: what it would change, and doing it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from api.identity import Caller, needs
from api.pages.language import language_of
from api.pages.plan_view import view_of
from api.pages.refusals import refused_notes
from api.pages.revisions import timeline
from api.pages.shell import Note, go, page
from api.services import services_of
from api.statuses import status_of
from engine.base.text import SluiceError
from engine.runtime.db import transaction
from engine.treasury.rulesets import activating

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("rulesets.read"))]
MayActivate = Annotated[Caller, Depends(needs("rulesets.activate"))]
Reason = Annotated[str, Form(max_length=2000)]


@router.get("/operations/undo")
def undo_plan(request: Request, caller: May, to: int | None = None) -> Response:
    """What undoing would bring back, and the revisions one may go back to."""
    return _undo(request, caller, to)


def _undo(
    request: Request,
    caller: Caller,
    to: int | None,
    *notes: Note,
    reason: str = "",
    status: int = 200,
) -> Response:
    asked = request.query_params.get("page", "")
    number = max(1, int(asked)) if asked.isdecimal() and len(asked) < 9 else 1
    view, target = None, to
    with transaction(services_of(request).engine) as session:
        try:
            with session.begin_nested():
                target, found = activating.plan_back(session, caller.user_id, to)
                view = view_of(found, language_of(request))
        except SluiceError as error:
            if not notes:
                notes = (Note("", error.text.say(language_of(request))),)
        told = timeline(request, session, caller.user_id, number)
    return page(
        request,
        "operations_undo.html",
        caller,
        notes=notes,
        status=status,
        view=view,
        target=target,
        timeline=told,
        typed=reason,
    )


@router.post("/operations/undo")
def undo(
    request: Request,
    caller: MayActivate,
    to: Annotated[int, Form()],
    over: Annotated[int, Form()],
    reason: Reason = "",
) -> Response:
    """Let the revision whose difference was shown rule again."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            now = services.clock.now()
            done = activating.take_back(session, caller.user_id, to, reason, now, over)
    except SluiceError as error:
        notes = refused_notes(request, error)
        return _undo(request, caller, to, *notes, reason=reason, status=status_of(error))
    return go("/operations/reload", key="done.undone", revision=done.revision, restores=to)

"""What is done with a draft on its review: submitted, dropped, talked about."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from api.identity import Caller, needs
from api.pages.review import draft_page
from api.pages.shell import go
from api.services import services_of
from engine.base.text import SluiceError
from engine.runtime.db import transaction
from engine.treasury.rulesets import commenting, writing
from engine.treasury.rulesets.visible import draft_for

router = APIRouter(include_in_schema=False)
Reads = Annotated[Caller, Depends(needs("rulesets.read"))]
Edits = Annotated[Caller, Depends(needs("rulesets.edit"))]
Text = Annotated[str, Form()]


@router.post("/drafts/{draft_id}/submit")
def submit(
    request: Request, caller: Edits, draft_id: int, seen: Text = "", reason: Text = ""
) -> Response:
    """Propose the text that was seen as a version that another person signs or returns."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            now = services.clock.now()
            made = writing.submit(session, caller.user_id, draft_id, seen, reason, now)
    except SluiceError as error:
        return draft_page(request, caller, draft_id, refused=error, typed={"reason": reason})
    return go(
        f"/rulesets/{made.hash}/review",
        key="done.review_proposed",
        name=made.name,
        version=made.version,
    )


@router.post("/drafts/{draft_id}/drop")
def drop(request: Request, caller: Edits, draft_id: int) -> Response:
    """Give a draft up; it stays readable."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            writing.drop(session, caller.user_id, draft_id, services.clock.now())
    except SluiceError as error:
        return draft_page(request, caller, draft_id, refused=error)
    return go(f"/drafts/{draft_id}/review", key="done.review_dropped", number=draft_id)


@router.post("/drafts/{draft_id}/comments")
def comment(
    request: Request, caller: Reads, draft_id: int, text: Text = "", row: Text = ""
) -> Response:
    """Say something of it, or of one of its rows."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            draft = draft_for(session, caller.user_id, draft_id)
            now = services.clock.now()
            commenting.say(session, caller.user_id, draft, text, now, row=row)
    except SluiceError as error:
        typed = {"text": text, "row": row}
        return draft_page(request, caller, draft_id, refused=error, typed=typed)
    return go(f"/drafts/{draft_id}/review", key="done.review_commented")

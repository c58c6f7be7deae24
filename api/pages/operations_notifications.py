"""Operations: alerts told by e-mail and SMS, and sending again what did not go out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from api.filters import text_of
from api.identity import Caller, needs
from api.pages.shell import Note, go, page, pager, refusal
from api.services import services_of
from api.statuses import status_of
from engine.base.text import SluiceError, Text
from engine.formats.message_templates import CHANNELS
from engine.runtime.db import transaction
from engine.treasury.notifications import listing, resending, trying
from engine.treasury.notifications.listing import NotificationFilter

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("operations.read"))]
MayRun = Annotated[Caller, Depends(needs("operations.run"))]
HERE = "/operations/notifications"
ROWS = 50


@router.get(HERE)
def listed(request: Request, caller: May) -> Response:
    """Notifications, newest first, by state and channel."""
    return _listed(request, caller)


def _listed(request: Request, caller: Caller, *notes: Note, status: int = 200) -> Response:
    query = request.query_params
    asked = query.get("page", "")
    number = max(1, int(asked)) if asked.isdecimal() and len(asked) < 9 else 1
    state, channel = text_of(query.get("state")), text_of(query.get("channel"))
    wanted = NotificationFilter(
        state if state in listing.STATES else None, channel if channel in CHANNELS else None
    )
    services = services_of(request)
    with transaction(services.engine) as session:
        found = listing.find(
            session, caller.user_id, wanted, limit=ROWS, offset=(number - 1) * ROWS
        )
    return page(
        request,
        "operations_notifications.html",
        caller,
        notes=notes,
        status=status,
        found=found,
        states=listing.STATES,
        again=resending.AGAIN,
        wanted=wanted,
        channels=CHANNELS,
        set_up=services.carriers.channels() if services.carriers else frozenset(),
        pager=pager(request, number, ROWS, found.count),
    )


@router.post(f"{HERE}/resend")
def resend(
    request: Request,
    caller: MayRun,
    number: Annotated[list[int] | None, Form()] = None,
    reason: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Send the ticked ones again, all or none."""
    services = services_of(request)
    numbers = sorted(set(number or ()))
    try:
        if not numbers:
            raise SluiceError(
                "NOTHING_TICKED", Text("tick the notifications it is about", "请先勾选通知")
            )
        with transaction(services.engine) as session:
            for one in numbers:
                resending.resend(session, caller.user_id, one, reason, services.clock.now())
    except SluiceError as error:
        return _listed(request, caller, refusal(request, error), status=status_of(error))
    return go(HERE, key="done.told_again", count=len(numbers))


@router.post(f"{HERE}/test")
def test(request: Request, caller: MayRun, channel: Annotated[str, Form()]) -> Response:
    """Send a test message to the caller's own address."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            message = trying.trial(
                session, caller.user_id, services.carriers, channel, services.clock.now()
            )
        assert services.carriers is not None
        answer = trying.carried(services.carriers, channel, message)
    except SluiceError as error:
        return _listed(request, caller, refusal(request, error), status=status_of(error))
    return go(HERE, key="done.tried", answer=answer)

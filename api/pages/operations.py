"""Operations at a glance: what needs a person, which process decides by which rules, the second
opinion, the queue, the banks. The upper part is looked at again every few seconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlmodel import Session

from api.identity import Caller, needs
from api.pages.shell import page
from api.services import Services, services_of
from engine.runtime.db import transaction
from engine.treasury.notifications import listing
from engine.treasury.operations import queue
from engine.treasury.operations.banks import banks
from engine.treasury.status import status
from engine.treasury.status_shapes import MOST_WAITING, Status

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("operations.read"))]

WHERE: Mapping[str, tuple[str, str]] = {
    "ENGINE_DISAGREES": ("/alerts?q=ENGINE_DISAGREES", "alerts.read"),
    "MONITOR_CRASHED": ("/alerts?q=MONITOR_CRASHED", "alerts.read"),
    "EVENT_UNDECIDED": ("/alerts?q=EVENT_UNDECIDED", "alerts.read"),
    "ACTIONS_DEAD": ("/operations/queue?state=dead", "operations.read"),
}
"""Red code -> where it is dealt with, and the permission to go there."""


@dataclass(frozen=True, slots=True)
class Now:
    """The part of the page that is looked at again."""

    status: Status
    counts: Mapping[str, int]
    """Actions within the user's reach by how they stand."""


def now_of(session: Session, caller: Caller, services: Services) -> Now:
    """Everything as it is now."""
    now = services.clock.now()
    counts: Counter[str] = Counter()
    for kind in queue.kinds(session, caller.user_id, (), now):
        counts.update(kind.counts)
    return Now(status(session, now), counts)


@router.get("/operations")
def overview(request: Request, caller: May) -> Response:
    """The whole page."""
    services = services_of(request)
    with transaction(services.engine) as session:
        found = now_of(session, caller, services)
        rows = banks(session, caller.user_id, services.bank_configured)
    return page(
        request,
        "operations.html",
        caller,
        found=found,
        banks=rows,
        where=WHERE,
        most_waiting=MOST_WAITING,
        states=queue.STATES[:-1],
        told_states=listing.STATES,
    )


@router.get("/operations/now")
def now_part(request: Request, caller: May) -> Response:
    """What changes by itself, for htmx."""
    services = services_of(request)
    with transaction(services.engine) as session:
        found = now_of(session, caller, services)
    return page(
        request,
        "_operations_now.html",
        caller,
        found=found,
        where=WHERE,
        most_waiting=MOST_WAITING,
        states=queue.STATES[:-1],
        told_states=listing.STATES,
    )

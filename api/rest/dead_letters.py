"""Messages to sources that were given up, over REST; replaying them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from api.identity import Caller, needs
from api.rest.queue import REFUSED, Reason
from api.services import services_of
from engine.runtime.db import transaction
from engine.treasury.operations import letters

router = APIRouter(prefix="/api/v1/dead-letters", tags=["operations"])
Reads = Annotated[Caller, Depends(needs("operations.read"))]
Runs = Annotated[Caller, Depends(needs("operations.run"))]


class DeadLetterOut(BaseModel):
    """A message given up; `waiting` counts those about the same document behind it."""

    message_id: str
    organisation: str
    destination: str
    document_no: str
    kind: str
    status: str | None
    attempts: int
    replays: int
    last_error: str | None
    created_at: dt.datetime
    waiting: int

    @classmethod
    def of(cls, one: letters.DeadLetter) -> DeadLetterOut:
        """From a dead letter."""
        return cls(
            message_id=one.message_id,
            organisation=one.org_id,
            destination=one.destination,
            document_no=one.aggregate,
            kind=one.kind,
            status=one.status,
            attempts=one.attempts,
            replays=one.replays,
            last_error=one.last_error,
            created_at=one.created_at,
            waiting=one.waiting,
        )


class Replayed(BaseModel):
    """The message that is sent again."""

    message_id: str


@router.get("", summary="Messages to sources that were given up, oldest first")
def listed(request: Request, caller: Reads) -> list[DeadLetterOut]:
    """Of the organisations the caller may see."""
    with transaction(services_of(request).engine) as session:
        return [DeadLetterOut.of(one) for one in letters.dead_letters(session, caller.user_id)]


@router.post("/{message_id}/replay", summary="Send a dead letter again", responses=REFUSED)
def replay(request: Request, caller: Runs, message_id: str, given: Reason) -> Replayed:
    """With the same id; those it held back follow in order."""
    services = services_of(request)
    with transaction(services.engine) as session:
        now = services.clock.now()
        letters.replay(session, caller.user_id, message_id, given.reason, now)
    return Replayed(message_id=message_id)

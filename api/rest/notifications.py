"""Alerts told by e-mail and SMS, over REST; sending again what did not go out."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from api.identity import Caller, needs
from api.rest.errors import Problem
from api.rest.queue import REFUSED, Reason
from api.services import services_of
from engine.formats.message_templates import Channel
from engine.runtime.db import transaction
from engine.treasury.notifications import listing, resending, trying
from engine.treasury.notifications.listing import NotificationFilter

router = APIRouter(prefix="/api/v1/notifications", tags=["operations"])
Reads = Annotated[Caller, Depends(needs("operations.read"))]
Runs = Annotated[Caller, Depends(needs("operations.run"))]
State = Literal["WAITING", "GIVEN_UP", "NOT_CONFIGURED", "NO_RECIPIENT", "SENT", "PASSED_ON"]


class NotificationOut(BaseModel):
    """One alert to one person over one channel; `address` is masked. Without `user` nobody of
    the role can be reached."""

    id: int
    organisation: str
    alert_id: int
    code: str
    severity: str
    channel: str
    role: str
    user: str | None
    address: str | None
    message_id: str
    state: str
    tries: int
    resends: int
    template: str | None
    created_at: dt.datetime
    tried_at: dt.datetime | None
    next_at: dt.datetime | None
    ended_at: dt.datetime | None
    answer: str | None
    cause: str | None

    @classmethod
    def of(cls, one: listing.Told) -> NotificationOut:
        """From a row."""
        return cls(
            id=one.id,
            organisation=one.org_id,
            alert_id=one.alert_id,
            code=one.code,
            severity=one.severity,
            channel=one.channel,
            role=one.role,
            user=one.user_id,
            address=one.address,
            message_id=one.message_id,
            state=one.state,
            tries=one.tries,
            resends=one.resends,
            template=one.template,
            created_at=one.created_at,
            tried_at=one.tried_at,
            next_at=one.next_at,
            ended_at=one.ended_at,
            answer=one.answer,
            cause=one.cause,
        )


class NotificationList(BaseModel):
    """One page, newest first; `count` is of all that were found, `states` of the channel."""

    rows: list[NotificationOut]
    count: int
    states: dict[str, int]


class Several(BaseModel):
    """All of a state and channel that the caller may operate for."""

    state: Literal["GIVEN_UP", "NOT_CONFIGURED", "NO_RECIPIENT"]
    channel: Channel
    reason: str = Field(min_length=1, max_length=2000)


class Resent(BaseModel):
    """How many are sent again."""

    count: int


class Tried(BaseModel):
    """What the provider said of a test message."""

    answer: str


class Trial(BaseModel):
    """A channel to try out."""

    channel: Channel


@router.get("", summary="Alerts told by e-mail and SMS, newest first")
def listed(
    request: Request,
    caller: Reads,
    state: State | None = None,
    channel: Channel | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> NotificationList:
    """Of the organisations the caller may see; who, how and with what outcome."""
    with transaction(services_of(request).engine) as session:
        wanted = NotificationFilter(state, channel)
        found = listing.find(session, caller.user_id, wanted, limit=limit, offset=offset)
    rows = [NotificationOut.of(one) for one in found.rows]
    return NotificationList(rows=rows, count=found.count, states=found.states)


@router.post("/resend", summary="Send again all of a state and channel", responses=REFUSED)
def resend_all(request: Request, caller: Runs, given: Several) -> Resent:
    """For those a channel was not configured for, once it is; what still reaches nobody stays."""
    services = services_of(request)
    with transaction(services.engine) as session:
        count = resending.resend_all(
            session,
            caller.user_id,
            given.state,
            given.channel,
            given.reason,
            services.clock.now(),
        )
    return Resent(count=count)


@router.post("/{number}/resend", summary="Send a notification again", responses=REFUSED)
def resend(request: Request, caller: Runs, number: int, given: Reason) -> Resent:
    """With the same words and the same id."""
    services = services_of(request)
    with transaction(services.engine) as session:
        resending.resend(session, caller.user_id, number, given.reason, services.clock.now())
    return Resent(count=1)


@router.post(
    "/test",
    summary="Send a test message to the caller's own address",
    responses={**REFUSED, 502: {"model": Problem, "description": "The provider did not take it"}},
)
def test(request: Request, caller: Runs, given: Trial) -> Tried:
    """By the way this process is set up; waits for the provider's answer."""
    services = services_of(request)
    with transaction(services.engine) as session:
        message = trying.trial(
            session, caller.user_id, services.carriers, given.channel, services.clock.now()
        )
    assert services.carriers is not None
    return Tried(answer=trying.carried(services.carriers, given.channel, message))

"""Delegation of approval over REST: give, confirm, revoke, come back."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from api.identity import Caller, needs
from api.rest.errors import Problem
from api.services import services_of
from engine.base.money import format_major, parse_major
from engine.runtime.db import run_in_transaction, transaction
from engine.treasury.delegations import giving, lists
from engine.treasury.delegations.lists import Listed

router = APIRouter(prefix="/api/v1/delegations", tags=["approvals"])
May = Annotated[Caller, Depends(needs("delegations.read"))]
REFUSED: dict[int | str, dict[str, object]] = {
    400: {"model": Problem, "description": "Dates, cap, persons or reason are not good"},
    403: {"model": Problem, "description": "Not permitted, or the same person"},
    404: {"model": Problem, "description": "Not there, or not for you to see"},
    409: {"model": Problem, "description": "It is confirmed, revoked or past already"},
}


class NewDelegation(BaseModel):
    """Who approves in whose place, when and what. Both dates are included, in Shanghai."""

    principal: str | None = Field(default=None, description="default: the caller himself")
    delegate: str
    organisation: str = Field(description="with everything below it")
    valid_from: dt.date
    valid_until: dt.date
    away_until: dt.date | None = Field(
        default=None, description="the principal is away: steps do not count on him until then"
    )
    roles: list[str] | None = Field(default=None, description="default: all he holds himself")
    business_types: list[str] | None = Field(default=None, description="default: all")
    caps: dict[str, str] | None = Field(
        default=None,
        description="most by currency; a currency without a figure is not covered; default: no cap",
        examples=[{"CNY": "50000.00"}],
    )
    reason: str = Field(max_length=500)

    def terms(self, caller: str) -> giving.Terms:
        """Raises MoneyError for a cap that is no amount."""
        caps = {one: parse_major(text, one) for one, text in (self.caps or {}).items()}
        return giving.Terms(
            self.principal or caller,
            self.delegate,
            self.organisation,
            self.valid_from,
            self.valid_until,
            self.reason,
            self.roles,
            self.business_types,
            caps or None,
            self.away_until,
        )


class Happened(BaseModel):
    """confirmed, revoked, began, ended or returned."""

    what: str
    by: str
    at: dt.datetime
    reason: str | None


class DelegationOut(BaseModel):
    """A delegation as it stands today: waiting, future, in_force, ended or revoked."""

    id: int
    state: str
    principal: str
    delegate: str
    organisation: str
    valid_from: dt.date
    valid_until: dt.date
    away_until: dt.date | None
    principal_is_away: bool
    roles: list[str] | None
    business_types: list[str] | None
    caps: dict[str, str] | None
    reason: str
    given_by: str
    given_at: dt.datetime
    events: list[Happened]

    @staticmethod
    def of(one: Listed) -> DelegationOut:
        """From a listed one."""
        terms = one.terms
        caps = terms.caps
        return DelegationOut(
            id=terms.id or 0,
            state=one.state,
            principal=terms.principal,
            delegate=terms.delegate,
            organisation=terms.org_id,
            valid_from=terms.valid_from,
            valid_until=terms.valid_until,
            away_until=terms.away_until,
            principal_is_away=one.away,
            roles=terms.roles,
            business_types=terms.categories,
            caps=None if caps is None else {c: format_major(caps[c], c) for c in sorted(caps)},
            reason=terms.reason,
            given_by=terms.given_by,
            given_at=terms.given_at,
            events=[
                Happened(what=each.kind, by=each.actor, at=each.at, reason=each.reason)
                for each in one.events
            ],
        )


class Given(BaseModel):
    """`confirmed` is false while a second person has to confirm it."""

    id: int
    confirmed: bool


class Reason(BaseModel):
    """Why; an administrator gives one, the principal need not."""

    reason: str = Field(default="", max_length=500)


@router.get("", summary="Who approves in whose place")
def listed(request: Request, caller: May) -> list[DelegationOut]:
    """The caller's own, given and received, and those he may read; the latest first."""
    services = services_of(request)
    with transaction(services.engine) as session:
        found = lists.find(session, caller.user_id, services.clock.now())
    return [DelegationOut.of(one) for one in found]


@router.post("", summary="Let somebody approve in a person's place", status_code=201,
             responses=REFUSED)  # fmt: skip
def give(request: Request, caller: May, wanted: NewDelegation) -> Given:
    """For oneself it stands at once; an administrator's is confirmed by a second person."""
    services = services_of(request)
    terms = wanted.terms(caller.user_id)
    made = run_in_transaction(
        services.engine,
        lambda session: giving.give(session, caller.user_id, terms, services.clock.now()),
    )
    return Given(id=made.id or 0, confirmed=made.given_by == made.principal)


@router.post("/{delegation_id}/confirm", summary="Confirm what an administrator gave",
             status_code=204, responses=REFUSED)  # fmt: skip
def confirm(request: Request, caller: May, delegation_id: int) -> None:
    """By the principal or another administrator."""
    services = services_of(request)
    run_in_transaction(
        services.engine,
        lambda session: giving.confirm(
            session, caller.user_id, delegation_id, services.clock.now()
        ),
    )


@router.post("/{delegation_id}/revoke", summary="End a delegation, or refuse one that waits",
             status_code=204, responses=REFUSED)  # fmt: skip
def revoke(request: Request, caller: May, delegation_id: int, given: Reason) -> None:
    """By the principal, or by an administrator with a reason."""
    services = services_of(request)
    run_in_transaction(
        services.engine,
        lambda session: giving.revoke(
            session, caller.user_id, delegation_id, given.reason, services.clock.now()
        ),
    )


@router.post("/return", summary="Say that one is no longer away", status_code=204,
             responses={409: {"model": Problem, "description": "Not marked as away"}})  # fmt: skip
def come_back(request: Request, caller: May) -> None:
    """Steps count on the caller again; delegations that stand go on standing."""
    services = services_of(request)
    run_in_transaction(
        services.engine,
        lambda session: giving.come_back(session, caller.user_id, services.clock.now()),
    )

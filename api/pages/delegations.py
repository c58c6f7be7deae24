"""Delegations: who approves in whose place; giving, confirming and ending them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlmodel import Session

from api.identity import Caller, needs
from api.pages.shell import Note, go, page, refusal
from api.services import services_of
from api.statuses import status_of
from engine.base.money import parse_major
from engine.base.text import SluiceError, Text
from engine.runtime.clock import business_date_of
from engine.runtime.db import run_in_transaction, transaction
from engine.treasury.delegations import giving, lists
from engine.treasury.delegations.standing import approving_roles
from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.organisations.tree import organisations

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("delegations.read"))]
BUSINESS = (
    "claim",
    "surrender",
    "refund",
    "premium",
    "commission",
    "expense",
    "reinsurance",
    "treasury",
)
CURRENCIES = ("CNY", "USD", "EUR", "HKD", "JPY")


@router.get("/delegations")
def listed(request: Request, caller: May) -> Response:
    """What stands, what waits for a second person, and what is past; a form for a new one."""
    return _list(request, caller)


def _list(request: Request, caller: Caller, *notes: Note, status: int = 200) -> Response:
    services = services_of(request)
    user, now = caller.user_id, services.clock.now()
    with transaction(services.engine) as session:
        found = lists.find(session, user, now)
        own = visible_orgs(session, user, giving.GIVES)
        reach = own | visible_orgs(session, user, giving.MANAGES)
        tree = organisations(session)
        return page(
            request,
            "delegations.html",
            caller,
            notes=notes,
            status=status,
            found=found,
            sides=lists.SIDES,
            names=tree,
            away=lists.is_away(session, user, now),
            people=lists.stand_in_candidates(session, user),
            orgs=[one for one in tree.values() if one.id in reach],
            gives_own=bool(own),
            manages=giving.MANAGES in caller.permissions,
            roles=approving_roles(),
            business=BUSINESS,
            currencies=CURRENCIES,
            today=business_date_of(now),
        )


@router.post("/delegations")
def give(
    request: Request,
    caller: May,
    delegate: Annotated[str, Form()],
    org: Annotated[str, Form()],
    valid_from: Annotated[str, Form()],
    valid_until: Annotated[str, Form()],
    reason: Annotated[str, Form()] = "",
    principal: Annotated[str, Form()] = "",
    away_until: Annotated[str, Form()] = "",
    role: Annotated[list[str] | None, Form()] = None,
    business: Annotated[list[str] | None, Form()] = None,
    cap: Annotated[str, Form()] = "",
    currency: Annotated[str, Form()] = "CNY",
) -> Response:
    """For oneself it stands at once; an administrator's waits for a second person."""

    def act(session: Session, now: dt.datetime) -> None:
        terms = giving.Terms(
            principal or caller.user_id,
            delegate,
            org,
            _day(valid_from),
            _day(valid_until),
            reason,
            role,
            business,
            {currency: parse_major(cap.replace(",", ""), currency)} if cap.strip() else None,
            _day(away_until) if away_until else None,
        )
        giving.give(session, caller.user_id, terms, now)

    if principal in ("", caller.user_id):
        return _do(request, caller, act, key="done.delegation_given", person=delegate)
    return _do(request, caller, act, key="done.delegation_waits", person=delegate)


@router.post("/delegations/{delegation_id}/confirm")
def confirm(request: Request, caller: May, delegation_id: int) -> Response:
    """By the principal or another administrator."""

    def act(session: Session, now: dt.datetime) -> None:
        giving.confirm(session, caller.user_id, delegation_id, now)

    return _do(request, caller, act, key="done.delegation_confirmed", person=str(delegation_id))


@router.post("/delegations/{delegation_id}/revoke")
def revoke(
    request: Request, caller: May, delegation_id: int, reason: Annotated[str, Form()] = ""
) -> Response:
    """By the principal, or by an administrator with a reason."""

    def act(session: Session, now: dt.datetime) -> None:
        giving.revoke(session, caller.user_id, delegation_id, reason, now)

    return _do(request, caller, act, key="done.delegation_revoked", person=str(delegation_id))


@router.post("/delegations/return")
def come_back(request: Request, caller: May) -> Response:
    """Steps count on the caller again."""

    def act(session: Session, now: dt.datetime) -> None:
        giving.come_back(session, caller.user_id, now)

    return _do(request, caller, act, key="done.delegation_back", person=caller.user_id)


def _do(
    request: Request,
    caller: Caller,
    act: Callable[[Session, dt.datetime], None],
    *,
    key: str,
    person: str,
) -> Response:
    services = services_of(request)
    try:
        run_in_transaction(services.engine, lambda session: act(session, services.clock.now()))
    except SluiceError as error:
        return _list(request, caller, refusal(request, error), status=status_of(error))
    return go("/delegations", key=key, person=person)


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise SluiceError(
            "DATE_UNREADABLE",
            Text(f"{text} is no date; choose a day", f"{text} 不是日期;请选择日期"),
        ) from None

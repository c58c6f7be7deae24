"""Payments and collections: the list with filters, and what is done to many of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from api.access import unmasked_orgs
from api.document_filter import DIRECTIONS, document_filter
from api.identity import Caller, needs
from api.pages.pay import show_results
from api.pages.shell import Note, page, pager, refusal
from api.services import services_of
from api.statuses import status_of
from engine.base.text import SluiceError
from engine.rules.kinds.routing import CHANNELS
from engine.runtime.db import run_in_transaction, transaction
from engine.treasury import bulk
from engine.treasury.documents import lists
from engine.treasury.documents.lists import Filter
from engine.treasury.documents.states import TRANSITIONS, State
from engine.treasury.intake import ending
from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.organisations.tree import organisations

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("documents.read"))]
ROWS = 50
VOIDABLE = frozenset(before.value for before, after in TRANSITIONS.items() if State.VOID in after)
"""States in which a document can be voided."""


@dataclass(frozen=True, slots=True)
class StateSum:
    """One state: how many documents, what is to pay and what to collect (minor units)."""

    state: str
    count: int
    pay: tuple[tuple[str, int], ...]
    collect: tuple[tuple[str, int], ...]


def by_state(totals: list[lists.Total]) -> list[StateSum]:
    """Totals by state, in the order of a document's life."""
    made = []
    for state in State:
        those = [one for one in totals if one.state == state]
        if those:
            pay, collect = (
                tuple((one.currency, one.amount) for one in those if one.direction == direction)
                for direction in DIRECTIONS
            )
            made.append(StateSum(state.value, sum(one.count for one in those), pay, collect))
    return made


@router.get("/payments")
def payments_page(request: Request, caller: May) -> Response:
    """The list, newest first."""
    return _payments(request, caller)


def _payments(
    request: Request,
    caller: Caller,
    *said: Note,
    items: Sequence[bulk.Item] = (),
    status: int = 200,
) -> Response:
    query = request.query_params
    states = query.getlist("state")
    notes = said
    number = max(1, int(query["page"])) if query.get("page", "").isdecimal() else 1
    with transaction(services_of(request).engine) as session:
        try:
            wanted = document_filter(session, query, states)
            every = document_filter(session, query, ())
        except SluiceError as error:
            wanted = every = Filter()
            notes = (*said, refusal(request, error))
        found = lists.find(session, caller.user_id, wanted, limit=ROWS, offset=(number - 1) * ROWS)
        sums = by_state(lists.totals(session, caller.user_id, every))
        tree = organisations(session)
        seen = visible_orgs(session, caller.user_id, "documents.read")
        open_orgs = unmasked_orgs(session, caller.user_id)
        submits = visible_orgs(session, caller.user_id, "documents.submit")
        releases = visible_orgs(session, caller.user_id, "holds.release")
        releasable = visible_orgs(session, caller.user_id, "payments.release")
        voids = visible_orgs(session, caller.user_id, "documents.void")
    return page(
        request,
        "payments.html",
        caller,
        notes=notes,
        found=found,
        sums=sums,
        states=states,
        orgs=[one for one in tree.values() if one.id in seen],
        directions=DIRECTIONS,
        channels=CHANNELS,
        open_orgs=open_orgs,
        submits=submits,
        releases=releases,
        done=[one for one in items if one.error is None],
        refused=[one for one in items if one.error is not None],
        status=status,
        releasable=releasable,
        voids=voids,
        voidable=VOIDABLE,
        pager=pager(request, number, ROWS, found.count),
    )


@router.post("/payments/submit")
def submit_many(
    request: Request,
    caller: Annotated[Caller, Depends(needs("documents.submit"))],
    document_no: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Submit the ticked documents again, each with its own result."""
    services = services_of(request)
    with transaction(services.engine) as session:
        now, ticked = services.clock.now(), document_no or []
        items = bulk.submit(session, services.rulebook, caller.user_id, ticked, now)
    return _payments(request, caller, items=items)


@router.post("/payments/release-holds")
def release_holds(
    request: Request,
    caller: Annotated[Caller, Depends(needs("holds.release"))],
    document_no: Annotated[list[str] | None, Form()] = None,
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Let the ticked documents go on with one reason, each with its own result."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            now, ticked = services.clock.now(), document_no or []
            items = bulk.release_holds(
                session, services.rulebook, caller.user_id, ticked, reason, now
            )
    except SluiceError as error:
        return _payments(request, caller, refusal(request, error), status=status_of(error))
    return _payments(request, caller, items=items)


@router.post("/payments/void")
def void_many(
    request: Request,
    caller: Annotated[Caller, Depends(needs("documents.void"))],
    document_no: Annotated[list[str] | None, Form()] = None,
    reason: Annotated[str, Form()] = "",
) -> Response:
    """End the ticked documents for good, with a reason; each has its own result."""
    services = services_of(request)
    user = caller.user_id
    with transaction(services.engine) as session:
        ids = [lists.get(session, user, one).id or 0 for one in document_no or ()]
    done = run_in_transaction(
        services.engine,
        lambda session: ending.void_each(session, user, ids, reason, services.clock.now()),
    )
    return show_results(request, caller, done, key="done.voided_many")

"""Today: what waits for me, where every document stands, the group's cash, what is wrong."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlmodel import Session

from api.identity import Caller, needs, signed_in
from api.pages.accounts import book_balances
from api.pages.language import language_of
from api.pages.payments import StateSum, by_state
from api.pages.ruleset_view import ShownFinding, findings_of
from api.pages.shell import first_page, go, page
from api.services import services_of
from engine.machines.instruction.states import AttemptState
from engine.runtime.db import transaction
from engine.treasury.accounts import book
from engine.treasury.alerts.lists import AlertFilter
from engine.treasury.alerts.lists import find as find_alerts
from engine.treasury.alerts.models import Alert
from engine.treasury.approvals import desk
from engine.treasury.arrivals.proposals import proposals
from engine.treasury.documents import lists
from engine.treasury.documents.lists import Filter
from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.payments import reviewing
from engine.treasury.rulesets import waiting
from engine.treasury.rulesets.shelf import files_for

router = APIRouter(include_in_schema=False)
READS = "documents.read"
May = Annotated[Caller, Depends(needs(READS))]
ALERTS = 8


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of the worklist: what, how many, how much (minor units), where to do it."""

    key: str
    count: int
    sums: tuple[tuple[str, int], ...]
    href: str


@dataclass(frozen=True, slots=True)
class Cash:
    """Cash in one currency, minor units."""

    currency: str
    bank: int
    available: int
    book: int
    accounts: int
    without_balance: int


def worklist_of(session: Session, caller: Caller, now: dt.datetime) -> list[Waiting]:
    """What waits for this user, by what he may do; nothing waiting is left out."""
    may, user = caller.permissions, caller.user_id
    found: list[Waiting] = []
    if "approvals.decide" in may:
        groups = desk.worklist(session, user, now)
        sums: dict[str, int] = {}
        for group in groups:
            for currency, total in group.totals:
                sums[currency] = sums.get(currency, 0) + total
        count = sum(len(group.items) for group in groups)
        found.append(Waiting("approvals", count, tuple(sorted(sums.items())), "/approvals"))
    if "holds.release" in may:
        orgs = visible_orgs(session, user, "holds.release")
        wanted = Filter(waiting_code="HELD", org_ids=orgs)
        found.append(_documents(session, user, "holds", wanted, "/alerts"))
    if "payments.release" in may:
        orgs = visible_orgs(session, user, "payments.release")
        wanted = Filter(states=("UNPAID",), channel="bank_direct", org_ids=orgs)
        found.append(_documents(session, user, "pay", wanted, "/pay"))
    if "documents.submit" in may:
        orgs = visible_orgs(session, user, "documents.submit")
        wanted = Filter(states=("REJECTED",), org_ids=orgs)
        found.append(_documents(session, user, "rejected", wanted, "/payments?state=REJECTED"))
    if "statements.reconcile" in may:
        found.append(Waiting("matches", len(proposals(session, user)), (), "/reconcile"))
    if may & {reviewing.PROPOSES, reviewing.CONFIRMS}:
        unclear = reviewing.unclear(session, user)
        found.append(_reviews("unclear", [one for one in unclear if _to_propose(one)]))
        found.append(_reviews("proposed", [one for one in unclear if one.may_decide]))
    if "rulesets.approve" in may:
        count = len(waiting.to_sign(session, user))
        found.append(Waiting("rulesets", count, (), "/rulesets/waiting#to-sign"))
    if "rulesets.edit" in may:
        count = len(waiting.returned_to(session, user))
        found.append(Waiting("returned", count, (), "/rulesets/waiting#returned"))
    if "rulesets.activate" in may:
        count = len(waiting.to_activate(session, user))
        found.append(Waiting("activate", count, (), "/operations/reload"))
    return [one for one in found if one.count]


def _to_propose(one: reviewing.UnclearPayment) -> bool:
    """The bank is asked no more, and nobody has proposed what became of it."""
    return one.may_propose and one.state is AttemptState.REVIEW


def _reviews(key: str, unclear: Sequence[reviewing.UnclearPayment]) -> Waiting:
    sums: Counter[str] = Counter()
    for one in unclear:
        sums[one.currency] += one.amount
    return Waiting(key, len(unclear), tuple(sorted(sums.items())), "/unclear")


def _documents(session: Session, user: str, key: str, wanted: Filter, href: str) -> Waiting:
    if not wanted.org_ids:
        return Waiting(key, 0, (), href)
    page = lists.find(session, user, wanted, limit=1)
    return Waiting(key, page.count, tuple(sorted(page.sums.items())), href)


def cash_of(session: Session, user_id: str) -> list[Cash]:
    """Cash of everything the user sees, per currency: the bank's word and the books'."""
    accounts = book.find(session, user_id)
    latest = book.latest_balances(session, [one.id for one in accounts if one.id is not None])
    books = book_balances(session, accounts)
    made = []
    for currency in sorted({one.currency for one in accounts}):
        same = [one for one in accounts if one.currency == currency]
        known = [latest[one.id] for one in same if one.id is not None and one.id in latest]
        made.append(
            Cash(
                currency,
                sum(one.bank_booked for one in known),
                sum(one.bank_available for one in known),
                sum(books[one.id] for one in same if one.id is not None),
                len(same),
                len(same) - len(known),
            )
        )
    return made


@dataclass(frozen=True, slots=True)
class Desk:
    """The part of the page that is looked at again every few seconds."""

    waiting: list[Waiting]
    states: list[StateSum]
    alerts: tuple[Alert, ...]
    alert_count: int


def _desk(session: Session, caller: Caller, now: dt.datetime) -> Desk:
    alerts = find_alerts(
        session, caller.user_id, AlertFilter(states=("open", "acknowledged")), limit=ALERTS
    )
    return Desk(
        worklist_of(session, caller, now),
        by_state(lists.totals(session, caller.user_id)),
        alerts.rows,
        alerts.count,
    )


@router.get("/")
def today(request: Request, caller: Annotated[Caller, Depends(signed_in)]) -> Response:
    """The whole page; who reads no documents is sent to the first page of his menu."""
    if READS not in caller.permissions:
        return go(first_page(caller))
    findings: list[ShownFinding] = []
    services = services_of(request)
    with transaction(services.engine) as session:
        shown = _desk(session, caller, services.clock.now())
        cash = cash_of(session, caller.user_id) if "accounts.read" in caller.permissions else []
        if "rulesets.read" in caller.permissions:
            every = findings_of(files_for(session, caller.user_id), language_of(request))
            findings = [one for one in every if one.severity == "error"]
    return page(request, "today.html", caller, desk=shown, cash=cash, findings=findings)


@router.get("/today/desk")
def desk_part(request: Request, caller: May) -> Response:
    """Worklist, states and alerts alone, for htmx."""
    services = services_of(request)
    with transaction(services.engine) as session:
        shown = _desk(session, caller, services.clock.now())
    return page(request, "_desk.html", caller, desk=shown)

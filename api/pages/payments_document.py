"""One document: facts, course, decisions, alerts, attempts; void, replace, submit, release."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel
from sqlmodel import Session

from api.access import unmasked_orgs
from api.identity import Caller, needs
from api.masking import hiding
from api.pages.payments import VOIDABLE
from api.pages.shell import Note, go, page, refusal
from api.services import services_of
from engine.base.text import SluiceError
from engine.machines.instruction.history import attempts_of
from engine.rulebook.explain import decisions_about
from engine.runtime.db import transaction
from engine.treasury import cheques
from engine.treasury.accounts.models import BankAccount
from engine.treasury.alerts import board, holds, twins
from engine.treasury.approvals import desk
from engine.treasury.documents import lists
from engine.treasury.documents.history import batch_by_id, documents_by_id, events_of
from engine.treasury.documents.models import Document
from engine.treasury.documents.states import State
from engine.treasury.intake import course as intake
from engine.treasury.intake import ending, replacing
from engine.treasury.intake.facts import code_lists
from engine.treasury.intake.replacing import replaced_by
from engine.treasury.organisations.grants import can, visible_orgs
from engine.treasury.organisations.tree import organisations
from engine.treasury.rulesets.explaining import explained_for

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("documents.read"))]
REPLACEABLE = VOIDABLE | {State.IN_APPROVAL.value}
"""States in which a document can be paid in another way: from approval it is withdrawn first."""


@router.get("/payments/{document_no}")
def document_page(request: Request, caller: May, document_no: str) -> Response:
    """One document: facts, course, decisions, alerts and holds, approvals, attempts."""
    return show_document(request, caller, document_no)


def show_document(
    request: Request, caller: Caller, document_no: str, *notes: Note, status: int = 200
) -> Response:
    """The page of a document, with what an act on it was answered."""
    services = services_of(request)
    with transaction(services.engine) as session:
        document = lists.get(session, caller.user_id, document_no)
        document_id = document.id or 0
        user = caller.user_id
        open_orgs = unmasked_orgs(session, user)
        decided = decisions_about(session, "document", str(document_id))
        account = session.get(BankAccount, document.account_id) if document.account_id else None
        values = {
            "document": document,
            "account": account,
            "org": organisations(session)[document.org_id],
            "batch": batch_by_id(session, document.document_batch_id),
            "events": events_of(session, document_id),
            "decisions": explained_for(session, user, decided, hiding(document.org_id, open_orgs)),
            "alerts": board.of_subject(session, "document", str(document_id)),
            "holds": holds.of_document(session, document_id),
            "twins": _twins(session, user, document_id),
            "rounds": desk.rounds_of(session, document_id),
            "attempts": attempts_of(session, document_id),
            "open_orgs": open_orgs,
            "voidable": document.state in VOIDABLE
            and can(session, user, "documents.void", document.org_id),
            "resubmittable": (document.state == "REJECTED" or document.waiting_code == "WITHDRAWN")
            and can(session, user, "documents.submit", document.org_id),
            "withdrawable": document.state in ("IN_APPROVAL", "UNPAID")
            and can(session, user, "documents.submit", document.org_id),
            "replaceable": document.state in REPLACEABLE
            and can(session, user, "documents.submit", document.org_id)
            and can(session, user, "documents.void", document.org_id),
            "replaces": session.get(Document, document.replaces_id)
            if document.replaces_id is not None
            else None,
            "replaced_by": replaced_by(session, document_id),
            "cheques": cheques.of_document(session, document_id),
            "methods": code_lists(session, services.rulebook.at(session))["payment_method"],
            "releasable": document.waiting_code == "HELD"
            and can(session, user, "holds.release", document.org_id),
            "payable_again": document.state == "FAILED"
            and can(session, user, "payments.release", document.org_id),
        }
    return page(request, "document.html", caller, notes=notes, status=status, **values)


@dataclass(frozen=True, slots=True)
class TwinShown:
    """A document this one was held for; its number only for who may see it."""

    twin: twins.Twin
    number: str | None


def _twins(session: Session, user_id: str, document_id: int) -> list[TwinShown]:
    found = twins.of_document(session, document_id)
    others = documents_by_id(session, [one.other_id for one in found])
    seen = visible_orgs(session, user_id, "documents.read")
    return [
        TwinShown(one, other.document_no if other.org_id in seen else None)
        for one in found
        for other in [others[one.other_id]]
    ]


class ReplaceForm(BaseModel):
    """What is to be different; empty stays as it is."""

    payment_method: str = ""
    counterparty_name: str = ""
    counterparty_account: str = ""
    counterparty_bank_code: str = ""
    reason: str = ""


Act = Callable[[Session, int], object]
"""What is done to a document, by its id, in a transaction."""


def _done(request: Request, caller: Caller, document_no: str, act: Act, *, key: str) -> Response:
    """Act on a document, then show it with the word `key`; a refusal is shown beside it."""
    try:
        with transaction(services_of(request).engine) as session:
            document = lists.get(session, caller.user_id, document_no)
            act(session, document.id or 0)
    except SluiceError as error:
        return show_document(request, caller, document_no, refusal(request, error), status=409)
    return go(f"/payments/{document_no}", key=key, number=document_no)


@router.post("/payments/{document_no}/replace")
def replace(
    request: Request,
    caller: Annotated[Caller, Depends(needs("documents.submit"))],
    document_no: str,
    form: Annotated[ReplaceForm, Form()],
) -> Response:
    """Pay by another method or to another account: a new document, this one void."""
    services = services_of(request)
    change = replacing.Change(
        form.payment_method or None,
        form.counterparty_name.strip() or None,
        form.counterparty_account.strip() or None,
        form.counterparty_bank_code.strip() or None,
    )
    try:
        with transaction(services.engine) as session:
            old = lists.get(session, caller.user_id, document_no)
            new = replacing.replace_document(
                session,
                services.rulebook,
                caller.user_id,
                old.id or 0,
                change,
                form.reason,
                services.clock.now(),
            )
    except SluiceError as error:
        return show_document(request, caller, document_no, refusal(request, error), status=409)
    return go(f"/payments/{new.document_no}", key="done.replaced", number=document_no)


@router.post("/payments/{document_no}/void")
def void(
    request: Request,
    caller: Annotated[Caller, Depends(needs("documents.void"))],
    document_no: str,
    reason: Annotated[str, Form()] = "",
) -> Response:
    """End a document for good, with a reason."""
    now = services_of(request).clock.now()

    def act(session: Session, document: int) -> None:
        ending.void(session, caller.user_id, [document], reason, now)

    return _done(request, caller, document_no, act, key="done.voided")


@router.post("/payments/{document_no}/withdraw")
def withdraw(
    request: Request,
    caller: Annotated[Caller, Depends(needs("documents.submit"))],
    document_no: str,
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Take a document back out of approval, with a reason."""
    now = services_of(request).clock.now()

    def act(session: Session, document: int) -> None:
        desk.withdraw(session, caller.user_id, [document], reason, now)

    return _done(request, caller, document_no, act, key="done.withdrawn")


@router.post("/payments/{document_no}/submit")
def submit(
    request: Request,
    caller: Annotated[Caller, Depends(needs("documents.submit"))],
    document_no: str,
) -> Response:
    """Submit a rejected or withdrawn document again."""
    services = services_of(request)

    def act(session: Session, document: int) -> None:
        now = services.clock.now()
        intake.resubmit(session, services.rulebook, caller.user_id, [document], now)

    return _done(request, caller, document_no, act, key="done.submitted")


@router.post("/payments/{document_no}/release-hold")
def release_hold(
    request: Request,
    caller: Annotated[Caller, Depends(needs("holds.release"))],
    document_no: str,
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Let a held document go on, with a reason; never by whoever made it."""
    services = services_of(request)

    def act(session: Session, document: int) -> None:
        now = services.clock.now()
        intake.release(session, services.rulebook, caller.user_id, document, reason, now)

    return _done(request, caller, document_no, act, key="done.released")

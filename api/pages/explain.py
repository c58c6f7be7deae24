"""Explain: one document against all the rules that decided it, and under another ruleset."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from api.access import unmasked_orgs
from api.filters import text_of
from api.identity import Caller, needs
from api.pages.explain_view import steps_of
from api.pages.refusals import findings_in
from api.pages.ruleset_view import ShownFinding
from api.pages.shell import Note, page, refusal
from api.services import services_of
from api.statuses import status_of
from engine.base.text import SluiceError
from engine.runtime.db import transaction
from engine.treasury.documents.history import documents_by_id
from engine.treasury.organisations.tree import organisations
from engine.treasury.trace import TraceError, find, of_document

router = APIRouter(include_in_schema=False, dependencies=[Depends(needs("rulesets.read"))])
May = Annotated[Caller, Depends(needs("documents.read"))]
LISTED = 200
"""Documents that are listed when a number leads to several."""


@router.get("/explain")
def search(request: Request, caller: May) -> Response:
    """Search by any number; one that leads to one document goes to its page."""
    sought = text_of(request.query_params.get("q"))
    if sought is None:
        return _nothing(request, caller)
    return _found(request, caller, sought)


@router.get("/explain/{number}")
def document(request: Request, caller: May, number: str, under: str | None = None) -> Response:
    """Every decision about a document in the order they were made; `under`: only those another
    ruleset could have made, with both side by side."""
    return _found(request, caller, number, reference=text_of(under))


@router.post("/explain/{number}")
def under_text(
    request: Request, caller: May, number: str, text: Annotated[str, Form()] = ""
) -> Response:
    """The same under a text that is sent along. Nothing is stored."""
    return _found(request, caller, number, text=text_of(text) and text)


def _nothing(
    request: Request, caller: Caller, sought: str | None = None, *, missing: bool = False
) -> Response:
    return page(
        request,
        "explain_search.html",
        caller,
        status=404 if missing else 200,
        sought=sought,
        missing=missing,
        several=[],
        hidden=0,
    )


def _found(
    request: Request,
    caller: Caller,
    number: str,
    *,
    reference: str | None = None,
    text: str | None = None,
) -> Response:
    with transaction(services_of(request).engine) as session:
        try:
            ids = find(session, number, caller.user_id)
        except TraceError:
            return _nothing(request, caller, number, missing=True)
        documents = documents_by_id(session, ids[:LISTED])
        if len(ids) > 1:
            return page(
                request,
                "explain_search.html",
                caller,
                sought=number,
                missing=False,
                several=list(documents.values()),
                hidden=max(0, len(ids) - LISTED),
            )
        document = documents[ids[0]]
        if request.method == "GET" and number != document.document_no:
            query = request.url.query if request.path_params else ""
            address = f"/explain/{document.document_no}{'?' if query else ''}{query}"
            return RedirectResponse(address, status_code=303)
        decisions = of_document(session, ids[0]).decisions
        every = [one.id for one in decisions]
        notes: tuple[Note, ...] = ()
        findings: list[ShownFinding] = []
        status = 200
        try:
            steps = steps_of(
                session, caller.user_id, document.org_id, every, reference=reference, text=text
            )
        except SluiceError as error:
            steps, notes, findings, status = (
                steps_of(session, caller.user_id, document.org_id, every),
                (refusal(request, error),),
                findings_in(request, error),
                status_of(error),
            )
        open_orgs = unmasked_orgs(session, caller.user_id)
        orgs = organisations(session)
    return page(
        request,
        "explain.html",
        caller,
        notes=notes,
        status=status,
        document=document,
        decisions=decisions,
        steps=steps,
        shown={step.found.stored.id for step in steps},
        findings=findings,
        open_orgs=open_orgs,
        orgs=orgs,
        base=f"/explain/{document.document_no}",
        reference=reference,
        text=text,
    )

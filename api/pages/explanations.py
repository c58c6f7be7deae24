"""One decision: why it came out so, row by row, cell by cell; a page, and a part of other pages."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlmodel import Session

from api.filters import text_of
from api.identity import Caller, needs
from api.pages.explain_view import Step, steps_of
from api.pages.refusals import findings_in
from api.pages.ruleset_view import ShownFinding
from api.pages.shell import Note, page, refusal
from api.services import services_of
from api.statuses import status_of
from engine.base.text import SluiceError
from engine.rulebook.models import DecisionRow
from engine.runtime.db import transaction
from engine.treasury.documents.history import documents_by_id
from engine.treasury.organisations.tree import organisations
from engine.treasury.rulesets.referring import decision_for

router = APIRouter(include_in_schema=False, dependencies=[Depends(needs("rulesets.read"))])
May = Annotated[Caller, Depends(needs("documents.read"))]


@router.get("/decisions/{decision_id}")
def decision_page(
    request: Request, caller: May, decision_id: int, under: str | None = None
) -> Response:
    """By what it was decided, the rows that fired, and why each other row did not; `under`:
    another ruleset beside it."""
    return show_decision(request, caller, decision_id, reference=text_of(under))


@router.post("/decisions/{decision_id}")
def under_text(
    request: Request, caller: May, decision_id: int, text: Annotated[str, Form()] = ""
) -> Response:
    """The same under a text that is sent along. Nothing is stored."""
    return show_decision(request, caller, decision_id, text=text_of(text) and text)


@router.get("/decisions/{decision_id}/why")
def part(request: Request, caller: May, decision_id: int) -> Response:
    """Only the cells, without a page around them, for a fold."""
    with transaction(services_of(request).engine) as session:
        row = decision_for(session, caller.user_id, decision_id)
        (step,) = steps_of(session, caller.user_id, row.org_id, [row.id])
        orgs = organisations(session)
    return page(request, "_why.html", caller, step=step, orgs=orgs)


@router.get("/decisions/{decision_id}/rows")
def folded(request: Request, caller: May, decision_id: int, under: str | None = None) -> Response:
    """The rows that missed by more, which a page leaves out where they are many."""
    with transaction(services_of(request).engine) as session:
        row = decision_for(session, caller.user_id, decision_id)
        reference = text_of(under)
        (step,) = steps_of(session, caller.user_id, row.org_id, [row.id], reference=reference)
    beside = step.beside
    return page(
        request,
        "_folded.html",
        caller,
        cells=step.cells if beside is None or beside.cells is None else beside.cells,
        hash=step.found.stored.hash if beside is None else None,
        changed=frozenset() if beside is None else beside.changed,
    )


def show_decision(
    request: Request,
    caller: Caller,
    decision_id: int,
    *notes: Note,
    reference: str | None = None,
    text: str | None = None,
    status: int = 200,
) -> Response:
    """The page of a decision, with what an act on it was answered."""
    with transaction(services_of(request).engine) as session:
        row = decision_for(session, caller.user_id, decision_id)
        findings: list[ShownFinding] = []
        try:
            step = _step(session, caller, row, reference, text)
        except SluiceError as error:
            step = _step(session, caller, row, None, None)
            notes = (*notes, refusal(request, error))
            findings = findings_in(request, error)
            status = status_of(error)
        document = None
        if row.matter_kind == "document":
            document = documents_by_id(session, [int(row.matter_id)])[int(row.matter_id)]
        orgs = organisations(session)
    return page(
        request,
        "decision.html",
        caller,
        notes=notes,
        status=status,
        step=step,
        document=document,
        findings=findings,
        orgs=orgs,
        base=f"/decisions/{row.id}",
        reference=reference,
        text=text,
    )


def _step(
    session: Session, caller: Caller, row: DecisionRow, reference: str | None, text: str | None
) -> Step:
    (step,) = steps_of(
        session, caller.user_id, row.org_id, [row.id], reference=reference, text=text
    )
    return step

"""One decision: why it came out so, row by row, cell by cell; a page, and a part of other pages."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.access import unmasked_orgs
from api.identity import Caller, needs
from api.masking import hiding
from api.pages.shell import page
from api.services import services_of
from engine.rulebook.why import Why
from engine.runtime.db import transaction
from engine.treasury.rulesets.explaining import why_for
from engine.treasury.rulesets.referring import decision_for

router = APIRouter(include_in_schema=False, dependencies=[Depends(needs("rulesets.read"))])
May = Annotated[Caller, Depends(needs("documents.read"))]
NEAR = 1
"""Rows that missed by at most so many conditions are open; the others are folded."""


@router.get("/decisions/{decision_id}")
def decision_page(request: Request, caller: May, decision_id: int) -> Response:
    """By what it was decided, the rows that fired, and why each other row did not."""
    return _shown(request, caller, "decision.html", decision_id)


@router.get("/decisions/{decision_id}/why")
def part(request: Request, caller: May, decision_id: int) -> Response:
    """The same without a page around it, for a fold."""
    return _shown(request, caller, "_why.html", decision_id)


def _shown(request: Request, caller: Caller, template: str, decision_id: int) -> Response:
    found = _why(request, caller, decision_id)
    rows = found.explanation.nearest_first()
    return page(
        request,
        template,
        caller,
        found=found,
        near=[one for one in rows if one.missed <= NEAR],
        far=[one for one in rows if one.missed > NEAR],
    )


def _why(request: Request, caller: Caller, decision_id: int) -> Why:
    with transaction(services_of(request).engine) as session:
        row = decision_for(session, caller.user_id, decision_id)
        hide = hiding(row.org_id, unmasked_orgs(session, caller.user_id))
        return why_for(session, caller.user_id, row, hide)

"""Trace: one payment from the source to the ledger, found by any of its numbers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.access import unmasked_orgs
from api.filters import text_of
from api.identity import Caller, needs
from api.masking import hiding
from api.pages.shell import page
from api.services import services_of
from engine.rulebook.explain import explain
from engine.runtime.db import transaction
from engine.treasury.documents.history import documents_by_id
from engine.treasury.trace import TraceError, find, of_document

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("documents.read"))]
LISTED = 200
"""Documents that are listed when a number leads to several (a batch's message id)."""


@router.get("/trace")
def trace_page(request: Request, caller: May) -> Response:
    """Search by any number; a number of one document shows its whole way."""
    sought = text_of(request.query_params.get("q"))
    found = None
    several = []
    missing = False
    decisions = {}
    with transaction(services_of(request).engine) as session:
        open_orgs = unmasked_orgs(session, caller.user_id)
        if sought is not None:
            try:
                ids = find(session, sought, caller.user_id)
            except TraceError:
                ids, missing = [], True
            if len(ids) == 1:
                found = of_document(session, ids[0])
                steps = explain(
                    session,
                    [one.id for one in found.decisions],
                    hide=hiding(found.document.org_id, open_orgs),
                )
                decisions = {one.id: one for one in steps}
            else:
                several = list(documents_by_id(session, ids[:LISTED]).values())
    return page(
        request,
        "trace.html",
        caller,
        status=404 if missing else 200,
        sought=sought,
        missing=missing,
        found=found,
        several=several,
        hidden=0 if found or missing or sought is None else max(0, len(ids) - LISTED),
        decisions=list(decisions.values()),
        open_orgs=open_orgs,
    )

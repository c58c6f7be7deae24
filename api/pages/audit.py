"""The audit log: who did what, and whether the chain of entries still holds."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.filters import text_of
from api.identity import Caller, needs
from api.pages.shell import page, pager
from api.services import services_of
from engine.runtime import audit
from engine.runtime.audit_log import entries
from engine.runtime.db import transaction
from engine.treasury.documents.history import documents_by_id
from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.organisations.tree import organisations

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("audit.read"))]
ROWS = 50


@router.get("/audit")
def log(request: Request, caller: May) -> Response:
    """The latest entries; `?verify=1` checks the whole chain."""
    services = services_of(request)
    query = request.query_params
    number = max(1, int(query["page"])) if query.get("page", "").isdecimal() else 1
    report = None
    with transaction(services.engine) as session:
        seen = visible_orgs(session, caller.user_id, "audit.read")
        whole = len(seen) == len(organisations(session))
        found = entries(
            session,
            seen,
            group_wide=whole,
            text=text_of(query.get("q")),
            limit=ROWS,
            offset=(number - 1) * ROWS,
        )
        ids = [
            int(one.subject_id)
            for one in found.rows
            if one.subject_kind == "document" and one.subject_id.isdecimal()
        ]
        numbers = {str(key): one.document_no for key, one in documents_by_id(session, ids).items()}
        if whole and query.get("verify") and services.anchors is not None:
            report = audit.verify(session, services.anchors)
    return page(
        request,
        "audit.html",
        caller,
        found=found,
        numbers=numbers,
        report=report,
        verifiable=whole and services.anchors is not None,
        pager=pager(request, number, ROWS, found.count),
    )

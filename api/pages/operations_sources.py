"""Operations: business days compared with source systems."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.identity import Caller, needs
from api.pages.shell import page
from api.services import services_of
from engine.runtime.db import transaction
from engine.treasury.sources import day_end

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("operations.read"))]


@router.get("/operations/sources")
def listed(request: Request, caller: May) -> Response:
    """Every day and source with what differs."""
    with transaction(services_of(request).engine) as session:
        found = day_end.days(session, caller.user_id)
    return page(request, "operations_sources.html", caller, days=found)

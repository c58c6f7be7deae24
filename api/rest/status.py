"""GET /status: what runs, by which rules, how the second opinion is, what waits, what is wrong."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request

from api.identity import needs
from api.services import services_of
from api.status_json import StatusOut, status_out
from engine.runtime.db import transaction
from engine.treasury.status import status

router = APIRouter(prefix="/api/v1", tags=["operations"])


@router.get(
    "/status",
    summary="Processes, second opinion, queue and outbox; `red` names what needs a person",
    dependencies=[Depends(needs("operations.read"))],
)
def the_status(request: Request) -> StatusOut:
    """Counts only: nothing of any document, account or organisation."""
    services = services_of(request)
    with transaction(services.engine) as session:
        return status_out(status(session, services.clock.now()))

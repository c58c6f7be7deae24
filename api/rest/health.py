"""GET /health: whether the product answers, for load balancers. Says nothing else."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel

from api.services import services_of
from engine.rulebook import current_revision
from engine.runtime.db import transaction

router = APIRouter(prefix="/api/v1", tags=["health"])


class Health(BaseModel):
    """`revision`: number of the live rulesets, null before the first activation."""

    ok: bool
    revision: int | None


@router.get("/health", summary="ok and the number of the live revision (public)")
def health(request: Request) -> Health:
    """Asks the database, so an answer means that it answers too."""
    with transaction(services_of(request).engine) as session:
        return Health(ok=True, revision=current_revision(session))

"""Business days compared with source systems, over REST."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from api.identity import Caller, needs
from api.services import services_of
from engine.runtime.db import transaction
from engine.treasury.sources import day_end
from engine.treasury.sources.models import SourceDay

router = APIRouter(prefix="/api/v1/source-days", tags=["source systems"])
Reads = Annotated[Caller, Depends(needs("operations.read"))]


class SourceDayOut(BaseModel):
    """The latest comparison of a day with a source; amounts are decimal strings."""

    source: str
    business_date: dt.date
    compared_at: dt.datetime
    equal: bool
    totals: list[dict[str, object]]
    differences: list[dict[str, object]]
    error: str | None

    @classmethod
    def of(cls, one: SourceDay) -> SourceDayOut:
        """From a stored comparison."""
        return cls(
            source=one.source,
            business_date=one.business_date,
            compared_at=one.compared_at,
            equal=one.equal,
            totals=one.totals,
            differences=one.differences,
            error=one.error,
        )


@router.get("", summary="The latest comparison of every day and source, newest first")
def listed(request: Request, caller: Reads) -> list[SourceDayOut]:
    """Of the organisations the caller may see. The schedule sources.day_end makes them."""
    with transaction(services_of(request).engine) as session:
        return [SourceDayOut.of(one) for one in day_end.days(session, caller.user_id)]

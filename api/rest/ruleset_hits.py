"""Hits per row: which rows of a version, or of a text, would have decided the last days."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from api.identity import Caller, needs
from api.rest.errors import Problem
from api.rest.history_problems import problem_of
from api.ruleset_hits import HitCounter, Hits
from api.services import services_of
from engine.rulebook.draft_text import clean_text
from engine.rulebook.history import DraftErrors
from engine.rulebook.history.reading import LONGEST
from engine.rules.columns import HistoryRefused
from engine.runtime.db import transaction
from engine.treasury.rulesets.visible import version_for

router = APIRouter(prefix="/api/v1", tags=["rulesets"])
May = Annotated[Caller, Depends(needs("rulesets.read"))]
REFUSED: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "No documents of the caller's organisations"},
    403: {"model": Problem, "description": "It reads words the caller sees masked"},
    404: {"model": Problem, "description": "No such version, or no history of its kind"},
    422: {"model": Problem, "description": "The text has errors, or history lacks a column"},
}


class RowOut(BaseModel):
    """A row: documents it decides today, and those it is recorded to have decided."""

    row: str
    hits: int
    recorded: int


class HitsOut(BaseModel):
    """Rows in the table's order, counted over the documents of the last `days`.

    `otherwise` documents are decided by no row, `refused` ones cannot be decided; `elsewhere`
    counts documents of the organisations that another ruleset decides. `recorded` documents were
    last decided by this very version. `made_up` documents are a demo's: nobody decided them.
    """

    name: str
    version: int
    hash: str
    organisation: str
    organisations: list[str]
    days: int
    since: dt.date
    documents: int
    made_up: int
    otherwise: int
    refused: int
    elsewhere: int
    recorded: int
    rows: list[RowOut]
    never_hit: list[str]

    @classmethod
    def of(cls, found: Hits) -> HitsOut:
        """From the hits of one period."""
        (period,) = found.periods
        counts = period.counts
        return cls(
            name=found.ruleset.name,
            version=found.ruleset.version,
            hash=found.ruleset.hash,
            organisation=found.ruleset.scope_org,
            organisations=sorted(found.orgs),
            days=period.days,
            since=period.since,
            documents=counts.documents,
            made_up=period.made_up,
            otherwise=counts.otherwise,
            refused=counts.refused,
            elsewhere=period.elsewhere,
            recorded=period.recorded,
            rows=[
                RowOut(row=row, hits=count, recorded=period.recorded_rows.get(row, 0))
                for row, count in counts.rows.items()
            ],
            never_hit=list(period.never_hit),
        )


class AskedHits(BaseModel):
    """A ruleset's text that is not stored; `file` is the name its findings give."""

    text: str
    file: str = Field(default="draft.yaml", max_length=200)
    days: int = Field(default=90, ge=1, le=LONGEST)


@router.get(
    "/rulesets/{hash}/hits",
    summary="How often each row of a version would have decided",
    response_model=HitsOut,
    responses=REFUSED,
)
def version_hits(
    request: Request,
    caller: May,
    hash: str,
    days: Annotated[int, Query(ge=1, le=LONGEST)] = 90,
) -> HitsOut | Response:
    """The version decides the documents of the last `days` where it would decide now; only those
    of organisations the caller may see. By its hash, or the first 8 digits of it or more."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            version = version_for(session, caller.user_id, hash)
            counter = HitCounter(session, services, caller.user_id)
            return HitsOut.of(counter.of_version(version, days=[days]))
    except HistoryRefused as refused:
        return problem_of(refused)


@router.post(
    "/rulesets/hits",
    summary="How often each row of a text would have decided",
    response_model=HitsOut,
    responses=REFUSED,
)
def text_hits(request: Request, caller: May, asked: AskedHits) -> HitsOut | Response:
    """The same for a text in the making; one with errors is refused with them."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            counter = HitCounter(session, services, caller.user_id)
            return HitsOut.of(
                counter.of_text(asked.file, clean_text(asked.text), days=[asked.days])
            )
    except (DraftErrors, HistoryRefused) as refused:
        return problem_of(refused)

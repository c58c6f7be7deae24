"""GET /rulesets/diff: what differs in meaning between two versions, as data and in sentences."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response

from api.identity import Caller, needs
from api.rest.errors import Problem
from api.rest.rule_shapes import refused
from api.services import services_of
from engine.rulebook.errors import RulesetRefused
from engine.rules.diff import diff_rulesets
from engine.rules.diff_sentences import diff_sentences
from engine.runtime.db import transaction
from engine.treasury.rulesets.referring import ruleset_for

router = APIRouter(prefix="/api/v1", tags=["rulesets"])
_WHAT = "NAME@VERSION, live:NAME, draft:NUMBER or a hash"


@router.get(
    "/rulesets/diff",
    summary="What differs in meaning between two versions",
    responses={404: {"model": Problem}, 422: {"description": "A draft with errors: `findings`"}},
)
def difference(
    request: Request,
    caller: Annotated[Caller, Depends(needs("rulesets.read"))],
    old: Annotated[str, Query(description=_WHAT)],
    new: Annotated[str, Query(description=_WHAT)],
) -> Response:
    """By row id: added, removed, changed cells, moved rows, envelope; and whole sentences."""
    try:
        with transaction(services_of(request).engine) as session:
            before, after = (ruleset_for(session, caller.user_id, one) for one in (old, new))
    except RulesetRefused as error:
        return refused(error)
    found = diff_rulesets(before, after)
    said = [{"en": one.en, "zh": one.zh} for one in diff_sentences(before, after, found)]
    return JSONResponse(found.to_json() | {"sentences": said})

"""POST /rulesets/new and /ruleset-versions/{hash}/copy: texts to begin with; nothing is stored."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from api.identity import Caller, needs
from api.rest.errors import Problem
from api.services import services_of
from engine.base.text import Text
from engine.runtime.db import transaction
from engine.treasury.rulesets import beginning

router = APIRouter(prefix="/api/v1", tags=["rulesets"])
Edits = Annotated[Caller, Depends(needs("rulesets.edit"))]
TAKEN: dict[int | str, dict[str, Any]] = {
    403: {"model": Problem},
    404: {"model": Problem},
    409: {"model": Problem, "description": "The name belongs to another ruleset"},
}
Languages = Annotated[list[Literal["en", "zh"]], Field(min_length=1, max_length=2)]


class NewRuleset(BaseModel, extra="forbid"):
    """What a new ruleset decides, for whom; `comments` are the languages of its comments."""

    kind: str
    subject: str
    name: str
    title_en: str = Field(default="", max_length=200)
    title_zh: str = Field(default="", max_length=200)
    organisation: str = "GROUP"
    comments: Languages = ["en"]


class BranchCopy(BaseModel, extra="forbid"):
    """For which organisation below the ruleset's own, and in which way.

    `extends`: a file that holds only what differs; `full`: the whole table. Name and titles are
    made from those above where they are left out.
    """

    organisation: str
    how: Literal["extends", "full"]
    name: str = ""
    title_en: str = Field(default="", max_length=200)
    title_zh: str = Field(default="", max_length=200)
    comments: Languages = ["en"]


class Begun(BaseModel):
    """A text that checks without errors; POST /drafts keeps it."""

    text: str


@router.post(
    "/rulesets/new",
    summary="The text of a new ruleset, from a template of its kind",
    responses=TAKEN,
)
def new(request: Request, caller: Edits, given: NewRuleset) -> Begun:
    """Envelope, a first table, examples and comments. Nothing is stored."""
    services = services_of(request)
    wanted = beginning.Wanted(
        kind=given.kind,
        subject=given.subject,
        name=given.name,
        title=Text(given.title_en, given.title_zh),
        org=given.organisation,
        langs=tuple(given.comments),
    )
    with transaction(services.engine) as session:
        today = services.clock.business_date()
        return Begun(text=beginning.new_text(session, caller.user_id, wanted, today))


@router.post(
    "/ruleset-versions/{hash}/copy",
    summary="The text of a branch's own ruleset, made from a stored one",
    responses=TAKEN,
)
def copy(request: Request, caller: Edits, hash: str, given: BranchCopy) -> Begun:
    """An extension or a whole copy. Nothing is stored."""
    services = services_of(request)
    wanted = beginning.WantedCopy(
        hash=hash,
        org=given.organisation,
        how=given.how,
        name=given.name,
        title=Text(given.title_en, given.title_zh),
        langs=tuple(given.comments),
    )
    with transaction(services.engine) as session:
        today = services.clock.business_date()
        return Begun(text=beginning.copy_text(session, caller.user_id, wanted, today))

"""POST /rulesets/preview: what a draft would have decided otherwise, over kept history."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field, model_validator
from pydantic import JsonValue as AnyJson
from sqlmodel import Session

from api.access import unmasked_orgs
from api.document_names import named
from api.identity import Caller, needs
from api.masking import refuse_hidden
from api.rest.errors import Problem
from api.rest.history_problems import problem_of
from api.services import Services, histories_of, services_of
from engine.base.text import Lang
from engine.rulebook.history import DraftErrors, preview_draft, since, valid_draft
from engine.rules.columns import HistoryRefused
from engine.rules.preview import LARGEST
from engine.runtime.db import transaction
from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.rulesets.visible import draft_for, version_for

router = APIRouter(prefix="/api/v1", tags=["rulesets"])
May = Annotated[Caller, Depends(needs("rulesets.read"))]
MOST_TEXT = 2 * 1024 * 1024


class Asked(BaseModel):
    """What to preview: exactly one of `text`, `draft` and `version`."""

    text: str | None = Field(default=None, max_length=MOST_TEXT, description="a ruleset's text")
    draft: int | None = Field(default=None, description="a stored draft's number")
    version: str | None = Field(default=None, description="a stored version's hash")
    against: str | None = Field(default=None, description="a hash; without it what is live")
    history: str = Field(default="live:90d", description="live:90d: the last 90 days")
    branch: str | None = Field(default=None, description="and everything below it")
    largest: int = Field(default=LARGEST, ge=0, le=1000)
    lang: Lang = Field(default="en", description="language of sentences in the answer")

    @model_validator(mode="after")
    def _one_draft(self) -> Asked:
        if sum(one is not None for one in (self.text, self.draft, self.version)) != 1:
            raise ValueError("give exactly one of text, draft and version")
        return self


class PreviewOut(BaseModel):
    """The form of `sluice preview --format json`, and for which organisations it speaks."""

    documents: int
    changed: int
    amount_changed: str
    outcomes: list[dict[str, AnyJson]]
    largest: list[dict[str, AnyJson]]
    seconds: float
    organisations: list[str]
    since: str


@router.post(
    "/rulesets/preview",
    summary="What a draft would have decided otherwise, over decision history",
    response_class=Response,
    responses={
        200: {"model": PreviewOut},
        403: {"model": Problem, "description": "It reads words the caller sees masked"},
        404: {"model": Problem, "description": "No such draft, version or history"},
        422: {"model": Problem, "description": "The draft has errors, or history lacks a column"},
    },
)
def preview(request: Request, caller: May, asked: Asked) -> Response:
    """Only documents of organisations the caller may see are counted; single documents are
    listed where the caller may read all of them."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            return JSONResponse(_answer(session, services, caller, asked))
    except (DraftErrors, HistoryRefused) as refused:
        return problem_of(refused)


def _answer(
    session: Session, services: Services, caller: Caller, asked: Asked
) -> dict[str, object]:
    begun = time.perf_counter()
    histories = histories_of(services)
    user = caller.user_id
    file, text = _text(session, user, asked)
    against = None if asked.against is None else version_for(session, user, asked.against).hash
    today = services.clock.business_date()
    pinned = services.rulebook.at(session)
    first = since(asked.history, today)
    draft = valid_draft(session, pinned, file, text, on=today, against=against)
    seen = visible_orgs(session, user, "rulesets.read")
    reads = visible_orgs(session, user, "documents.read")
    if not seen <= reads & unmasked_orgs(session, user):
        refuse_hidden(draft.ruleset)
    loaded = histories.since(draft.ruleset.kind, draft.ruleset.subject, first)
    found = preview_draft(draft, loaded, visible=seen, below=asked.branch, largest=asked.largest)
    found = named(session, found) if seen <= reads else found.without_documents()
    return {
        **found.to_json(asked.lang, time.perf_counter() - begun),
        "organisations": sorted(seen),
        "since": first.isoformat(),
    }


def _text(session: Session, user: str, asked: Asked) -> tuple[str, str]:
    """File and text of what is to be previewed, if the caller may see it."""
    if asked.draft is not None:
        draft = draft_for(session, user, asked.draft)
        return draft.file, draft.text
    if asked.version is not None:
        version = version_for(session, user, asked.version)
        return version.file, version.text
    return "draft.yaml", asked.text or ""

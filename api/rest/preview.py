"""POST /rulesets/preview: what a draft would have decided otherwise, over kept history."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field, model_validator
from pydantic import JsonValue as AnyJson
from sqlmodel import Session

from api.identity import Caller, needs
from api.previewing import Source, previewed, source_of, source_of_text
from api.rest.errors import Problem
from api.rest.history_problems import problem_of
from api.services import Services, services_of
from engine.base.text import Lang
from engine.rulebook.draft_text import clean_text
from engine.rulebook.history import DraftErrors
from engine.rules.columns import HistoryRefused
from engine.rules.preview import LARGEST
from engine.runtime.db import transaction
from engine.treasury.rulesets.visible import draft_for, version_for

router = APIRouter(prefix="/api/v1", tags=["rulesets"])
May = Annotated[Caller, Depends(needs("rulesets.read"))]


class Asked(BaseModel):
    """What to preview: exactly one of `text`, `draft` and `version`."""

    text: str | None = Field(default=None, description="a ruleset's text")
    draft: int | None = Field(default=None, description="a stored draft's number")
    version: str | None = Field(default=None, description="a stored version's hash")
    against: str | None = Field(default=None, description="a hash; without it what is live")
    history: str = Field(default="live:90d", description="live:90d: the last 90 days")
    branch: str | None = Field(default=None, description="and everything below it")
    largest: int = Field(default=LARGEST, ge=0, le=1000)
    lang: Lang = Field(default="en", description="language of sentences in the answer")
    file: str = Field(
        default="draft.yaml", max_length=200, description="what errors of `text` call its file"
    )

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
    stored: list[str]
    """Those of the named documents that are stored here: a demo's made-up ones are not."""
    since: str


@router.post(
    "/rulesets/preview",
    summary="What a draft would have decided otherwise, over decision history",
    response_class=Response,
    responses={
        200: {"model": PreviewOut},
        403: {
            "model": Problem,
            "description": "Not of his kinds, or new questions about words the caller sees masked",
        },
        404: {"model": Problem, "description": "No such draft, version or history"},
        413: {"model": Problem, "description": "The text is too long"},
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
    user = caller.user_id
    found = previewed(
        session,
        services,
        user,
        _source(session, user, asked),
        against=None if asked.against is None else version_for(session, user, asked.against),
        branch=asked.branch,
        history=asked.history,
        largest=asked.largest,
    )
    return {
        **found.preview.to_json(asked.lang, time.perf_counter() - begun),
        "organisations": sorted(found.organisations),
        "stored": sorted(found.stored),
        "since": found.since.isoformat(),
    }


def _source(session: Session, user: str, asked: Asked) -> Source:
    """What is to be previewed, if the caller may see it."""
    if asked.draft is not None:
        return source_of(session, user, draft_for(session, user, asked.draft))
    if asked.version is not None:
        return source_of(session, user, version_for(session, user, asked.version))
    return source_of_text(session, user, clean_text(asked.text or ""), asked.file)

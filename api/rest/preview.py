"""POST /rulesets/preview: what a draft would have decided otherwise, over kept history."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field, model_validator
from pydantic import JsonValue as AnyJson
from sqlmodel import Session

from api.access import unmasked_orgs
from api.document_names import named
from api.identity import Caller, needs
from api.masking import hide_accounts, refuse_new_questions, refuse_written_out
from api.rest.errors import Problem
from api.rest.history_problems import problem_of
from api.services import Services, histories_of, services_of
from engine.base.text import Lang
from engine.rulebook.draft_text import clean_text
from engine.rulebook.history import Draft, DraftErrors, preview_draft, since, valid_draft
from engine.rulebook.library import shelved
from engine.rulebook.models import RulesetVersion
from engine.rules.columns import HistoryRefused
from engine.rules.model import Ruleset
from engine.rules.preview import LARGEST
from engine.runtime.db import transaction
from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.organisations.rule_grants import rule_reach
from engine.treasury.rulesets.shelf import signed_for
from engine.treasury.rulesets.visible import READ, draft_for, require_readable, ruling, version_for

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
    histories = histories_of(services)
    user = caller.user_id
    source = _source(session, user, asked)
    other = None if asked.against is None else version_for(session, user, asked.against)
    today = services.clock.business_date()
    pinned = services.rulebook.at(session)
    first = since(asked.history, today)
    draft = valid_draft(
        session,
        pinned,
        source.file,
        source.text,
        on=today,
        against=None if other is None else other.hash,
        readable=ruling(session, user).has,
    )
    seen = rule_reach(session, user, READ).of(draft.ruleset.kind)
    reads = visible_orgs(session, user, "documents.read")
    masked = not seen <= reads & unmasked_orgs(session, user)
    if masked:
        _refuse_oracle(session, user, draft, source, other)
    loaded = histories.since(draft.ruleset.kind, draft.ruleset.subject, first)
    found = preview_draft(draft, loaded, visible=seen, below=asked.branch, largest=asked.largest)
    found = named(session, found) if seen <= reads else found.without_documents()
    if masked:
        found = found.with_facts(hide_accounts)
    return {
        **found.to_json(asked.lang, time.perf_counter() - begun),
        "organisations": sorted(seen),
        "since": first.isoformat(),
    }


@dataclass(frozen=True, slots=True)
class Source:
    """A text to preview; `signed`: by a second person, as it stands."""

    file: str
    text: str
    signed: bool


def _source(session: Session, user: str, asked: Asked) -> Source:
    """What is to be previewed, if the caller may see it."""
    if asked.draft is not None:
        draft = draft_for(session, user, asked.draft)
        found = Source(draft.file, draft.text, signed=False)
    elif asked.version is not None:
        version = version_for(session, user, asked.version)
        return Source(version.file, version.text, signed=version.reviewer is not None)
    else:
        found = Source("draft.yaml", clean_text(asked.text or ""), signed=False)
    require_readable(session, user, found.text)
    return found


def _refuse_oracle(
    session: Session, user: str, draft: Draft, source: Source, other: RulesetVersion | None
) -> None:
    """Refuse counts by which somebody who sees account numbers masked would learn their digits:
    of any text nobody has signed, on either side of the comparison. Raises HiddenWords."""
    mine = draft.ruleset
    signed = signed_for(session, user, mine.kind, mine.subject)
    beside = None if other is None else shelved(session, other.hash).ruleset
    unsigned: list[Ruleset] = []
    if beside is not None and other is not None:
        (unsigned if other.reviewer is None else signed).append(beside)
    if not source.signed:
        live = draft.live.rulesets
        unsigned += [one for org, one in draft.new.rulesets.items() if one is not live.get(org)]
    for one in unsigned:
        refuse_new_questions(one, signed)
    for one in {id(one): one for one in (*draft.live.rulesets.values(), mine)}.values():
        refuse_written_out(one)

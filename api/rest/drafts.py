"""Drafts of rulesets: saved with errors, shared, submitted without; the second editor gets 409."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from api.identity import Caller, needs
from api.rest.errors import Problem
from api.rest.rule_shapes import DraftOut, VersionOut, refused
from api.services import services_of
from engine.rulebook.draft_errors import DraftConflict
from engine.rulebook.errors import RulesetRefused
from engine.runtime.db import transaction
from engine.treasury.rulesets import visible, writing

router = APIRouter(prefix="/api/v1", tags=["rulesets"])
Reads = Annotated[Caller, Depends(needs("rulesets.read"))]
Edits = Annotated[Caller, Depends(needs("rulesets.edit"))]
CONFLICT: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem, "description": "No draft the caller may see"},
    409: {"description": "Saved by another person meanwhile: `yours` and `theirs`; or closed"},
}
REFUSED: dict[int | str, dict[str, Any]] = {
    422: {"description": "Errors stand: `findings`"},
    **CONFLICT,
}


class NewDraft(BaseModel):
    """A text, and the version it starts from."""

    text: str
    base_hash: str | None = None
    file: str | None = Field(default=None, max_length=200)
    note: str = Field(default="", max_length=2000)


class SavedText(BaseModel):
    """A new text; `seen` is the hash of the one it was made from."""

    text: str
    seen: str = Field(description="`hash` of the text that was loaded")
    note: str | None = Field(default=None, max_length=2000)


class Submission(BaseModel):
    """Why the rule changes; `seen` is the hash of the text that is meant."""

    seen: str
    reason: str = Field(min_length=1, max_length=2000)


@router.get("/drafts", summary="Drafts the caller may see, saved last first")
def drafts(
    request: Request,
    caller: Reads,
    state: Literal["open", "submitted", "dropped", "any"] = "open",
) -> list[DraftOut]:
    """Of the caller's organisations and below, and those he has written at."""
    with transaction(services_of(request).engine) as session:
        wanted = None if state == "any" else state
        found = writing.visible_drafts(session, caller.user_id, wanted)
        return [DraftOut.of(one) for one in found]


@router.post("/drafts", summary="Begin a draft", status_code=201, responses=CONFLICT)
def begin(request: Request, caller: Edits, draft: NewDraft) -> DraftOut:
    """Errors are kept with it and told; they stop nobody from saving."""
    services = services_of(request)
    with transaction(services.engine) as session:
        made = writing.begin(
            session,
            caller.user_id,
            draft.text,
            services.clock.now(),
            base=draft.base_hash,
            file=draft.file,
            note=draft.note,
        )
        return DraftOut.of(made)


@router.get("/drafts/{draft_id}", summary="A draft with its findings", responses=CONFLICT)
def draft(request: Request, caller: Reads, draft_id: int) -> DraftOut:
    """404 for drafts of other organisations as well."""
    with transaction(services_of(request).engine) as session:
        return DraftOut.of(visible.draft_for(session, caller.user_id, draft_id))


@router.put(
    "/drafts/{draft_id}", summary="Save a draft", response_model=DraftOut, responses=CONFLICT
)
def save(
    request: Request, caller: Edits, draft_id: int, saved: SavedText
) -> DraftOut | JSONResponse:
    """Overwrites only the text that was seen."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            kept = writing.save(
                session,
                caller.user_id,
                draft_id,
                saved.text,
                saved.seen,
                services.clock.now(),
                note=saved.note,
            )
            return DraftOut.of(kept)
    except DraftConflict as conflict:
        return refused(conflict)


@router.delete("/drafts/{draft_id}", summary="Give a draft up", responses=CONFLICT)
def drop(request: Request, caller: Edits, draft_id: int) -> DraftOut:
    """It stays readable."""
    services = services_of(request)
    with transaction(services.engine) as session:
        return DraftOut.of(writing.drop(session, caller.user_id, draft_id, services.clock.now()))


@router.post(
    "/drafts/{draft_id}/submit",
    summary="Propose a draft as a version",
    response_model=VersionOut,
    responses=REFUSED,
)
def submit(
    request: Request, caller: Edits, draft_id: int, given: Submission
) -> VersionOut | JSONResponse:
    """Another person, none of its editors, signs or returns it."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            made = writing.submit(
                session,
                caller.user_id,
                draft_id,
                given.seen,
                given.reason,
                services.clock.now(),
            )
            return VersionOut.of(made)
    except (DraftConflict, RulesetRefused) as error:
        return refused(error)

"""One editor at a time by choice: claiming a draft, giving it back, and watching it meanwhile."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from api.identity import Caller, needs
from api.rest.drafts import CONFLICT
from api.services import services_of
from engine.rulebook.claims import claim_of
from engine.runtime.db import transaction
from engine.treasury.rulesets import visible, writing

router = APIRouter(prefix="/api/v1/drafts/{draft_id}", tags=["rulesets"])
Reads = Annotated[Caller, Depends(needs("rulesets.read"))]
Edits = Annotated[Caller, Depends(needs("rulesets.edit"))]


class Claiming(BaseModel):
    """Whether the claim of another person is taken over; `token` names the page or program that
    claims, and gives the claim back."""

    take_over: bool = False
    token: str = Field(default="", max_length=100)


class ClaimOut(BaseModel):
    """Who writes at the draft; `mine`: the caller."""

    user: str
    since: dt.datetime
    mine: bool


class Watched(BaseModel):
    """How the stored draft stands; `text` is null where it is the one that was seen."""

    hash: str
    revision: int
    last_editor: str
    updated_at: dt.datetime
    state: str
    errors: int
    text: str | None
    claim: ClaimOut | None


@router.post("/claim", summary="Write at a draft alone, for a minute at a time", responses=CONFLICT)
def claim(request: Request, caller: Edits, draft_id: int, how: Claiming) -> ClaimOut:
    """Answers the claim that stands, which may be another's."""
    with transaction(services_of(request).engine) as session:
        stands = writing.claim_draft(
            session, caller.user_id, draft_id, how.token, take_over=how.take_over
        )
    return ClaimOut(user=stands.user_id, since=stands.since, mine=stands.user_id == caller.user_id)


@router.delete("/claim", summary="Let others write", status_code=204, responses=CONFLICT)
def give_back(request: Request, caller: Edits, draft_id: int, token: str = "") -> None:
    """Nothing where somebody else, or another page, holds it."""
    with transaction(services_of(request).engine) as session:
        writing.give_draft_back(session, caller.user_id, draft_id, token)


@router.get("/watch", summary="What has become of a draft since a text was seen")
def watch(request: Request, caller: Reads, draft_id: int, seen: str = "") -> Watched:
    """`seen` is the hash of the text the caller has."""
    with transaction(services_of(request).engine) as session:
        draft = visible.draft_for(session, caller.user_id, draft_id)
        held = claim_of(session, draft_id)
        return Watched(
            hash=draft.text_hash,
            revision=draft.revision,
            last_editor=draft.last_editor,
            updated_at=draft.updated_at,
            state=draft.state,
            errors=draft.errors,
            text=None if draft.text_hash == seen else draft.text,
            claim=None
            if held is None
            else ClaimOut(user=held.user_id, since=held.since, mine=held.user_id == caller.user_id),
        )

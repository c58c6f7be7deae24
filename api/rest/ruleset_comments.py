"""Comments on drafts and versions of rulesets: read and added, never changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from sqlmodel import Session

from api.identity import Caller, needs
from api.rest.errors import Problem
from api.services import services_of
from engine.rulebook.comments import LONGEST, LONGEST_ROW
from engine.rulebook.models import RulesetComment
from engine.rulebook.references import Located
from engine.runtime.db import transaction
from engine.treasury.rulesets import commenting
from engine.treasury.rulesets.visible import draft_for, version_for

router = APIRouter(prefix="/api/v1", tags=["rulesets"])
Reads = Annotated[Caller, Depends(needs("rulesets.read"))]
REFUSED: dict[int | str, dict[str, Any]] = {
    403: {"model": Problem, "description": "Rules of an organisation above the caller's"},
    404: {"model": Problem, "description": "Nothing the caller may see"},
}


class NewComment(BaseModel):
    """What somebody says, and of which row if of one."""

    text: str = Field(min_length=1, max_length=LONGEST)
    row: str | None = Field(default=None, max_length=LONGEST_ROW)


class CommentOut(BaseModel):
    """A comment, on a draft or on a version."""

    id: int
    draft: int | None
    version: str | None
    row: str | None
    text: str
    author: str
    created_at: dt.datetime

    @classmethod
    def of(cls, one: RulesetComment) -> CommentOut:
        """From the stored one."""
        return cls(
            id=one.id or 0,
            draft=one.draft_id,
            version=one.version_hash,
            row=one.row_id,
            text=one.text,
            author=one.author,
            created_at=one.created_at,
        )


@router.get("/drafts/{draft_id}/comments", summary="What was said of a draft", responses=REFUSED)
def of_draft(request: Request, caller: Reads, draft_id: int) -> list[CommentOut]:
    """Oldest first, with what was said of the returned version it goes on from."""
    return _told(request, caller, partial(draft_for, draft_id=draft_id))


@router.post(
    "/drafts/{draft_id}/comments",
    summary="Say something of a draft",
    status_code=201,
    responses=REFUSED,
)
def on_draft(request: Request, caller: Reads, draft_id: int, said: NewComment) -> CommentOut:
    """Nothing is taken back: a second comment corrects the first."""
    return _said(request, caller, partial(draft_for, draft_id=draft_id), said)


@router.get(
    "/ruleset-versions/{hash}/comments", summary="What was said of a version", responses=REFUSED
)
def of_version(request: Request, caller: Reads, hash: str) -> list[CommentOut]:
    """Oldest first, with what was said of the draft it came from."""
    return _told(request, caller, partial(version_for, hash=hash))


@router.post(
    "/ruleset-versions/{hash}/comments",
    summary="Say something of a version",
    status_code=201,
    responses=REFUSED,
)
def on_version(request: Request, caller: Reads, hash: str, said: NewComment) -> CommentOut:
    """Nothing is taken back: a second comment corrects the first."""
    return _said(request, caller, partial(version_for, hash=hash), said)


Find = Callable[[Session, str], Located]
"""Finds what is talked about, as far as the user may read it."""


def _told(request: Request, caller: Caller, find: Find) -> list[CommentOut]:
    with transaction(services_of(request).engine) as session:
        found = find(session, caller.user_id)
        return [
            CommentOut.of(one) for one in commenting.comments_for(session, caller.user_id, found)
        ]


def _said(request: Request, caller: Caller, find: Find, said: NewComment) -> CommentOut:
    services = services_of(request)
    with transaction(services.engine) as session:
        found, now = find(session, caller.user_id), services.clock.now()
        made = commenting.say(session, caller.user_id, found, said.text, now, row=said.row)
        return CommentOut.of(made)

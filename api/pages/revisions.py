"""Revisions: who made what live when, by what and why, and what each of them changed.

The page of revisions and the page that goes back to one show the same list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from sqlmodel import Session

from api.identity import Caller, needs
from api.pages.shell import Pager, page, pager
from api.services import services_of
from engine.rulebook.models import Revision
from engine.rulebook.reloading import revision_count, revisions
from engine.rulebook.revision_changes import VersionChange, revision_changes
from engine.rulebook.revisions import current_revision
from engine.runtime.db import transaction
from engine.treasury.rulesets.shelf import touching
from engine.treasury.rulesets.visible import ruling

router = APIRouter(include_in_schema=False)
PER_PAGE = 25


@dataclass(frozen=True, slots=True)
class ShownRevision:
    """A revision as the user may see it; not `told`, names and reason stay unsaid."""

    one: Revision
    told: bool
    words: bool
    changes: tuple[VersionChange, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """One page of revisions, newest first."""

    shown: tuple[ShownRevision, ...]
    live: int | None
    pager: Pager


def timeline(request: Request, session: Session, user_id: str, number: int) -> Timeline:
    """Page `number` (from 1) of the revisions, as far as the user may read them."""
    found = revisions(session, limit=PER_PAGE, offset=(number - 1) * PER_PAGE)
    numbers = [one.id or 0 for one in found]
    told = touching(session, user_id, numbers)
    seen = ruling(session, user_id)
    changed = revision_changes(session, numbers)
    shown = (
        ShownRevision(
            one,
            one.id in told,
            changed[one.id or 0].words,
            tuple(
                change for change in changed[one.id or 0].rulesets if seen.covers(change.version)
            ),
        )
        for one in found
    )
    count = revision_count(session)
    return Timeline(
        tuple(shown), current_revision(session), pager(request, number, PER_PAGE, count)
    )


@router.get("/revisions")
def listed(
    request: Request,
    caller: Annotated[Caller, Depends(needs("rulesets.read"))],
    number: Annotated[int, Query(alias="page", ge=1)] = 1,
) -> Response:
    """All of them, each with the way to what going back to it would change."""
    with transaction(services_of(request).engine) as session:
        found = timeline(request, session, caller.user_id, number)
    return page(request, "revisions.html", caller, timeline=found)

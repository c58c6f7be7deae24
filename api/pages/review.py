"""Review: what a draft or a version changes and for whom, and what may be done with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from api.identity import Caller, needs
from api.pages.comparison import Comparison, compared
from api.pages.language import language_of
from api.pages.refusals import refused_notes
from api.pages.shell import page
from api.services import services_of
from api.statuses import status_of
from engine.base.text import SluiceError
from engine.rulebook import current_revision
from engine.rulebook.comments import LONGEST
from engine.rulebook.library import shelved
from engine.rulebook.models import (
    Revision,
    RulesetComment,
    RulesetDraft,
    RulesetVersion,
    ScheduledActivation,
)
from engine.rulebook.references import Located
from engine.rulebook.standing import standings
from engine.rules import find_kind
from engine.runtime.db import transaction
from engine.treasury.rulesets.acts import Act, draft_acts, timed_of, version_acts
from engine.treasury.rulesets.commenting import comments_for, may_discuss
from engine.treasury.rulesets.comparing import Side, side_of, usual_base
from engine.treasury.rulesets.referring import located_for
from engine.treasury.rulesets.shelf import versions_for
from engine.treasury.rulesets.visible import draft_for, version_for, writers

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("rulesets.read"))]

Typed = Mapping[str, str]
"""What stood in the fields of a form that was refused, by name."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """All that is stored about what is reviewed."""

    found: Located
    standing: str
    """open, submitted or dropped of a draft; word.standing.<standing> of both."""
    acts: frozenset[Act]
    new: Side
    old: Side | None
    versions: list[RulesetVersion]
    """What it can be compared with, newest first."""
    comments: list[RulesetComment] | None
    """None: they are not the user's to read."""
    wrote: bool
    timed: ScheduledActivation | None
    since: Revision | None


@router.get("/drafts/{draft_id}/review")
def of_draft(request: Request, caller: May, draft_id: int, against: str = "") -> Response:
    """Before a draft is submitted; a submitted one is reviewed as the version it became."""
    with transaction(services_of(request).engine) as session:
        draft = draft_for(session, caller.user_id, draft_id)
        became = draft.submitted_hash
    if became is not None:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/rulesets/{became}/review{query}", status_code=303)
    return draft_page(request, caller, draft_id, against=against)


@router.get("/rulesets/{hash}/review")
def of_version(request: Request, caller: May, hash: str, against: str = "") -> Response:
    """A proposed, returned, signed or live version."""
    return version_page(request, caller, hash, against=against)


def draft_page(
    request: Request,
    caller: Caller,
    draft_id: int,
    *,
    against: str = "",
    refused: SluiceError | None = None,
    typed: Typed | None = None,
) -> Response:
    """The page of a draft; `refused` with what was `typed` when an act on it was refused."""
    with transaction(services_of(request).engine) as session:
        draft = draft_for(session, caller.user_id, draft_id)
        found = _reviewed(request, session, caller, draft, against)
    return _page(request, caller, found, refused, typed)


def version_page(
    request: Request,
    caller: Caller,
    hash: str,
    *,
    against: str = "",
    refused: SluiceError | None = None,
    typed: Typed | None = None,
) -> Response:
    """The page of a version; `refused` with what was `typed` when an act on it was refused."""
    with transaction(services_of(request).engine) as session:
        version = version_for(session, caller.user_id, hash)
        found = _reviewed(request, session, caller, version, against)
    return _page(request, caller, found, refused, typed)


def _reviewed(
    request: Request, session: Session, caller: Caller, found: Located, against: str
) -> Reviewed:
    user = caller.user_id
    today = services_of(request).clock.business_date()
    if against:
        base: Located | None = located_for(session, user, against)
    else:
        base = usual_base(session, found, today)
    return Reviewed(
        found,
        found.state if isinstance(found, RulesetDraft) else _standing(session, found),
        draft_acts(session, user, found)
        if isinstance(found, RulesetDraft)
        else version_acts(session, user, found),
        side_of(session, user, found),
        None if base is None else side_of(session, user, base),
        versions_for(session, user, found.kind, found.name),
        comments_for(session, user, found) if may_discuss(session, user, found) else None,
        user in writers(found),
        None if isinstance(found, RulesetDraft) else timed_of(session, found),
        None if isinstance(found, RulesetDraft) else shelved(session, found.hash).since,
    )


def _standing(session: Session, version: RulesetVersion) -> str:
    return standings(session, current_revision(session), [version])[version.hash]


def _page(
    request: Request,
    caller: Caller,
    found: Reviewed,
    refused: SluiceError | None,
    typed: Typed | None,
) -> Response:
    comparison: Comparison = compared(found.old, found.new, language_of(request))
    subject = found.found
    return page(
        request,
        "review.html",
        caller,
        notes=() if refused is None else refused_notes(request, refused),
        status=200 if refused is None else status_of(refused),
        review=found,
        subject=subject,
        draft=subject if isinstance(subject, RulesetDraft) else None,
        version=subject if isinstance(subject, RulesetVersion) else None,
        kind=find_kind(subject.kind),
        comparison=comparison,
        reference=reference_of(subject),
        base=None if found.old is None or found.old.found is None else found.old.found,
        base_reference=""
        if found.old is None or found.old.found is None
        else reference_of(found.old.found),
        place=address_of(subject),
        typed=typed or {},
        longest=LONGEST,
    )


def reference_of(found: Located) -> str:
    """How a stored text is named in an address: its hash, or draft:NUMBER."""
    return f"draft:{found.id}" if isinstance(found, RulesetDraft) else found.hash


def address_of(found: Located) -> str:
    """Where its review, acts and workbook are found."""
    return f"/drafts/{found.id}" if isinstance(found, RulesetDraft) else f"/rulesets/{found.hash}"

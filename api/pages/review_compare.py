"""Any two versions or drafts beside each other, and what the difference does to past documents."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.identity import Caller, needs
from api.pages.comparison import compared
from api.pages.language import language_of
from api.pages.review import reference_of
from api.pages.shell import Note, page, refusal
from api.previewing import Previewed, previewed, source_of
from api.services import services_of
from api.statuses import status_of
from engine.base.text import SluiceError, Text
from engine.rulebook.models import RulesetDraft
from engine.runtime.db import transaction
from engine.treasury.rulesets.comparing import Choice, Side, choices, side_of
from engine.treasury.rulesets.referring import located_for

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("rulesets.read"))]

OFFERED = 12
"""Versions of one ruleset that are offered to choose from, the newest and those in question."""
LARGEST = 15
MOST_OUTCOMES = 12
DAYS = 90


@router.get("/rulesets/compare")
def compare(request: Request, caller: May, old: str = "", new: str = "") -> Response:
    """NAME@VERSION, live:NAME, draft:NUMBER or a hash on both sides; what is missing is asked."""
    return _compare(request, caller, old, new)


@router.get("/rulesets/{old}/changes/{new}")
def changes(request: Request, caller: May, old: str, new: str) -> Response:
    """The same between two versions by their hashes."""
    return _compare(request, caller, old, new, missing=True)


def _compare(
    request: Request, caller: Caller, old: str, new: str, *, missing: bool = False
) -> Response:
    """With `missing`, what does not exist is refused as an address; else the choice stays open."""
    notes: list[Note] = []
    status = 200
    user = caller.user_id
    before: Side | None = None
    after: Side | None = None
    with transaction(services_of(request).engine) as session:
        offered = choices(session, user)
        try:
            before = None if not old else side_of(session, user, located_for(session, user, old))
            after = None if not new else side_of(session, user, located_for(session, user, new))
        except SluiceError as error:
            if missing:
                raise
            notes.append(refusal(request, error))
            status = status_of(error)
    references = {_reference(before), _reference(after)}
    return page(
        request,
        "compare.html",
        caller,
        notes=tuple(notes),
        status=status,
        comparison=None
        if before is None or after is None
        else compared(before, after, language_of(request)),
        old=None if before is None else before.found,
        new=None if after is None else after.found,
        old_reference=_reference(before),
        new_reference=_reference(after),
        offered=[_shortened(one, references) for one in offered],
    )


def _reference(side: Side | None) -> str:
    return "" if side is None or side.found is None else reference_of(side.found)


def _shortened(choice: Choice, named: set[str]) -> tuple[Choice, int]:
    """The newest versions and those in question, and how many are left out."""
    kept = tuple(
        one for place, one in enumerate(choice.versions) if place < OFFERED or one.hash in named
    )
    return replace(choice, versions=kept), len(choice.versions) - len(kept)


class NotVersion(SluiceError):
    """Documents are compared with what a stored version decides."""

    http_status = 422


@router.get("/rulesets/compare/impact")
def impact(request: Request, caller: May, new: str, old: str = "") -> Response:
    """Past documents that `new` would have sent another way than `old` (default: what is live);
    a part of other pages, or a page of its own without scripts."""
    services = services_of(request)
    found: Previewed | None = None
    why: Text | None = None
    part = request.headers.get("hx-request") == "true"
    status = 200
    try:
        with transaction(services.engine) as session:
            user = caller.user_id
            text = located_for(session, user, new)
            base = located_for(session, user, old) if old else None
            if isinstance(base, RulesetDraft):
                raise NotVersion(
                    "NOT_A_VERSION",
                    Text(
                        "money is compared with what a stored version decides; choose a version "
                        "on the left",
                        "资金影响只能与已存版本比较；请在左侧选择一个版本",
                    ),
                )
            found = previewed(
                session,
                services,
                user,
                source_of(session, user, text),
                against=base,
                history=f"live:{DAYS}d",
                largest=LARGEST,
            )
    except SluiceError as error:
        why = error.text
        status = 200 if part else status_of(error)
    every = () if found is None else found.preview.outcomes
    outcomes = [one for one in every if one.live != one.draft or one.delta]
    outcomes.sort(key=lambda one: -abs(one.delta))
    return page(
        request,
        "_impact.html" if part else "impact.html",
        caller,
        status=status,
        found=found,
        why=why,
        under=new,
        days=DAYS,
        outcomes=outcomes[:MOST_OUTCOMES],
        outcomes_same=len(every) - len(outcomes),
        outcomes_hidden=max(0, len(outcomes) - MOST_OUTCOMES),
        part=part,
    )

"""Head office's ruleset for a branch: extended, or copied whole; what each means, in words."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from api.identity import Caller, needs
from api.pages.language import language_of
from api.pages.ruleset_new import Comments, comment_languages
from api.pages.shell import Asked, Note, asked, go, page, refusal
from api.services import services_of
from api.statuses import status_of
from engine.base.text import SluiceError, Text
from engine.rules.starting.copies import How, proposed_name, proposed_way
from engine.runtime.db import transaction
from engine.treasury.rulesets import beginning
from engine.treasury.rulesets.shelf import shelved_for

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("rulesets.edit"))]


@router.get("/rulesets/{hash}/copy")
def choose(request: Request, caller: May, hash: str) -> Response:
    """For which branch, in which way, under which name."""
    return _form(request, caller, hash, asked(request))


@router.post("/rulesets/{hash}/copy")
def make(
    request: Request,
    caller: May,
    hash: str,
    org: Annotated[str, Form()] = "",
    how: Annotated[How, Form()] = "full",
    name: Annotated[str, Form()] = "",
    title_en: Annotated[str, Form(max_length=200)] = "",
    title_zh: Annotated[str, Form(max_length=200)] = "",
    comments: Annotated[Comments, Form()] = "both",
) -> Response:
    """Begin a draft of the branch's own ruleset and open it."""
    services = services_of(request)
    wanted = beginning.WantedCopy(
        hash=hash,
        org=org,
        how=how,
        name=name.strip(),
        title=Text(title_en, title_zh),
        langs=comment_languages(comments, language_of(request)),
    )
    try:
        with transaction(services.engine) as session:
            clock = services.clock
            draft = beginning.begin_copy(
                session, caller.user_id, wanted, clock.now(), clock.business_date()
            )
            number, made = draft.id, draft.name
    except SluiceError as error:
        given = Asked(
            org=org, how=how, name=name, title_en=title_en, title_zh=title_zh, comments=comments
        )
        return _form(request, caller, hash, given, refusal(request, error), status=status_of(error))
    return go(f"/drafts/{number}", key="done.ruleset_begun", name=made)


def _form(
    request: Request, caller: Caller, hash: str, given: Asked, *notes: Note, status: int = 200
) -> Response:
    with transaction(services_of(request).engine) as session:
        found = shelved_for(session, caller.user_id, hash)
        ruleset = found.ruleset
        below = [] if ruleset is None else beginning.branches(session, caller.user_id, ruleset)
    return page(
        request,
        "ruleset_copy.html",
        caller,
        notes=notes,
        status=status,
        version=found.version,
        ruleset=ruleset,
        below=below,
        way=given["how"] or (proposed_way(ruleset) if ruleset else "full"),
        names={} if ruleset is None else {one.id: proposed_name(ruleset, one.id) for one in below},
        given=given,
    )

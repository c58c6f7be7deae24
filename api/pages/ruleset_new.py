"""A new ruleset: choose a kind, then what it decides, for whom and under which name."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from api.identity import Caller, needs
from api.pages.language import language_of
from api.pages.shell import Asked, Note, go, page, refusal
from api.services import services_of
from api.statuses import status_of
from engine.base.text import Lang, SluiceError, Text
from engine.rules.registry import find_kind
from engine.runtime.db import transaction
from engine.treasury.rulesets import beginning

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("rulesets.edit"))]
Comments = Literal["en", "zh", "both"]


def comment_languages(chosen: Comments, lang: Lang) -> tuple[Lang, ...]:
    """The languages of the comments; of both, the page's stands first."""
    if chosen == "both":
        return ("zh", "en") if lang == "zh" else ("en", "zh")
    return (chosen,)


@router.get("/rulesets/new")
def choose(request: Request, caller: May, kind: str = "") -> Response:
    """The kinds with what each decides; with a kind, the form for it."""
    return _form(request, caller, kind, Asked())


@router.post("/rulesets/new")
def make(
    request: Request,
    caller: May,
    kind: Annotated[str, Form()],
    subject: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    title_en: Annotated[str, Form(max_length=200)] = "",
    title_zh: Annotated[str, Form(max_length=200)] = "",
    org: Annotated[str, Form()] = "",
    comments: Annotated[Comments, Form()] = "both",
) -> Response:
    """Begin a draft of the new ruleset and open it."""
    services = services_of(request)
    wanted = beginning.Wanted(
        kind=kind,
        subject=subject,
        name=name.strip(),
        title=Text(title_en, title_zh),
        org=org,
        langs=comment_languages(comments, language_of(request)),
    )
    try:
        with transaction(services.engine) as session:
            clock = services.clock
            draft = beginning.begin_new(
                session, caller.user_id, wanted, clock.now(), clock.business_date()
            )
            number = draft.id
    except SluiceError as error:
        given = Asked(
            subject=subject,
            name=name,
            title_en=title_en,
            title_zh=title_zh,
            org=org,
            comments=comments,
        )
        return _form(request, caller, kind, given, refusal(request, error), status=status_of(error))
    return go(f"/drafts/{number}", key="done.ruleset_begun", name=wanted.name)


def _form(
    request: Request,
    caller: Caller,
    kind: str,
    given: Asked,
    *notes: Note,
    status: int = 200,
) -> Response:
    found = find_kind(kind)
    with transaction(services_of(request).engine) as session:
        orgs = beginning.editable(session, caller.user_id, kind)
        kinds = beginning.kinds_for(session, caller.user_id)
        live = beginning.rivals(session, caller.user_id, kind) if found else ()
    return page(
        request,
        "ruleset_new.html",
        caller,
        notes=notes,
        status=status,
        kinds=kinds,
        chosen=found,
        orgs=orgs,
        live=live,
        given=given,
    )

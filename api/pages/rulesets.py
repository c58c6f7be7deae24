"""One version of a ruleset: each row as a sentence, its hits, what changed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from api.identity import Caller, needs
from api.pages.language import language_of
from api.pages.ruleset_view import findings_of, show
from api.pages.shell import page
from api.ruleset_hits import HitCounter
from api.services import services_of
from engine.base.text import SluiceError
from engine.rulebook import current_revision
from engine.rulebook.history import PeriodHits
from engine.rulebook.history.hits import USUAL
from engine.rulebook.standing import standings
from engine.rules import find_kind
from engine.runtime.db import transaction
from engine.treasury.rulesets import shelf

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("rulesets.read"))]


@router.get("/rulesets/by-name/{name}")
def by_name(request: Request, caller: May, name: str) -> Response:
    """Go to the live version of a ruleset."""
    with transaction(services_of(request).engine) as session:
        found = shelf.named_for(session, caller.user_id, name)
    return RedirectResponse(f"/rulesets/{found.version.hash}", status_code=303)


@router.get("/rulesets/{hash}")
def one(request: Request, caller: May, hash: str) -> Response:
    """One version: table, sentences, parameters, examples, text, earlier versions."""
    with transaction(services_of(request).engine) as session:
        found = shelf.shelved_for(session, caller.user_id, hash)
        version = found.version
        versions = shelf.versions_for(session, caller.user_id, version.kind, version.name)
        stands = standings(session, current_revision(session), [version, *versions])
        files = shelf.files_for(session, caller.user_id)
        files = [one for one in files if one.file == version.file]
    shown = None if found.ruleset is None else show(found.ruleset)
    return page(
        request,
        "ruleset.html",
        caller,
        found=found,
        version=version,
        kind=find_kind(version.kind),
        shown=shown,
        versions=versions,
        standings=stands,
        findings=findings_of(files, language_of(request)),
        periods=USUAL,
    )


@router.get("/rulesets/{hash}/hits")
def hits(request: Request, caller: May, hash: str) -> Response:
    """How often each row would have decided lately: it fills the gaps of the version's page."""
    services = services_of(request)
    periods: tuple[PeriodHits, ...] = ()
    refused = None
    with transaction(services.engine) as session:
        found = shelf.shelved_for(session, caller.user_id, hash)
        try:
            counter = HitCounter(session, services, caller.user_id)
            periods = counter.of_version(found.version, found.ruleset).periods
        except SluiceError as error:
            refused = error.text
    rows = () if found.ruleset is None else found.ruleset.table.rows
    return page(
        request,
        "_ruleset_hits.html",
        caller,
        rows=[row.id for row in rows],
        periods=periods,
        refused=refused,
        asked_days=USUAL,
    )

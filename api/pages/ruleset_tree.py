"""The tree of rulesets: live and drafts side by side, findings, and rows that never hit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlmodel import Session

from api.filters import text_of
from api.identity import Caller, needs
from api.pages.language import language_of
from api.pages.ruleset_view import ShownFinding, findings_of, shown_finding
from api.pages.shell import page
from api.ruleset_hits import HitCounter
from api.services import Services, services_of
from engine.base.text import Lang, SluiceError, Text
from engine.rulebook import current_revision
from engine.rulebook.history import HistoryError, PeriodHits
from engine.rulebook.history.hits import USUAL
from engine.rulebook.library import Shelved, revision_of
from engine.rulebook.live_findings import live_findings
from engine.rules import find_kind
from engine.runtime.db import transaction
from engine.treasury.organisations.rule_grants import rule_reach
from engine.treasury.organisations.tree import organisations
from engine.treasury.rulesets import shelf
from engine.treasury.rulesets.overview import STATES, Entry, Filter, narrowed, overview, places
from engine.treasury.rulesets.reviewing import APPROVE

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("rulesets.read"))]

SHOWN = 200
"""Rulesets on one page; how many more there are is said."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What is only known after counting: findings of a live version, and its hits."""

    live: Shelved
    findings: tuple[ShownFinding, ...]
    hits: PeriodHits | None
    refused: Text | None
    """Why there are no hits; None beside no hits: nothing was decided in that time."""


@router.get("/rulesets")
def tree(request: Request, caller: May) -> Response:
    """Every ruleset the user sees, by kind; refused files; proposals that wait."""
    services = services_of(request)
    user, today = caller.user_id, services.clock.business_date()
    with transaction(services.engine) as session:
        every = overview(session, user, today)
        orgs = organisations(session)
        entries = narrowed(every, _filter(request), orgs)
        files = shelf.files_for(session, user)
        waiting = shelf.pending_for(session, user)
        signs = rule_reach(session, user, APPROVE)
        number = current_revision(session)
        revision = None
        if number is not None and shelf.touching(session, user, [number]):
            revision = revision_of(session, number)
    findings = findings_of(files, language_of(request))
    shown = entries[:SHOWN]
    return page(
        request,
        "rulesets.html",
        caller,
        groups=[
            (find_kind(kind), kind, list(those))
            for kind, those in groupby(shown, key=lambda one: one.kind)
        ],
        count=len(entries),
        hidden=len(entries) - len(shown),
        any=bool(every),
        kinds=_kinds(every),
        states=STATES,
        orgs=places(every, orgs),
        names=orgs,
        errors=[one for one in findings if one.severity == "error"],
        warnings=[one for one in findings if one.severity != "error"],
        waiting=waiting,
        signable={
            one.hash
            for one in waiting
            if signs.covers(one) and user not in (one.author, *one.editors)
        },
        revision=revision,
        days=USUAL[-1],
    )


@router.get("/rulesets/counts/live")
def counts(request: Request, caller: May) -> Response:
    """What takes counting, for the same filters as the page: it fills the page's gaps."""
    services = services_of(request)
    with transaction(services.engine) as session:
        entries = overview(session, caller.user_id, services.clock.business_date())
        entries = narrowed(entries, _filter(request), organisations(session))[:SHOWN]
        lang = language_of(request)
        counted = _counted(session, services, caller.user_id, entries, lang)
    known = [one.hits for one in counted if one.hits is not None]
    return page(
        request,
        "_ruleset_counts.html",
        caller,
        counted=counted,
        known=known,
        made_up=max((one.made_up for one in known), default=0),
    )


def _kinds(entries: Sequence[Entry]) -> list[tuple[str, Text | None]]:
    """Code and title of every kind there is a ruleset of."""
    found = ((one, find_kind(one)) for one in sorted({one.kind for one in entries if one.kind}))
    return [(code, None if kind is None else kind.title) for code, kind in found]


def _filter(request: Request) -> Filter:
    asked = request.query_params
    return Filter(*(text_of(asked.get(name)) for name in ("kind", "org", "state", "word")))


def _counted(
    session: Session, services: Services, user: str, entries: Sequence[Entry], lang: Lang
) -> list[Counted]:
    live = [one.live for one in entries if one.live is not None]
    found = live_findings(session, [one.version for one in live])
    said = {
        hash: tuple(shown_finding(one, lang) for one in findings)
        for hash, findings in found.items()
    }
    try:
        counter = HitCounter(session, services, user)
    except HistoryError as error:
        return [Counted(one, said[one.version.hash], None, error.text) for one in live]
    return [Counted(one, said[one.version.hash], *_hits(counter, one)) for one in live]


def _hits(counter: HitCounter, one: Shelved) -> tuple[PeriodHits | None, Text | None]:
    """The hits of one version, or why they cannot be told: (None, None) is no decisions."""
    try:
        (hits,) = counter.of_version(one.version, one.ruleset, days=USUAL[-1:]).periods
    except SluiceError as error:
        return None, None if error.code in ("NO_HISTORY", "NO_DOCUMENTS") else error.text
    return hits, None

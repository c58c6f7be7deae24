"""Why a stored decision came out so, also under another ruleset; decisions decided again."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import AwareDatetime, BaseModel, Field
from sqlmodel import Session

from api.access import unmasked_orgs
from api.identity import Caller, needs
from api.masking import hiding
from api.other_rules import other_rules
from api.rest.errors import Problem
from api.rest.rule_shapes import refused
from api.services import services_of
from engine.base.text import Lang, SluiceError, Text
from engine.rulebook.errors import RulesetRefused
from engine.rulebook.replay import AsOf, Difference, Selection, count, replay_all
from engine.rulebook.replay_json import difference_json
from engine.rulebook.why_json import summary_json, why_json
from engine.runtime.db import transaction
from engine.treasury import trace as tracing
from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.rulesets.explaining import differences_for, explained_for, why_for
from engine.treasury.rulesets.referring import decision_for

router = APIRouter(
    prefix="/api/v1", tags=["decisions"], dependencies=[Depends(needs("rulesets.read"))]
)
May = Annotated[Caller, Depends(needs("documents.read"))]
MOST_REPLAYED = 20_000
"""Decisions one request decides again; more are for the command line."""
MOST_SHOWN = 500


@router.get(
    "/documents/{number}/decisions",
    summary="The decisions about a document, in the order they were made",
    responses={404: {"model": Problem}},
)
def decisions(request: Request, caller: May, number: str, lang: Lang = "en") -> Response:
    """By what each was decided, the rows that fired as sentences, and the outcome."""
    with transaction(services_of(request).engine) as session:
        found = [
            tracing.of_document(session, one)
            for one in tracing.find(session, number, caller.user_id)
        ]
        open_orgs = unmasked_orgs(session, caller.user_id)
        said = [
            summary_json(step, lang)
            for one in found
            for step in explained_for(
                session,
                caller.user_id,
                [step.id for step in one.decisions],
                hiding(one.document.org_id, open_orgs),
            )
        ]
    return JSONResponse({"decisions": said})


@router.get(
    "/decisions/{decision_id}/explanation",
    summary="Why a decision came out so, row by row, cell by cell",
    responses={
        403: {
            "model": Problem,
            "description": "Not of his kinds, or new questions about words the caller sees masked",
        },
        404: {"model": Problem},
        422: {"description": "The draft has errors: `findings`"},
    },
)
def explanation(
    request: Request,
    caller: May,
    decision_id: int,
    under: Annotated[
        str | None, Query(description="NAME@VERSION, live:NAME, draft:NUMBER or a hash")
    ] = None,
    lang: Lang = "en",
) -> Response:
    """Rows that decided first, then the nearest misses; `under` says what would differ."""
    return _explained(request, caller, decision_id, lang, reference=under)


class DraftText(BaseModel):
    """A ruleset that is stored nowhere."""

    text: str = Field(min_length=1, description="the whole YAML text")


@router.post(
    "/decisions/{decision_id}/explanation",
    summary="The same facts under a ruleset text",
    responses={
        403: {
            "model": Problem,
            "description": "Not of his kinds, or new questions about words the caller sees masked",
        },
        404: {"model": Problem},
        413: {"model": Problem, "description": "The text is too long"},
        422: {"description": "The text has errors: `findings`"},
    },
)
def explanation_under(
    request: Request, caller: May, decision_id: int, draft: DraftText, lang: Lang = "en"
) -> Response:
    """Nothing is stored."""
    return _explained(request, caller, decision_id, lang, text=draft.text)


def _explained(
    request: Request,
    caller: Caller,
    decision_id: int,
    lang: Lang,
    *,
    reference: str | None = None,
    text: str | None = None,
) -> Response:
    try:
        with transaction(services_of(request).engine) as session:
            row = decision_for(session, caller.user_id, decision_id)
            user = caller.user_id
            other = other_rules(session, user, row.org_id, [row], reference=reference, text=text)
            hide = hiding(row.org_id, unmasked_orgs(session, user))
            found = why_for(session, user, row, hide, under=other)
    except RulesetRefused as error:
        return refused(error)
    return JSONResponse(why_json(found, lang))


# --- replay


class Replay(BaseModel):
    """Which decisions to decide again; `on` and `known` choose other rules than those of then."""

    documents: list[str] | None = Field(default=None, max_length=1000)
    kinds: list[str] = Field(default_factory=list, max_length=50)
    since: AwareDatetime | None = Field(default=None, description="made at or after")
    on: dt.date | None = Field(default=None, description="under the rules of this business date")
    known: AwareDatetime | None = Field(default=None, description="as known at this instant")


class DifferenceOut(BaseModel):
    """A decision that came out otherwise; `error` says why it could not be decided, `told` whether
    the caller may read the rulesets: if not, rows are left out. Account numbers are masked."""

    decision: int
    kind: str
    matter: str
    ruleset: str
    ruleset_now: str | None
    rows: list[str]
    rows_now: list[str]
    outcome: object
    outcome_now: object
    error: str | None
    told: bool


class ReplayOut(BaseModel):
    """What was decided again; `hidden` differences are counted and left out."""

    decisions: int
    differing: int
    differences: list[DifferenceOut]
    hidden: int


@router.post(
    "/decisions/replay",
    summary="Decide stored decisions again; plainly nothing may differ",
    responses={400: {"model": Problem, "description": "Too many for one request"}},
)
def replay(request: Request, caller: May, wanted: Replay, lang: Lang = "en") -> ReplayOut:
    """Decisions about matters of the organisations whose documents the caller may read."""
    services = services_of(request)
    with transaction(services.engine) as session:
        selection = Selection(
            None if wanted.documents is None else _ids(session, caller, wanted.documents),
            tuple(wanted.kinds),
            wanted.since,
            visible_orgs(session, caller.user_id, "documents.read"),
        )
        number = count(session, selection)
        if number > MOST_REPLAYED:
            raise _too_many(number)
        as_of = None
        if wanted.on is not None or wanted.known is not None:
            instant = wanted.known or services.clock.now()
            as_of = AsOf(services.rulebook.known_at(session, instant), wanted.on)
        open_orgs = unmasked_orgs(session, caller.user_id)
        found: list[Difference] = []
        for batch in replay_all(session, selection, as_of, hide=lambda org: hiding(org, open_orgs)):
            found += batch.differences
        shown = differences_for(session, caller.user_id, found[:MOST_SHOWN])
    return ReplayOut(
        decisions=number,
        differing=len(found),
        differences=[DifferenceOut.model_validate(difference_json(one, lang)) for one in shown],
        hidden=max(0, len(found) - MOST_SHOWN),
    )


def _ids(session: Session, caller: Caller, numbers: list[str]) -> tuple[int, ...]:
    return tuple(
        step.id
        for number in numbers
        for one in tracing.find(session, number, caller.user_id)
        for step in tracing.of_document(session, one).decisions
    )


def _too_many(number: int) -> SluiceError:
    return SluiceError(
        "TOO_MANY_DECISIONS",
        Text(
            f"{number:,} decisions are too many for one request ({MOST_REPLAYED:,}); choose kinds "
            "or a later start, or use `sluice replay`",
            f"{number:,} 个决策超过单次请求上限({MOST_REPLAYED:,});请限定种类或起始时间,"
            "或使用 `sluice replay`",
        ),
    )

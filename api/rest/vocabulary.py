"""The vocabulary: its words, and changes by two persons."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from api.identity import Caller, needs
from api.rest.errors import Problem
from api.rest.rule_shapes import FindingOut, refused
from api.services import services_of
from api.statuses import error_body
from engine.rulebook.errors import RulesetRefused
from engine.rulebook.models import VocabularyProposal
from engine.rulebook.texts import vocabulary_of
from engine.rulebook.words.effects import Effect
from engine.rulebook.words.proposals import proposal_of, proposals, state_of_words
from engine.rules.edit import EditRefused
from engine.rules.words import WordEdit, word_diff
from engine.runtime.db import transaction
from engine.treasury.rulesets import words

router = APIRouter(prefix="/api/v1", tags=["vocabulary"])
Reads = Annotated[Caller, Depends(needs("rulesets.read"))]
Edits = Annotated[Caller, Depends(needs("rulesets.edit"))]
Signs = Annotated[Caller, Depends(needs("rulesets.approve"))]
CONFLICT: dict[int | str, dict[str, Any]] = {
    403: {"model": Problem},
    404: {"model": Problem},
    409: {"model": Problem, "description": "Reviewed, returned, moved on, or rulesets would break"},
    422: {"description": "An edit that cannot be made (`edit`: its place), or `findings`"},
}
WordEdits = Annotated[list[Annotated[WordEdit, Field(discriminator="do")]], Field(max_length=500)]


class ValueOut(BaseModel):
    """A value of a closed word."""

    value: str
    en: str
    zh: str


class WordOut(BaseModel):
    """A word. `values` is null where it is not closed; `supplied` are kinds with the subjects about
    which they supply it, `used` the live rulesets the caller sees that ask about it."""

    word: str
    type: str
    en: str
    zh: str
    iso20022: str | None
    values: list[ValueOut] | None
    nullable: bool
    minimum: str | None
    supplied: dict[str, list[str]]
    used: list[str]

    @classmethod
    def of(cls, one: words.KnownWord) -> WordOut:
        """From a known word."""
        word = one.word
        return cls(
            word=word.name,
            type=word.type.value,
            en=word.label.en,
            zh=word.label.zh,
            iso20022=word.iso20022,
            values=None
            if word.values is None
            else [ValueOut(value=v, en=said.en, zh=said.zh) for v, said in word.values.items()],
            nullable=word.nullable,
            minimum=one.least,
            supplied={by.kind: list(by.subjects) for by in one.supplied},
            used=[by.name for by in one.used],
        )


class VocabularyOut(BaseModel):
    """The live vocabulary; `waiting` is the hash of a signed one that a reload makes live."""

    hash: str
    waiting: str | None
    words: list[WordOut]


class EffectOut(BaseModel):
    """What a proposal does to a ruleset: words (it asks about what changes) or broken."""

    ruleset: str
    version: int
    organisation: str
    live: bool
    result: str
    words: list[str]
    findings: list[FindingOut]

    @classmethod
    def of(cls, one: Effect) -> EffectOut:
        """From an effect."""
        return cls(
            ruleset=one.version.name,
            version=one.version.version,
            organisation=one.version.org_id,
            live=one.live,
            result=one.result,
            words=list(one.words),
            findings=[FindingOut.of(found) for found in one.findings],
        )


class ProposalOut(BaseModel):
    """A proposed change; `state` is proposed, returned or signed, `hash` the vocabulary's."""

    id: int
    state: str
    base: str
    hash: str
    edits: list[dict[str, Any]]
    author: str
    editors: list[str]
    continues: int | None
    reason: str
    created_at: dt.datetime
    reviewer: str | None
    reviewed_at: dt.datetime | None
    returned_by: str | None
    return_reason: str | None

    @classmethod
    def of(cls, one: VocabularyProposal) -> ProposalOut:
        """From a stored proposal."""
        return cls(
            id=one.id or 0,
            state=state_of_words(one),
            base=one.base_hash,
            hash=one.text_hash,
            edits=list(one.edits),
            author=one.author,
            editors=one.editors,
            continues=one.continues,
            reason=one.reason,
            created_at=one.created_at,
            reviewer=one.reviewer,
            reviewed_at=one.reviewed_at,
            returned_by=one.returned_by,
            return_reason=one.return_reason,
        )


class ProposalDetail(ProposalOut):
    """A proposal with its text, and while it waits what signing would do.

    `moved`: another change was signed meanwhile, and it has to be continued; `clashes` are then
    the places of edits that cannot be made any more.
    """

    text: str
    diff: dict[str, Any]
    effects: list[EffectOut]
    hidden: int
    broken: bool
    moved: bool
    clashes: list[int]


class NewProposal(BaseModel, extra="forbid"):
    """Edits of the vocabulary and why; see `do` for their kinds."""

    edits: Annotated[WordEdits, Field(min_length=1)]
    reason: str = Field(min_length=1, max_length=2000)


class Continuation(BaseModel, extra="forbid"):
    """Which edits stay (their places from 0; null: all), and what is added after them."""

    keep: list[int] | None = None
    edits: WordEdits = []
    reason: str | None = Field(default=None, min_length=1, max_length=2000)


class Why(BaseModel):
    """A reason, which is kept."""

    reason: str = Field(min_length=1, max_length=2000)


@router.get("/vocabulary", summary="Every word, who supplies it and who asks about it")
def vocabulary(
    request: Request,
    caller: Reads,
    q: Annotated[str, Query(description="part of a name, label or value")] = "",
) -> VocabularyOut:
    """The live one."""
    with transaction(services_of(request).engine) as session:
        found = words.words_for(session, caller.user_id)
    kept = [WordOut.of(one) for one in words.matching(found.known, q)]
    return VocabularyOut(hash=found.hash, waiting=found.waiting, words=kept)


@router.get(
    "/vocabulary/proposals",
    summary="Proposed changes, newest first",
    dependencies=[Depends(needs("rulesets.read"))],
)
def listed(request: Request, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> list[ProposalOut]:
    """In every state."""
    with transaction(services_of(request).engine) as session:
        return [ProposalOut.of(one) for one in proposals(session, limit=limit)]


@router.post(
    "/vocabulary/proposals",
    summary="Propose a change of the vocabulary",
    status_code=201,
    response_model=ProposalOut,
    responses=CONFLICT,
)
def propose(request: Request, caller: Edits, given: NewProposal) -> ProposalOut | JSONResponse:
    """It changes nothing until another person has signed it and a reload has made it live."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            now = services.clock.now()
            made = words.propose(session, caller.user_id, given.edits, given.reason, now)
            return ProposalOut.of(made)
    except (EditRefused, RulesetRefused) as error:
        return _refused(error)


@router.get(
    "/vocabulary/proposals/{number}",
    summary="A proposed change and what it does",
    responses={404: {"model": Problem}},
)
def proposal(request: Request, caller: Reads, number: int) -> ProposalDetail:
    """Rulesets the caller does not see are counted under `hidden`."""
    with transaction(services_of(request).engine) as session:
        found = proposal_of(session, number)
        base = words.base_text(session, found)
        diff = word_diff(vocabulary_of(base), vocabulary_of(found.text))
        waits = state_of_words(found) == "proposed"
        seen = words.impact(session, caller.user_id, found) if waits else None
        told = [] if seen is None else [one for one in seen.seen if one.result != "same"]
        return ProposalDetail(
            **ProposalOut.of(found).model_dump(),
            text=found.text,
            diff=diff.to_json(),
            effects=[EffectOut.of(one) for one in told],
            hidden=0 if seen is None else seen.hidden,
            broken=seen is not None and seen.broken,
            moved=seen is not None and seen.moved,
            clashes=[] if seen is None else [one.index for one in seen.clashes],
        )


@router.post(
    "/vocabulary/proposals/{number}/continue",
    summary="Put a proposal on the vocabulary as it is now",
    status_code=201,
    response_model=ProposalOut,
    responses=CONFLICT,
)
def carry_on(
    request: Request, caller: Edits, number: int, given: Continuation
) -> ProposalOut | JSONResponse:
    """A new proposal; the old one, if it waits, is returned. When an edit cannot be made any more
    nothing changes."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            made = words.carry_on(
                session,
                caller.user_id,
                number,
                services.clock.now(),
                keep=given.keep,
                more=given.edits,
                reason=given.reason,
            )
            return ProposalOut.of(made)
    except (EditRefused, RulesetRefused) as error:
        return _refused(error)


@router.post(
    "/vocabulary/proposals/{number}/sign", summary="Sign a proposed change", responses=CONFLICT
)
def sign(request: Request, caller: Signs, number: int) -> ProposalOut:
    """Never by who wrote at it. POST /rulesets/reload makes it live; `hashes` may name it."""
    services = services_of(request)
    with transaction(services.engine) as session:
        return ProposalOut.of(words.sign(session, caller.user_id, number, services.clock.now()))


@router.post(
    "/vocabulary/proposals/{number}/return",
    summary="Return a proposed change with a reason",
    responses=CONFLICT,
)
def give_back(request: Request, caller: Reads, number: int, given: Why) -> ProposalOut:
    """Its author may withdraw it; others need rulesets.approve."""
    services = services_of(request)
    with transaction(services.engine) as session:
        now = services.clock.now()
        return ProposalOut.of(words.give_back(session, caller.user_id, number, given.reason, now))


def _refused(error: EditRefused | RulesetRefused) -> JSONResponse:
    if isinstance(error, EditRefused):
        return JSONResponse({**error_body(error), "edit": error.index}, status_code=422)
    return refused(error)

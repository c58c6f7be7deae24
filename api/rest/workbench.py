"""What the workbench asks while somebody writes: how the text stands, and what may stand in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from api.identity import Caller, needs
from api.services import services_of
from engine.base.findings import Finding
from engine.base.text import Lang, Text
from engine.rulebook.checking import supplied_words
from engine.rulebook.draft_text import refuse_too_large
from engine.rulebook.looking import Look, look
from engine.rulebook.texts import current_vocabulary, vocabulary_of
from engine.rules import find_kind
from engine.rules.edit.offsets import places
from engine.rules.format import format_ruleset
from engine.rules.kind import OutputSpec
from engine.rules.model import Word
from engine.rules.outline import Outline
from engine.rules.render import finding_sentence
from engine.runtime.db import transaction
from engine.treasury.rulesets.visible import require_readable

router = APIRouter(
    prefix="/api/v1/workbench", tags=["rulesets"], dependencies=[Depends(needs("rulesets.read"))]
)


May = Annotated[Caller, Depends(needs("rulesets.read"))]


class Looked(BaseModel):
    """A text in the making."""

    text: str
    file: str = Field(default="ruleset.yaml", max_length=200)
    lang: Lang = "en"


class Found(BaseModel):
    """A finding; `begin` and `end` in UTF-16 units of the text with LF line ends."""

    begin: int
    end: int
    line: int
    column: int
    severity: str
    code: str
    message: str


class Param(BaseModel):
    """A parameter as written; `type` where the rules say it."""

    name: str
    value: str
    type: str | None
    adjustable: str | None
    overrides: dict[str, str]


class Tried(BaseModel):
    """An example on its line of the text."""

    line: int
    holds: bool
    want: dict[str, str]
    got: dict[str, str]
    refused: str | None


class LookOut(BaseModel):
    """How a text stands. `values` is the envelope as written, by dotted path; null: no YAML."""

    valid: bool
    findings: list[Found]
    values: dict[str, str] | None
    params: list[Param]
    derived: list[str]
    sentences: dict[str, str]
    examples: list[Tried]
    unhit: list[str]


@router.post(
    "/look",
    summary="How a ruleset's text stands: findings, sentences, examples, the envelope as written",
)
def looked(request: Request, caller: May, asked: Looked) -> LookOut:
    """Nothing is stored."""
    refuse_too_large(asked.text)
    with transaction(services_of(request).engine) as session:
        seen = require_readable(session, caller.user_id, asked.text)
        found = look(session, asked.file, asked.text, seen.has)
    return _look_out(found, asked)


class Written(BaseModel):
    """A text as it was written."""

    text: str


@router.post("/tidy", summary="A ruleset's text in the canonical layout")
def tidy(asked: Written) -> Written:
    """The same text where its shape cannot be read. Nothing is stored."""
    refuse_too_large(asked.text)
    return Written(text=format_ruleset("ruleset.yaml", asked.text).text)


def _look_out(found: Look, asked: Looked) -> LookOut:
    spans = places(asked.text, [one.span for one in found.findings])
    return LookOut(
        valid=found.valid,
        findings=[
            _found(one, place, asked.lang) for one, place in zip(found.findings, spans, strict=True)
        ],
        values=None if found.outline is None else found.outline.values,
        params=[] if found.outline is None else _params(found.outline, found.param_types),
        derived=[] if found.outline is None else list(found.outline.derived),
        sentences={row: one.say(asked.lang) for row, one in found.sentences.items()},
        examples=[
            Tried(
                line=one.line,
                holds=one.holds,
                want=one.want,
                got=one.got,
                refused=None if one.refused is None else one.refused.say(asked.lang),
            )
            for one in found.examples
        ],
        unhit=list(found.unhit),
    )


def _found(one: Finding, place: tuple[int, int], lang: Lang) -> Found:
    return Found(
        begin=place[0],
        end=place[1],
        line=one.span.line,
        column=one.span.column,
        severity=one.severity.value,
        code=one.code,
        message=finding_sentence(one, lang),
    )


def _params(written: Outline, types: Mapping[str, str]) -> list[Param]:
    return [
        Param(
            name=one.name,
            value=one.value,
            type=types.get(one.name),
            adjustable=one.adjustable,
            overrides=one.overrides,
        )
        for one in written.params
    ]


class Offered(BaseModel):
    """A column that may stand in a table.

    `values` are [value, label, label in the other language]; `closed`: no others may stand.
    """

    name: str
    side: str
    type: str
    label: str
    iso20022: str | None
    nullable: bool
    values: list[tuple[str, str, str]]
    closed: bool


class Words(BaseModel):
    """What may stand in a ruleset of a kind about a subject."""

    kind: str
    title: str
    about: str
    subjects: list[str]
    policies: list[str]
    columns: list[Offered]


@router.get(
    "/words",
    summary="The columns and values a kind of ruleset may use, with labels",
)
def words(request: Request, kind: str, subject: str, lang: Lang = "en") -> Words:
    """Inputs are the words the product supplies about the subject; outputs are the kind's own."""
    with transaction(services_of(request).engine) as session:
        vocabulary = vocabulary_of(current_vocabulary(session).text)
    found = find_kind(kind)
    supplied = supplied_words(kind, subject)
    inputs = [_input(one, lang) for name, one in vocabulary.words.items() if name in supplied]
    if found is None:
        return Words(kind=kind, title=kind, about="", subjects=[], policies=[], columns=[])
    return Words(
        kind=kind,
        title=found.title.say(lang),
        about=found.about.say(lang),
        subjects=sorted(found.facts),
        policies=sorted(one.value for one in found.hit_policies),
        columns=[*inputs, *(_output(name, one, lang) for name, one in found.outputs.items())],
    )


def _input(word: Word, lang: Lang) -> Offered:
    return Offered(
        name=word.name,
        side="input",
        type=word.type.value,
        label=word.label.say(lang),
        iso20022=word.iso20022,
        nullable=word.nullable,
        values=_values(word.values, lang),
        closed=word.values is not None,
    )


def _output(name: str, spec: OutputSpec, lang: Lang) -> Offered:
    return Offered(
        name=name,
        side="output",
        type=spec.type.value,
        label=spec.label.say(lang),
        iso20022=None,
        nullable=not spec.required,
        values=_values(spec.values or spec.offers, lang),
        closed=spec.values is not None,
    )


def _values(values: Mapping[str, Text] | None, lang: Lang) -> list[tuple[str, str, str]]:
    other: Lang = "en" if lang == "zh" else "zh"
    return [(code, one.say(lang), one.say(other)) for code, one in (values or {}).items()]

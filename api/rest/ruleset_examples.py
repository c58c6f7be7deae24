"""POST /rulesets/example: a decided document as an example of a ruleset's text.

Nothing is stored: edits and new text go back to whoever holds the old one.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, model_validator
from sqlmodel import Session

from api.identity import Caller, needs
from api.other_rules import example_for, own_text
from api.rest.errors import Problem
from api.rest.rule_shapes import refused
from api.services import services_of
from api.statuses import error_body
from engine.base.text import Lang
from engine.rulebook.errors import RulesetRefused
from engine.rulebook.examples import decision_of_kind, several_documents
from engine.rulebook.models import DecisionRow
from engine.rules.edit import Edit, EditRefused
from engine.rules.edit.offsets import for_browser
from engine.runtime.db import transaction
from engine.treasury import trace as tracing
from engine.treasury.rulesets.referring import decision_for

router = APIRouter(
    prefix="/api/v1", tags=["rulesets"], dependencies=[Depends(needs("rulesets.edit"))]
)
May = Annotated[Caller, Depends(needs("documents.read"))]


class ExampleRequest(BaseModel, extra="forbid"):
    """A text, and what is to become an example of it: a decision, or a document by any of its
    numbers, of which the last decision of the text's kind is taken."""

    text: str = Field(min_length=1)
    decision: int | None = None
    document: str | None = Field(default=None, min_length=1, max_length=200)
    offsets: Literal["code_points", "utf16"] = "code_points"
    lang: Lang = Field(default="en", description="language of `note`")

    @model_validator(mode="after")
    def _one_matter(self) -> ExampleRequest:
        if (self.decision is None) == (self.document is None):
            raise ValueError("give exactly one of decision and document")
        return self


class ExampleAnswer(BaseModel):
    """The edits as POST /rulesets/edit takes them, the places of the old text they change, and
    the new text.

    `differs`: the text decides otherwise than was recorded. The notes say what the example
    expects.
    """

    decision: int
    edits: list[Annotated[Edit, Field(discriminator="do")]]
    spans: list[tuple[int, int, str]]
    text: str
    differs: bool
    note: str
    note_en: str
    note_zh: str


@router.post(
    "/rulesets/example",
    summary="A decided document as an example of a ruleset's text",
    response_model=ExampleAnswer,
    responses={
        403: {"model": Problem, "description": "It would copy words the caller sees masked"},
        404: {"model": Problem, "description": "No such decision of the text's kind"},
        422: {"description": "The text has errors: `findings`; or it cannot decide the document"},
    },
)
def example(request: Request, caller: May, asked: ExampleRequest) -> ExampleAnswer | JSONResponse:
    """It expects what the text decides now, and says where that is not what was decided."""
    try:
        with transaction(services_of(request).engine) as session:
            row = _decision(session, caller.user_id, asked)
            found = example_for(session, caller.user_id, row, asked.text)
    except RulesetRefused as error:
        return refused(error)
    except EditRefused as error:
        return JSONResponse(error_body(error), status_code=422)
    spans = list(found.edited.spans)
    if asked.offsets == "utf16":
        spans = for_browser(asked.text, spans)
    note_en, note_zh = (" ".join(one.en for one in found.notes), "".join(o.zh for o in found.notes))
    return ExampleAnswer(
        decision=row.id,
        edits=list(found.example.edits),
        spans=spans,
        text=found.edited.text,
        differs=found.differs,
        note=note_zh if asked.lang == "zh" else note_en,
        note_en=note_en,
        note_zh=note_zh,
    )


def _decision(session: Session, user_id: str, asked: ExampleRequest) -> DecisionRow:
    if asked.document is None:
        return decision_for(session, user_id, asked.decision or 0)
    found = tracing.find(session, asked.document, user_id)
    if len(found) > 1:
        raise several_documents(asked.document, len(found))
    steps = tracing.of_document(session, found[0]).decisions
    ruleset = own_text(session, user_id, asked.text)
    return decision_of_kind(session, [one.id for one in steps], ruleset)

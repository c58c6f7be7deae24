"""POST /rulesets/edit: exact edits of a ruleset's text, with what is then found in it.

Nothing is stored: the new text goes back to whoever holds the old one.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from api.identity import Caller, needs
from api.rest.errors import Problem
from api.ruleset_changes import Changed, change_of
from api.services import services_of
from api.statuses import error_body
from engine.base.text import SluiceError, Text
from engine.rulebook.draft_text import refuse_too_large
from engine.rules import content_hash
from engine.rules.edit import Edit, EditRefused, apply
from engine.rules.edit.offsets import for_browser
from engine.runtime.db import transaction

router = APIRouter(prefix="/api/v1", tags=["rulesets"])

MOST_EDITS = 10_000


class TextMoved(SluiceError):
    """The edits were made for another text than the one that came with them."""

    http_status = 409


class EditRequest(BaseModel, extra="forbid"):
    """A text and what to change in it.

    `text_hash` is the SHA-256 (hex, LF line ends) of the text the edits were made for; another
    one is refused. `offsets` says how `spans` count: code points of the text as it was sent, or
    UTF-16 units of the text with LF line ends, as an editor in a browser holds it. An editor that
    asks for findings by itself leaves them out here with `check`.
    """

    text: str
    text_hash: str | None = None
    edits: Annotated[list[Annotated[Edit, Field(discriminator="do")]], Field(max_length=MOST_EDITS)]
    offsets: Literal["code_points", "utf16"] = "code_points"
    check: bool = Field(default=True, description="false: findings, diff and lines stay empty")


class EditAnswer(Changed):
    """The new text, and the places of the old text that changed: begin, end, replacement."""

    spans: list[tuple[int, int, str]]


class EditProblem(Problem):
    """Why an edit cannot be made: its number in the list from 0, and a place if one is known."""

    edit: int
    line: int | None
    column: int | None


@router.post(
    "/rulesets/edit",
    summary="Change cells, rows, columns and values of a ruleset's text in their places",
    response_model=EditAnswer,
    responses={409: {"model": Problem}, 413: {"model": Problem}, 422: {"model": EditProblem}},
)
def edit(
    request: Request,
    caller: Annotated[Caller, Depends(needs("rulesets.edit"))],
    asked: EditRequest,
) -> EditAnswer | JSONResponse:
    """All edits or none; the findings are those of the new text."""
    refuse_too_large(asked.text)
    if asked.text_hash is not None and asked.text_hash != content_hash(asked.text):
        raise TextMoved(
            "EDIT_TEXT_MOVED",
            Text(
                "the edits are for another text than the one sent; make them again on this one",
                "修改针对的文本与所提交的不同；请在当前文本上重新修改",
            ),
        )
    try:
        edited = apply(asked.text, asked.edits)
    except EditRefused as refused:
        place = {"edit": refused.index, "line": refused.line, "column": refused.column}
        return JSONResponse({**error_body(refused), **place}, status_code=422)
    spans = list(edited.spans)
    if asked.offsets == "utf16":
        spans = for_browser(asked.text, spans)
    if not asked.check:
        return EditAnswer(text=edited.text, findings=[], diff=None, lines=[], spans=spans)
    with transaction(services_of(request).engine) as session:
        changed = change_of(session, caller.user_id, asked.text, edited.text)
    return EditAnswer(**dict(changed), spans=spans)

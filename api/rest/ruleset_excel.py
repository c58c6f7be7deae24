"""Stored rulesets as workbooks, and changed workbooks as texts with their differences.

Nothing is stored: the new text goes into a draft.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import JSONResponse, Response
from sqlmodel import Session

from api.downloads import XLSX, download
from api.identity import Caller, needs
from api.rest.errors import Problem
from api.ruleset_changes import Changed, change_of
from api.services import services_of
from api.statuses import error_body
from engine.rulebook.references import Located
from engine.rules.edit import EditRefused
from engine.rules.excel import ExcelRefused
from engine.runtime.db import transaction
from engine.treasury.rulesets import workbooks
from engine.treasury.rulesets.referring import located_for
from engine.treasury.rulesets.visible import draft_for, version_for

router = APIRouter(prefix="/api/v1", tags=["rulesets"])


class ExcelProblem(Problem):
    """Why a workbook cannot be taken; `cell` is like "Rules!C5"."""

    cell: str | None


@router.get(
    "/rulesets/{hash}/xlsx",
    summary="A stored ruleset as a workbook; every cell is text",
    response_class=Response,
    responses={200: {"content": {XLSX: {}}}, 404: {"model": Problem}},
)
def workbook(
    request: Request, caller: Annotated[Caller, Depends(needs("rulesets.read"))], hash: str
) -> Response:
    """By the whole hash of a version, or the beginning of it (8 digits at least)."""
    with transaction(services_of(request).engine) as session:
        return _workbook(session, version_for(session, caller.user_id, hash))


@router.get(
    "/drafts/{draft_id}/xlsx",
    summary="A draft as a workbook; every cell is text",
    response_class=Response,
    responses={
        200: {"content": {XLSX: {}}},
        404: {"model": Problem},
        422: {"model": Problem, "description": "Its text is no YAML with a table"},
    },
)
def draft_workbook(
    request: Request, caller: Annotated[Caller, Depends(needs("rulesets.read"))], draft_id: int
) -> Response:
    """As it is stored; it may have errors, as long as its table can be found."""
    with transaction(services_of(request).engine) as session:
        return _workbook(session, draft_for(session, caller.user_id, draft_id))


def _workbook(session: Session, found: Located) -> Response:
    try:
        content = workbooks.workbook_of(session, found)
    except EditRefused as refused:
        return JSONResponse(error_body(refused), status_code=422)
    return download(content, workbooks.workbook_name(found), XLSX)


@router.post(
    "/rulesets/xlsx",
    summary="A changed workbook as the text it makes of the version or draft it came from",
    response_model=Changed,
    responses={404: {"model": Problem}, 413: {"model": Problem}, 422: {"model": ExcelProblem}},
)
def take(
    request: Request,
    caller: Annotated[Caller, Depends(needs("rulesets.edit"))],
    file: Annotated[UploadFile, File()],
    base: Annotated[
        str, Form(description="What the workbook was made from: a version's hash, or draft:NUMBER")
    ],
) -> Changed | JSONResponse:
    """The text, what differs from the base in lines and in meaning, and what is found in it."""
    content = file.file.read()
    with transaction(services_of(request).engine) as session:
        made_from = located_for(session, caller.user_id, base)
        try:
            text = workbooks.text_of(session, made_from, content)
        except (ExcelRefused, EditRefused) as refused:
            cell = refused.cell if isinstance(refused, ExcelRefused) else None
            return JSONResponse({**error_body(refused), "cell": cell}, status_code=422)
        return change_of(session, caller.user_id, made_from.text, text)

"""Stored rulesets as workbooks, and changed workbooks as texts with their differences.

Nothing is stored: the new text goes into a draft.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import JSONResponse, Response

from api.downloads import XLSX, download
from api.identity import Caller, needs
from api.rest.errors import Problem
from api.ruleset_changes import Changed, change_of
from api.services import services_of
from api.statuses import error_body
from engine.rulebook.texts import current_vocabulary, vocabulary_of
from engine.rules.edit import EditRefused
from engine.rules.excel import ExcelRefused, from_xlsx, to_xlsx
from engine.runtime.db import transaction
from engine.treasury.rulesets.visible import version_for

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
        version = version_for(session, caller.user_id, hash)
        words = vocabulary_of(current_vocabulary(session).text)
        content = to_xlsx(version.text, words)
        name = f"{version.name}-{version.version}.xlsx"
    return download(content, name, XLSX)


@router.post(
    "/rulesets/xlsx",
    summary="A changed workbook as the text it makes of the version it came from",
    response_model=Changed,
    responses={404: {"model": Problem}, 413: {"model": Problem}, 422: {"model": ExcelProblem}},
)
def take(
    request: Request,
    caller: Annotated[Caller, Depends(needs("rulesets.edit"))],
    file: Annotated[UploadFile, File()],
    base: Annotated[str, Form(description="Hash of the version the workbook was made from")],
) -> Changed | JSONResponse:
    """The text, what differs from the base in lines and in meaning, and what is found in it."""
    content = file.file.read()
    with transaction(services_of(request).engine) as session:
        version = version_for(session, caller.user_id, base)
        words = vocabulary_of(current_vocabulary(session).text)
        try:
            edited = from_xlsx(content, version.text, words)
        except (ExcelRefused, EditRefused) as refused:
            cell = refused.cell if isinstance(refused, ExcelRefused) else None
            return JSONResponse({**error_body(refused), "cell": cell}, status_code=422)
        return change_of(session, caller.user_id, version.text, edited.text)

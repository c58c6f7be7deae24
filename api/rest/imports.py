"""POST /imports: a file of documents; the refused rows as Excel."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, File, Request, UploadFile
from fastapi.responses import JSONResponse, Response

from api.downloads import XLSX, download
from api.identity import Caller, needs
from api.imports import ImportResult
from api.rest.errors import Problem
from api.services import services_of
from engine.runtime.db import run_in_transaction, transaction
from engine.treasury.intake.imports import import_file
from engine.treasury.intake.refusals import refusals_xlsx

router = APIRouter(prefix="/api/v1", tags=["imports"])
May = Annotated[Caller, Depends(needs("documents.import"))]


@router.post(
    "/imports",
    summary="Import a file (csv or xlsx): one row one document, one file one document batch",
    status_code=201,
    response_model=ImportResult,
    responses={
        409: {"model": ImportResult, "description": "The same file again: the first answer"},
        413: {"model": Problem, "description": "Too large"},
        422: {"model": ImportResult, "description": "Refused whole, or not readable (Problem)"},
    },
)
def take_file(request: Request, caller: May, file: Annotated[UploadFile, File()]) -> JSONResponse:
    """By the validation ruleset a wrong row refuses the file, or is returned alone."""
    services = services_of(request)
    content, name = file.file.read(), file.filename or "file"
    answer = run_in_transaction(
        services.engine,
        lambda session: import_file(
            session, services.rulebook, caller.user_id, name, content, services.clock.now()
        ),
    )
    return JSONResponse(answer.body, status_code=answer.status)


@router.get(
    "/imports/{batch_no}/refused.xlsx",
    summary="The refused and returned rows of a file with their reasons",
    response_class=Response,
    responses={200: {"content": {XLSX: {}}}, 404: {"model": Problem}},
)
def refused(request: Request, caller: May, batch_no: str) -> Response:
    """Excel: one line per reason."""
    with transaction(services_of(request).engine) as session:
        content = refusals_xlsx(session, caller.user_id, batch_no)
    return download(content, f"{batch_no}-refused.xlsx", XLSX)

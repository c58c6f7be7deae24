"""Uploading a file of documents: template, result, the refused rows as Excel."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, File, Request, UploadFile
from fastapi.responses import Response

from api.downloads import CSV, XLSX, download
from api.identity import Caller, needs
from api.imports import ImportResult
from api.pages.language import language_of, translate
from api.pages.shell import Note, go, page, refusal
from api.services import services_of
from api.statuses import status_of
from engine.base.text import SluiceError, Text
from engine.runtime.db import run_in_transaction, transaction
from engine.treasury.documents.errors import unknown
from engine.treasury.documents.history import batch_by_number
from engine.treasury.intake.facts import code_lists
from engine.treasury.intake.files import MAX_BYTES
from engine.treasury.intake.imports import import_file
from engine.treasury.intake.refusals import refusals_xlsx
from engine.treasury.intake.template import csv_template, xlsx_template
from engine.treasury.organisations.grants import visible_orgs

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("documents.import"))]


class NoFile(SluiceError):
    """The form came without a file."""

    http_status = 422


@router.get("/payments/upload")
def form(request: Request, caller: May) -> Response:
    """The form and the templates."""
    return _form(request, caller)


def _form(request: Request, caller: Caller, *notes: Note, status: int = 200) -> Response:
    limit = MAX_BYTES // 1024 // 1024
    return page(request, "upload.html", caller, notes=notes, status=status, limit=limit)


@router.get("/payments/upload/template.xlsx", dependencies=[Depends(needs("documents.import"))])
def template_xlsx(request: Request) -> Response:
    """The template as a spreadsheet, with the lists of the live vocabulary."""
    services = services_of(request)
    with transaction(services.engine) as session:
        content = xlsx_template(code_lists(session, services.rulebook.at(session)))
    return download(content, "sluicegate-documents.xlsx", XLSX)


@router.get("/payments/upload/template.csv", dependencies=[Depends(needs("documents.import"))])
def template_csv() -> Response:
    """The template as CSV."""
    return download(csv_template(), "sluicegate-documents.csv", CSV)


@router.post("/payments/upload")
def upload(
    request: Request, caller: May, file: Annotated[UploadFile | None, File()] = None
) -> Response:
    """Take a file; the same file again shows the first answer (409)."""
    services = services_of(request)
    if file is None or not file.filename:
        error: SluiceError = NoFile("FILE_MISSING", Text("choose a file first", "请先选择文件"))
        return _form(request, caller, refusal(request, error), status=422)
    content, name = file.file.read(), file.filename
    try:
        answer = run_in_transaction(
            services.engine,
            lambda session: import_file(
                session,
                services.rulebook,
                caller.user_id,
                name,
                content,
                services.clock.now(),
                "page",
            ),
        )
    except SluiceError as refused:
        return _form(request, caller, refusal(request, refused), status=status_of(refused))
    lang = language_of(request)
    if "batch_no" not in answer.body:
        said = answer.body["message_zh" if lang == "zh" else "message_en"]
        return _form(request, caller, Note("bad", str(said)), status=answer.status)
    result = ImportResult.model_validate(answer.body)
    if answer.status == 201:
        return go(f"/payments/upload/{result.batch_no}")
    if answer.status == 409:
        note = Note("", translate(lang, "upload.seen", batch=result.batch_no))
    else:
        note = Note("bad", translate(lang, "upload.refused_whole"))
    return page(
        request, "uploaded.html", caller, notes=(note,), status=answer.status, result=result
    )


@router.get("/payments/upload/{batch_no}")
def result_page(request: Request, caller: May, batch_no: str) -> Response:
    """What became of a file."""
    with transaction(services_of(request).engine) as session:
        batch = batch_by_number(session, batch_no)
        seen = visible_orgs(session, caller.user_id, "documents.import")
    if batch is None or batch.org_id not in seen or batch.answer is None:
        raise unknown(batch_no)
    result = ImportResult.model_validate(batch.answer)
    return page(request, "uploaded.html", caller, result=result)


@router.get("/payments/upload/{batch_no}/refused.xlsx")
def refused_rows(request: Request, caller: May, batch_no: str) -> Response:
    """The refused and returned rows with their reasons."""
    with transaction(services_of(request).engine) as session:
        content = refusals_xlsx(session, caller.user_id, batch_no)
    return download(content, f"{batch_no}-refused.xlsx", XLSX)

"""Payment files on the page: taking one to the bank, dissolving it, loading its return file."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import Response

from api.identity import Caller, needs
from api.pages.imports import NoFile
from api.pages.language import language_of, translate
from api.pages.pay import show_pay
from api.pages.shell import Note, refusal
from api.rest.payment_files import file_response
from api.services import services_of
from api.statuses import status_of
from engine.base.text import SluiceError, Text
from engine.runtime.db import run_in_transaction, transaction
from engine.treasury.payments import files

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("payments.release"))]


@router.post("/pay/files/{message_id}/download")
def take_out(request: Request, caller: May, message_id: str) -> Response:
    """The file, or a copy of it; what was taken out of it stands at the documents."""
    services = services_of(request)
    try:
        done = run_in_transaction(
            services.engine,
            lambda session: files.hand_out(
                session, services.rulebook, services.clock, caller.user_id, message_id
            ),
        )
        return file_response(done)
    except SluiceError as error:
        return show_pay(request, caller, refusal(request, error), status=status_of(error))


@router.post("/pay/files/{message_id}/discard")
def discard(
    request: Request, caller: May, message_id: str, reason: Annotated[str, Form()] = ""
) -> Response:
    """Dissolve a file nobody took yet."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            count = files.discard(
                session, services.rulebook, services.clock, caller.user_id, message_id, reason
            )
    except SluiceError as error:
        return show_pay(request, caller, refusal(request, error), status=status_of(error))
    said = translate(language_of(request), key="done.file_gone", number=message_id, count=count)
    return show_pay(request, caller, Note("good", said))


@router.post("/pay/files/{message_id}/return")
def take_return(
    request: Request,
    caller: May,
    message_id: str,
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Load a return file; what does not fit is said above the page and stands in the alerts."""
    services = services_of(request)
    lang = language_of(request)
    try:
        if file is None or not file.filename:
            raise NoFile("FILE_MISSING", Text("choose a file first", "请先选择文件"))
        content = file.file.read()
        done = run_in_transaction(
            services.engine,
            lambda session: files.take_return(
                session, services.rulebook, services.clock, caller.user_id, message_id, content
            ),
        )
    except SluiceError as error:
        return show_pay(request, caller, refusal(request, error), status=status_of(error))
    told = translate(
        lang,
        key="done.return_taken",
        number=message_id,
        paid=done.paid,
        failed=done.failed,
        unknown=done.unknown,
        open=done.open,
    )
    if done.repeated:
        told = translate(lang, "pay.returned_again")
    issues = (Note("bad", f"{one.text.say(lang)} [{one.code}]") for one in done.issues)
    return show_pay(request, caller, Note("good", told), *issues)

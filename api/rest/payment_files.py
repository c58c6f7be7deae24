"""Releasing payments, and the files that take some of them to the bank and back."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Depends, File, Request, UploadFile
from fastapi.responses import Response
from pydantic import BaseModel, Field

from api.downloads import download
from api.identity import Caller, needs
from api.rest.errors import Problem
from api.services import services_of
from engine.base.masking import masked
from engine.base.money import format_major
from engine.machines.instruction.files import Returned
from engine.runtime.db import run_in_transaction, transaction
from engine.treasury.payments import files

router = APIRouter(prefix="/api/v1", tags=["payments"])
Releases = Annotated[Caller, Depends(needs("payments.release"))]
UNKNOWN_FILE: dict[int | str, dict[str, object]] = {404: {"model": Problem}}


class PaymentFileOut(BaseModel):
    """A payment batch that leaves as a file; `amount` as a decimal string."""

    message_id: str
    organisation: str
    bank: str
    channel: str
    direction: str
    account_number: str
    currency: str
    items: int
    amount: str
    state: str
    created_at: dt.datetime
    handed_out_at: dt.datetime | None
    sha256: str | None
    downloads: int = Field(description="1: the original alone; more: copies were taken")
    returns: int = Field(description="return files taken in")

    @staticmethod
    def of(one: files.PaymentFile) -> PaymentFileOut:
        """From a stored file."""
        return PaymentFileOut(
            message_id=one.message_id,
            organisation=one.org_id,
            bank=one.bank_id,
            channel=one.channel,
            direction=one.direction,
            account_number=masked(one.account_number) or "",
            currency=one.currency,
            items=one.items,
            amount=format_major(one.amount, one.currency),
            state=one.state,
            created_at=one.created_at,
            handed_out_at=one.sent_at,
            sha256=one.sha256,
            downloads=one.downloads,
            returns=one.returns,
        )


@router.get("/payment-files", summary="Payment files, newest first")
def list_files(
    request: Request,
    caller: Annotated[Caller, Depends(needs("documents.read"))],
    finished: bool = False,
) -> list[PaymentFileOut]:
    """Those that need something; `finished` adds the others."""
    with transaction(services_of(request).engine) as session:
        found = files.find(session, caller.user_id, finished=finished)
    return [PaymentFileOut.of(one) for one in found]


@router.post(
    "/payment-files/{message_id}/download",
    summary="Take a file to the bank: from now on its items are under way",
    response_class=Response,
    responses={
        200: {"content": {"application/octet-stream": {}}},
        409: {"model": Problem, "description": "Every item was taken out of the file"},
        **UNKNOWN_FILE,
    },
)
def take_out(request: Request, caller: Releases, message_id: str) -> Response:
    """Once more gives the same bytes, flagged as a copy: X-Copy, X-Download-Number, Warning."""
    services = services_of(request)
    # Committed before a byte leaves: a file that was seen is a file that may be at the bank.
    done = run_in_transaction(
        services.engine,
        lambda session: files.hand_out(
            session, services.rulebook, services.clock, caller.user_id, message_id
        ),
    )
    return file_response(done)


def file_response(done: files.Download) -> Response:
    """The bytes with name, number and hash; FileEmpty when nothing was left to hand out."""
    if not done.content:
        raise files.FileEmpty(done)
    response = download(done.content, done.name, "application/octet-stream")
    response.headers["X-Download-Number"] = str(done.number)
    response.headers["X-Copy"] = "true" if done.copy else "false"
    response.headers["X-Content-SHA256"] = done.sha256
    if done.copy:
        response.headers["Warning"] = '299 - "COPY: the file was handed out before"'
    return response


class Reason(BaseModel):
    """Why."""

    reason: str


class Discarded(BaseModel):
    """How many items the dissolved file had."""

    items: int


@router.post(
    "/payment-files/{message_id}/discard",
    summary="Dissolve a file nobody took yet; its documents can be paid anew",
    responses=UNKNOWN_FILE,
)
def discard(request: Request, caller: Releases, message_id: str, given: Reason) -> Discarded:
    """Refused (FILE_LEFT) once it was handed out."""
    services = services_of(request)
    with transaction(services.engine) as session:
        count = files.discard(
            session, services.rulebook, services.clock, caller.user_id, message_id, given.reason
        )
    return Discarded(items=count)


class Issue(BaseModel):
    """An item that does not fit our file; it was left as it is and stands among the alerts."""

    code: str
    instruction_id: str
    message_en: str
    message_zh: str


class ReturnResult(BaseModel):
    """What a return file did; `repeated`: it was taken before and added nothing."""

    repeated: bool
    paid: int
    failed: int
    unknown: int
    open: int
    issues: list[Issue]

    @staticmethod
    def of(done: Returned) -> ReturnResult:
        """From what the file did."""
        return ReturnResult(
            repeated=done.repeated,
            paid=done.paid,
            failed=done.failed,
            unknown=done.unknown,
            open=done.open,
            issues=[
                Issue(
                    code=one.code,
                    instruction_id=one.instruction_id,
                    message_en=one.text.en,
                    message_zh=one.text.zh,
                )
                for one in done.issues
            ],
        )


@router.post(
    "/payment-files/{message_id}/return",
    summary="Take in the bank's return file",
    responses={
        400: {"model": Problem, "description": "Refused whole: nothing of it was taken"},
        **UNKNOWN_FILE,
    },
)
def take_return(
    request: Request,
    caller: Annotated[Caller, Depends(needs("statements.import"))],
    message_id: str,
    file: Annotated[UploadFile, File()],
) -> ReturnResult:
    """Items it answers are paid, failed or unknown; the others stay open."""
    services = services_of(request)
    content = file.file.read()
    done = run_in_transaction(
        services.engine,
        lambda session: files.take_return(
            session, services.rulebook, services.clock, caller.user_id, message_id, content
        ),
    )
    return ReturnResult.of(done)

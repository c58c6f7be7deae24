"""Statements a person brings: a bank's file, or bookings by hand."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import Response
from pydantic import ValidationError

from api.identity import Caller, needs
from api.pages.shell import Note, go, page, refusal
from api.rest.statements import ByHand, FileResult, enter
from api.services import services_of
from api.statuses import status_of
from engine.base.text import SluiceError, Text
from engine.runtime.db import run_in_transaction, transaction
from engine.treasury.accounts import book
from engine.treasury.statements import deciding, filing
from engine.treasury.statements.archived import import_files

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("statements.import"))]
MayEnter = Annotated[Caller, Depends(needs("statements.reconcile"))]
Line = Annotated[str, Form(max_length=280)]
Many = Annotated[list[str], Form(max_length=20)]
_CELLS = (
    "booking_date",
    "direction",
    "amount",
    "remittance",
    "counterparty_name",
    "counterparty_account",
    "bank_reference",
)
ROWS = 2
"""Bookings the form offers at once."""


class _Form(SluiceError):
    """Something is missing in the form."""

    http_status = 422


@router.get("/statements")
def form(request: Request, caller: May) -> Response:
    """Upload and entry, and what is quarantined."""
    return _form(request, caller)


@router.post("/statements")
def upload(
    request: Request,
    caller: May,
    file: Annotated[UploadFile | None, File()] = None,
    account: Line = "",
    layout: Line = "",
    until: Line = "",
) -> Response:
    """Take a file in; what became of every statement is shown."""
    services = services_of(request)
    try:
        if file is None or not file.filename:
            raise _Form("FILE_MISSING", Text("choose a file first", "请先选择文件"))
        content, name = file.file.read(filing.MOST + 1), file.filename
        done = run_in_transaction(
            services.engine,
            lambda session: import_files(
                session,
                caller.user_id,
                name,
                content,
                services.clock.now(),
                account=account.strip() or None,
                layout=layout.strip() or None,
                until=_until(until),
            ),
        )
    except SluiceError as error:
        return _form(request, caller, refusal(request, error), status=status_of(error))
    return _form(request, caller, done=FileResult.of(done))


@router.post("/statements/by-hand")
def by_hand(
    request: Request,
    caller: MayEnter,
    booking_date: Many,
    direction: Many,
    amount: Many,
    remittance: Many,
    counterparty_name: Many,
    counterparty_account: Many,
    bank_reference: Many,
    account: Line = "",
    opening: Line = "",
    closing: Line = "",
    reason: Line = "",
) -> Response:
    """Take bookings in that a person typed; a row without an amount is none."""
    services = services_of(request)
    cells = (
        booking_date,
        direction,
        amount,
        remittance,
        counterparty_name,
        counterparty_account,
        bank_reference,
    )
    rows = [dict(zip(_CELLS, row, strict=True)) for row in zip(*cells, strict=False)]
    try:
        body = _entered(account, opening, closing, reason, [one for one in rows if one["amount"]])
        with transaction(services.engine) as session:
            number, made = enter(session, caller.user_id, body, services.clock.now())
    except SluiceError as error:
        return _form(request, caller, refusal(request, error), status=status_of(error))
    return go("/statements", key="done.entered", name=number, count=str(made.new_lines))


def _until(written: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(written.strip()) if written.strip() else None
    except ValueError:
        raise _Form("FORM_INVALID", Text(f"{written} is no day", f"{written} 不是日期")) from None


@router.post("/statements/stopped/{statement_id}/ask")
def ask(
    request: Request,
    caller: MayEnter,
    statement_id: int,
    wanted: Annotated[deciding.Wanted, Form()],
    reason: Line = "",
) -> Response:
    """Ask for a quarantined statement to be taken as it is, or refused for good."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            now = services.clock.now()
            deciding.propose(session, caller.user_id, statement_id, wanted, reason, now)
    except SluiceError as error:
        return _form(request, caller, refusal(request, error), status=status_of(error))
    return go("/statements", key="done.statement_asked", number=str(statement_id))


@router.post("/statements/stopped/{statement_id}/decide")
def decide(
    request: Request,
    caller: MayEnter,
    statement_id: int,
    verdict: Annotated[Literal["approve", "decline"], Form()],
    reason: Line = "",
) -> Response:
    """Decide what another person asked."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            done = deciding.decide(
                session,
                caller.user_id,
                statement_id,
                approve=verdict == "approve",
                reason=reason,
                now=services.clock.now(),
            )
    except SluiceError as error:
        return _form(request, caller, refusal(request, error), status=status_of(error))
    number, count = str(statement_id), str(done.new_lines)
    if done.outcome == "taken":
        return go("/statements", key="done.statement_taken", number=number, count=count)
    if done.outcome == "refused":
        return go("/statements", key="done.statement_refused", number=number)
    return go("/statements", key="done.statement_waits", number=number)


def _entered(
    account: str, opening: str, closing: str, reason: str, lines: list[dict[str, str]]
) -> ByHand:
    try:
        return ByHand.model_validate(
            {
                "account": account or 0,
                "lines": lines,
                "closing": closing.strip(),
                "opening": opening.strip() or None,
                "reason": reason,
            }
        )
    except ValidationError as error:
        place = ".".join(str(one) for one in error.errors()[0]["loc"])
        raise _Form(
            "FORM_INVALID",
            Text(f"{place} is missing or cannot be read", f"{place} 缺失或无法识别"),
        ) from error


def _form(
    request: Request,
    caller: Caller,
    *notes: Note,
    status: int = 200,
    done: FileResult | None = None,
) -> Response:
    with transaction(services_of(request).engine) as session:
        accounts = book.find(session, caller.user_id)
        stopped = deciding.waiting(session, caller.user_id)
    return page(
        request,
        "statements.html",
        caller,
        notes=notes,
        status=status,
        accounts=accounts,
        stopped=stopped,
        done=done,
        rows=range(1, ROWS + 1),
    )

"""Statements over REST: by file, by hand, and quarantined ones tried again."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from pydantic import BaseModel, Field
from sqlmodel import Session

from api.identity import Caller, needs
from api.rest.errors import Problem
from api.services import services_of
from engine.base.money import parse_major
from engine.runtime.db import run_in_transaction, transaction
from engine.treasury.accounts.models import BankAccount
from engine.treasury.statements import Imported, filing
from engine.treasury.statements.filing import FileImported, HandLine

router = APIRouter(prefix="/api/v1/statements", tags=["statements"])
REFUSED: dict[int | str, dict[str, object]] = {
    400: {"model": Problem, "description": "Refused whole: nothing was taken"},
    403: {"model": Problem},
    404: {"model": Problem, "description": "Not there, or not within your organisations"},
}


class StatementResult(BaseModel):
    """What became of a statement. `state`: accepted, quarantined or refused (with the reasons), or
    known."""

    account: str
    state: str
    statement: int | None
    new_lines: int
    known_lines: int
    reasons_en: list[str]
    reasons_zh: list[str]

    @classmethod
    def of(cls, account: str, one: Imported) -> StatementResult:
        """From an import."""
        return cls(
            account=account,
            state=one.state,
            statement=one.statement_id,
            new_lines=one.new_lines,
            known_lines=one.known_lines,
            reasons_en=[reason.text.en for reason in one.reasons],
            reasons_zh=[reason.text.zh for reason in one.reasons],
        )


class FileResult(BaseModel):
    """What became of a file. `format` is a known format or the layout it was read by."""

    file: int
    format: str
    left_out: int
    statements: list[StatementResult]

    @classmethod
    def of(cls, done: FileImported) -> FileResult:
        """From an imported file."""
        return cls(
            file=done.file_id,
            format=done.format,
            left_out=done.left_out,
            statements=[StatementResult.of(number, one) for number, one in done.results],
        )


class LineIn(BaseModel):
    """A booking; `amount` in major units, without sign."""

    booking_date: dt.date
    direction: Literal["debit", "credit"]
    amount: str = Field(max_length=24)
    bank_reference: str | None = Field(None, max_length=64)
    counterparty_name: str | None = Field(None, max_length=140)
    counterparty_account: str | None = Field(None, max_length=40)
    remittance: str | None = Field(None, max_length=280)


class ByHand(BaseModel):
    """Bookings of one account, the bank's balance after them and, for its first ones, before."""

    account: int
    lines: list[LineIn] = Field(min_length=1, max_length=200)
    closing: str = Field(max_length=24)
    opening: str | None = Field(None, max_length=24)
    reason: str = Field(max_length=2000)


class Again(BaseModel):
    """The account whose quarantined statements are tried again."""

    account: int


class TakenNow(BaseModel):
    """How many fit now."""

    taken: int


@router.post("/files", summary="Import a statement file", responses=REFUSED)
def take_file(
    request: Request,
    caller: Annotated[Caller, Depends(needs("statements.import"))],
    file: Annotated[UploadFile, File()],
    account: Annotated[str | None, Form(max_length=40)] = None,
    layout: Annotated[str | None, Form(max_length=80)] = None,
    until: Annotated[dt.date | None, Form()] = None,
) -> FileResult:
    """Every statement of it; the same file again adds nothing. `until`: the last day of a file
    whose days have no year."""
    services = services_of(request)
    content, name = file.file.read(filing.MOST + 1), file.filename or "statement"
    done = run_in_transaction(
        services.engine,
        lambda session: filing.import_file(
            session,
            caller.user_id,
            name,
            content,
            services.clock.now(),
            account=account or None,
            layout=layout or None,
            until=until,
        ),
    )
    return FileResult.of(done)


@router.post("/by-hand", summary="Enter bookings by hand", responses=REFUSED)
def by_hand(
    request: Request,
    caller: Annotated[Caller, Depends(needs("statements.reconcile"))],
    body: ByHand,
) -> StatementResult:
    """For accounts no connector reaches; never by who pays out."""
    services = services_of(request)
    with transaction(services.engine) as session:
        number, done = enter(session, caller.user_id, body, services.clock.now())
    return StatementResult.of(number, done)


@router.post("/again", summary="Try quarantined statements again", responses=REFUSED)
def again(
    request: Request,
    caller: Annotated[Caller, Depends(needs("statements.import"))],
    body: Again,
) -> TakenNow:
    """They are taken when what was missing before them is there."""
    services = services_of(request)
    with transaction(services.engine) as session:
        taken = filing.try_again(session, caller.user_id, body.account, services.clock.now())
    return TakenNow(taken=taken)


def enter(session: Session, user_id: str, body: ByHand, now: dt.datetime) -> tuple[str, Imported]:
    """Amounts are read in the account's currency. Raises as `filing.enter_by_hand`."""
    account = session.get(BankAccount, body.account)
    currency = "CNY" if account is None else account.currency
    lines = [
        HandLine(
            booking_date=one.booking_date,
            direction=one.direction,
            amount=parse_major(one.amount, currency),
            bank_reference=one.bank_reference or None,
            counterparty_name=one.counterparty_name or None,
            counterparty_account=one.counterparty_account or None,
            remittance=one.remittance or None,
        )
        for one in body.lines
    ]
    opening = parse_major(body.opening, currency) if body.opening else None
    done = filing.enter_by_hand(
        session,
        user_id,
        body.account,
        lines,
        parse_major(body.closing, currency),
        now,
        opening=opening,
        reason=body.reason,
    )
    return "" if account is None else account.number, done

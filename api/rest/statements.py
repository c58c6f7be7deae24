"""Statements over REST: by file, by hand, and quarantined ones tried again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
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
from engine.treasury.statements.archived import MemberImported, import_files
from engine.treasury.statements.filing import HandLine

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
    member: str | None = None
    """The file within a zip file."""

    @classmethod
    def of(cls, account: str, one: Imported, member: str | None = None) -> StatementResult:
        """From an import."""
        return cls(
            account=account,
            state=one.state,
            statement=one.statement_id,
            new_lines=one.new_lines,
            known_lines=one.known_lines,
            reasons_en=[reason.text.en for reason in one.reasons],
            reasons_zh=[reason.text.zh for reason in one.reasons],
            member=member,
        )


class RefusedMember(BaseModel):
    """A file within a zip file of which nothing was taken, and why."""

    member: str
    code: str
    message_en: str
    message_zh: str


class FileResult(BaseModel):
    """What became of a file. `format` is a known format or the layout it was read by, or zip: then
    `statements` and `refused` name their member, and `file` is None."""

    file: int | None
    format: str
    left_out: int
    statements: list[StatementResult]
    refused: list[RefusedMember] = []

    @classmethod
    def of(cls, made: Sequence[MemberImported]) -> FileResult:
        """From an imported file, or the members of a zip file."""
        taken = [(one.name, one.done) for one in made if one.done is not None]
        whole = next((done for name, done in taken if name is None), None)
        return cls(
            file=None if whole is None else whole.file_id,
            format="zip" if whole is None else whole.format,
            left_out=sum(done.left_out for _, done in taken),
            statements=[
                StatementResult.of(number, one, name)
                for name, done in taken
                for number, one in done.results
            ],
            refused=[
                RefusedMember(
                    member=one.name or "",
                    code=one.refused.code,
                    message_en=one.refused.text.en,
                    message_zh=one.refused.text.zh,
                )
                for one in made
                if one.refused is not None
            ],
        )

    @property
    def whole(self) -> bool:
        """Whether no statement was kept back and no member refused."""
        return not self.refused and all(
            one.state in ("accepted", "known") for one in self.statements
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
    """Every statement of it, or of each member of a zip file; the same again adds nothing.
    `until`: the last day of a file whose days have no year."""
    services = services_of(request)
    content, name = file.file.read(filing.MOST + 1), file.filename or "statement"
    done = run_in_transaction(
        services.engine,
        lambda session: import_files(
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

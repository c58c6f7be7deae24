"""Lists for programs: payments, accounts, vouchers, alerts, rulesets, the trace of a payment."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from api.access import unmasked_orgs
from api.document_filter import document_filter
from api.filters import text_of
from api.identity import Caller, needs
from api.pages.accounts import tree_of
from api.pages.vouchers import voucher_filter
from api.rest.documents import DocumentOut
from api.rest.errors import Problem
from api.services import services_of
from engine.base.masking import masked
from engine.base.money import format_major
from engine.runtime.db import transaction
from engine.treasury.alerts.lists import AlertFilter
from engine.treasury.alerts.lists import find as find_alerts
from engine.treasury.documents import lists
from engine.treasury.rulesets.shelf import live_for
from engine.treasury.vouchers.listing import vouchers

router = APIRouter(prefix="/api/v1")
Limit = Annotated[int, Query(ge=1, le=500)]
Offset = Annotated[int, Query(ge=0)]
BAD: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "A filter that cannot be read"}
}


class Sum(BaseModel):
    """A sum in one currency, as a decimal string."""

    currency: str
    amount: str


class PaymentList(BaseModel):
    """One page of documents; `count` and `sums` are of all that were found."""

    rows: list[DocumentOut]
    count: int
    sums: list[Sum]


@router.get("/payments", tags=["documents"], response_model=PaymentList, responses=BAD)
def payments(
    request: Request,
    caller: Annotated[Caller, Depends(needs("documents.read"))],
    state: Annotated[list[str] | None, Query()] = None,
    org: Annotated[str | None, Query(description="and everything below it")] = None,
    direction: Literal["pay", "collect"] | None = None,
    channel: str | None = None,
    min: Annotated[str | None, Query(description="amount from, decimal string")] = None,
    max: Annotated[str | None, Query(description="amount to, decimal string")] = None,
    q: Annotated[str | None, Query(description="number, payee or account")] = None,
    batch: str | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> PaymentList:
    """Documents of the organisations the caller may see, newest first.

    Business dates: `from` and `to`, both inclusive, written 2026-11-23.
    """
    given = {
        "org": org,
        "direction": direction,
        "channel": channel,
        "min": min,
        "max": max,
        "q": q,
        "batch": batch,
        "from": request.query_params.get("from"),
        "to": request.query_params.get("to"),
    }
    query = {name: value for name, value in given.items() if value is not None}
    with transaction(services_of(request).engine) as session:
        wanted = document_filter(session, query, state or ())
        found = lists.find(session, caller.user_id, wanted, limit=limit, offset=offset)
        open_orgs = unmasked_orgs(session, caller.user_id)
    return PaymentList(
        rows=[DocumentOut.of(one, open_orgs) for one in found.rows],
        count=found.count,
        sums=[
            Sum(currency=currency, amount=format_major(total, currency))
            for currency, total in sorted(found.sums.items())
        ],
    )


class AccountOut(BaseModel):
    """An account; balances are decimal strings, null where nobody reported one."""

    id: int
    organisation: str
    bank: str
    number: str
    name: str
    currency: str
    nature: str
    state: str
    bank_booked: str | None
    bank_available: str | None
    as_of: dt.datetime | None
    book: str
    last_statement: dt.date | None


@router.get("/accounts", tags=["accounts"])
def accounts(
    request: Request, caller: Annotated[Caller, Depends(needs("accounts.read"))]
) -> list[AccountOut]:
    """How much is where."""
    with transaction(services_of(request).engine) as session:
        tree = tree_of(session, caller.user_id)
        open_orgs = unmasked_orgs(session, caller.user_id)
    made = []
    for row in (one for org in tree for one in org.accounts):
        account, balance, currency = row.account, row.balance, row.account.currency
        number = account.number if account.org_id in open_orgs else masked(account.number)
        made.append(
            AccountOut(
                id=account.id or 0,
                organisation=account.org_id,
                bank=account.bank_id,
                number=number or "",
                name=account.name,
                currency=currency,
                nature=account.nature,
                state=account.state,
                bank_booked=balance and format_major(balance.bank_booked, currency),
                bank_available=balance and format_major(balance.bank_available, currency),
                as_of=balance and balance.as_of,
                book=format_major(row.book, currency),
                last_statement=row.statement and row.statement.statement_date,
            )
        )
    return made


class VoucherLineOut(BaseModel):
    """A voucher line; one of debit and credit is zero."""

    line_no: int
    account: str
    debit: str
    credit: str
    text: str
    dimensions: dict[str, str]


class VoucherOut(BaseModel):
    """A voucher with its lines."""

    number: str
    voucher_date: dt.date
    voucher_type: str
    organisation: str
    legal_entity: str
    currency: str
    text: str
    reverses: str | None
    document_no: str | None
    match_no: str | None
    lines: list[VoucherLineOut]


class VoucherTotal(BaseModel):
    """Debits and credits of all vouchers found, in one currency."""

    currency: str
    vouchers: int
    debit: str
    credit: str


class VoucherPage(BaseModel):
    """One page of vouchers; `count` and `totals` are of all that were found."""

    rows: list[VoucherOut]
    count: int
    totals: list[VoucherTotal]


@router.get("/vouchers", tags=["ledger"], responses=BAD)
def voucher_list(
    request: Request,
    caller: Annotated[Caller, Depends(needs("vouchers.read"))],
    org: str | None = None,
    number: str | None = None,
    account: str | None = None,
    type: str | None = None,
    document: str | None = None,
    q: str | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> VoucherPage:
    """Vouchers by date and number; dates of vouchers: `from` and `to`, both inclusive."""
    given = {
        "org": org,
        "number": number,
        "account": account,
        "type": type,
        "document": document,
        "q": q,
        "from": request.query_params.get("from"),
        "to": request.query_params.get("to"),
    }
    wanted = voucher_filter({name: value for name, value in given.items() if value is not None})
    with transaction(services_of(request).engine) as session:
        found = vouchers(session, caller.user_id, wanted, limit=limit, offset=offset)
    return VoucherPage(
        rows=[
            VoucherOut(
                number=one.number,
                voucher_date=one.voucher_date,
                voucher_type=one.voucher_type,
                organisation=one.org_id,
                legal_entity=one.legal_entity_id,
                currency=one.currency,
                text=one.text,
                reverses=one.reverses,
                document_no=one.document_no,
                match_no=one.match_no,
                lines=[
                    VoucherLineOut(
                        line_no=line.line_no,
                        account=line.account,
                        debit=format_major(line.debit, one.currency),
                        credit=format_major(line.credit, one.currency),
                        text=line.text,
                        dimensions=dict(line.dimensions),
                    )
                    for line in one.lines
                ],
            )
            for one in found.rows
        ],
        count=found.count,
        totals=[
            VoucherTotal(
                currency=one.currency,
                vouchers=one.vouchers,
                debit=format_major(one.debit, one.currency),
                credit=format_major(one.credit, one.currency),
            )
            for one in found.totals
        ],
    )


class AlertOut(BaseModel):
    """An alert and the rule that fired it."""

    id: int
    organisation: str
    code: str
    severity: str
    action: str
    state: str
    subject_kind: str
    subject_id: str
    ruleset: str | None
    rule_id: str | None
    message_en: str
    message_zh: str
    raised_at: dt.datetime
    acked_by: str | None
    resolved_by: str | None
    note: str | None


class AlertList(BaseModel):
    """One page of alerts, newest first."""

    rows: list[AlertOut]
    count: int


@router.get("/alerts", tags=["alerts"])
def alerts(
    request: Request,
    caller: Annotated[Caller, Depends(needs("alerts.read"))],
    state: Annotated[list[str] | None, Query()] = None,
    severity: Literal["low", "medium", "high"] | None = None,
    q: str | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> AlertList:
    """Alerts of the organisations the caller may see; open ones unless states are named."""
    wanted = AlertFilter(tuple(state or ("open", "acknowledged")), severity, None, text_of(q))
    with transaction(services_of(request).engine) as session:
        found = find_alerts(session, caller.user_id, wanted, limit=limit, offset=offset)
    return AlertList(
        rows=[
            AlertOut(
                id=one.id or 0,
                organisation=one.org_id,
                code=one.code,
                severity=one.severity,
                action=one.action,
                state=one.state,
                subject_kind=one.subject_kind,
                subject_id=one.subject_id,
                ruleset=one.ruleset,
                rule_id=one.rule_id,
                message_en=one.message_en,
                message_zh=one.message_zh,
                raised_at=one.raised_at,
                acked_by=one.acked_by,
                resolved_by=one.resolved_by,
                note=one.note,
            )
            for one in found.rows
        ],
        count=found.count,
    )


class RulesetOut(BaseModel):
    """A live ruleset. `hash` is the SHA-256 of its text."""

    kind: str
    subject: str
    name: str
    version: int
    hash: str
    organisation: str
    effective_from: dt.date
    effective_to: dt.date | None
    author: str
    reviewer: str | None
    reason: str
    revision: int | None
    activated_at: dt.datetime | None
    rows: int | None


@router.get("/rulesets", tags=["rulesets"])
def rulesets(
    request: Request, caller: Annotated[Caller, Depends(needs("rulesets.read"))]
) -> list[RulesetOut]:
    """What is live and rules an organisation the caller may see, by kind and name."""
    with transaction(services_of(request).engine) as session:
        found = live_for(session, caller.user_id)
    return [
        RulesetOut(
            kind=one.version.kind,
            subject=one.version.subject,
            name=one.version.name,
            version=one.version.version,
            hash=one.version.hash,
            organisation=one.version.org_id,
            effective_from=one.version.effective_from,
            effective_to=one.version.effective_to,
            author=one.version.author,
            reviewer=one.version.reviewer,
            reason=one.version.reason,
            revision=one.since and one.since.id,
            activated_at=one.since and one.since.activated_at,
            rows=None if one.ruleset is None else len(one.ruleset.table.rows),
        )
        for one in found
    ]

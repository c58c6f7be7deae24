"""Accounts: how much is where at the banks and in the books, and the lines of one account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlmodel import Session

from api.access import unmasked_orgs
from api.filters import amount_of, date_of, text_of
from api.identity import Caller, needs
from api.pages.shell import Note, page, pager, refusal
from api.services import services_of
from engine.base.text import SluiceError
from engine.ledger.dimensions import balances_by_dimension
from engine.runtime.db import transaction
from engine.treasury.accounts import book
from engine.treasury.accounts.errors import account_unknown
from engine.treasury.accounts.models import AccountBalance, BankAccount
from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.organisations.models import Organisation
from engine.treasury.organisations.permissions import Permission
from engine.treasury.organisations.tree import organisations
from engine.treasury.statements.lists import LineFilter, last_statements, lines, quarantined
from engine.treasury.statements.models import Statement

router = APIRouter(include_in_schema=False)
PERMISSION: Permission = "accounts.read"
May = Annotated[Caller, Depends(needs(PERMISSION))]
LINES = 50


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account in the tree; `book` is the balance of its ledger account, minor units."""

    account: BankAccount
    balance: AccountBalance | None
    book: int
    statement: Statement | None


@dataclass(frozen=True, slots=True)
class OrgRow:
    """An organisation with what it and everything below it has, per currency."""

    org: Organisation
    depth: int
    positions: tuple[book.Position, ...]
    accounts: tuple[AccountRow, ...]


def tree_of(session: Session, user_id: str) -> list[OrgRow]:
    """The organisations whose accounts the user sees, parents first, with their accounts."""
    seen = visible_orgs(session, user_id, PERMISSION)
    accounts = book.find(session, user_id)
    ids = [one.id for one in accounts if one.id is not None]
    latest = book.latest_balances(session, ids)
    statements = last_statements(session, ids)
    books = book_balances(session, accounts)
    positions = book.positions(session, user_id)
    made = []
    for org in (one for one in organisations(session).values() if one.id in seen):
        rows = tuple(
            AccountRow(a, latest.get(a.id or 0), books.get(a.id or 0, 0), statements.get(a.id or 0))
            for a in accounts
            if a.org_id == org.id
        )
        own = tuple(p for p in positions if p.org_id == org.id)
        if own:
            made.append(OrgRow(org, org.path.count("/"), own, rows))
    return made


def book_balances(session: Session, accounts: list[BankAccount]) -> dict[int, int]:
    """What the books hold of each account (debit balance, minor units), by account id: the
    lines on its ledger account that name it in the dimension bank_account."""
    found = balances_by_dimension(
        session,
        "bank_account",
        {one.number for one in accounts},
        {one.ledger_account for one in accounts},
    )
    return {
        one.id: found.get((one.ledger_account, one.number, one.currency), 0)
        for one in accounts
        if one.id is not None
    }


@router.get("/accounts")
def accounts_page(request: Request, caller: May) -> Response:
    """How much is where."""
    with transaction(services_of(request).engine) as session:
        tree = tree_of(session, caller.user_id)
        open_orgs = unmasked_orgs(session, caller.user_id)
        ids = [row.account.id for org in tree for row in org.accounts if row.account.id is not None]
        stopped = quarantined(session, ids)
    return page(request, "accounts.html", caller, tree=tree, open_orgs=open_orgs, stopped=stopped)


@router.get("/accounts/{account_id}")
def account_page(request: Request, caller: May, account_id: int) -> Response:
    """One account: balances and statement lines."""
    query = request.query_params
    notes: tuple[Note, ...] = ()
    try:
        wanted = _line_filter(request)
    except SluiceError as error:
        wanted, notes = LineFilter(), (refusal(request, error),)
    number = max(1, int(query["page"])) if query.get("page", "").isdecimal() else 1
    with transaction(services_of(request).engine) as session:
        account = seen_account(session, caller.user_id, account_id)
        row = AccountRow(
            account,
            book.latest_balances(session, [account_id]).get(account_id),
            book_balances(session, [account]).get(account_id, 0),
            last_statements(session, [account_id]).get(account_id),
        )
        found = lines(session, account_id, wanted, limit=LINES, offset=(number - 1) * LINES)
        stopped = quarantined(session, [account_id])
        open_orgs = unmasked_orgs(session, caller.user_id)
    return page(
        request,
        "account.html",
        caller,
        notes=notes,
        row=row,
        found=found,
        stopped=stopped,
        open_orgs=open_orgs,
        pager=pager(request, number, LINES, found.count),
    )


def seen_account(session: Session, user_id: str, account_id: int) -> BankAccount:
    """The account if the user may see it; AccountError ACCOUNT_UNKNOWN otherwise."""
    found = session.get(BankAccount, account_id)
    if found is None or found.org_id not in visible_orgs(session, user_id, PERMISSION):
        raise account_unknown(str(account_id))
    return found


def _line_filter(request: Request) -> LineFilter:
    query = request.query_params
    matched = {"matched": True, "open": False}.get(query.get("match", ""))
    return LineFilter(
        matched=matched,
        direction=text_of(query.get("direction")),
        from_date=date_of(query.get("from")),
        to_date=date_of(query.get("to")),
        amount_from=amount_of(query.get("min")),
        amount_to=amount_of(query.get("max")),
        text=text_of(query.get("q")),
    )

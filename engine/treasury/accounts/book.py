"""The register of bank accounts: opening rows, finding, changing state, balances, positions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.base.money import decimals
from engine.base.text import Text
from engine.runtime import audit
from engine.treasury.accounts.errors import AccountError, account_unknown
from engine.treasury.accounts.models import AccountBalance, BankAccount
from engine.treasury.monitor.occurrences import balance_came_in
from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.organisations.tree import organisation, organisations


@dataclass(frozen=True, slots=True)
class AccountDraft:
    """A bank account to enter."""

    org_id: str
    bank_id: str
    number: str
    name: str
    currency: str
    nature: str
    cnaps: str
    ledger_account: str
    direct: bool = True
    legal_entity_id: str | None = None
    """None: the organisation's own."""


def create(session: Session, draft: AccountDraft) -> BankAccount:
    """Enter an active account; the database checks nature, number and clearing code.

    Raises OrganisationError ORGANISATION_UNKNOWN, MoneyError UNKNOWN_CURRENCY.
    """
    decimals(draft.currency)
    owner = organisation(session, draft.org_id)
    made = BankAccount(
        org_id=draft.org_id,
        legal_entity_id=draft.legal_entity_id or owner.legal_entity_id,
        bank_id=draft.bank_id,
        number=draft.number,
        name=draft.name,
        currency=draft.currency,
        nature=draft.nature,
        direct=draft.direct,
        cnaps=draft.cnaps,
        ledger_account=draft.ledger_account,
    )
    session.add(made)
    session.flush()
    return made


def account(session: Session, account_id: int) -> BankAccount:
    """The account; AccountError ACCOUNT_UNKNOWN."""
    found = session.get(BankAccount, account_id)
    if found is None:
        raise account_unknown(str(account_id))
    return found


def by_number(session: Session, number: str, bank_id: str | None = None) -> BankAccount | None:
    """The account with this number (at this bank); None when there is none or several."""
    query = select(BankAccount).where(BankAccount.number == number)
    if bank_id is not None:
        query = query.where(BankAccount.bank_id == bank_id)
    found = session.exec(query.limit(2)).all()
    return found[0] if len(found) == 1 else None


def find(
    session: Session,
    user_id: str,
    *,
    org_id: str | None = None,
    nature: str | None = None,
    bank_id: str | None = None,
    currency: str | None = None,
    number: str | None = None,
) -> list[BankAccount]:
    """Accounts the user may see (accounts.read), narrowed by the filters given.

    `number` finds a part of the account number.
    """
    query = select(BankAccount).where(
        col(BankAccount.org_id).in_(visible_orgs(session, user_id, "accounts.read"))
    )
    for column, wanted in (
        (BankAccount.org_id, org_id),
        (BankAccount.nature, nature),
        (BankAccount.bank_id, bank_id),
        (BankAccount.currency, currency),
    ):
        if wanted is not None:
            query = query.where(col(column) == wanted)
    if number is not None:
        query = query.where(col(BankAccount.number).contains(number, autoescape=True))
    return list(session.exec(query.order_by(BankAccount.org_id, BankAccount.number)))


def set_state(
    session: Session, account_id: int, state: str, *, actor: str, reason: str, now: dt.datetime
) -> BankAccount:
    """Freeze ("frozen"), unfreeze ("active") or close ("closed", for good) an account.

    Raises AccountError ACCOUNT_UNKNOWN, ACCOUNT_CLOSED (it was closed before).
    """
    found = session.exec(
        select(BankAccount).where(BankAccount.id == account_id).with_for_update()
    ).first()
    if found is None:
        raise account_unknown(str(account_id))
    before = found.state
    if before == "closed" and state != "closed":
        raise AccountError(
            "ACCOUNT_CLOSED",
            Text(
                f"account {found.number} is closed for good; open a new one",
                f"账户 {found.number} 已销户,不可恢复;请另行开户",
            ),
        )
    found.state = state
    session.add(found)
    session.flush()
    audit.record(
        session,
        actor,
        "account.state",
        "bank_account",
        str(account_id),
        found.org_id,
        {"state": before},
        {"state": state},
        reason,
        now,
    )
    return found


def record_balance(
    session: Session,
    account_id: int,
    *,
    as_of: dt.datetime,
    booked: int,
    available: int,
    source: str,
) -> AccountBalance:
    """Append a balance the bank reported (minor units); older reports stay."""
    made = AccountBalance(
        org_id=account(session, account_id).org_id,
        account_id=account_id,
        as_of=as_of,
        bank_booked=booked,
        bank_available=available,
        source=source,
    )
    session.add(made)
    session.flush()
    assert made.id is not None
    balance_came_in(session, made.id, as_of)
    return made


def latest_balances(session: Session, account_ids: Collection[int]) -> dict[int, AccountBalance]:
    """The newest report per account, by as-of time; accounts without one are missing."""
    newest = col(AccountBalance.as_of).desc(), col(AccountBalance.id).desc()
    place = (
        sa.func.row_number()
        .over(partition_by=col(AccountBalance.account_id), order_by=newest)
        .label("place")
    )
    ranked = (
        select(AccountBalance.id, place)
        .where(col(AccountBalance.account_id).in_(account_ids))
        .subquery()
    )
    rows = session.exec(
        select(AccountBalance).join(
            ranked, sa.and_(ranked.c.id == col(AccountBalance.id), ranked.c.place == 1)
        )
    )
    return {row.account_id: row for row in rows}


@dataclass(frozen=True, slots=True)
class Position:
    """What an organisation and everything below it has at banks, in one currency.

    Minor units. `own_*` are the organisation's own accounts; `total = own + sum of children`.
    """

    org_id: str
    currency: str
    own_booked: int
    own_available: int
    booked: int
    available: int
    accounts: int
    without_balance: int
    """Accounts of the subtree the bank never reported: not in the sums."""


def positions(session: Session, user_id: str) -> list[Position]:
    """Positions of every organisation the user sees accounts of, parents first.

    A parent's totals hold what the user may see; grants cover subtrees, so they are whole.
    """
    accounts = find(session, user_id)
    latest = latest_balances(session, [a.id for a in accounts if a.id is not None])
    tree = organisations(session)
    seen = visible_orgs(session, user_id, "accounts.read")
    made = []
    for org_id in (one for one in tree if one in seen):
        path = tree[org_id].path
        below = [a for a in accounts if f"{tree[a.org_id].path}/".startswith(f"{path}/")]
        for currency in sorted({a.currency for a in below}):
            same = [a for a in below if a.currency == currency]
            own = [a for a in same if a.org_id == org_id]
            made.append(
                Position(
                    org_id,
                    currency,
                    *_sums(own, latest),
                    *_sums(same, latest),
                    accounts=len(same),
                    without_balance=sum(a.id not in latest for a in same),
                )
            )
    return made


def _sums(accounts: Sequence[BankAccount], latest: Mapping[int, AccountBalance]) -> tuple[int, int]:
    found = [latest[a.id] for a in accounts if a.id is not None and a.id in latest]
    return sum(b.bank_booked for b in found), sum(b.bank_available for b in found)

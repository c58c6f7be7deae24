"""Opening the demo group: organisations, people, accounts with balances, books, rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import Session, select

from api.demo.world import OwnAccount, Simulator, open_accounts
from engine import ledger
from engine.base.money import Money
from engine.base.text import SluiceError, Text
from engine.ledger import LineDraft, VoucherDraft
from engine.rulebook import sync_folder
from engine.runtime.clock import business_date_of
from engine.runtime.workspace import Workspace
from engine.treasury.accounts.group import load_group
from engine.treasury.accounts.models import BankAccount
from engine.treasury.delegations import giving
from engine.treasury.organisations import signin
from engine.treasury.organisations.models import UserAccount
from engine.treasury.organisations.tree import organisations

SOURCE = "claims-system"
"""The technical user of the simulated source system."""

AUTHOR, APPROVER = "analyst", "treasurer"
"""Who writes the demo's rulesets, and who signs them."""

OPENING_BALANCE: Mapping[str, int] = {
    "disbursement": 300_000_000_00,
    "collection": 5_000_000_00,
    "basic": 8_000_000_00,
    "guarantee_deposit": 200_000_000_00,
}
"""Balance by nature of account at opening, minor units."""

EQUITY = "400101"


class DemoError(SluiceError):
    """The demo cannot be set up as asked."""


def demo_password(workspace: Workspace) -> str:
    """The password all people of the demo share: of this workspace alone, short enough to type."""
    return workspace.secrets().get("demo_password")[:10]


def open_group(session: Session, password: str) -> None:
    """Load the demo group; every person gets `password`, the source system a user of its own."""
    load_group(session, resources.files("api.demo").joinpath("group.yaml").read_text("utf-8"))
    for person in session.exec(select(UserAccount)).all():
        signin.set_password(session, person.id, password)


def open_source(session: Session, token: str, endpoint: str) -> None:
    """The source system's user with its token, and where messages to it go."""
    known = session.get(UserAccount, SOURCE)
    if known is None:
        load_group(
            session,
            "legal_entities: []\norganisations: []\nusers:\n"
            f"  - {{id: {SOURCE}, org: GROUP, name: 理赔核心系统, roles: [{{role: source}}]}}\n",
        )
    signin.set_token(session, SOURCE, token)
    session.execute(
        sa.text("UPDATE user_account SET endpoint = :endpoint WHERE id = :user"),
        {"endpoint": endpoint, "user": SOURCE},
    )


def open_banks(session: Session, banks: Sequence[Simulator], now: dt.datetime) -> None:
    """Open every account at its bank, and book the opening balances."""
    accounts = session.exec(select(BankAccount).order_by(BankAccount.number)).all()
    own = [
        OwnAccount(
            bank_id=account.bank_id,
            number=account.number,
            name=account.name,
            currency=account.currency,
            cnaps=account.cnaps,
            balance=OPENING_BALANCE[account.nature],
        )
        for account in accounts
    ]
    for bank in banks:
        open_accounts(bank, own)
    for account in accounts:
        _book_opening(
            session,
            _Opened(
                account.number,
                account.org_id,
                account.legal_entity_id,
                account.ledger_account,
                {"bank_account": account.number},
            ),
            Money(OPENING_BALANCE[account.nature], account.currency),
            now,
        )


def open_rules(session: Session, folder: Path, now: dt.datetime) -> None:
    """Make the rulesets in `folder` live; DemoError RULES_BROKEN when one has an error."""
    synced = sync_folder(
        session,
        folder,
        author=AUTHOR,
        approver=APPROVER,
        reason="演示工作区初始规则",
        now=now,
    )
    if synced.revision is None:
        first = next((f for f in synced.findings), None)
        where = f"{first.file}:{first.span.line}: {first.message.en}" if first else str(folder)
        raise DemoError(
            "RULES_BROKEN",
            Text(
                f"the rulesets cannot become active: {where}; correct them: sluice check {folder}",
                f"规则无法生效:{where};请更正:sluice check {folder}",
            ),
        )


def open_delegation(session: Session, now: dt.datetime) -> None:
    """One stand-in for a week: claims of Beijing up to 50,000 yuan."""
    today = business_date_of(now)
    giving.give(
        session,
        "bj.manager",
        giving.Terms(
            principal="bj.manager",
            delegate="manager",
            org_id="BJ",
            valid_from=today,
            valid_until=today + dt.timedelta(days=6),
            reason="出差期间代办",
            categories=("claim",),
            caps={"CNY": 50_000_00},
        ),
        now,
    )


def open_desks(session: Session, now: dt.datetime) -> None:
    """Book what is in the cash desks at opening."""
    tree = organisations(session)
    rows = session.execute(sa.text("SELECT * FROM cash_desk WHERE opening > 0 ORDER BY id"))
    for row in rows.all():
        entity = tree[row.org_id].legal_entity_id
        opened = _Opened(
            f"cash:{row.org_id}:{row.currency}", row.org_id, entity, row.ledger_account
        )
        _book_opening(session, opened, Money(row.opening, row.currency), now)


@dataclass(frozen=True)
class _Opened:
    """Where money lies at opening."""

    name: str
    org_id: str
    legal_entity_id: str
    ledger_account: str
    dimensions: Mapping[str, str] = field(default_factory=dict)


def _book_opening(session: Session, opened: _Opened, opening: Money, now: dt.datetime) -> None:
    dimensions = {"org": opened.org_id, **opened.dimensions}
    text = f"期初余额 {opened.name}"
    ledger.post(
        session,
        VoucherDraft(
            event_id=f"opening:{opened.name}",
            org_id=opened.org_id,
            legal_entity_id=opened.legal_entity_id,
            currency=opening.currency,
            voucher_date=business_date_of(now),
            voucher_type="opening",
            text=text,
            lines=(
                LineDraft(opened.ledger_account, opening.minor, 0, dimensions, text),
                LineDraft(EQUITY, 0, opening.minor, {"org": opened.org_id}, text),
            ),
            now=now,
        ),
    )

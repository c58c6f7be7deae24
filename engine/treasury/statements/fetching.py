"""Asking the banks: statements after the last one imported, and balances."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.banks.connect import Banks
from engine.banks.contract import FetchedStatements, NoAnswer
from engine.base.text import Text
from engine.formats.reading import ReadFinding
from engine.runtime import actions, db
from engine.runtime.actions import (
    LOOKING,
    ActionContext,
    Done,
    Failed,
    Outcome,
    Registry,
    Retry,
)
from engine.runtime.clock import Clock
from engine.runtime.jsontypes import JsonObject
from engine.treasury.accounts.book import account, record_balance
from engine.treasury.accounts.models import BankAccount
from engine.treasury.incidents import raise_incident
from engine.treasury.statements.importing import Imported, import_statement

FETCH_ALL = "statements.fetch_all"
FETCH = "statements.fetch"
REFRESH = "balances.refresh"
CONFIRM = "arrivals.confirm"
"""Kinds of actions; CONFIRM is handled by engine.treasury.arrivals."""

ACTOR = "system:statements"
ASK_AGAIN = dt.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What asking one account's bank brought."""

    imported: tuple[Imported, ...]
    no_answer: str | None = None
    """Why the bank gave nothing (more); ask again later."""
    unreadable: str | None = None
    """What could not be read of what the bank gave; an incident says so too."""

    @property
    def new_lines(self) -> int:
        """Lines nobody knew before."""
        return sum(one.new_lines for one in self.imported)


def fetch_account(engine: sa.Engine, clock: Clock, banks: Banks, account_id: int) -> Fetched:
    """Import every statement the bank has after the last one; each in its own transaction.

    No transaction is open while the bank is asked. New lines put arrival confirmation of the
    account into the queue. What cannot be read is an incident, once per account and content.
    Raises AccountError, BankError, ProfileError.
    """
    done: list[Imported] = []
    unreadable: str | None = None
    asked: int | None = None
    while True:
        with db.transaction(engine) as session:
            found = account(session, account_id)
            bank_id, number, after = found.bank_id, found.number, found.statement_sequence
        if asked is not None and after <= asked:
            why = f"the bank says there is more after statement {asked} and does not go on from it"
            return Fetched(tuple(done), why, unreadable)
        answer = banks(bank_id).statements(number, after)
        if isinstance(answer, NoAnswer):
            return Fetched(tuple(done), answer.text, unreadable)
        with db.transaction(engine) as session:
            why_not = _report_findings(session, account_id, after, answer, clock.now())
        unreadable = unreadable or why_not
        for fetched in answer.statements:
            with db.transaction(engine) as session:
                imported = import_statement(
                    session,
                    account_id,
                    fetched.statement,
                    source="connector",
                    actor=ACTOR,
                    now=clock.now(),
                    unread=[one.text for one in fetched.findings if one.fatal],
                )
                request_confirmation(session, account_id, imported)
            done.append(imported)
            if imported.state == "quarantined":
                # What follows cannot continue it.
                return Fetched(tuple(done), None, unreadable)
        if not answer.more:
            return Fetched(tuple(done), None, unreadable)
        asked = after


def _report_findings(
    session: Session, account_id: int, after: int, answer: FetchedStatements, now: dt.datetime
) -> str | None:
    """Raise an incident per content that could not be read whole; the first finding's text.

    What the reader worked around lost nothing and is no incident.
    """
    troubles: list[tuple[ReadFinding, str]] = []
    for fetched in answer.statements:
        fatal = [one for one in fetched.findings if one.fatal]
        if fatal:
            troubles.append((fatal[0], hashlib.sha256(fetched.raw).hexdigest()))
    rest = [one for one in answer.findings if one.statement is None]
    if rest:
        troubles.append((rest[0], _hash_of(after, rest)))
    if not troubles:
        return None
    found = account(session, account_id)
    for finding, hashed in troubles:
        raise_incident(
            session,
            org_id=found.org_id,
            code="STATEMENT_UNREADABLE",
            subject_kind="bank_answer",
            subject_id=f"{account_id}:{hashed}",
            message=Text(
                f"what the bank gave as statements of account {found.number} after statement "
                f"{after} cannot be read whole: {finding.text.en}",
                f"银行提供的账户 {found.number} 第 {after} 号之后的对账单无法完整读取:"
                f"{finding.text.zh}",
            ),
            now=now,
        )
    return troubles[0][0].text.en


def _hash_of(after: int, findings: Sequence[ReadFinding]) -> str:
    parts = [f"{one.code} {one.line} {one.text.en}" for one in findings]
    return hashlib.sha256("\n".join([str(after), *parts]).encode()).hexdigest()


def request_confirmation(session: Session, account_id: int, imported: Imported) -> None:
    """Put arrival confirmation into the queue when `imported` brought new lines."""
    if imported.new_lines:
        key = f"{CONFIRM}:{account_id}:{imported.statement_id}"
        actions.enqueue(session, CONFIRM, key, {"account_id": account_id})


def refresh_balance(engine: sa.Engine, clock: Clock, banks: Banks, account_id: int) -> str | None:
    """Ask the bank for the account's balances and keep them; why there is none, else None."""
    with db.transaction(engine) as session:
        found = account(session, account_id)
        bank_id, number, currency = found.bank_id, found.number, found.currency
    report = banks(bank_id).balance(number)
    if isinstance(report, NoAnswer):
        return report.text
    if report.currency != currency or report.account != number or report.booked is None:
        return f"the bank reported {report.account} in {report.currency}"
    available = report.booked if report.available is None else report.available
    with db.transaction(engine) as session:
        record_balance(
            session,
            account_id,
            as_of=min(report.as_of, clock.now()),
            booked=report.booked,
            available=available,
            source="connector",
        )
    return None


def direct_accounts(session: Session) -> list[int]:
    """Accounts whose bank can be asked, frozen ones too: looking is always allowed."""
    rows = session.exec(
        select(BankAccount.id)
        .where(col(BankAccount.direct), BankAccount.state != "closed")
        .order_by(col(BankAccount.id))
    )
    return [one for one in rows if one is not None]


def _fetch_all(context: ActionContext, _payload: JsonObject) -> Outcome:
    with db.transaction(context.engine) as session:
        context.guard(session)
        for one in direct_accounts(session):
            for kind in (FETCH, REFRESH):
                key = f"{kind}:{one}:{context.key}"
                actions.enqueue(session, kind, key, {"account_id": one})
    return Done()


def _fetch(context: ActionContext, payload: JsonObject) -> Outcome:
    banks = context.services.get(Banks)
    fetched = fetch_account(context.engine, context.clock, banks, _account_id(payload))
    if fetched.no_answer is not None:
        return Retry(ASK_AGAIN, fetched.no_answer)
    return Done() if fetched.unreadable is None else Failed(fetched.unreadable)


def _refresh(context: ActionContext, payload: JsonObject) -> Outcome:
    banks = context.services.get(Banks)
    why = refresh_balance(context.engine, context.clock, banks, _account_id(payload))
    return Done() if why is None else Retry(ASK_AGAIN, why)


def _account_id(payload: JsonObject) -> int:
    value = payload["account_id"]
    if not isinstance(value, int):
        raise TypeError(f"account_id is {value!r}")
    return value


def register(registry: Registry) -> None:
    """Handle the fetching actions; FETCH_ALL is what a schedule enqueues."""
    registry.register(FETCH_ALL, _fetch_all, lane=LOOKING)
    registry.register(FETCH, _fetch, lane=LOOKING)
    registry.register(REFRESH, _refresh, lane=LOOKING)

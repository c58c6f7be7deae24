"""What becomes of a quarantined statement that will never fit: one person asks, another decides.

It is either taken as it is, with the difference that its lines do not explain written beside it
and an alert, or refused for good: then the very statement is never taken, however it comes again.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.base.money import format_major
from engine.base.text import Text
from engine.runtime import audit
from engine.treasury.accounts.models import BankAccount
from engine.treasury.incidents import raise_incident
from engine.treasury.organisations.grants import require, visible_orgs
from engine.treasury.organisations.permissions import Permission
from engine.treasury.statements.fetching import request_confirmation
from engine.treasury.statements.filing import again
from engine.treasury.statements.importing import StatementError, as_it_is, take_as_it_is
from engine.treasury.statements.lists import quarantined
from engine.treasury.statements.models import Statement, StatementDecision

MAY: Permission = "statements.reconcile"
Wanted = Literal["take", "refuse"]


class StatementConflict(StatementError):
    """Somebody was faster."""

    http_status = 409


class StatementUnknown(StatementError):
    """Not there, or not within the user's organisations."""

    http_status = 404


@dataclass(frozen=True, slots=True)
class Waiting:
    """A quarantined statement, what taking it would mean, and what somebody asked for."""

    statement: Statement
    account: str
    """Number of the account."""
    difference: int | None
    """Minor units that no line explains if it is taken now; None when it cannot be taken."""
    new_lines: int
    """Lines that would be taken."""
    cannot: Text | None
    asked: StatementDecision | None


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of it: taken | refused (for good) | waiting (the proposal was declined)."""

    outcome: str
    statement_id: int
    new_lines: int = 0
    difference: int = 0


def waiting(session: Session, user: str) -> list[Waiting]:
    """Every quarantined statement of the accounts the user sees (accounts.read), newest first."""
    session.flush()
    orgs = visible_orgs(session, user, "accounts.read")
    accounts = {
        one.id: one
        for one in session.exec(select(BankAccount).where(col(BankAccount.org_id).in_(orgs)))
        if one.id is not None
    }
    stopped = quarantined(session, list(accounts))
    asked = {
        one.statement_id: one
        for one in session.exec(
            select(StatementDecision).where(
                col(StatementDecision.statement_id).in_([one.id for one in stopped]),
                StatementDecision.state == "open",
            )
        )
    }
    return [
        _waiting(session, accounts[one.account_id], one, asked.get(one.id or 0)) for one in stopped
    ]


def _waiting(
    session: Session, account: BankAccount, kept: Statement, asked: StatementDecision | None
) -> Waiting:
    try:
        found = as_it_is(session, account, kept)
    except StatementError as error:
        return Waiting(kept, account.number, None, 0, error.text, asked)
    new = sum(1 for key in found.keys if key is not None)
    return Waiting(kept, account.number, found.difference, new, None, asked)


def propose(
    session: Session, user: str, statement_id: int, wanted: Wanted, reason: str, now: dt.datetime
) -> int:
    """Ask for a quarantined statement to be taken as it is, or refused for good (permission
    statements.reconcile); number of the proposal.

    Raises StatementUnknown STATEMENT_UNKNOWN, StatementError REASON_MISSING, CANNOT_TAKE,
    StatementConflict STATEMENT_SETTLED (taken since, or decided), DECISION_OPEN.
    """
    kept, account = _kept(session, user, statement_id)
    if not reason.strip():
        raise _reason_missing()
    if wanted == "take":
        as_it_is(session, account, kept)
    made = session.execute(
        sa.text(
            "INSERT INTO statement_decision (org_id, statement_id, wanted, reason, proposed_by, "
            "proposed_at) VALUES (:org, :statement, :wanted, :reason, :user, :now) "
            "ON CONFLICT DO NOTHING RETURNING id"
        ),
        {
            "org": kept.org_id,
            "statement": statement_id,
            "wanted": wanted,
            "reason": reason.strip(),
            "user": user,
            "now": now,
        },
    ).scalar_one_or_none()
    if made is None:
        raise StatementConflict(
            "DECISION_OPEN",
            Text(
                f"somebody asked about statement {statement_id} before; decide that first",
                f"对账单 {statement_id} 已有申请;请先处理该申请",
            ),
        )
    _note(session, user, "statements.propose", kept, reason, now, {"wanted": wanted})
    return int(made)


def decide(
    session: Session, user: str, statement_id: int, *, approve: bool, reason: str, now: dt.datetime
) -> Decided:
    """Carry out or decline what was asked about a statement (permission statements.reconcile), by
    another person; declining needs a reason.

    Taking raises an alert that names the difference, and tries what follows again. Raises
    StatementUnknown STATEMENT_UNKNOWN, StatementError FOUR_EYES, REASON_MISSING, CANNOT_TAKE, and
    StatementConflict STATEMENT_SETTLED, NOTHING_ASKED: nothing must be committed then.
    """
    kept, account = _kept(session, user, statement_id)
    asked = session.exec(
        select(StatementDecision)
        .where(StatementDecision.statement_id == statement_id, StatementDecision.state == "open")
        .with_for_update()
    ).first()
    if asked is None:
        raise StatementConflict(
            "NOTHING_ASKED",
            Text(
                f"nothing is asked about statement {statement_id}; reload the list",
                f"对账单 {statement_id} 没有待决定的申请;请刷新列表",
            ),
        )
    if asked.proposed_by == user:
        raise StatementError(
            "FOUR_EYES",
            Text(f"{user} asked for this; another person decides", f"{user} 是申请人;须由他人决定"),
        )
    if not approve and not reason.strip():
        raise _reason_missing()
    asked.state = "done" if approve else "declined"
    asked.decided_by, asked.decided_at = user, now
    asked.decision_reason = reason.strip() or None
    session.add(asked)
    session.flush()
    done = Decided("waiting", statement_id)
    if approve and asked.wanted == "take":
        done = _take(session, user, kept, account, asked, now)
    elif approve:
        done = Decided("refused", statement_id)
    detail: dict[str, str | int] = {
        "wanted": asked.wanted,
        "proposed_by": asked.proposed_by,
        "outcome": done.outcome,
        "difference": format_major(done.difference, kept.currency),
    }
    _note(session, user, "statements.decide", kept, reason or asked.reason, now, detail)
    return done


def _take(
    session: Session,
    user: str,
    kept: Statement,
    account: BankAccount,
    asked: StatementDecision,
    now: dt.datetime,
) -> Decided:
    assert kept.id is not None
    assert asked.id is not None
    difference = as_it_is(session, account, kept).difference
    taken = take_as_it_is(session, account, kept, decision_id=asked.id, actor=user, now=now)
    request_confirmation(session, kept.account_id, taken)
    money = f"{format_major(difference, kept.currency, grouped=True)} {kept.currency}"
    raise_incident(
        session,
        org_id=kept.org_id,
        code="STATEMENT_TAKEN_AS_IS",
        subject_kind="statement",
        subject_id=str(taken.statement_id),
        message=Text(
            f"statement {kept.bank_statement_id} of account {account.number} was taken as it is, "
            f"asked by {asked.proposed_by}, confirmed by {user}: {money} are explained by no "
            f"line ({asked.reason}); it was quarantined because: {kept.quarantine_en}",
            f"账户 {account.number} 的对账单 {kept.bank_statement_id} 已按原样导入,"
            f"{asked.proposed_by} 申请,{user} 确认:差额 {money} 没有明细({asked.reason});"
            f"隔离原因:{kept.quarantine_zh}",
        ),
        now=now,
    )
    again(session, user, kept.account_id, now)
    return Decided("taken", kept.id, taken.new_lines, difference)


def _kept(session: Session, user: str, statement_id: int) -> tuple[Statement, BankAccount]:
    """The statement that waits and its account, which is locked as imports lock it."""
    session.flush()
    kept = session.get(Statement, statement_id)
    seen = visible_orgs(session, user, "accounts.read")
    if kept is None or kept.org_id not in seen or kept.state != "quarantined":
        raise StatementUnknown(
            "STATEMENT_UNKNOWN",
            Text(
                f"there is no quarantined statement {statement_id} within your organisations",
                f"所辖机构内没有隔离的对账单 {statement_id}",
            ),
        )
    require(session, user, MAY, kept.org_id)
    account = session.exec(
        select(BankAccount)
        .where(BankAccount.id == kept.account_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if statement_id not in {one.id for one in quarantined(session, [kept.account_id])}:
        raise StatementConflict(
            "STATEMENT_SETTLED",
            Text(
                f"statement {statement_id} was taken or refused since; reload the list",
                f"对账单 {statement_id} 已导入或已拒绝;请刷新列表",
            ),
        )
    return kept, account


def _reason_missing() -> StatementError:
    return StatementError("REASON_MISSING", Text("say why: it is kept", "请填写原因"))


def _note(
    session: Session,
    user: str,
    action: str,
    kept: Statement,
    reason: str,
    now: dt.datetime,
    detail: dict[str, str | int],
) -> None:
    audit.record(
        session,
        user,
        action,
        "bank_account",
        str(kept.account_id),
        kept.org_id,
        None,
        {"statement": kept.id, **detail},
        reason.strip(),
        now,
    )

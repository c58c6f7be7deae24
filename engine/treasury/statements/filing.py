"""Statements that a person brings: by file, by hand, and quarantined ones tried again."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from engine.base.text import Text
from engine.formats.statement import Statement, StatementLine
from engine.runtime import audit
from engine.runtime.clock import business_date_of
from engine.treasury import layouts
from engine.treasury.accounts.models import BankAccount
from engine.treasury.organisations.grants import require, visible_orgs
from engine.treasury.statements.contents import from_content, unread_of
from engine.treasury.statements.fetching import request_confirmation
from engine.treasury.statements.importing import (
    Imported,
    StatementError,
    import_statement,
)
from engine.treasury.statements.lists import quarantined
from engine.treasury.statements.models import Statement as KeptStatement
from engine.treasury.statements.models import StatementFile
from engine.treasury.statements.reading_files import Found, look

MOST = 64 * 1024 * 1024
"""Bytes of a statement file."""


@dataclass(frozen=True, slots=True)
class FileImported:
    """What became of a file: per statement its account and what import made of it."""

    file_id: int
    format: str
    results: tuple[tuple[str, Imported], ...]
    left_out: int
    """Lines that are no bookings; the file's row names each."""

    @property
    def new_lines(self) -> int:
        """Lines nobody knew before."""
        return sum(one.new_lines for _, one in self.results)


def import_file(
    session: Session,
    user_id: str,
    name: str,
    content: bytes,
    now: dt.datetime,
    *,
    account: str | None = None,
    layout: str | None = None,
    until: dt.date | None = None,
) -> FileImported:
    """Import every statement of a file (statements.import for each account).

    `account` is the number where the file does not say it, `layout` the name of the layout where
    several would do, `until` the file's last day where its days have no year. A statement that
    does not fit, or has a line that cannot be read, is quarantined as a whole; the others stand
    for themselves. The same file again adds nothing.

    Raises as `reading_files.look`, StatementError FILE_TOO_LARGE.
    """
    check_size(content)
    named = None if account is None else _named(session, user_id, account)
    found = look(session, user_id, content, business_date_of(now), named, layout, until)
    if not found.statements:
        raise StatementError(
            "STATEMENT_FILE_EMPTY", Text("the file has no statement", "文件中没有对账单")
        )
    file_id = _keep(session, user_id, name, content, found, now)
    results = []
    for each in found.statements:
        one = each.account
        assert one.id is not None
        imported = import_statement(
            session,
            one.id,
            each.statement,
            source="file",
            actor=user_id,
            now=now,
            file_id=file_id,
            unread=each.unread,
        )
        request_confirmation(session, one.id, imported)
        results.append((one.number, imported))
        if imported.new_lines:
            again(session, user_id, one.id, now)
    _note(session, user_id, "statements.file", found.statements[0].account, results, name, now)
    return FileImported(file_id, found.format, tuple(results), len(found.left_out))


def check_size(content: bytes) -> None:
    """Raises StatementError FILE_TOO_LARGE for more than MOST bytes."""
    if len(content) > MOST:
        raise StatementError(
            "FILE_TOO_LARGE",
            Text(f"a statement file has at most {MOST} bytes", f"对账单文件不得超过 {MOST} 字节"),
        )


@dataclass(frozen=True, slots=True)
class HandLine:
    """A booking as a person writes it. `amount` in minor units, positive."""

    booking_date: dt.date
    direction: str
    amount: int
    bank_reference: str | None = None
    counterparty_name: str | None = None
    counterparty_account: str | None = None
    remittance: str | None = None


def enter_by_hand(
    session: Session,
    user_id: str,
    account_id: int,
    lines: Sequence[HandLine],
    closing: int,
    now: dt.datetime,
    *,
    opening: int | None = None,
    reason: str,
) -> Imported:
    """Enter bookings of an account that no connector reaches (statements.reconcile: never who
    pays out). They are marked as entered by hand for ever.

    `closing` is the bank's balance after them in minor units; `opening` is only needed for the
    first statement of an account, later it is the last closing. What does not add up is refused:
    the caller rolls back. Raises NotPermitted, StatementError ACCOUNT_UNKNOWN, ACCOUNT_DIRECT,
    LINES_MISSING, LINE_INVALID, REASON_MISSING, OPENING_NEEDED, HAND_DIFFERS.
    """
    account = session.get(BankAccount, account_id)
    if account is None or account.org_id not in visible_orgs(session, user_id, "accounts.read"):
        raise StatementError(
            "ACCOUNT_UNKNOWN", Text(f"there is no account {account_id}", f"没有账户 {account_id}")
        )
    require(session, user_id, "statements.reconcile", account.org_id)
    if account.direct:
        raise StatementError(
            "ACCOUNT_DIRECT",
            Text(
                f"the bank gives the statements of {account.number} itself; nothing is entered "
                "by hand",
                f"账户 {account.number} 的对账单由银行直接提供;不能手工录入",
            ),
        )
    if not reason.strip():
        raise StatementError("REASON_MISSING", Text("say why: it is kept", "请填写原因"))
    statement = _by_hand(session, account, lines, opening, closing)
    imported = import_statement(
        session, account_id, statement, source="manual", actor=user_id, now=now
    )
    if imported.state == "quarantined":
        why = imported.reasons
        raise StatementError(
            "HAND_DIFFERS",
            Text("; ".join(one.text.en for one in why), ";".join(one.text.zh for one in why)),
        )
    request_confirmation(session, account_id, imported)
    _note(
        session, user_id, "statements.by_hand", account, [(account.number, imported)], reason, now
    )
    return imported


def _by_hand(
    session: Session,
    account: BankAccount,
    lines: Sequence[HandLine],
    opening: int | None,
    closing: int,
) -> Statement:
    if not lines:
        raise StatementError("LINES_MISSING", Text("enter a booking", "请录入明细"))
    for place, one in enumerate(lines, 1):
        if one.amount <= 0 or one.direction not in ("debit", "credit"):
            raise StatementError(
                "LINE_INVALID",
                Text(
                    f"line {place}: an amount above 0, and debit or credit",
                    f"第 {place} 行:金额须大于 0,方向为支出或收入",
                ),
            )
    if opening is None:
        opening = _last_closing(session, account)
    days = [one.booking_date for one in lines]
    ordered = sorted(lines, key=lambda one: one.booking_date)
    return Statement(
        account=account.number,
        currency=account.currency,
        identification=f"hand:{min(days):%Y%m%d}-{max(days):%Y%m%d}",
        sequence=None,
        date=max(days),
        opening=opening,
        closing=closing,
        lines=tuple(
            StatementLine(
                booking_date=one.booking_date,
                value_date=one.booking_date,
                amount=one.amount,
                direction="credit" if one.direction == "credit" else "debit",
                balance=None,
                bank_reference=one.bank_reference,
                our_reference=None,
                message_reference=None,
                counterparty_name=one.counterparty_name,
                counterparty_account=one.counterparty_account,
                remittance=one.remittance,
                return_reason=None,
            )
            for one in ordered
        ),
    )


def _last_closing(session: Session, account: BankAccount) -> int:
    last = session.exec(
        select(KeptStatement)
        .where(KeptStatement.account_id == account.id, KeptStatement.state == "accepted")
        .order_by(col(KeptStatement.id).desc())
        .limit(1)
    ).first()
    if last is None or last.closing is None:
        raise StatementError(
            "OPENING_NEEDED",
            Text(
                f"{account.number} has no statement yet; give the balance before these bookings",
                f"账户 {account.number} 尚无对账单;请填写这些明细之前的余额",
            ),
        )
    return last.closing


def again(session: Session, user_id: str, account_id: int, now: dt.datetime) -> int:
    """Try the quarantined statements of an account again, as they were kept; how many fit now.

    It is taken when what was missing before it is there; what never comes is for two persons to
    decide (`deciding`).
    """
    taken = 0
    tried = True
    while tried:
        tried = False
        for one in reversed(quarantined(session, [account_id])):
            imported = import_statement(
                session,
                account_id,
                from_content(one.content),
                source=one.source,
                actor=user_id,
                now=now,
                file_id=one.file_id,
                unread=unread_of(one.content),
            )
            if imported.state == "accepted":
                request_confirmation(session, account_id, imported)
                taken, tried = taken + 1, True
    return taken


def try_again(session: Session, user_id: str, account_id: int, now: dt.datetime) -> int:
    """Try the account's quarantined statements again (statements.import); how many fit now.

    Raises NotPermitted, StatementError ACCOUNT_UNKNOWN.
    """
    account = session.get(BankAccount, account_id)
    if account is None or account.org_id not in visible_orgs(session, user_id, "accounts.read"):
        raise StatementError(
            "ACCOUNT_UNKNOWN", Text(f"there is no account {account_id}", f"没有账户 {account_id}")
        )
    require(session, user_id, "statements.import", account.org_id)
    return again(session, user_id, account_id, now)


def _named(session: Session, user_id: str, number: str) -> BankAccount:
    orgs = visible_orgs(session, user_id, "statements.import")
    found = session.exec(
        select(BankAccount).where(
            BankAccount.number == number.strip(), col(BankAccount.org_id).in_(orgs)
        )
    ).all()
    if len(found) != 1:
        raise StatementError(
            "STATEMENT_ACCOUNT_UNKNOWN",
            Text(
                f"account {number} is not among those you import for",
                f"账户 {number} 不在您可导入的范围内",
            ),
        )
    return found[0]


def _keep(
    session: Session, user_id: str, name: str, content: bytes, found: Found, now: dt.datetime
) -> int:
    """The row of the file as it came; the same one again is the same row."""
    digest, org_id = hashlib.sha256(content).hexdigest(), found.statements[0].account.org_id
    layout = None if found.layout is None else layouts.keep(session, found.layout, now)
    kept = session.exec(
        select(StatementFile).where(
            StatementFile.org_id == org_id,
            StatementFile.sha256 == digest,
            StatementFile.format == found.format,
        )
    ).first()
    if kept is None:
        kept = StatementFile(
            org_id=org_id,
            name=name,
            sha256=digest,
            content=content,
            format=found.format,
            layout_hash=layout,
            left_out=list(found.left_out),
            imported_by=user_id,
            imported_at=now,
        )
        session.add(kept)
        session.flush()
    assert kept.id is not None
    return kept.id


def _note(
    session: Session,
    user_id: str,
    action: str,
    account: BankAccount,
    results: Sequence[tuple[str, Imported]],
    reason: str,
    now: dt.datetime,
) -> None:
    audit.record(
        session,
        user_id,
        action,
        "bank_account",
        str(account.id),
        account.org_id,
        None,
        {
            "statements": [
                {"account": number, "state": one.state, "new_lines": one.new_lines}
                for number, one in results
            ]
        },
        reason.strip(),
        now,
    )

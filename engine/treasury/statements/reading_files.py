"""What a statement file holds: by the format it begins like, else by a live layout of its bank."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session, col, select

from engine.base.text import SluiceError, Text
from engine.formats.layouts import FileRefused, Use, read_statement
from engine.formats.layouts.statements import StatementFile
from engine.formats.readers import read_file, reader_of, refuse_empty
from engine.formats.reading import ReadFinding
from engine.formats.statement import Statement
from engine.treasury.accounts.models import BankAccount
from engine.treasury.layouts import Live, for_use
from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.statements.importing import StatementError


@dataclass(frozen=True, slots=True)
class OfAccount:
    """A statement of a file and the account it is of; `unread` says of lines that are missing
    because they could not be read."""

    account: BankAccount
    statement: Statement
    unread: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What was read."""

    format: str
    layout: Live | None
    statements: tuple[OfAccount, ...]
    left_out: tuple[dict[str, object], ...]


def look(
    session: Session,
    user_id: str,
    content: bytes,
    on: dt.date,
    account: BankAccount | None,
    layout: str | None,
    until: dt.date | None = None,
) -> Found:
    """Read the file for the user's accounts (statements.import).

    A statement in which a line cannot be read is found all the same, to be kept back with what
    is wrong; a file of which nobody knows where it ends or what it sums up to is refused.

    Raises FormatError, FileRefused, StatementError STATEMENT_FILE_PART, STATEMENT_LAYOUT_SEVERAL,
    STATEMENT_LAYOUT_MISSING, STATEMENT_ACCOUNT_UNKNOWN, STATEMENT_ACCOUNT_OTHER.
    """
    refuse_empty(content)
    accounts = _accounts(session, user_id)
    if layout is None and reader_of(content) is not None:
        read = read_file(content)
        if (refused := read.refused) is not None:
            raise StatementError(
                "STATEMENT_FILE_PART",
                Text(
                    f"the file cannot be read whole, nothing was taken: {refused.en}",
                    f"文件无法完整读取,未导入任何内容:{refused.zh}",
                ),
            )
        statements = tuple(
            _of(one, accounts, account, _unread(read.findings, place))
            for place, one in enumerate(read.statements)
        )
        return Found(read.format, None, statements, ())
    return _by_layout(session, content, on, accounts, account, (layout, until))


def _by_layout(
    session: Session,
    content: bytes,
    on: dt.date,
    accounts: Sequence[BankAccount],
    account: BankAccount | None,
    asked_for: tuple[str | None, dt.date | None],
) -> Found:
    """By the one live layout that reads it whole for the accounts it is of."""
    name, until = asked_for
    refused: dict[str, SluiceError] = {}
    found: list[Found] = []
    # Branches of one organisation share the layouts above them: asked once per bank and branch.
    asked = {(one.bank_id, one.org_id) for one in ([account] if account else accounts)}
    tried: set[tuple[str, str]] = set()
    for bank_id, org_id in sorted(asked):
        for one in for_use(session, Use.STATEMENT, org_id, on, bank_id):
            key = (one.hash, "" if not one.layout.overrides else org_id)
            if key in tried or name not in (None, one.layout.name):
                continue
            tried.add(key)
            try:
                read = read_statement(
                    one.layout,
                    io.BytesIO(content),
                    account=None if account is None else account.number,
                    currency="CNY" if account is None else account.currency,
                    until=until,
                )
                of = tuple(_of(each, accounts, account) for each in read.statements)
                _right_bank(session, one, of, on)
            except (FileRefused, StatementError) as error:
                refused[one.layout.name] = error
                continue
            found.append(Found(one.layout.name, one, of, _left_out(read)))
    if len({one.format for one in found}) > 1:
        names = ", ".join(sorted({one.format for one in found}))
        raise StatementError(
            "STATEMENT_LAYOUT_SEVERAL",
            Text(
                f"{names} read this file; name the layout it is to be read by",
                f"{names} 均可读取该文件;请指定布局",
            ),
        )
    if found:
        return found[0]
    if len(refused) == 1:
        raise next(iter(refused.values()))
    tried_names = "; ".join(f"{key}: {why.text.en}" for key, why in sorted(refused.items()))
    tried_zh = ";".join(f"{key}:{why.text.zh}" for key, why in sorted(refused.items()))
    raise StatementError(
        "STATEMENT_LAYOUT_MISSING",
        Text(
            f"no live statement layout reads this file ({tried_names or 'none is live'}); name "
            "the account, or have a layout activated",
            f"没有可读取该文件的对账单布局({tried_zh or '无生效布局'});请指定账户,或启用布局",
        ),
    )


def _right_bank(
    session: Session,
    one: Live,
    found: Sequence[OfAccount],
    on: dt.date,
) -> None:
    """A layout reads the accounts of its own bank, for which it is the nearest one."""
    for account in (each.account for each in found):
        live = for_use(session, Use.STATEMENT, account.org_id, on, account.bank_id)
        if one.hash not in {each.hash for each in live}:
            raise StatementError(
                "STATEMENT_LAYOUT_MISSING",
                Text(
                    f"layout {one.layout.name} is not for account {account.number}",
                    f"布局 {one.layout.name} 不适用于账户 {account.number}",
                ),
            )


def _left_out(read: StatementFile) -> tuple[dict[str, object], ...]:
    return tuple(
        {"line": one.line, "text": one.text, "reason_en": one.reason.en, "reason_zh": one.reason.zh}
        for one in read.left_out
    )


def _accounts(session: Session, user_id: str) -> list[BankAccount]:
    orgs = visible_orgs(session, user_id, "statements.import")
    return list(
        session.exec(
            select(BankAccount)
            .where(col(BankAccount.org_id).in_(orgs), BankAccount.state != "closed")
            .order_by(BankAccount.org_id, BankAccount.number)
        )
    )


def _unread(findings: Sequence[ReadFinding], place: int) -> tuple[Text, ...]:
    return tuple(one.text for one in findings if one.fatal and one.statement == place)


def _of(
    statement: Statement,
    accounts: Sequence[BankAccount],
    named: BankAccount | None,
    unread: tuple[Text, ...] = (),
) -> OfAccount:
    """The account a statement is of, and the statement with what a bank may leave unsaid."""
    number = _bare(statement.account)
    found = [one for one in accounts if _bare(one.number) == number]
    if named is not None and found != [named]:
        raise StatementError(
            "STATEMENT_ACCOUNT_OTHER",
            Text(
                f"the file is of account {statement.account}, not of {named.number}; nothing was "
                "taken",
                f"文件属于账户 {statement.account},不是 {named.number};未导入任何内容",
            ),
        )
    if len(found) != 1:
        raise StatementError(
            "STATEMENT_ACCOUNT_UNKNOWN",
            Text(
                f"account {statement.account} is not among those you import for; nothing of the "
                "file was taken",
                f"账户 {statement.account} 不在您可导入的范围内;未导入文件的任何内容",
            ),
        )
    account = found[0]
    moved = sum(one.signed for one in statement.lines)
    opening, closing = statement.opening, statement.closing
    # One balance and the lines give the other; the account's last closing proves both.
    if opening is None and closing is not None:
        opening = closing - moved
    elif closing is None and opening is not None:
        closing = opening + moved
    whole = replace(statement, account=account.number, opening=opening, closing=closing)
    return OfAccount(account, whole, unread)


def _bare(number: str) -> str:
    return "".join(one for one in number if one.isalnum()).upper()

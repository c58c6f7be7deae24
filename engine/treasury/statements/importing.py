"""Taking a statement in: once, whole, and only where it continues what is known (I11).

A statement that does not fit is quarantined: kept as it came, with the reason, and none of its
lines is believed. Importing again is harmless: known lines are recognised, truly equal lines are
told apart by their occurrence number, and a quarantined statement is taken as soon as it fits.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.base.text import SluiceError, Text
from engine.formats.statement import (
    Break,
    Discontinuity,
    Previous,
    Statement,
    StatementLine,
    continuity,
    line_identities,
)
from engine.runtime.clock import BUSINESS_ZONE
from engine.runtime.jsontypes import JsonValue, content_hash
from engine.treasury.accounts.book import record_balance
from engine.treasury.accounts.models import BankAccount
from engine.treasury.incidents import raise_incident
from engine.treasury.monitor.occurrences import lines_came_in
from engine.treasury.statements import models
from engine.treasury.statements.contents import content_of, from_content, unread_of

_PLACE = frozenset({Break.SEQUENCE_GAP, Break.SEQUENCE_REPEATED, Break.OPENING_DIFFERS})
"""Reasons that speak of the statement's place among others, not of the statement itself."""


class StatementError(SluiceError):
    """A statement that cannot even be put into quarantine."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a statement."""

    state: str
    """accepted | quarantined | refused (two persons refused it for good) | known (every line was
    known: nothing was written)"""
    statement_id: int | None
    new_lines: int
    known_lines: int
    reasons: tuple[Discontinuity, ...] = ()


def import_statement(
    session: Session,
    account_id: int,
    statement: Statement,
    *,
    source: str,
    actor: str,
    now: dt.datetime,
    file_id: int | None = None,
    unread: Sequence[Text] = (),
) -> Imported:
    """Import `statement` for the account; `source` is connector, file or manual, `file_id` the
    file it was read from. `unread` says of lines that could not be read: then it is quarantined
    whatever its balances say, for they may add up without those lines.

    Imports of one account wait for each other. Raises StatementError ACCOUNT_UNKNOWN.
    """
    account = session.exec(
        select(BankAccount).where(col(BankAccount.id) == account_id).with_for_update()
    ).first()
    if account is None:
        raise StatementError(
            "ACCOUNT_UNKNOWN",
            Text(f"there is no account {account_id}", f"没有账户 {account_id}"),
        )
    content = content_of(statement, unread)
    hashed = content_hash(content)
    if _stands(session, account_id, hashed, "accepted"):
        return Imported("known", None, 0, len(statement.lines))
    refused = _refused(session, account_id, hashed)
    if refused is not None:
        return refused
    identities = [_split(one) for one in line_identities(statement)]
    previous = _previous(session, account)
    reasons = (
        tuple(Discontinuity(Break.UNREADABLE, one) for one in unread)
        or continuity(statement, previous)
        or _of_another_account(statement, account)
    )
    keys = _new_keys(session, account_id, statement, identities, previous, reasons)
    arrival = _Arrival(account, statement, content, hashed, source, actor, now, file_id)
    if keys is None:
        return _quarantine(session, arrival, reasons)
    if statement.lines and not any(keys):
        _advance(session, account, statement)
        return Imported("known", None, 0, len(statement.lines))
    imported = _accept(session, arrival, keys)
    if previous is None and (statement.sequence or 1) > 1:
        _begins_late(session, arrival, imported)
    return imported


@dataclass(frozen=True, slots=True)
class AsItIs:
    """What taking a quarantined statement as it is would mean."""

    statement: Statement
    keys: tuple[_Key | None, ...]
    """Per line its key when it is new, None when known."""
    difference: int
    """What lies between the last closing balance and this one and no line explains (minor units;
    of an account's first statement: between its own balances)."""


def as_it_is(session: Session, account: BankAccount, kept: models.Statement) -> AsItIs:
    """What taking the quarantined statement now would mean; nothing is written.

    Raises StatementError CANNOT_TAKE: it is of another account or currency, has no balance, or
    later statements were taken.
    """
    statement = from_content(kept.content)
    moved = sum(one.signed for one in statement.lines)
    opening, closing = statement.opening, statement.closing
    if opening is None and closing is not None:
        opening = closing - moved
    elif closing is None and opening is not None:
        closing = opening + moved
    if _of_another_account(statement, account):
        raise _cannot_take("it is of another account or currency", "账户或币种不符")
    if opening is None or closing is None:
        raise _cannot_take("it has no balance", "没有余额")
    if _overtaken(session, kept):
        raise _cannot_take("statements of later days were taken", "之后日期的对账单已导入")
    statement = replace(statement, opening=opening, closing=closing)
    previous = _previous(session, account)
    identities = [_split(one) for one in line_identities(statement)]
    highest = _highest(session, kept.account_id, [identity for identity, _ in identities])
    follows = not any(one.reason in _PLACE for one in continuity(statement, previous))
    keys: list[_Key | None] = []
    for identity, occurrence in identities:
        before = highest.get(identity, 0)
        if follows:
            keys.append((identity, before + occurrence))
        else:
            keys.append((identity, occurrence) if occurrence > before else None)
    new = sum(
        line.signed for line, key in zip(statement.lines, keys, strict=True) if key is not None
    )
    begin = opening if previous is None else previous.closing
    return AsItIs(statement, tuple(keys), closing - begin - new)


def take_as_it_is(
    session: Session,
    account: BankAccount,
    kept: models.Statement,
    *,
    decision_id: int,
    actor: str,
    now: dt.datetime,
) -> Imported:
    """Take a quarantined statement by the decision of two persons; its difference is named.

    The account is locked by the caller. Raises as `as_it_is`.
    """
    found = as_it_is(session, account, kept)
    arrival = _Arrival(
        account,
        found.statement,
        content_of(from_content(kept.content), unread_of(kept.content)),
        kept.content_hash,
        kept.source,
        actor,
        now,
        kept.file_id,
        decision_id,
        found.difference,
    )
    return _accept(session, arrival, found.keys)


def _cannot_take(en: str, zh: str) -> StatementError:
    return StatementError(
        "CANNOT_TAKE",
        Text(
            f"the statement cannot be taken as it is: {en}; refuse it, or bring a corrected one",
            f"对账单不能按原样导入:{zh};请拒绝,或导入更正后的对账单",
        ),
    )


def _overtaken(session: Session, kept: models.Statement) -> bool:
    return (
        session.execute(
            sa.text(
                "SELECT EXISTS (SELECT 1 FROM statement WHERE account_id = :account "
                "AND state = 'accepted' AND statement_date > :day)"
            ),
            {"account": kept.account_id, "day": kept.statement_date},
        ).scalar_one()
        is True
    )


def _refused(session: Session, account_id: int, hashed: str) -> Imported | None:
    """The very statement, when two persons refused it for good."""
    row = session.execute(
        sa.text(
            "SELECT s.id, d.decided_by, d.reason FROM statement s JOIN statement_decision d "
            "ON d.statement_id = s.id AND d.state = 'done' AND d.wanted = 'refuse' "
            "WHERE s.account_id = :account AND s.content_hash = :hash AND s.state = 'quarantined'"
        ),
        {"account": account_id, "hash": hashed},
    ).first()
    if row is None:
        return None
    why = Text(
        f"it was refused for good, confirmed by {row.decided_by}: {row.reason}",
        f"已永久拒绝,由 {row.decided_by} 确认:{row.reason}",
    )
    return Imported("refused", int(row.id), 0, 0, (Discontinuity(Break.REFUSED, why),))


def _begins_late(session: Session, arrival: _Arrival, imported: Imported) -> None:
    """The first statement of an account may begin anywhere; that one came before is told."""
    account, statement = arrival.account, arrival.statement
    raise_incident(
        session,
        org_id=account.org_id,
        code="STATEMENT_BEGINS_LATE",
        subject_kind="statement",
        subject_id=str(imported.statement_id),
        message=Text(
            f"the first statement taken in of account {account.number} is number "
            f"{statement.sequence}: what was booked before it is not known here; ask the bank for "
            "the earlier ones if payments of ours can be in them",
            f"账户 {account.number} 首次导入的对账单为第 {statement.sequence} 号:此前的明细未导入;"
            "如其中可能有我方收付,请向银行索取之前的对账单",
        ),
        now=arrival.now,
    )


def _advance(session: Session, account: BankAccount, statement: Statement) -> None:
    """Remember the bank's running number, so that the next fetch asks for what follows."""
    if statement.sequence is not None and statement.sequence > account.statement_sequence:
        account.statement_sequence = statement.sequence
        session.add(account)


@dataclass(frozen=True, slots=True)
class _Arrival:
    account: BankAccount
    statement: Statement
    content: dict[str, JsonValue]
    hash: str
    source: str
    actor: str
    now: dt.datetime
    file_id: int | None
    decision_id: int | None = None
    difference: int = 0


_Key = tuple[str, int]
"""Identity and occurrence number."""


def _split(identity: str) -> _Key:
    digest, _, occurrence = identity.rpartition("-")
    return digest, int(occurrence)


def _new_keys(
    session: Session,
    account_id: int,
    statement: Statement,
    identities: Sequence[_Key],
    previous: Previous | None,
    reasons: Sequence[Discontinuity],
) -> list[_Key | None] | None:
    """Per line its key when it is new, None when known; None for all when it does not fit.

    A statement that continues the last one consists of new lines, even where one looks like an
    older one: the balances prove that the money moved again. Any other may overlap: then what
    was not known before must lead from the known closing balance to this one.
    """
    if any(one.reason not in _PLACE for one in reasons):
        return None
    highest = _highest(session, account_id, [identity for identity, _ in identities])
    if not reasons:
        return [
            (identity, highest.get(identity, 0) + occurrence) for identity, occurrence in identities
        ]
    if previous is None or any(one.reason is Break.SEQUENCE_GAP for one in reasons):
        return None
    keys = [key if key[1] > highest.get(key[0], 0) else None for key in identities]
    moved = sum(
        line.signed for line, key in zip(statement.lines, keys, strict=True) if key is not None
    )
    if any(keys) and previous.closing + moved != statement.closing:
        return None
    if not any(keys) and not _told_before(session, account_id, statement):
        return None
    return keys if statement.lines else None


def _told_before(session: Session, account_id: int, statement: Statement) -> bool:
    """Whether a statement whose lines all look known tells no new money.

    The bank's own numbers prove it. Lines without one only look alike, so the window must also
    stand in the known history: as many lines, from the same opening to the same closing.
    """
    if all(line.bank_reference for line in statement.lines):
        return True
    rows = session.execute(
        sa.text("""
            SELECT l.signed, first.opening, (SELECT sum(difference) FROM statement s
                WHERE s.account_id = :account AND s.id <= l.statement_id) AS named FROM (
              SELECT id, statement_id,
                CASE direction WHEN 'credit' THEN amount ELSE -amount END AS signed
              FROM statement_line WHERE account_id = :account) l
            CROSS JOIN (SELECT opening FROM statement WHERE account_id = :account
              AND state = 'accepted' ORDER BY id LIMIT 1) first
            ORDER BY l.id"""),
        {"account": account_id},
    ).all()
    # Differences that two persons named lie between the lines before them and those after.
    sums = accumulate((int(r.signed) for r in rows), initial=int(rows[0].opening or 0))
    befores = [reached + int(r.named) for reached, r in zip(sums, rows, strict=False)]
    afters = [before + int(r.signed) for before, r in zip(befores, rows, strict=True)]
    windows = zip(befores, afters[len(statement.lines) - 1 :], strict=False)
    return any(ends == (statement.opening, statement.closing) for ends in windows)


def _highest(session: Session, account_id: int, identities: Sequence[str]) -> dict[str, int]:
    rows = session.execute(
        sa.text(
            "SELECT identity, max(occurrence) FROM statement_line "
            "WHERE account_id = :account AND identity = ANY(:identities) GROUP BY identity"
        ),
        {"account": account_id, "identities": list(identities)},
    )
    return {identity: int(occurrence) for identity, occurrence in rows}


def _previous(session: Session, account: BankAccount) -> Previous | None:
    last = session.exec(
        select(models.Statement)
        .where(models.Statement.account_id == account.id)
        .where(models.Statement.state == "accepted")
        .order_by(col(models.Statement.id).desc())
        .limit(1)
    ).first()
    if last is None:
        return None
    # Numbers start from 1: 0 stands for an account whose bank does not number.
    sequence = account.statement_sequence or None
    return Previous(account.number, account.currency, sequence, last.closing or 0)


def _of_another_account(statement: Statement, account: BankAccount) -> tuple[Discontinuity, ...]:
    """The first statement of an account has no previous one to be compared with."""
    if (statement.account, statement.currency) == (account.number, account.currency):
        return ()
    return (
        Discontinuity(
            Break.ACCOUNT,
            Text(
                f"the statement is of {statement.account} in {statement.currency}, not of "
                f"{account.number} in {account.currency}; import it for its own account",
                f"对账单属于 {statement.account}({statement.currency}),不是 "
                f"{account.number}({account.currency});请导入到对应账户",
            ),
        ),
    )


def _stands(session: Session, account_id: int, hashed: str, state: str) -> int | None:
    found = session.execute(
        sa.text(
            "SELECT id FROM statement WHERE account_id = :account AND content_hash = :hash "
            "AND state = :state"
        ),
        {"account": account_id, "hash": hashed, "state": state},
    ).scalar_one_or_none()
    return None if found is None else int(found)


def _row(arrival: _Arrival, state: str, new_lines: int) -> models.Statement:
    statement = arrival.statement
    return models.Statement(
        org_id=arrival.account.org_id,
        account_id=arrival.account.id or 0,
        bank_statement_id=statement.identification,
        sequence=statement.sequence,
        statement_date=statement.date,
        currency=statement.currency,
        opening=statement.opening,
        closing=statement.closing,
        line_count=len(statement.lines),
        new_lines=new_lines,
        content_hash=arrival.hash,
        source=arrival.source,
        state=state,
        content=dict(arrival.content),
        imported_by=arrival.actor,
        imported_at=arrival.now,
        file_id=arrival.file_id,
        decision_id=arrival.decision_id,
        difference=arrival.difference,
    )


def _quarantine(session: Session, arrival: _Arrival, reasons: Sequence[Discontinuity]) -> Imported:
    kept = _stands(session, arrival.account.id or 0, arrival.hash, "quarantined")
    if kept is not None:
        return Imported("quarantined", kept, 0, 0, tuple(reasons))
    row = _row(arrival, "quarantined", 0)
    row.quarantine_code = reasons[0].reason.value
    row.quarantine_en = "; ".join(one.text.en for one in reasons)
    row.quarantine_zh = ";".join(one.text.zh for one in reasons)
    session.add(row)
    session.flush()
    account, statement = arrival.account, arrival.statement
    raise_incident(
        session,
        org_id=account.org_id,
        code="STATEMENT_QUARANTINED",
        subject_kind="statement",
        subject_id=str(row.id),
        message=Text(
            f"statement {statement.identification} of account {account.number} is quarantined: "
            f"{row.quarantine_en}",
            f"账户 {account.number} 的对账单 {statement.identification} 已隔离:{row.quarantine_zh}",
        ),
        now=arrival.now,
    )
    return Imported("quarantined", row.id, 0, 0, tuple(reasons))


def _accept(session: Session, arrival: _Arrival, keys: Sequence[_Key | None]) -> Imported:
    new = [
        (number, line, key)
        for number, (line, key) in enumerate(
            zip(arrival.statement.lines, keys, strict=True), start=1
        )
        # A line without money (a note of the bank's, a prenote) books nothing: it stays in the
        # content of the statement, which is kept whole.
        if key is not None and line.amount
    ]
    row = _row(arrival, "accepted", len(new))
    session.add(row)
    session.flush()
    if new:
        session.execute(
            sa.insert(models.StatementLine),
            [_line(row, arrival, number, line, key) for number, line, key in new],
        )
        assert row.id is not None
        lines_came_in(session, row.id, arrival.now)
    account, statement = arrival.account, arrival.statement
    if statement.sequence is not None:
        # Also downwards: some banks number anew each year.
        account.statement_sequence = statement.sequence
        session.add(account)
    closing = statement.closing or 0
    record_balance(
        session,
        account.id or 0,
        as_of=min(arrival.now, _end_of(statement.date)),
        booked=closing,
        available=closing,
        source="statement",
    )
    return Imported("accepted", row.id, len(new), len(keys) - len(new))


def _line(
    row: models.Statement, arrival: _Arrival, number: int, line: StatementLine, key: _Key
) -> dict[str, object]:
    return {
        "org_id": row.org_id,
        "statement_id": row.id,
        "account_id": row.account_id,
        "line_no": number,
        "identity": key[0],
        "occurrence": key[1],
        "booking_date": line.booking_date,
        "value_date": line.value_date,
        "direction": line.direction,
        "amount": line.amount,
        "currency": arrival.statement.currency,
        "balance_after": line.balance,
        "bank_reference": line.bank_reference,
        "our_reference": line.our_reference,
        "batch_reference": line.message_reference,
        "counterparty_name": line.counterparty_name,
        "counterparty_account": line.counterparty_account,
        "remittance": line.remittance,
        "return_reason": line.return_reason,
    }


def _end_of(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(23, 59, 59), BUSINESS_ZONE).astimezone(dt.UTC)

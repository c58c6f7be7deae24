"""Bank statements as every reader delivers them, their continuity (I11) and line identity."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

from engine.base.money import format_major
from engine.base.text import Text

Direction = Literal["credit", "debit"]

REVERSAL = "REVERSAL"
"""Return reason of a line that is marked as a reversal without a reason of its own."""


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One booking. `amount` is in minor units and positive; `direction` says which way.

    Texts are None where the bank gives none. `our_reference` is our instruction id,
    `message_reference` our payment batch's message id.
    """

    booking_date: dt.date
    value_date: dt.date
    amount: int
    direction: Direction
    balance: int | None
    """Running balance after the line, where the bank gives it."""
    bank_reference: str | None
    our_reference: str | None
    message_reference: str | None
    counterparty_name: str | None
    counterparty_account: str | None
    remittance: str | None
    return_reason: str | None

    @property
    def signed(self) -> int:
        """Minor units, negative for a debit."""
        return self.amount if self.direction == "credit" else -self.amount


@dataclass(frozen=True, slots=True)
class Balance:
    """A balance as the bank wrote it: `kind` is the format's own code (OPBD, 62F, 015 …).

    `amount` in minor units of `currency`, negative when the account is overdrawn.
    """

    kind: str
    amount: int
    currency: str
    date: dt.date | None


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of one account. Balances in minor units, None where not given."""

    account: str
    currency: str
    identification: str
    sequence: int | None
    date: dt.date
    opening: int | None
    closing: int | None
    lines: tuple[StatementLine, ...]
    balances: tuple[Balance, ...] = ()
    """Every balance of the file, `opening` and `closing` among them."""


@dataclass(frozen=True, slots=True)
class BalanceReport:
    """What an account holds by the bank's word, minor units. `as_of` is aware."""

    account: str
    currency: str
    as_of: dt.datetime
    booked: int | None
    """ISO CLBD/ITBD."""
    available: int | None
    """ISO CLAV/ITAV."""


class Break(StrEnum):
    """Why a statement does not continue the one before."""

    ACCOUNT = "ACCOUNT"
    CURRENCY = "CURRENCY"
    SEQUENCE_GAP = "SEQUENCE_GAP"
    SEQUENCE_REPEATED = "SEQUENCE_REPEATED"
    OPENING_MISSING = "OPENING_MISSING"
    CLOSING_MISSING = "CLOSING_MISSING"
    OPENING_DIFFERS = "OPENING_DIFFERS"
    SUM_DIFFERS = "SUM_DIFFERS"
    RUNNING_BALANCE = "RUNNING_BALANCE"
    UNREADABLE = "UNREADABLE"
    """Not said by `continuity`: a line of the bank's could not be read and is not among `lines`."""
    REFUSED = "REFUSED"
    """Not said by `continuity`: two persons refused the statement for good."""


@dataclass(frozen=True, slots=True)
class Discontinuity:
    """One named reason to quarantine a statement."""

    reason: Break
    text: Text


@dataclass(frozen=True, slots=True)
class Previous:
    """What is known of an account's last accepted statement."""

    account: str
    currency: str
    sequence: int | None
    closing: int


def continuity(statement: Statement, previous: Previous | None) -> tuple[Discontinuity, ...]:
    """All reasons why `statement` cannot be taken after `previous` (I11); empty when it can.

    opening + sum(lines) = closing, opening = previous closing, sequence = previous + 1 where
    the bank numbers, and every running balance given fits the chain from the opening.
    """
    found: list[Discontinuity] = []

    def add(reason: Break, en: str, zh: str) -> None:
        found.append(Discontinuity(reason, Text(en, zh)))

    def major(minor: int) -> str:
        return format_major(minor, statement.currency, grouped=True)

    if previous is not None:
        _continues(statement, previous, add)
    if statement.opening is None:
        add(
            Break.OPENING_MISSING,
            "the statement has no opening balance; ask the bank for a complete one",
            "对账单没有期初余额;请向银行索取完整对账单",
        )
    if statement.closing is None:
        add(
            Break.CLOSING_MISSING,
            "the statement has no closing balance; ask the bank for a complete one",
            "对账单没有期末余额;请向银行索取完整对账单",
        )
    if statement.opening is None:
        return tuple(found)
    if previous is not None and previous.closing != statement.opening:
        add(
            Break.OPENING_DIFFERS,
            f"opening {major(statement.opening)} is not the previous closing "
            f"{major(previous.closing)}; a statement is missing or was changed",
            f"期初余额 {major(statement.opening)} 不等于上期期末余额 {major(previous.closing)};"
            "缺少对账单或对账单被改动",
        )
    running = statement.opening
    for place, line in enumerate(statement.lines, 1):
        running += line.signed
        if line.balance is not None and line.balance != running:
            add(
                Break.RUNNING_BALANCE,
                f"line {place}: running balance {major(line.balance)} should be "
                f"{major(running)}; a line is missing, repeated or out of order",
                f"第 {place} 行:余额 {major(line.balance)} 应为 {major(running)};"
                "有缺失、重复或乱序的明细",
            )
            break
    total = statement.opening + sum(line.signed for line in statement.lines)
    if statement.closing is not None and total != statement.closing:
        add(
            Break.SUM_DIFFERS,
            f"opening and lines give {major(total)}, the closing balance says "
            f"{major(statement.closing)}; ask the bank for the missing lines",
            f"期初余额加明细为 {major(total)},期末余额为 {major(statement.closing)};"
            "请向银行索取缺失明细",
        )
    return tuple(found)


class _Add(Protocol):
    """Signature of the collecting function of `continuity`."""

    def __call__(self, reason: Break, en: str, zh: str) -> None: ...


def line_identities(statement: Statement) -> tuple[str, ...]:
    """One identity per line, the same whenever the same bookings are read again.

    The bank's own id (with date and amount, since banks reuse ids); else account, date, amount,
    direction, references, counterparty and text, with running balance and statement sequence
    where given. Equal ones are told apart by their occurrence number, so no line is dropped
    because another looks the same (BANK_FORMATS "Identity").
    """
    seen: Counter[str] = Counter()
    identities: list[str] = []
    for line in statement.lines:
        if line.bank_reference:
            parts = [line.bank_reference, line.booking_date.isoformat(), str(line.signed)]
        else:
            parts = [
                "" if statement.sequence is None else str(statement.sequence),
                line.booking_date.isoformat(),
                str(line.signed),
                "" if line.balance is None else str(line.balance),
                line.our_reference or "",
                line.message_reference or "",
                line.counterparty_account or "",
                line.counterparty_name or "",
                line.remittance or "",
            ]
        content = "\x1f".join((statement.account, *parts))
        digest = hashlib.sha256(content.encode()).hexdigest()[:40]
        seen[digest] += 1
        identities.append(f"{digest}-{seen[digest]}")
    return tuple(identities)


def _continues(statement: Statement, previous: Previous, add: _Add) -> None:
    if statement.account != previous.account:
        add(
            Break.ACCOUNT,
            f"the statement is of account {statement.account}, not {previous.account}; "
            "import it for its own account",
            f"对账单属于账户 {statement.account},不是 {previous.account};请导入到对应账户",
        )
    if statement.currency != previous.currency:
        add(
            Break.CURRENCY,
            f"the statement is in {statement.currency}, the account in {previous.currency}; "
            "check the account's master data",
            f"对账单币种为 {statement.currency},账户币种为 {previous.currency};请核对账户主数据",
        )
    if statement.sequence is None or previous.sequence is None:
        return
    if statement.sequence <= previous.sequence:
        add(
            Break.SEQUENCE_REPEATED,
            f"statement {statement.sequence} comes after {previous.sequence}; "
            "it was imported before or the bank numbers anew",
            f"对账单序号 {statement.sequence} 不大于上期 {previous.sequence};"
            "可能已导入,或银行重新编号",
        )
    elif statement.sequence > previous.sequence + 1:
        add(
            Break.SEQUENCE_GAP,
            f"statement {previous.sequence + 1} is missing before {statement.sequence}; "
            "fetch it first",
            f"{statement.sequence} 之前缺少对账单 {previous.sequence + 1};请先获取",
        )

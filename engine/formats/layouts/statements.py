"""Statements by a layout: bookings with their sign proven by the running balance.

Banks write the newest booking first or last, debits as a minus, in a column of their own or with a
mark. What the layout says is checked against the balance after every line: a sign that is wrong
would break the chain, and the file is refused.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO

from engine.base.money import DECIMALS, decimals
from engine.base.text import Text
from engine.formats.layouts.faults import FileFault, FileRefused
from engine.formats.layouts.model import AmountRule, Layout, RecordDef, Type, Value
from engine.formats.layouts.reading import FileReader, LeftOut
from engine.formats.statement import Direction, Statement, StatementLine

CURRENCIES = {
    "人民币": "CNY",
    "人民币元": "CNY",
    "rmb": "CNY",
    "cny": "CNY",
    "156": "CNY",
    "01": "CNY",
    "美元": "USD",
    "港币": "HKD",
    "港元": "HKD",
    "欧元": "EUR",
    "日元": "JPY",
    "英镑": "GBP",
}
"""What banks call currencies besides their ISO codes."""


_PLACES = 4
"""Decimals in which amounts are read until the currency of their row is known: no currency has
more."""


@dataclass(frozen=True, slots=True)
class StatementFile:
    """What a file holds: a statement per account and currency, and what is no booking."""

    statements: tuple[Statement, ...]
    left_out: tuple[LeftOut, ...]
    proven: int
    """Lines whose sign the running balance proves."""


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    line: int
    account: str
    currency: str
    booked: StatementLine


def read_statement(
    layout: Layout, stream: BinaryIO, *, account: str | None = None, currency: str = "CNY"
) -> StatementFile:
    """Read a statement file. `account` and `currency` stand in where the file does not say them.

    Raises FileRefused: with the faults of the file, BALANCE_CHAIN when the signs the layout gives
    do not fit the running balance, ACCOUNT_MISSING, CURRENCY, AMOUNT_DECIMALS.
    """
    reader = FileReader(layout, layout.statement.currency or currency, _PLACES)
    rows: list[_Row] = []
    for chunk in reader.chunks(stream):
        width = len(chunk)
        columns = {name: values for name, values in chunk.columns.items() if values}
        for place in range(width):
            cells = {name: values[place] for name, values in columns.items()}
            row = chunk.first_row + place
            rows.append(_row(layout, cells, row, chunk.lines[place], account, currency, reader))
    head = {**reader.header, **reader.trailer}
    for one in rows:
        if not one.booked.amount:
            reader.leave_out(one.line, "", Text("its amount is empty or zero", "金额为空或为零"))
    rows = [one for one in rows if one.booked.amount]
    grouped: dict[tuple[str, str], list[_Row]] = {}
    for one in rows:
        grouped.setdefault((one.account, one.currency), []).append(one)
    made, proven = [], 0
    for (number, money), several in grouped.items():
        statement, count = _statement(layout, number, money, several, head)
        made.append(statement)
        proven += count
    return StatementFile(tuple(made), tuple(reader.left_out), proven)


def _row(
    layout: Layout,
    cells: Mapping[str, Value],
    row: int,
    line: int,
    account: str | None,
    currency: str,
    reader: FileReader,
) -> _Row:
    def text(name: str) -> str | None:
        value = cells.get(name)
        return None if value is None else str(value)

    booked = cells.get("booking_date")
    assert isinstance(booked, dt.date)
    valued = cells.get("value_date")
    written = text("currency") or reader.preamble.get("currency") or layout.statement.currency
    money = _currency(written or currency, row, line)
    cells = {**cells, **_in_minor(layout.detail, cells, money, row, line)}
    amount, direction = _amount(layout, cells, row, line)
    balance = cells.get("balance")
    said = (
        text("account")
        or _str(reader.header.get("account"))
        or _str(reader.trailer.get("account"))
        or reader.preamble.get("account")
    )
    number = _whole_number(said, account)
    if not number:
        raise _refused(
            "ACCOUNT_MISSING",
            row,
            line,
            "account",
            "the file does not say which account it is of; name the account when importing it",
            "文件未说明账户；导入时请指定账户",
        )
    return _Row(
        row,
        line,
        number,
        money,
        StatementLine(
            booking_date=booked,
            value_date=valued if isinstance(valued, dt.date) else booked,
            amount=amount,
            direction=direction,
            balance=balance if isinstance(balance, int) else None,
            bank_reference=text("bank_reference"),
            our_reference=text("our_reference"),
            message_reference=text("message_reference"),
            counterparty_name=text("counterparty_name"),
            counterparty_account=text("counterparty_account"),
            remittance=text("remittance"),
            return_reason=text("return_reason"),
        ),
    )


def _in_minor(
    record: RecordDef, cells: Mapping[str, Value], currency: str, row: int | None, line: int | None
) -> dict[str, int]:
    """The amounts of `record` in minor units of their currency. Raises AMOUNT_DECIMALS."""
    made: dict[str, int] = {}
    for field in record.fields:
        value = cells.get(field.name)
        if field.type is not Type.YUAN or not isinstance(value, int):
            continue
        whole, rest = divmod(value, 10 ** (_PLACES - decimals(currency)))
        if rest:
            raise _refused(
                "AMOUNT_DECIMALS",
                row,
                line,
                field.name,
                f"the amount has more decimals than {currency} takes; correct the currency, or "
                "ask the bank",
                f"金额的小数位数超过 {currency} 的规定；请核对币种或联系银行",
                record.name,
            )
        made[field.name] = whole
    return made


def _amount(
    layout: Layout, cells: Mapping[str, Value], row: int, line: int
) -> tuple[int, Direction]:
    rule = layout.statement.amount
    assert rule is not None
    if rule.rule == "debit_credit":
        debit, credit = (cells.get(name) or 0 for name in ("debit", "credit"))
        assert isinstance(debit, int)
        assert isinstance(credit, int)
        if debit and credit:
            raise _refused(
                "BOTH_SIDES",
                row,
                line,
                "debit",
                "the row has a debit and a credit; a booking has one of them",
                "该行同时有支出和收入金额；一笔明细只能有其一",
            )
        return _signed(credit - debit)
    amount = cells.get("amount")
    if not isinstance(amount, int):
        raise _refused(
            "AMOUNT_MISSING", row, line, "amount", "the row has no amount", "该行没有金额"
        )
    if rule.rule == "signed":
        return _signed(-amount if rule.negative_is_credit else amount)
    way = _way(rule, cells.get("mark"), row, line)
    # A minus beside a mark takes a booking back: it moves the other way.
    return _signed(amount if way == "credit" else -amount)


def _way(rule: AmountRule, mark: Value, row: int, line: int) -> Direction:
    said = "".join(str(mark or "").split())
    for words, way in ((rule.credit, "credit"), (rule.debit, "debit")):
        if any("".join(word.split()) == said for word in words):
            return "credit" if way == "credit" else "debit"
    known = ", ".join(sorted(rule.credit | rule.debit))
    raise _refused(
        "MARK",
        row,
        line,
        "mark",
        f"the mark {mark!r} is not among {known}; add it to the amount rule of the layout",
        f"收支标志 {mark!r} 不在 {known} 之中；请在布局的 amount 规则中补充",
    )


def _signed(amount: int) -> tuple[int, Direction]:
    return abs(amount), "credit" if amount >= 0 else "debit"


def _statement(
    layout: Layout, account: str, currency: str, rows: Sequence[_Row], head: Mapping[str, Value]
) -> tuple[Statement, int]:
    ordered = _oldest_first(layout, rows)
    proven = _prove(ordered)
    first, last = ordered[0].booked, ordered[-1].booked
    minor: dict[str, int] = {}
    for record in (layout.header, layout.trailer):
        if record is not None:
            minor |= _in_minor(record, head, currency, None, None)
    head = {**head, **minor}
    opening, closing = head.get("opening"), head.get("closing")
    if not isinstance(opening, int):
        opening = None if first.balance is None else first.balance - first.signed
    if not isinstance(closing, int):
        closing = last.balance
    day, sequence = head.get("date"), head.get("sequence")
    days = [one.booked.booking_date for one in ordered]
    return (
        Statement(
            account=account,
            currency=currency,
            identification=f"{layout.name}:{min(days):%Y%m%d}-{max(days):%Y%m%d}",
            sequence=sequence if isinstance(sequence, int) else None,
            date=day if isinstance(day, dt.date) else max(days),
            opening=opening,
            closing=closing,
            lines=tuple(one.booked for one in ordered),
        ),
        proven,
    )


def _oldest_first(layout: Layout, rows: Sequence[_Row]) -> list[_Row]:
    """The rows as they were booked: as the layout says, else as the balance, else the days say."""
    newest_first = layout.statement.newest_first
    backwards = list(reversed(rows))
    if newest_first is None:
        fits, other = _links(rows), _links(backwards)
        if fits != other:
            newest_first = other > fits
        else:
            newest_first = rows[0].booked.booking_date > rows[-1].booked.booking_date
    return backwards if newest_first else list(rows)


def _links(rows: Sequence[_Row]) -> int:
    """How many neighbours the running balance joins."""
    return sum(_joined(one, other) for one, other in pairwise(rows))


def _joined(one: _Row, other: _Row) -> bool:
    before, after = one.booked.balance, other.booked.balance
    return before is not None and after is not None and before + other.booked.signed == after


def _prove(rows: Sequence[_Row]) -> int:
    """Lines whose sign the balance proves. Raises BALANCE_CHAIN at the first that it refutes."""
    if any(one.booked.balance is None for one in rows):
        return 0
    for one, other in pairwise(rows):
        if not _joined(one, other):
            raise _refused(
                "BALANCE_CHAIN",
                other.number,
                other.line,
                "balance",
                "the balance is not the one before and this amount; a row is missing, or the "
                "layout reads the sign or the order wrongly",
                "余额不等于上一余额加减本笔金额；缺少明细，或布局的收支方向、顺序有误",
            )
    return max(0, len(rows) - 1)


def _whole_number(said: str | None, given: str | None) -> str | None:
    """The account of the file, or the one that was given where the file names none or hides digits
    of that very one (`6222****0001`)."""
    if not said or given is None:
        return said or given
    parts = re.split(r"[*xX]+", said)
    if len(parts) > 1 and given.startswith(parts[0]) and given.endswith(parts[-1]):
        return given
    return said


def _currency(said: str, row: int, line: int) -> str:
    bare = "".join(said.split())
    code = CURRENCIES.get(bare.lower(), bare.upper())
    if code not in DECIMALS:
        raise _refused(
            "CURRENCY",
            row,
            line,
            "currency",
            f"currency {said!r} is not known; use an ISO 4217 code such as CNY or USD",
            f"未知币种 {said!r}；请使用 ISO 4217 代码，如 CNY、USD",
        )
    return code


def _str(value: Value) -> str | None:
    return None if value is None else str(value)


def _refused(
    code: str,
    row: int | None,
    line: int | None,
    field: str,
    en: str,
    zh: str,
    record: str = "detail",
) -> FileRefused:
    return FileRefused([FileFault.of(code, en, zh, record=record, row=row, line=line, field=field)])

"""Statements by a layout: bookings with their sign proven by the running balance.

Banks write the newest booking first or last, debits as a minus, in a column of their own or with a
mark. What the layout says is checked against the balance after every line: a sign that is wrong
would break the chain, and the file is refused.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO, NamedTuple

from engine.base.money import DECIMALS, decimals
from engine.base.text import Text
from engine.formats.layouts.faults import FileFault, FileRefused
from engine.formats.layouts.model import AmountRule, Layout, RecordDef, Type, Value
from engine.formats.layouts.reading import Chunk, FileReader, LeftOut
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


_TEXTS = (
    "bank_reference",
    "our_reference",
    "message_reference",
    "counterparty_name",
    "counterparty_account",
    "remittance",
    "return_reason",
)
"""Texts of a booking, as StatementLine has them."""
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


class _Row(NamedTuple):
    number: int
    line: int
    account: str | None
    """None where the row does not say it."""
    currency: str
    moved: int
    """Minor units, negative for money that went out."""
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
        rows += _booked(layout, chunk, currency, reader)
    head = {**reader.header, **reader.trailer}
    for one in rows:
        if not one.moved:
            reader.leave_out(one.line, "", Text("its amount is empty or zero", "金额为空或为零"))
    rows = [one for one in rows if one.moved]
    grouped: dict[tuple[str, str], list[_Row]] = {}
    file_says = _str(head.get("account")) or reader.preamble.get("account")
    for one in rows:
        number = _whole_number(one.account or file_says, account)
        if not number:
            raise _refused(
                "ACCOUNT_MISSING",
                one.number,
                one.line,
                "account",
                "the file does not say which account it is of; name the account when importing it",
                "文件未说明账户；导入时请指定账户",
            )
        grouped.setdefault((number, one.currency), []).append(one)
    made, proven = [], 0
    for (number, money), several in grouped.items():
        statement, count = _statement(layout, number, money, several, head)
        made.append(statement)
        proven += count
    return StatementFile(tuple(made), tuple(reader.left_out), proven)


def _booked(layout: Layout, chunk: Chunk, currency: str, reader: FileReader) -> Iterator[_Row]:
    """The bookings of a chunk, column by column."""
    count, first = len(chunk), chunk.first_row
    rows = range(first, first + count)

    def column(name: str) -> Sequence[Value]:
        return chunk.columns.get(name) or (None,) * count

    def texts(name: str) -> list[str | None]:
        return [one if one is None or type(one) is str else str(one) for one in column(name)]

    fallback = reader.preamble.get("currency") or layout.statement.currency or currency
    written = [one or fallback for one in texts("currency")]
    codes: dict[str, str] = {}
    for place, one in enumerate(written):
        if one not in codes:
            codes[one] = _currency(one, rows[place], chunk.lines[place])
    money = [codes[one] for one in written]
    minor = {
        name: _minor_column(layout.detail, name, column(name), money, chunk)
        for name in ("debit", "credit", "amount", "balance")
    }
    for row, line, account, code, moved, balance, booked, valued, texts_of in zip(
        rows,
        chunk.lines,
        texts("account"),
        money,
        _signs(layout, minor, column("mark"), chunk),
        minor["balance"],
        column("booking_date"),
        column("value_date"),
        zip(*map(texts, _TEXTS), strict=True),
        strict=True,
    ):
        assert isinstance(booked, dt.date)
        made = StatementLine(
            booked,
            valued if isinstance(valued, dt.date) else booked,
            abs(moved),
            "credit" if moved >= 0 else "debit",
            balance,
            *texts_of,
        )
        yield _Row(row, line, account, code, moved, made)


def _minor_column(
    record: RecordDef, name: str, values: Sequence[Value], money: Sequence[str], chunk: Chunk
) -> list[int | None]:
    """A column of amounts in minor units of the currency of each row. Raises AMOUNT_DECIMALS."""
    field = record.field(name)
    if field is None or field.type is not Type.YUAN:
        return [one if isinstance(one, int) else None for one in values]
    factors = {code: 10 ** (_PLACES - decimals(code)) for code in set(money)}
    made: list[int | None] = []
    for place, (one, code) in enumerate(zip(values, money, strict=True)):
        if not isinstance(one, int):
            made.append(None)
            continue
        whole, rest = divmod(one, factors[code])
        if rest:
            raise _decimals(name, code, chunk.first_row + place, chunk.lines[place], record.name)
        made.append(whole)
    return made


def _in_minor(record: RecordDef, cells: Mapping[str, Value], currency: str) -> dict[str, int]:
    """The amounts of header or trailer in minor units of `currency`. Raises AMOUNT_DECIMALS."""
    made: dict[str, int] = {}
    for field in record.fields:
        value = cells.get(field.name)
        if field.type is Type.YUAN and isinstance(value, int):
            made[field.name], rest = divmod(value, 10 ** (_PLACES - decimals(currency)))
            if rest:
                raise _decimals(field.name, currency, None, None, record.name)
    return made


def _decimals(
    field: str, currency: str, row: int | None, line: int | None, record: str
) -> FileRefused:
    return _refused(
        "AMOUNT_DECIMALS",
        row,
        line,
        field,
        f"the amount has more decimals than {currency} takes; correct the currency, or ask the "
        "bank",
        f"金额的小数位数超过 {currency} 的规定；请核对币种或联系银行",
        record,
    )


def _signs(
    layout: Layout,
    minor: Mapping[str, Sequence[int | None]],
    marks: Sequence[Value],
    chunk: Chunk,
) -> list[int]:
    """What each row moves: negative is money that went out."""
    rule = layout.statement.amount
    assert rule is not None
    if rule.rule == "debit_credit":
        return _two_columns(minor["debit"], minor["credit"], chunk)
    ways: dict[Value, bool] = {}
    made: list[int] = []
    for place, (amount, mark) in enumerate(zip(minor["amount"], marks, strict=True)):
        row, line = chunk.first_row + place, chunk.lines[place]
        if amount is None:
            raise _refused(
                "AMOUNT_MISSING",
                row,
                line,
                "amount",
                "the row has no amount; ask the bank for the file again",
                "该行没有金额；请向银行重新获取文件",
            )
        if rule.rule == "signed":
            made.append(-amount if rule.negative_is_credit else amount)
            continue
        if mark not in ways:
            ways[mark] = _way(rule, mark, row, line) == "credit"
        # A minus beside a mark takes a booking back: it moves the other way.
        made.append(amount if ways[mark] else -amount)
    return made


def _two_columns(
    debits: Sequence[int | None], credits: Sequence[int | None], chunk: Chunk
) -> list[int]:
    made: list[int] = []
    for place, (debit, credit) in enumerate(zip(debits, credits, strict=True)):
        if debit and credit:
            raise _refused(
                "BOTH_SIDES",
                chunk.first_row + place,
                chunk.lines[place],
                "debit",
                "the row has a debit and a credit; a booking has one of them, correct the layout",
                "该行同时有支出和收入金额；一笔明细只能有其一，请更正布局",
            )
        made.append((credit or 0) - (debit or 0))
    return made


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


def _statement(
    layout: Layout, account: str, currency: str, rows: Sequence[_Row], head: Mapping[str, Value]
) -> tuple[Statement, int]:
    ordered = _oldest_first(layout, rows)
    proven = _prove(ordered)
    first, last = ordered[0].booked, ordered[-1].booked
    minor: dict[str, int] = {}
    for record in (layout.header, layout.trailer):
        if record is not None:
            minor |= _in_minor(record, head, currency)
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
        breaks, other = len(_broken(rows)), len(_broken(backwards))
        if breaks != other:
            newest_first = other < breaks
        else:
            newest_first = rows[0].booked.booking_date > rows[-1].booked.booking_date
    return backwards if newest_first else list(rows)


def _broken(rows: Sequence[_Row]) -> list[int]:
    """Places of rows whose balance is not the one before and their amount; all where a balance is
    missing on either side."""
    balances = [one.booked.balance for one in rows]
    moved = [one.moved for one in rows]
    return [
        place
        for place, (before, after) in enumerate(pairwise(balances), 1)
        if before is None or after is None or before + moved[place] != after
    ]


def _prove(rows: Sequence[_Row]) -> int:
    """Lines whose sign the balance proves. Raises BALANCE_CHAIN at the first that it refutes."""
    if any(one.booked.balance is None for one in rows):
        return 0
    for place in _broken(rows)[:1]:
        raise _refused(
            "BALANCE_CHAIN",
            rows[place].number,
            rows[place].line,
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

"""The bookings of a statement: which way each moves, in minor units of its own currency."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from engine.base.money import DECIMALS, decimals
from engine.formats.layouts.faults import FileFault, FileRefused
from engine.formats.layouts.model import AmountRule, Layout, RecordDef, Type, Value
from engine.formats.layouts.reading import Chunk, FileReader
from engine.formats.statement import Direction, StatementLine

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
PLACES = 4
"""Decimals in which amounts are read until the currency of their row is known: no currency has
more."""


class Row(NamedTuple):
    """One booking with its row and line in the file."""

    number: int
    line: int
    account: str | None
    """None where the row does not say it."""
    currency: str
    moved: int
    """Minor units, negative for money that went out."""
    booked: StatementLine


def bookings(layout: Layout, chunk: Chunk, currency: str, reader: FileReader) -> Iterator[Row]:
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
        yield Row(row, line, account, code, moved, made)


def _minor_column(
    record: RecordDef, name: str, values: Sequence[Value], money: Sequence[str], chunk: Chunk
) -> list[int | None]:
    """A column of amounts in minor units of the currency of each row. Raises AMOUNT_DECIMALS."""
    field = record.field(name)
    if field is None or field.type is not Type.YUAN:
        return [one if isinstance(one, int) else None for one in values]
    factors = {code: 10 ** (PLACES - decimals(code)) for code in set(money)}
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


def in_minor(record: RecordDef, cells: Mapping[str, Value], currency: str) -> dict[str, int]:
    """The amounts of header or trailer in minor units of `currency`. Raises AMOUNT_DECIMALS."""
    made: dict[str, int] = {}
    for field in record.fields:
        value = cells.get(field.name)
        if field.type is Type.YUAN and isinstance(value, int):
            made[field.name], rest = divmod(value, 10 ** (PLACES - decimals(currency)))
            if rest:
                raise _decimals(field.name, currency, None, None, record.name)
    return made


def _decimals(
    field: str, currency: str, row: int | None, line: int | None, record: str
) -> FileRefused:
    return refused(
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
        return _two_columns(rule, minor["debit"], minor["credit"], chunk)
    ways: dict[Value, bool] = {}
    made: list[int] = []
    for place, (amount, mark) in enumerate(zip(minor["amount"], marks, strict=True)):
        row, line = chunk.first_row + place, chunk.lines[place]
        if amount is None:
            raise refused(
                "AMOUNT_MISSING",
                row,
                line,
                "amount",
                "the row has no amount; ask the bank for the file again",
                "该行没有金额；请向银行重新获取文件",
            )
        if rule.rule == "signed":
            made.append(-amount if rule.negative == "credit" else amount)
            continue
        if mark not in ways:
            ways[mark] = _way(rule, mark, row, line) == "credit"
        made.append(_directed(rule, amount, ways[mark], row, line, "amount"))
    return made


def _two_columns(
    rule: AmountRule,
    debits: Sequence[int | None],
    credits: Sequence[int | None],
    chunk: Chunk,
) -> list[int]:
    made: list[int] = []
    for place, (debit, credit) in enumerate(zip(debits, credits, strict=True)):
        row, line = chunk.first_row + place, chunk.lines[place]
        if debit and credit:
            raise refused(
                "BOTH_SIDES",
                row,
                line,
                "debit",
                "the row has a debit and a credit; a booking has one of them, correct the layout",
                "该行同时有支出和收入金额；一笔明细只能有其一，请更正布局",
            )
        if debit:
            made.append(_directed(rule, debit, False, row, line, "debit"))
        else:
            made.append(_directed(rule, credit or 0, True, row, line, "credit"))
    return made


def _directed(rule: AmountRule, amount: int, came_in: bool, row: int, line: int, field: str) -> int:
    """What an amount moves that a mark or its column calls money that came in or went out."""
    if rule.negative != "agrees" and (amount >= 0 or rule.negative == "reverses"):
        return amount if came_in else -amount
    if rule.negative == "agrees" and (not amount or (amount > 0) == came_in):
        return amount
    raise refused(
        "SIGN",
        row,
        line,
        field,
        "the sign of the amount and the side it stands on do not say the same; write into the "
        "amount rule of the layout what a minus means: `negative: reverses` (a booking is taken "
        "back) or `negative: agrees` (each debit has one)",
        "金额的正负号与收支方向不一致；请在布局的 amount 规则中说明负号的含义："
        "`negative: reverses`（冲正、退回）或 `negative: agrees`（支出均带负号）",
    )


def _way(rule: AmountRule, mark: Value, row: int, line: int) -> Direction:
    said = "".join(str(mark or "").split())
    for words, way in ((rule.credit, "credit"), (rule.debit, "debit")):
        if any("".join(word.split()) == said for word in words):
            return "credit" if way == "credit" else "debit"
    known = ", ".join(sorted(rule.credit | rule.debit))
    raise refused(
        "MARK",
        row,
        line,
        "mark",
        f"the mark {mark!r} is not among {known}; add it to the amount rule of the layout",
        f"收支标志 {mark!r} 不在 {known} 之中；请在布局的 amount 规则中补充",
    )


def known_currency(said: str) -> str | None:
    """The ISO 4217 code of what a bank calls a currency; None when nobody knows it."""
    bare = "".join(said.split())
    code = CURRENCIES.get(bare.lower(), bare.upper())
    return code if code in DECIMALS else None


def _currency(said: str, row: int, line: int) -> str:
    code = known_currency(said)
    if code is None:
        raise refused(
            "CURRENCY",
            row,
            line,
            "currency",
            f"currency {said!r} is not known; use an ISO 4217 code such as CNY or USD",
            f"未知币种 {said!r}；请使用 ISO 4217 代码，如 CNY、USD",
        )
    return code


def refused(
    code: str,
    row: int | None,
    line: int | None,
    field: str,
    en: str,
    zh: str,
    record: str = "detail",
) -> FileRefused:
    """The refusal of a file for one row."""
    return FileRefused([FileFault.of(code, en, zh, record=record, row=row, line=line, field=field)])

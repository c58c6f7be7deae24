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

from engine.base.text import Text
from engine.formats.layouts.bookings import PLACES, Row, bookings, in_minor, refused
from engine.formats.layouts.model import Layout, Value
from engine.formats.layouts.reading import FileReader, LeftOut
from engine.formats.layouts.years import with_years
from engine.formats.statement import Statement


@dataclass(frozen=True, slots=True)
class StatementFile:
    """What a file holds: a statement per account and currency, and what is no booking."""

    statements: tuple[Statement, ...]
    left_out: tuple[LeftOut, ...]
    proven: int
    """Lines whose sign the running balance proves."""


def read_statement(
    layout: Layout,
    stream: BinaryIO,
    *,
    account: str | None = None,
    currency: str = "CNY",
    until: dt.date | None = None,
) -> StatementFile:
    """Read a statement file. `account`, `currency` and `until` (the last day of the file, for days
    without a year) stand in where the file does not say them.

    Raises FileRefused: with the faults of the file, BALANCE_CHAIN when the signs the layout gives
    do not fit the running balance, ACCOUNT_MISSING, CURRENCY, AMOUNT_DECIMALS, YEAR_MISSING.
    """
    reader = FileReader(layout, layout.statement.currency or currency, PLACES)
    rows: list[Row] = []
    for chunk in reader.chunks(stream):
        rows += bookings(layout, chunk, currency, reader)
    head = {**reader.header, **reader.trailer}
    for one in rows:
        if not one.moved:
            reader.leave_out(one.line, "", Text("its amount is empty or zero", "金额为空或为零"))
    rows = with_years([one for one in rows if one.moved], reader.preamble, until)
    grouped: dict[tuple[str, str], list[Row]] = {}
    file_says = _str(head.get("account")) or reader.preamble.get("account")
    for one in rows:
        number = _whole_number(one.account or file_says, account)
        if not number:
            raise refused(
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


def _statement(
    layout: Layout, account: str, currency: str, rows: Sequence[Row], head: Mapping[str, Value]
) -> tuple[Statement, int]:
    ordered = _oldest_first(layout, rows)
    proven = _prove(ordered)
    first, last = ordered[0].booked, ordered[-1].booked
    minor: dict[str, int] = {}
    for record in (layout.header, layout.trailer):
        if record is not None:
            minor |= in_minor(record, head, currency)
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


def _oldest_first(layout: Layout, rows: Sequence[Row]) -> list[Row]:
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


def _broken(rows: Sequence[Row]) -> list[int]:
    """Places of rows whose balance is not the one before and their amount; all where a balance is
    missing on either side."""
    balances = [one.booked.balance for one in rows]
    moved = [one.moved for one in rows]
    return [
        place
        for place, (before, after) in enumerate(pairwise(balances), 1)
        if before is None or after is None or before + moved[place] != after
    ]


def _prove(rows: Sequence[Row]) -> int:
    """Lines whose sign the balance proves. Raises BALANCE_CHAIN at the first that it refutes."""
    if any(one.booked.balance is None for one in rows):
        return 0
    for place in _broken(rows)[:1]:
        raise refused(
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


def _str(value: Value) -> str | None:
    return None if value is None else str(value)

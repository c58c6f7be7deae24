"""Layouts and rows for tests."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence

from engine.formats.layouts import FileReader, Layout, load, write
from engine.formats.layouts.model import Value

HEAD = """\
kind: bank_layout
name: {name}
title: {{en: Batch payment, zh: 批量支付}}
version: 1
use: {use}
bank: bank_d
scope: {{org: GROUP}}
effective: {{from: 2026-01-01}}
"""

BARS = (
    HEAD.format(name="bars", use="payment_order")
    + """\
file: {form: delimited, encoding: gb18030, separator: "|", trailing_separator: true, eol: crlf}
dates: ["%Y%m%d"]
records:
  header: |
    field      | type | width | value         | check
    tag        | text | 1     | "H"           | -
    message_id | text | 35    | -             | required
    value_date | date | 8     | -             | required
    rows       | int  | 8     | = count()     | -
    total      | yuan | 18    | = sum(amount) | -
  detail: |
    field                  | type   | width | value | check
    tag                    | text   | 1     | "D"   | -
    row                    | int    | 8     | -     | -
    instruction_id         | text   | 35    | -     | required, unique
    counterparty_account   | digits | 32    | -     | required
    counterparty_name      | text   | 60    | -     | required, overflow error
    counterparty_bank_code | digits | 12    | -     | cnaps
    amount                 | yuan   | 15    | -     | required, > 0
    remittance             | text   | 40    | -     | overflow cut
  trailer: |
    field | type | width | value
    tag   | text | 1     | "T"
    rows  | int  | 8     | = count()
"""
)

FIXED = (
    HEAD.format(name="fixed", use="payment_order")
    + """\
file: {form: fixed, encoding: gb18030, eol: lf}
records:
  detail: |
    field                | type   | width | value | check
    tag                  | text   | 2     | "01"  | -
    instruction_id       | text   | 20    | -     | required, unique
    counterparty_account | digits | 32    | -     | required
    counterparty_name    | text   | 40    | -     | required
    amount               | fen    | 15    | -     | required, > 0
    remittance           | text   | 30    | -     | overflow cut
  trailer: |
    field | type | width | value         | pad
    tag   | text | 2     | "99"          | -
    rows  | int  | 10    | = count()     | -
    total | fen  | 20    | = sum(amount) | -
    rest  | ignored | 107 | -            | -
"""
)

CSV = (
    HEAD.format(name="comma", use="payment_order")
    + """\
file: {form: csv, encoding: utf-8, eol: crlf}
records:
  detail: |
    field                  | type   | column   | check
    instruction_id         | text   | 客户流水号 | required, unique
    counterparty_account   | digits | 收款账号 | required
    counterparty_name      | text   | 收款户名 | required
    counterparty_bank_code | digits | 联行号   | cnaps
    amount                 | yuan   | 金额     | required, > 0
    remittance             | text   | 用途     | -
"""
)

NAMES = (
    "instruction_id",
    "counterparty_account",
    "counterparty_name",
    "counterparty_bank_code",
    "amount",
    "remittance",
)
PEOPLE: tuple[tuple[Value, ...], ...] = (
    ("D1-1", "6222021001000001", "王伟", "901100000001", 12_345, "赔款"),
    ("D2-1", "6222021001000002", "演示（北京）公司", "901100000002", 1, "D2 refund"),
    ("D3-1", "6222021001000003", "ACME Ltd", None, 99_999_999_99, None),
)


def text_of(layout: Layout, rows: Sequence[Sequence[Value]] = PEOPLE) -> bytes:
    """The file of some rows."""
    out = io.BytesIO()
    head: dict[str, Value] = {"message_id": "PB1", "value_date": dt.date(2026, 11, 23)}
    write(layout, head, NAMES, rows, out)
    return out.getvalue()


def rows_in(layout: Layout, content: bytes) -> list[tuple[Value, ...]]:
    """The rows of a file, in the order of NAMES."""
    found: list[tuple[Value, ...]] = []
    for chunk in FileReader(layout).chunks(io.BytesIO(content)):
        columns = [chunk.columns.get(name, [None] * len(chunk)) for name in NAMES]
        found += list(zip(*columns, strict=True))
    return found


def layout(text: str) -> Layout:
    """A layout of this module."""
    return load(text, "given.yaml")

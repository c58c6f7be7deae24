"""Layouts of statements in several versions, and people of every duty."""

from __future__ import annotations

STATEMENT = """\
kind: bank_layout
name: {name}
title: {{en: Statement, zh: 对账单}}
version: {version}
use: statement
bank: bank_a
scope: {{org: {org}}}
effective: {{from: {since}}}
file: {{form: csv, encoding: auto}}
dates: ["%Y-%m-%d"]
amount: {{rule: debit_credit}}
records:
  detail: |
    field        | type | column   | check
    booking_date | date | 记账日期 | required
    debit        | yuan | 支出     | -
    credit       | yuan | {credit}     | -
    balance      | yuan | 余额     | -
    remittance   | text | 摘要     | -
"""
SAMPLE = "记账日期,支出,收入,余额,摘要\n2026-11-20,,100.00,100.00,利息\n".encode("gb18030")
BROKEN = (
    "记账日期,支出,收入,余额,摘要\n2026-11-20,,100.00,100.00,a\n2026-11-21,1,,98.00,b\n".encode()
)


def layout(
    version: int = 1,
    *,
    name: str = "own-statement",
    org: str = "GROUP",
    credit: str = "收入",
    since: str = "2026-01-01",
) -> str:
    """A statement layout."""
    return STATEMENT.format(version=version, name=name, org=org, credit=credit, since=since)

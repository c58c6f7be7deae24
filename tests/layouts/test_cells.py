"""Single cells: what is written is what is read, and what would not be is refused."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.formats.layouts import FileRefused, Layout, read_statement, write
from engine.formats.layouts.model import Value
from tests.layouts.given import BARS, CSV, HEAD, layout, rows_in, text_of

WIDE = layout(
    HEAD.format(name="wide", use="payment_order")
    + """\
file: {form: fixed, encoding: gb18030, eol: lf}
records:
  detail: |
    field                | type   | width | pad | align | check
    instruction_id       | text   | 10    | -   | -     | required
    counterparty_account | digits | 12    | "0" | right | required
    amount               | yuan   | 22    | -   | -     | required
"""
)
DAYS = layout(
    HEAD.format(name="days", use="statement")
    + """\
file: {form: csv, encoding: auto}
dates: ["%Y-%m-%d"]
amount: {rule: signed}
records:
  detail: |
    field        | type | column | check
    booking_date | date | 日期   | required
    amount       | yuan | 金额   | -
    currency     | text | 币种   | -
"""
)
WIDE_NAMES = ("instruction_id", "counterparty_account", "amount")


def wide(row: tuple[Value, ...]) -> tuple[bytes, tuple[Value, ...]]:
    """A row in a fixed file, and what is read of it."""
    out = io.BytesIO()
    write(WIDE, {}, WIDE_NAMES, [row], out)
    back = rows_in(WIDE, out.getvalue())[0]
    return out.getvalue(), (back[0], back[1], back[4])


@given(amount=st.integers(-(10**18) + 1, 10**18 - 1))
def test_amounts_filled_with_zeros_come_back(amount: int) -> None:
    row = ("D1", "6222", amount)
    assert wide(row)[1] == row


def test_a_sign_stands_before_the_zeros() -> None:
    assert wide(("D1", "6222", -5))[0].startswith(b"D1        000000006222-000000000000000000.05")


@pytest.mark.parametrize(
    ("made", "row", "code", "field"),
    [
        (WIDE, ("D1", "00123", 5), "PADDING", "counterparty_account"),
        (WIDE, ("  ", "6222", 5), "MISSING", "instruction_id"),
    ],
)
def test_what_could_not_be_read_back_is_refused(
    made: Layout, row: tuple[Value, ...], code: str, field: str
) -> None:
    with pytest.raises(FileRefused) as caught:
        write(made, {}, WIDE_NAMES, [row], io.BytesIO())
    assert [(one.code, one.row, one.field) for one in caught.value.faults] == [(code, 1, field)]


@pytest.mark.parametrize(
    ("text", "name", "code"),
    [
        (BARS, "王\ue000", "PRIVATE_CHARACTER"),
        (CSV.replace("utf-8", "gbk"), "王\U0001f600", "NOT_ENCODABLE"),
        (CSV.replace("utf-8", "latin-1"), "王", "NOT_ENCODABLE"),
    ],
)
def test_a_character_the_bank_lacks_names_row_and_field(text: str, name: str, code: str) -> None:
    if "latin-1" in text:  # the names of its columns have to be writable as well
        for old, new in (("客户流水号", "id"), ("收款账号", "account"), ("收款户名", "name")):
            text = text.replace(old, new)
        text = text.replace("联行号", "bank").replace("金额", "amount").replace("用途", "use")
    rows: list[tuple[Value, ...]] = [
        ("D1-1", "6222", "ACME", None, 1, None),
        ("D2-1", "6222", name, None, 1, None),
    ]
    with pytest.raises(FileRefused) as caught:
        text_of(layout(text), rows)
    fault = caught.value.faults[0]
    assert (fault.code, fault.row, fault.field) == (code, 2, "counterparty_name")
    assert f"U+{ord(name[-1]):04X}" in fault.text.en


def test_blanks_at_the_ends_are_no_part_of_a_text() -> None:
    row = ("D1-1", "6222", " 王伟 ", None, 1, None)
    assert rows_in(layout(BARS), text_of(layout(BARS), [row]))[0][2] == "王伟"


def test_amounts_have_the_decimals_of_their_rows_currency() -> None:
    content = "日期,金额,币种\n2026-01-01,1000,JPY\n2026-01-02,5.25,CNY\n"
    read = read_statement(DAYS, io.BytesIO(content.encode()), account="1")
    assert {one.currency: one.lines[0].amount for one in read.statements} == {
        "JPY": 1000,
        "CNY": 525,
    }


def test_more_decimals_than_the_currency_has_are_refused() -> None:
    content = "日期,金额,币种\n2026-01-01,1000.50,JPY\n"
    with pytest.raises(FileRefused) as caught:
        read_statement(DAYS, io.BytesIO(content.encode()), account="1")
    assert (caught.value.code, caught.value.faults[0].row) == ("AMOUNT_DECIMALS", 1)


def test_rows_of_nothing_are_left_out_by_name() -> None:
    content = "日期,金额,币种\n2026-01-01,0.00,CNY\n2026-01-02,5.25,CNY\n"
    read = read_statement(DAYS, io.BytesIO(content.encode()), account="1")
    assert [(one.line, one.reason.en) for one in read.left_out] == [
        (2, "its amount is empty or zero")
    ]

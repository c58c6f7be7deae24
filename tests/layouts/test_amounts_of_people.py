"""Signs beside marks, currencies and remarks at amounts: read as said in the layout, or refused."""

from __future__ import annotations

import io

import pytest

from engine.formats.layouts import FileRefused, read_statement
from tests.layouts.given import HEAD, layout

MARKED = (
    HEAD.format(name="marked", use="statement")
    + """\
file: {form: csv, encoding: auto}
dates: ["%Y-%m-%d"]
amount: {rule: mark, credit: [收入], debit: [支出]}
records:
  detail: |
    field        | type | column | format | check
    booking_date | date | 日期   | -      | required
    mark         | text | 收支   | -      | -
    amount       | yuan | 金额   | loose  | -
"""
)
COLUMNS = (
    HEAD.format(name="columns", use="statement")
    + """\
file: {form: csv, encoding: auto}
dates: ["%Y-%m-%d"]
amount: {rule: debit_credit}
records:
  detail: |
    field        | type | column | check
    booking_date | date | 日期   | required
    credit       | yuan | 收入   | -
    debit        | yuan | 支出   | -
"""
)


def signed(text: str, rows: str, names: str = "日期,收支,金额") -> list[int]:
    """What the rows move."""
    made = layout(text)
    read = read_statement(made, io.BytesIO(f"{names}\n{rows}".encode()), account="1")
    return [one.signed for one in read.statements[0].lines]


def refusal(text: str, rows: str, names: str = "日期,收支,金额") -> str:
    with pytest.raises(FileRefused) as caught:
        signed(text, rows, names)
    return caught.value.code


def says(text: str, negative: str) -> str:
    """The layout with a meaning of the minus."""
    return text.replace("[支出]}", f"[支出], negative: {negative}}}").replace(
        "debit_credit}", f"debit_credit, negative: {negative}}}"
    )


OUT, BACK, IN = "2026-11-02,支出,%s\n", "2026-11-03,支出,%s\n", "2026-11-04,收入,%s\n"


def test_a_minus_beside_a_mark_means_what_the_layout_says() -> None:
    rows = OUT % "5.00" + BACK % "-2.00"
    assert refusal(MARKED, rows) == "SIGN"
    assert signed(says(MARKED, "reverses"), rows) == [-500, 200]
    assert refusal(says(MARKED, "agrees"), rows) == "SIGN"
    assert signed(says(MARKED, "agrees"), OUT % "-5.00" + IN % "1.00") == [-500, 100]
    assert refusal(says(MARKED, "agrees"), OUT % "-5.00" + IN % "-1.00") == "SIGN"


def test_a_minus_in_a_column_of_its_own_likewise() -> None:
    names, rows = "日期,收入,支出", "2026-11-02,,-5.00\n2026-11-03,7.00,\n"
    assert refusal(COLUMNS, rows, names) == "SIGN"
    assert signed(says(COLUMNS, "agrees"), rows, names) == [-500, 700]
    assert signed(says(COLUMNS, "reverses"), rows, names) == [500, 700]


def test_a_currency_before_an_amount_has_to_be_the_files() -> None:
    assert refusal(MARKED, OUT % "HKD 5.00") == "CURRENCY"
    hkd = MARKED.replace("records:", "currency: HKD\nrecords:")
    assert signed(hkd, OUT % "HKD 5.00" + IN % "HKD1.00") == [-500, 100]
    assert refusal(hkd, OUT % "USD 5.00") == "CURRENCY"


def test_a_remark_in_brackets_is_no_part_of_the_amount_where_the_layout_says_so() -> None:
    rows = OUT % "131.90(已退款1.10)" + IN % "5.00"
    assert refusal(MARKED, rows) == "AMOUNT"
    assert signed(MARKED.replace("loose", "noted"), rows) == [-13190, 500]
    # Brackets around all of it are a minus, which needs a meaning here.
    assert refusal(MARKED.replace("loose", "noted"), OUT % "(5.00)") == "SIGN"


@pytest.mark.parametrize(
    ("written", "minor"),
    [
        ("1,234.50", 123450),
        ("+1234.5", 123450),
        ("12.00-", -1200),
        ("(12.00)", -1200),
        ("（12.00）", -1200),
        ("12.00DR", -1200),
        ("12.00 CR", 1200),
        ("１２．００", 1200),
        ("￥－0.01", -1),
        ("12.00元", 1200),
    ],
)
def test_amounts_as_banks_write_them(written: str, minor: int) -> None:
    text = MARKED.replace("rule: mark, credit: [收入], debit: [支出]", "rule: signed")
    assert signed(text, f'2026-11-02,收入,"{written}"\n') == [minor]


@pytest.mark.parametrize(
    "written", ["-12.00-", "(-12.00)", "-12.00DR", "1.234,50", "12.00XR", "1,2"]
)
def test_what_is_no_amount_is_refused(written: str) -> None:
    text = MARKED.replace("rule: mark, credit: [收入], debit: [支出]", "rule: signed")
    assert refusal(text, f'2026-11-02,收入,"{written}"\n') == "AMOUNT"

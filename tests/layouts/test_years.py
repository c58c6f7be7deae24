"""Days without a year get the one that follows from the end of their file, or none."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.formats.layouts import FileRefused, check, read_statement
from tests.layouts.given import HEAD, layout

TEXT = (
    HEAD.format(name="card", use="statement")
    + """\
file: {form: csv, encoding: auto}
preamble: ["账单日,{until},*"]
dates: ["%m/%d"]
amount: {rule: signed, negative: credit}
records:
  detail: |
    field        | type | column   | check
    booking_date | date | 记账日   | required
    value_date   | date | 交易日   | -
    amount       | yuan | 金额     | required
"""
)
CARD = layout(TEXT)
NAMES = "交易日,记账日,金额\n"


def days(rows: str, *, head: str = "", until: dt.date | None = None) -> list[tuple[str, str]]:
    """Booking and value day of every line."""
    content = (head + NAMES + rows).encode()
    read = read_statement(CARD, io.BytesIO(content), account="1", until=until)
    return [
        (one.booking_date.isoformat(), one.value_date.isoformat())
        for one in read.statements[0].lines
    ]


def test_the_year_follows_from_the_day_the_file_names() -> None:
    rows = "12/30,12/31,1.00\n01/02,01/03,2.00\n01/05,01/05,3.00\n"
    assert days(rows, head="账单日,2026年01月05日,还款日\n") == [
        ("2025-12-31", "2025-12-30"),
        ("2026-01-03", "2026-01-02"),
        ("2026-01-05", "2026-01-05"),
    ]


def test_a_value_day_is_the_one_nearest_to_its_booking() -> None:
    rows = "01/02,12/31,1.00\n12/31,01/01,2.00\n"
    assert days(rows, until=dt.date(2026, 1, 31)) == [
        ("2025-12-31", "2026-01-02"),
        ("2026-01-01", "2025-12-31"),
    ]


@given(end=st.dates(dt.date(2001, 1, 1), dt.date(2089, 12, 31)), back=st.integers(0, 364))
def test_every_day_of_the_year_before_the_end_comes_back(end: dt.date, back: int) -> None:
    day = end - dt.timedelta(back)
    assert days(f",{day:%m/%d},1.00\n", until=end) == [(day.isoformat(), day.isoformat())]


@pytest.mark.parametrize(
    ("head", "until", "code"),
    [
        ("", None, "YEAR_MISSING"),
        ("账单日,2026年13月05日,还款日\n", dt.date(2026, 1, 5), "YEAR_MISSING"),
        ("", dt.date(2026, 3, 1), "DATE"),
    ],
)
def test_without_a_year_nothing_is_read(head: str, until: dt.date | None, code: str) -> None:
    with pytest.raises(FileRefused) as caught:
        days(",02/29,1.00\n", head=head, until=until)
    assert caught.value.code == code


def test_only_bookings_may_go_without_a_year() -> None:
    text = TEXT.replace("use: statement", "use: payment_order")
    assert "B033" in {one.code for one in check(text, "x.yaml")}

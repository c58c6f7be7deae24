"""Counts, sums and hash totals: computed on writing, verified on reading, wherever they stand."""

from __future__ import annotations

import io

import pytest

from engine.formats.layouts import FileRefused, check, read_return
from tests.layouts.given import BARS, HEAD, PEOPLE, layout, rows_in, text_of

HASHED = BARS.replace(
    "    rows  | int  | 8     | = count()\n",
    "    rows  | int  | 8     | = count()\n    check | int | 6 | = hash(counterparty_account)\n",
)
COUNTED = (
    HEAD.format(name="answers", use="payment_return")
    + """\
file: {form: csv, encoding: utf-8, eol: lf}
footer: ["合计:{count}笔,{total}元"]
records:
  detail: |
    field          | type | column | check
    instruction_id | text | 编号   | required
    amount         | yuan | 金额   | required
    code           | text | 状态   | required
codes: {成功: paid, else: unknown}
"""
)
ANSWERS = "编号,金额,状态\nD1-1,123.45,成功\nD2-1,0.05,失败\n合计:2笔,123.50元\n"


def test_a_hash_total_keeps_the_last_digits_that_fit() -> None:
    content = text_of(layout(HASHED))
    total = 3 * 6222021001000000 + 1 + 2 + 3
    assert content.endswith(b"T|3|%d|\r\n" % (total % 10**6))
    assert len(rows_in(layout(HASHED), content)) == len(PEOPLE)


def test_a_changed_account_breaks_the_hash_total() -> None:
    made = layout(HASHED)
    content = text_of(made).replace(b"6222021001000002", b"6222021001000020")
    with pytest.raises(FileRefused) as caught:
        rows_in(made, content)
    assert [(one.code, one.field) for one in caught.value.faults] == [("HASH", "check")]


def test_a_hash_of_a_field_that_is_no_text_is_a_finding() -> None:
    found = check(HASHED.replace("hash(counterparty_account)", "hash(amount)"), "x.yaml")
    assert [one.code for one in found] == ["B032"]


def test_figures_in_a_footer_are_verified() -> None:
    back = read_return(layout(COUNTED), io.BytesIO(ANSWERS.encode()), "CNY")
    assert [one.amount for one in back.items] == [12_345, 5]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("2笔", "3笔", "COUNT"),
        ("123.50元", "123.51元", "TOTAL"),
        ("123.50元", "12350元", "TOTAL"),
        ("合计:2笔,123.50元\n", "", "RECORD_MISSING"),
        ("D2-1,0.05,失败\n", "", "COUNT"),
    ],
)
def test_a_footer_that_does_not_fit_refuses_the_file(old: str, new: str, code: str) -> None:
    assert old in ANSWERS
    with pytest.raises(FileRefused) as caught:
        read_return(layout(COUNTED), io.BytesIO(ANSWERS.replace(old, new).encode()), "CNY")
    assert code in {one.code for one in caught.value.faults}


def test_a_file_the_bank_never_ends_is_taken_when_the_layout_says_so() -> None:
    open_ended = COUNTED.replace("eol: lf", "eol: lf, last_end: optional")
    content = ANSWERS.rstrip("\n").encode()
    assert len(read_return(layout(open_ended), io.BytesIO(content), "CNY").items) == 2
    with pytest.raises(FileRefused) as caught:
        read_return(layout(COUNTED), io.BytesIO(content), "CNY")
    assert caught.value.code == "LINE_END"

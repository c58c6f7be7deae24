"""However a bank writes which way money went, the same bookings are read, and a lie is seen."""

from __future__ import annotations

import datetime as dt
import io
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.base.money import format_major
from engine.formats.layouts import FileRefused, read_statement
from tests.layouts.given import HEAD, layout

RULES = {
    "columns": ("{rule: debit_credit}", ("debit | yuan | 支出", "credit | yuan | 收入")),
    "signed": ("{rule: signed}", ("amount | yuan | 金额",)),
    "liability": ("{rule: signed, negative: credit}", ("amount | yuan | 金额",)),
    "mark": (
        "{rule: mark, credit: [贷], debit: [借]}",
        ("amount | yuan | 金额", "mark | text | 借贷"),
    ),
}
MADE = {
    name: layout(
        HEAD.format(name=name, use="statement")
        + "file: {form: csv, encoding: auto}\ndates: ['%Y-%m-%d']\n"
        + f"amount: {rule}\nrecords:\n  detail: |\n    field | type | column | check\n"
        + "    booking_date | date | 日期 | required\n"
        + "".join(f"    {one} | -\n" for one in fields)
        + "    balance | yuan | 余额 | -\n"
    )
    for name, (rule, fields) in RULES.items()
}
moves = st.lists(
    st.integers(-(10**12), 10**12).filter(lambda one: one != 0), min_size=2, max_size=30
)


def written(name: str, signed: list[int], balances: list[int], *, newest_first: bool) -> bytes:
    """A file of these bookings, a day each, amounts grouped as people see them."""

    def said(amount: int) -> str:
        return f'"{format_major(amount, "CNY", grouped=True)}"'

    rows = []
    for place, (amount, balance) in enumerate(zip(signed, balances, strict=True)):
        cells = {
            "columns": f"{said(-amount)},-" if amount < 0 else f"-,{said(amount)}",
            "signed": said(amount),
            "liability": said(-amount),
            "mark": f"{said(abs(amount))},{'贷' if amount > 0 else '借'}",
        }[name]
        rows.append(f"{dt.date(2026, 1, 1) + dt.timedelta(place)},{cells},{said(balance)}")
    titles = [one.split("|")[2].strip() for one in RULES[name][1]]
    lines = [",".join(["日期", *titles, "余额"]), *(reversed(rows) if newest_first else rows)]
    return ("\r\n".join(lines) + "\r\n").encode("gb18030")


@pytest.mark.parametrize("name", RULES)
@given(signed=moves, opening=st.integers(-(10**12), 10**12), newest_first=st.booleans())
@settings(max_examples=60, deadline=None)
def test_bookings_are_the_same_however_they_are_written(
    name: str, signed: list[int], opening: int, newest_first: bool
) -> None:
    balances = list(accumulate(signed, initial=opening))[1:]
    content = written(name, signed, balances, newest_first=newest_first)
    read = read_statement(MADE[name], io.BytesIO(content), account="1")
    (statement,) = read.statements
    assert [one.signed for one in statement.lines] == signed
    assert (statement.opening, statement.closing) == (opening, balances[-1])
    assert (read.proven, read.left_out) == (len(signed) - 1, ())


@pytest.mark.parametrize("name", RULES)
@given(signed=moves, data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_row_that_is_changed_missing_or_turned_is_seen(
    name: str, signed: list[int], data: st.DataObject
) -> None:
    balances = list(accumulate(signed))
    place = data.draw(st.integers(1, len(signed) - 1))
    wrong = list(signed)
    wrong[place] = data.draw(st.sampled_from([-signed[place], signed[place] + 1]))
    if wrong[place] == 0:
        return
    content = written(name, wrong, balances, newest_first=False)
    with pytest.raises(FileRefused) as caught:
        read_statement(MADE[name], io.BytesIO(content), account="1")
    assert caught.value.code == "BALANCE_CHAIN"

"""Input cells: what is written, which values satisfy it, what is wrong with it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from engine.rules import FactValue, compile_ruleset
from engine.rules.model import Duration
from tests.rules.given import findings, ruleset

YES = "yes"

# column, cell, values that satisfy it, values that do not
MEANINGS: list[tuple[str, str, list[FactValue], list[FactValue]]] = [
    ("amount", "-", [0, -1, 10**20], []),
    ("amount", "100", [100_00], [100_01, 99_99]),
    ("amount", "= 100.5", [100_50], [100_49]),
    ("amount", "!= 100", [100_01], [100_00]),
    ("amount", "< 5万", [4_999_999], [5_000_000]),
    ("amount", "<= 50k", [5_000_000], [5_000_001]),
    ("amount", "> 1.5m", [150_000_001], [150_000_000]),
    ("amount", ">= 1.2亿", [12_000_000_000], [11_999_999_999]),
    ("amount", "< 1万亿", [10**14 - 1], [10**14]),
    ("amount", "-5", [-500], [500, 0]),
    ("amount", "[1..2]", [100, 200], [99, 201]),
    ("amount", "[1..2)", [100, 199], [200]),
    ("amount", "(1..2]", [101, 200], [100]),
    ("amount", "(1..2)", [101, 199], [100, 200]),
    ("amount", "[-2..-1]", [-200, -100], [-201, -99]),
    ("amount", "1, 3, > 5", [100, 300, 501], [200, 500]),
    ("amount", "not(1, 3)", [200], [100, 300]),
    ("amount", "not([1..3])", [99, 301], [100, 300]),
    ("amount", "not(not(1))", [100], [101]),
    ("amount", "＞＝ １００", [100_00], [99_99]),
    ("amount", "≥ 100", [100_00], [99_99]),
    ("amount", "≠ 100", [100_01], [100_00]),
    ("amount", "（1..2］", [101, 200], [100]),
    ("amount", "1，2", [100, 200], [300]),
    ("amount", "12345678901234567890.12", [1234567890123456789012], [1234567890123456789013]),
    ("fee", "null", [None], [0, 1]),
    ("fee", "null, < 5", [None, 0, 499], [500]),
    ("fee", "not(null)", [0, 1], [None]),
    ("fee", "!= null", [0], [None]),
    ("fee", "= null", [None], [0]),
    ("fee", "not(5)", [0], [500, None]),
    ("fee", "null, not(5)", [None, 0], [500]),
    ("fee", "!= 5", [0], [500, None]),
    ("fee", ">= 0", [0], [None]),
    ("days", "5k", [5000], [5]),
    ("days", "[3..7)", [3, 6], [2, 7]),
    ("rate", "5%", [Decimal("0.05"), Decimal("0.0500")], [Decimal("0.051")]),
    ("rate", "< 0.5%", [Decimal("0.0049999999999999999999999999999999")], [Decimal("0.005")]),
    ("rate", "> 100%", [Decimal("1.0000000000000000000000000000001")], [Decimal(1)]),
    ("rate", "(5%..10%]", [Decimal("0.1"), Decimal("0.06")], [Decimal("0.05")]),
    ("type", "claim", ["claim"], ["refund"]),
    ("type", "claim, refund", ["claim", "refund"], ["premium"]),
    ("type", "not(claim)", ["refund", "premium"], ["claim"]),
    ("type", "!= claim", ["refund"], ["claim"]),
    ("type", '"claim"', ["claim"], ["refund"]),
    ("bank", "0102", ["0102"], ["102"]),
    ("bank", '"0102", E-01', ["0102", "E-01"], ["E"]),
    ("bank", "no, on", ["no", "on"], ["false"]),
    ("bank", "not(901, 902)", ["903"], ["901", "902"]),
    ("payee", "张三", ["张三"], ["张三丰", None]),
    ("payee", "Zhang San", ["Zhang San"], ["Zhang"]),
    ("payee", '"a, b"', ["a, b"], ["a"]),
    ("payee", r'"say \"hi\" \\ |"', ['say "hi" \\ |'], ["say"]),
    ("payee", r"a\|b", ["a|b"], ["a"]),
    ("payee", '"-"', ["-"], [None, "a"]),
    ("payee", '"null"', ["null"], [None]),
    ("payee", 'starts("62")', ["62", "6222"], ["162", None]),
    ("payee", 'contains("测试")', ["一个测试", "测试"], ["测", None]),
    ("payee", 'contains("（测）")', ["a(测)b"], ["测"]),
    ("payee", 'matches("62[0-9]{2}")', ["6200"], ["62000", "162", None]),
    ("payee", 'not(starts("62"))', ["1"], ["62", None]),
    ("payee", 'null, starts("6"), 张三', [None, "61", "张三"], ["1"]),
    ("urgent", "true", [True], [False]),
    ("urgent", "not(true)", [False], [True]),
    ("due", "2026-10-10", [dt.date(2026, 10, 10)], [dt.date(2026, 10, 11)]),
    ("due", "[2026-10-01..2026-10-07]", [dt.date(2026, 10, 7)], [dt.date(2026, 10, 8)]),
    ("due", "> 2026-10-01", [dt.date.max], [dt.date(2026, 10, 1), dt.date.min]),
    ("due", "<= 9999-12-31", [dt.date.max], []),
    ("at", "< 16:30", [dt.time(16, 29, 59, 999999)], [dt.time(16, 30)]),
    ("at", "[09:00..16:30:30]", [dt.time(16, 30, 30)], [dt.time(16, 30, 31)]),
    ("age", "<= 3d", [Duration(259_200, "72h")], [Duration(259_201, "x")]),
    ("age", "1d 2h 30min", [Duration(95_400, "x")], [Duration(95_401, "x")]),
    ("age", "> 30min, 5min", [Duration(1801, "x"), Duration(300, "x")], [Duration(1800, "x")]),
]


@pytest.mark.parametrize(("column", "cell", "yes", "no"), MEANINGS)
def test_a_cell_means_what_it_says(
    column: str, cell: str, yes: list[FactValue], no: list[FactValue]
) -> None:
    found = ruleset(f"id | {column} => code\nA | {cell} => yes")
    evaluator = compile_ruleset(found, {})
    for value in yes:
        assert evaluator.decide({column: value}).rows == ("A",), value
        assert evaluator.matches(0, 0, value), value
    for value in no:
        if value is None and not found.table.inputs[0].nullable:
            continue
        assert evaluator.decide({column: value}).rows == (), value
        assert not evaluator.matches(0, 0, value), value


# column, cell, the finding
MISTAKES: list[tuple[str, str, str]] = [
    ("amount", "abc", "R111 'abc' is not an amount; write it like 50_000, 1234.56, 50k, 1.5m, 5万"),
    ("amount", "amout", "R111 'amout' is not an amount; did you mean 'amount'?"),
    ("amount", "1.234", "R114 1.234 has more decimals than CNY has (2); round it"),
    ("amount", "5%", "R111 '5%' is not an amount"),
    ("amount", "007", "R111 '007' begins with 0"),
    ("amount", "50,000", "R110 a comma means 'or' here; write 50_000, or put a space"),
    ("amount", "1..2", "R110 '..2' is not expected here"),
    ("amount", "[1, 2]", "R110 this range has no '..'; write [low..high] or [low..high)"),
    ("amount", "[1..2", "R110 this range is not closed; end it with ] or )"),
    ("amount", "[2..1]", "R116 nothing lies in this range; write the lower end first"),
    ("amount", "(1..1]", "R116 nothing lies in this range"),
    ("amount", "<", "R110 a value is missing here"),
    ("amount", "1,", "R110 a value is missing here"),
    ("amount", "not(1", "R110 a ) is missing"),
    ("amount", "days", "R121 days is a int, amount a money; compare columns of one type"),
    ("amount", "$smal", "R201 unknown parameter '$smal'; declare it under `params:`"),
    ("amount", 'starts("6")', "R119 starts needs a text column"),
    ("amount", "9" * 500, "R111 '9999999999999999999999999999999999999"),
    ("type", "clam", "R112 'clam' is not a value of type; did you mean 'claim'?"),
    ("type", "< claim", "R113 type is a code and has no order for '<'; list the values"),
    ("type", "[a..b]", "R113 type is a code and has no order for '['"),
    ("type", "claim refund", "R112 'claim refund' is not a value of type; did you mean 'refund'?"),
    ("payee", '"open', "R110 this quote is not closed"),
    ("payee", "“x”", "R110 curly quotes do not quote; use straight quotes"),
    ("payee", 'begins("6")', "R119 unknown test 'begins'; use one of"),
    ("payee", 'start("6")', "R119 unknown test 'start'; did you mean 'starts'?"),
    ("payee", "starts(6)", "R110 starts needs a quoted text"),
    ("payee", 'matches("(")', "R120 this pattern cannot be read"),
    ("payee", f'matches("{"a" * 1001}")', "R115 this pattern has 1,001 characters"),
    ("payee", "a, -", "R110 - means any and stands alone"),
    ("payee", '""', "R111 an empty text never occurs"),
    ("payee", "a < b", "R110 '<' inside a value; put the value in"),
    ("urgent", "yes", "R111 'yes' is not true or false; write true or false"),
    ("due", "2026-02-30", "R111 '2026-02-30' is not a date; write it like 2026-12-01"),
    ("due", "01.02.2026", "R111 '01.02.2026' is not a date"),
    ("at", "25:00", "R111 '25:00' is not a time"),
    ("age", "3 days", "R111 '3 days' is not a duration; write it like 3d, 4h or 30min"),
    ("amount", "not(" * 21 + "1" + ")" * 21, "R115 not(…) is nested too deep"),
]


@pytest.mark.parametrize(("column", "cell", "expected"), MISTAKES)
def test_a_wrong_cell_gives_one_finding_in_place(column: str, cell: str, expected: str) -> None:
    (found,) = findings(f"id | {column} => code\nA | {cell} => yes")
    place, said = found.split(" ", 1)
    code, sentence = expected.split(" ", 1)
    assert said.startswith(f"error[{code}] {sentence}")
    line, rest = place.split(":")
    column_no, width = rest.split("+")
    assert line == "10"
    assert 7 <= int(column_no) <= 7 + len(cell)
    assert int(column_no) + int(width) <= 8 + len(cell)


# cell of a money column, column of the finding, its width
PLACES = [
    ("< abc", 9, 3),
    ("1, 2, abc, 4", 13, 3),
    ("[1..abc)", 11, 3),
    ("not(1, 5%)", 14, 2),
    ("＜ 五万", 9, 2),
]


@pytest.mark.parametrize(("cell", "column", "width"), PLACES)
def test_the_wrong_part_of_a_cell_is_underlined(cell: str, column: int, width: int) -> None:
    (found,) = findings(f"id | amount => code\nA | {cell} => yes")
    assert found.startswith(f"10:{column}+{width} error[R111]")


def test_null_in_a_column_that_is_never_null_warns() -> None:
    (found,) = findings("id | amount => code\nA | null, 5 => yes")
    assert found == (
        "10:7+7 warning[R118] amount is never null; "
        "delete null, or say `nullable: true` in the vocabulary"
    )


def test_raw_facts_may_all_be_null() -> None:
    found = ruleset("id | amount => code\nA | null, <= 0 => yes", of="raw")
    evaluator = compile_ruleset(found, {})
    assert evaluator.decide({}).rows == ("A",)
    assert evaluator.decide({"amount": 1}).rows == ()


def test_another_columns_name_compares_the_two() -> None:
    evaluator = compile_ruleset(
        ruleset("id | due | fee => code\nA | < booked | - => x\nB | - | not(amount) => y"), {}
    )
    early, late = dt.date(2026, 1, 1), dt.date(2026, 1, 2)
    assert evaluator.decide({"due": early, "booked": late, "amount": 1}).rows == ("A",)
    assert evaluator.decide({"due": late, "booked": late, "amount": 1, "fee": 2}).rows == ("B",)
    assert evaluator.decide({"due": late, "booked": None, "amount": 1, "fee": 1}).rows == ()
    assert evaluator.holds(0, 0, {"due": early, "booked": late})
    with pytest.raises(ValueError, match="reads other columns"):
        evaluator.matches(0, 0, early)


def test_a_currency_without_decimals_takes_none() -> None:
    (found,) = findings("id | amount => code\nA | 1.5 => yes", more="currency: JPY")
    assert "R114" in found
    loaded = ruleset("id | amount => code\nA | 150 => yes", more="currency: JPY")
    assert compile_ruleset(loaded, {}).decide({"amount": 150}).rows == ("A",)

"""Output cells: constants of every type, templates, formulas."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from engine.rules import DecisionRefused, FactValue, Outcome
from engine.rules.model import Duration, Value
from tests.rules.given import decide, findings

FACTS: dict[str, FactValue] = {
    "amount": 1_234_567,
    "fee": 1_050,
    "days": 7,
    "rate": Decimal("0.05"),
    "type": "claim",
    "payee": "张三",
    "urgent": True,
    "due": dt.date(2026, 11, 23),
    "booked": dt.date(2026, 11, 30),
    "age": Duration(3_600, "1h"),
}


def outcome(column: str, cell: str, more: str = "", **changed: Any) -> Outcome:
    """The outcome of one row with one output."""
    facts: dict[str, FactValue] = FACTS | changed
    return decide(f"id | amount => {column}\nA | - => {cell}", facts, more=more).outcomes[0]


# output column, cell, value
CONSTANTS: list[tuple[str, str, Value | None]] = [
    ("code", "-", None),
    ("code", "", None),
    ("code", "null", None),
    ("code", "E-01", "E-01"),
    ("code", '"a > b"', "a > b"),
    ("level", "high", "high"),
    ("money", "5万", 5_000_000),
    ("money", "-0.01", -1),
    ("number", "24", 24),
    ("share", "5%", Decimal("0.05")),
    ("chain", "reviewer > cfo", ("reviewer", "cfo")),
    ("chain", "reviewer ＞ cfo", ("reviewer", "cfo")),
    ("chain", "reviewer", ("reviewer",)),
    ("names", "low, high", ("low", "high")),
    ("names", "low，high", ("low", "high")),
    ("wait", "4h", Duration(14_400, "4h")),
    ("flag", "true", True),
    ("day", "2026-12-01", dt.date(2026, 12, 1)),
    ("hour", "16:30", dt.time(16, 30)),
    ("text", "付款 ABC", "付款 ABC"),
    ("text", "超过限额，请复核（全角）", "超过限额，请复核（全角）"),
    ("text", "{{a}}，b", "{a}，b"),
    ("text", '"a | b"', "a | b"),
    ("text", r"a \| b", "a | b"),
]


@pytest.mark.parametrize(("column", "cell", "value"), CONSTANTS)
def test_a_constant_is_typed(column: str, cell: str, value: Value | None) -> None:
    assert outcome(column, cell) == {column: value}


# cell of a text column, facts, text
TEMPLATES: list[tuple[str, dict[str, FactValue], str]] = [
    ("付 {payee} {type}", {}, "付 张三 claim"),
    ("{amount}", {}, "12345.67"),
    ("{payee}|", {}, "张三|"),
    ("{{{payee}}}", {}, "{张三}"),
    ("at {payee}", {"payee": None}, "at "),
    ("{due} {rate} {days} {urgent}", {}, "2026-11-23 0.05 7 true"),
]


@pytest.mark.parametrize(("cell", "facts", "wanted"), TEMPLATES)
def test_a_template_takes_columns(cell: str, facts: dict[str, Any], wanted: str) -> None:
    assert outcome("text", cell.replace("|", r"\|"), **facts) == {"text": wanted}


# output column, formula, value
FORMULAS: list[tuple[str, str, Value]] = [
    ("money", "= amount", 1_234_567),
    ("money", "＝ amount", 1_234_567),
    ("money", "= amount + fee", 1_235_617),
    ("money", "= amount - fee - 0.01", 1_233_516),
    ("money", "= -amount", -1_234_567),
    ("money", "= min(amount, 5k)", 500_000),
    ("money", "= max(fee, $cap, 3)", 2_000),
    ("money", "= floor_to(amount, 1万)", 1_000_000),
    ("money", "= floor_to(-amount, 1万)", -2_000_000),
    ("money", "= floor_to(amount, $unit)", 1_230_000),
    ("money", "= ceil_to(amount, 100)", 1_240_000),
    ("money", "= ceil_to(-amount, 100)", -1_230_000),
    ("money", "= round_half_up(amount * rate, 0.01)", 61_728),
    ("money", "= round_half_up(amount * 5%, 0.01)", 61_728),
    ("money", "= round_half_up(0.05 * amount, 0.01)", 61_728),
    ("money", "= round_half_up(-amount * rate, 0.01)", -61_728),
    ("money", "= round_half_up(0.01 / 2, 0.01)", 1),
    ("money", "= round_half_up(-0.01 / 2, 0.01)", -1),
    ("money", "= floor_to(amount / 3, 0.01)", 411_522),
    ("money", "= floor_to(amount * $share, 0.01)", 154_320),
    ("money", "= floor_to((amount - fee) * days / 365, 0.01)", 23_656),
    ("number", "= days + 1", 8),
    ("number", "= floor_to(days * 1.5, 1)", 10),
    ("number", "= days_between(due, booked)", 7),
    ("number", "= days_between(booked, due)", -7),
    ("share", "= rate + 1%", Decimal("0.06")),
    ("share", "= round_half_up(fee / amount, 0.0001)", Decimal("0.0009")),
    ("share", "= round_half_up(days / 3, 0.01)", Decimal("2.33")),
    ("wait", "= age + 30min", Duration(5_400, "1h 30min")),
    ("flag", "= amount > fee and not urgent = false", True),
    ("flag", "= payee = null", False),
    ("text", "= payee", "张三"),
    ("day", "= min(due, booked)", dt.date(2026, 11, 23)),
]


@pytest.mark.parametrize(("column", "formula", "value"), FORMULAS)
def test_a_formula_is_exact(column: str, formula: str, value: Value) -> None:
    params = {"cap": "20", "unit": "100", "share": "12.5%"}
    used = {name: text for name, text in params.items() if f"${name}" in formula}
    more = "" if not used else f"params: {{{', '.join(f'{k}: {v}' for k, v in used.items())}}}"
    assert outcome(column, formula, more) == {column: value}


def test_formulas_are_exact_at_any_size() -> None:
    huge = 10**40 + 1
    assert outcome("money", "= floor_to(amount / 3, 0.01)", amount=huge) == {"money": huge // 3}
    tiny = Decimal("0." + "0" * 50 + "1")
    assert outcome("share", "= rate + 1", rate=tiny)["share"] == Decimal("1." + "0" * 50 + "1")


# output column, formula, facts, code
REFUSED: list[tuple[str, str, dict[str, FactValue], str]] = [
    ("money", "= amount + fee", {"fee": None}, "NULL_OPERAND"),
    ("money", "= fee", {"fee": None}, "NULL_OPERAND"),
    ("flag", "= fee > 5", {"fee": None}, "NULL_OPERAND"),
    ("money", "= floor_to(amount / days, 1)", {"days": 0}, "ZERO_DIVISOR"),
    ("share", "= floor_to(amount / fee, 1%)", {"fee": 0}, "ZERO_DIVISOR"),
    ("money", "= floor_to(amount, fee)", {"fee": 0}, "ZERO_DIVISOR"),
    ("text", "{type} {days}", {"days": None}, "FACT_MISSING"),
    ("money", "= amount + fee", {"fee": Decimal(1)}, "FACT_TYPE"),
]


@pytest.mark.parametrize(("column", "formula", "facts", "code"), REFUSED)
def test_an_output_that_cannot_be_computed_refuses_the_decision(
    column: str, formula: str, facts: dict[str, Any], code: str
) -> None:
    with pytest.raises(DecisionRefused) as refused:
        outcome(column, formula, **facts)
    assert refused.value.code == code


# output column, cell, the finding without its place
MISTAKES: list[tuple[str, str, str]] = [
    ("money", "= amount * 2", "14+10 error[R132] the result of * is not rounded; put it inside"),
    ("money", "= amount / 2", "14+10 error[R132] the result of / is not rounded"),
    ("money", "= amount * fee", "14+12 error[R132] the result of * is not rounded"),
    ("money", "= floor_to(amount * fee, 1)", "23+12 error[R131] two amounts cannot be multiplied"),
    (
        "money",
        "= amount + days",
        "23+4 error[R131] this is a whole number, but an amount is needed",
    ),
    ("money", "= amount + due", "23+3 error[R131] this is a date, but an amount is needed here"),
    ("number", "= amount", "14+6 error[R131] this is an amount, but a whole number is needed"),
    ("money", "= amout", "14+5 error[R102] unknown column 'amout'; did you mean 'amount'?"),
    ("money", "= $cap", "14+4 error[R201] unknown parameter '$cap'"),
    ("money", "= flor_to(amount, 1)", "14+7 error[R133] unknown function 'flor_to'; did you mean"),
    ("money", "= floor_to(amount)", "14+16 error[R131] floor_to has 1 arguments; it takes 2"),
    ("money", "= floor_to(amount, 0)", "31+1 error[R134] the unit is not above zero"),
    ("money", "= (amount", "14+1 error[R130] this bracket is not closed"),
    ("money", "= amount +", "22+1 error[R130] a value is missing here"),
    ("money", "= amount fee", "21+3 error[R130] 'fee' is not expected here"),
    ("money", "= amount; import os", "20+1 error[R130] ';' cannot be read"),
    ("money", "= __import__('os')", "25+4 error[R130] \"'os'\" cannot be read"),
    ("money", "= null", "14+4 error[R131] null is no value to calculate with"),
    ("money", "= 0.001 + amount", "14+5 error[R114] 0.001 has more decimals than CNY has"),
    ("money", "= 'x'", "14+3 error[R130] \"'x'\" cannot be read"),
    ("money", '= "x"', "14+3 error[R131] this is a text, but an amount is needed here"),
    ("money", "= " + "(" * 40 + "1" + ")" * 40, "error[R115] this formula is nested too deep"),
    ("money", "= 1" + " + 1" * 300, "error[R115] this formula is too long"),
    ("chain", "= amount", "12+8 error[R111] '= amount' is not a chain; write it like a > b > c"),
    ("chain", "a > > b", "12+7 error[R111] 'a > > b' is not a chain"),
    ("names", "low, hihg", "17+4 error[R112] 'hihg' is not a value of names; did you mean 'high'?"),
    ("level", "hihg", "12+4 error[R112] 'hihg' is not a value of level; did you mean 'high'?"),
    ("code", "a > b", "12+5 error[R110] '>' inside a value"),
    ("number", "1.5", "12+3 error[R111] '1.5' is not a whole number"),
    ("text", "a {payye}", "15+5 error[R102] unknown column 'payye'; did you mean 'payee'?"),
    ("text", "a {", "14+1 error[R135] this brace names no column"),
    ("text", '"a" b', "12+5 error[R110] only a part of this text is quoted; quote all of it"),
    ("code", "> b", "12+3 error[R110] '>' inside a value"),
    ("text", '"a', "12+2 error[R110] this quote is not closed"),
]


@pytest.mark.parametrize(("column", "cell", "expected"), MISTAKES)
def test_a_wrong_output_gives_one_finding_in_place(column: str, cell: str, expected: str) -> None:
    (found,) = findings(f"id | days => {column}\nA | 1 => {cell}")
    assert found.startswith("10:")
    assert expected in found

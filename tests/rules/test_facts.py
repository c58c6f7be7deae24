"""Facts at the border: JSON in, JSON out, and what is refused."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.rules import (
    DecisionRefused,
    compile_ruleset,
    facts_from_json,
    outcome_to_json,
)
from engine.rules.model import Duration, Type
from engine.rules.values import read_value, value_text
from tests.rules.given import SAMPLE, ruleset

EVERY_WORD = ruleset(
    "id | amount | fee | days | rate | type | payee | urgent | due | at | age => code\n"
    "A | - | - | - | - | - | - | - | - | - | - => x"
)

# word, JSON value, fact
READ: list[tuple[str, object, object]] = [
    ("amount", "49999.99", 4_999_999),
    ("amount", "-5", -500),
    ("amount", 7, 700),
    ("amount", "12345678901234567890.01", 1_234_567_890_123_456_789_001),
    ("days", "7", 7),
    ("days", 7, 7),
    ("rate", "0.05", Decimal("0.05")),
    ("rate", "5%", Decimal("0.05")),
    ("rate", 1, Decimal(1)),
    ("type", " claim ", "claim"),
    ("payee", "张三（测）", "张三(测)"),
    ("urgent", True, True),
    ("urgent", "false", False),
    ("due", "2026-11-23", dt.date(2026, 11, 23)),
    ("at", "16:30", dt.time(16, 30)),
    ("age", "2d 4h", Duration(187_200, "2d 4h")),
]


@pytest.mark.parametrize(("word", "value", "fact"), READ)
def test_json_facts_are_typed(word: str, value: object, fact: object) -> None:
    assert facts_from_json(EVERY_WORD, {word: value}) == {word: fact}


def test_missing_null_and_empty_are_null_and_other_keys_are_left_out() -> None:
    facts = facts_from_json(EVERY_WORD, {"payee": " ", "fee": None, "document": "P1"})
    assert facts == {"payee": None}


# word, JSON value, code
UNREADABLE: list[tuple[str, object, str]] = [
    ("amount", 0.5, "FACT_FLOAT"),
    ("rate", 0.05, "FACT_FLOAT"),
    ("amount", 1e300, "FACT_FLOAT"),
    ("amount", "1e3", "FACT_UNREADABLE"),
    ("amount", "1.234", "FACT_UNREADABLE"),
    ("amount", "1,234", "FACT_UNREADABLE"),
    ("amount", True, "FACT_TYPE"),
    ("amount", [1], "FACT_TYPE"),
    ("type", 5, "FACT_TYPE"),
    ("urgent", "yes", "FACT_UNREADABLE"),
    ("due", "2026-02-30", "FACT_UNREADABLE"),
    ("days", "1.5", "FACT_UNREADABLE"),
]


@pytest.mark.parametrize(("word", "value", "code"), UNREADABLE)
def test_json_that_is_no_exact_fact_is_refused(word: str, value: object, code: str) -> None:
    with pytest.raises(DecisionRefused) as refused:
        facts_from_json(EVERY_WORD, {word: value})
    assert refused.value.code == code


@pytest.mark.parametrize("value", [[], "x", None, 5])
def test_facts_that_are_no_object_are_refused(value: object) -> None:
    with pytest.raises(DecisionRefused):
        facts_from_json(EVERY_WORD, value)


# changed facts, code
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"amount": None}, "FACT_MISSING"),
    ({"amount": 1.0}, "FACT_FLOAT"),
    ({"amount": True}, "FACT_TYPE"),
    ({"amount": "5"}, "FACT_TYPE"),
    ({"amount": Decimal(5)}, "FACT_TYPE"),
    ({"fee": -1}, "FACT_BELOW_MINIMUM"),
    ({"days": -1}, "FACT_BELOW_MINIMUM"),
    ({"rate": 1}, "FACT_TYPE"),
    ({"rate": Decimal("NaN")}, "FACT_TYPE"),
    ({"rate": Decimal("Infinity")}, "FACT_TYPE"),
    ({"type": "expense"}, "FACT_NOT_LISTED"),
    ({"type": ["claim"]}, "FACT_TYPE"),
    ({"due": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}, "FACT_TYPE"),
    ({"urgent": 1}, "FACT_TYPE"),
]


@pytest.mark.parametrize(("changed", "code"), WRONG)
def test_a_wrong_fact_refuses_the_decision(changed: dict[str, Any], code: str) -> None:
    evaluator = compile_ruleset(EVERY_WORD, {})
    facts = dict(SAMPLE) | {"rate": Decimal("0.05")}
    assert evaluator.decide(facts).rows == ("A",)
    with pytest.raises(DecisionRefused) as refused:
        evaluator.decide(facts | changed)
    assert refused.value.code == code
    assert next(iter(changed)) in refused.value.text.zh


def test_a_named_text_is_the_text_it_stands_for() -> None:
    class Kind(StrEnum):
        CLAIM = "claim"

    evaluator = compile_ruleset(ruleset("id | type => code\nA | claim => x"), {})
    assert evaluator.decide({"type": Kind.CLAIM}).rows == ("A",)


def test_an_outcome_is_written_as_the_command_line_says() -> None:
    found = ruleset(
        "id | days => code | money | share | chain | names | wait | flag | day | hour | number\n"
        "A | 1 => x | 5万 | 5% | a > b | low, high | 4h | true | 2026-12-01 | 16:30 | 24\n"
        "B | 2 => - | - | 100% | - | - | - | - | - | - | -"
    )
    evaluator = compile_ruleset(found, {})
    one = outcome_to_json(found, evaluator.decide({"days": 1}))
    assert json.loads(json.dumps(one)) == {
        "rows": ["A"],
        "outcome": {
            "code": "x",
            "money": "50000.00",
            "share": "0.05",
            "chain": ["a", "b"],
            "names": ["low", "high"],
            "wait": "4h",
            "flag": True,
            "day": "2026-12-01",
            "hour": "16:30",
            "number": 24,
        },
    }
    two = outcome_to_json(found, evaluator.decide({"days": 2}))["outcome"]
    assert isinstance(two, dict)
    assert (two["share"], two["money"]) == ("1", None)
    nothing = outcome_to_json(found, evaluator.decide({"days": 3}))
    assert nothing == {"rows": [], "outcome": None}


def test_collecting_policies_write_a_list() -> None:
    found = ruleset("id | days => code\nA | > 1 => x\nB | > 2 => y", policy="collect")
    evaluator = compile_ruleset(found, {})
    assert outcome_to_json(found, evaluator.decide({"days": 3})) == {
        "rows": ["A", "B"],
        "outcome": [{"code": "x"}, {"code": "y"}],
    }
    assert outcome_to_json(found, evaluator.decide({"days": 0})) == {"rows": [], "outcome": None}


def test_money_is_written_exactly_at_any_size() -> None:
    found = ruleset("id | amount => money\nA | - => = amount")
    huge = 10**60 + 7
    written = outcome_to_json(found, compile_ruleset(found, {}).decide({"amount": huge}))
    assert written["outcome"] == {"money": "1" + "0" * 57 + ".".join(["0", "07"])}


VALUES: dict[Type, st.SearchStrategy[Any]] = {
    Type.MONEY: st.integers(),
    Type.INT: st.integers(),
    Type.PERCENT: st.decimals(allow_nan=False, allow_infinity=False, places=12),
    Type.BOOL: st.booleans(),
    Type.DATE: st.dates(),
    Type.TIME: st.times().map(lambda at: at.replace(microsecond=0)),
}


@given(st.data())
def test_reading_a_written_value_gives_the_value(data: st.DataObject) -> None:
    type_ = data.draw(st.sampled_from(sorted(VALUES)))
    value = data.draw(VALUES[type_])
    for currency in ("CNY", "JPY"):
        assert read_value(value_text(value, type_, currency), type_, currency) == value


NUMBERS: list[tuple[str, int]] = [
    ("50_000", 5_000_000),
    ("50k", 5_000_000),
    ("1.5m", 150_000_000),
    ("5万", 5_000_000),
    ("1.2亿", 12_000_000_000),
    ("1.2345万", 1_234_500),
    ("0.0001万", 100),
    ("1万亿", 100_000_000_000_000),
    ("-0.50", -50),
]


@pytest.mark.parametrize(("written", "minor"), NUMBERS)
def test_number_forms(written: str, minor: int) -> None:
    assert read_value(written, Type.MONEY, "CNY") == minor

"""Examples: what they list, what they want, and what is needed to run them."""

from __future__ import annotations

import pytest

from engine.rules import DecisionRefused, run_example, wanted_outcomes
from tests.rules.given import findings, ruleset

TABLE = """
id | amount      | type  => code | money
A  | < $cap      | claim => x    | = amount + fee
B  | >= $cap     | -     => y    | 5
"""
MORE = "params: {cap: 5万}\nadjustable: {cap: down}\noverrides: {SH: {cap: 1万}}"


def test_an_example_is_typed() -> None:
    found = ruleset(
        TABLE,
        more=MORE,
        examples="branch | amount | type | payee => id | code | money\n"
        'SH | 49_999.99 | - | "张 三" => B | y | 5.00\n'
        "-  | 30万 | claim | - => none | - | -",
    )
    one, two = found.examples
    assert (one.branch, one.given) == (
        "SH",
        {"amount": 4_999_999, "type": None, "payee": "张 三"},
    )
    assert (one.want_rows, one.want) == (("B",), {"code": "y", "money": "5.00"})
    assert wanted_outcomes(found, one) == {"code": ("y",), "money": (500,)}
    assert (two.branch, two.want_rows) == (None, ())
    assert one.span.line == 17


def test_an_example_runs_under_its_branch() -> None:
    found = ruleset(
        TABLE,
        more=MORE,
        examples="branch | amount | type | fee => id\n"
        "SH | 2万 | claim | 0 => B\n"
        "BJ | 2万 | claim | 0 => A",
    )
    assert [run_example(found, one).rows for one in found.examples] == [("B",), ("A",)]


def test_required_facts_are_listed_only_when_a_row_needs_them() -> None:
    found = ruleset(TABLE, more=MORE, examples="amount => id\n6万 => B\n1 => A")
    beyond, below = found.examples
    assert run_example(found, beyond).rows == ("B",)
    with pytest.raises(DecisionRefused) as refused:
        run_example(found, below)
    assert refused.value.code == "FACT_MISSING"
    assert "row A needs type, which the example does not list" in refused.value.text.en


def test_outputs_that_read_facts_not_listed_are_left_out() -> None:
    found = ruleset(
        'id | type => code | text\nA | - => x | "{payee} {days}"', examples="type => id\nclaim => A"
    )
    (outcome,) = run_example(found, found.examples[0]).outcomes
    assert outcome == {"code": "x"}


def test_outputs_of_several_rows_are_separated_by_semicolons() -> None:
    found = ruleset(
        "id | days => code | money | chain\nA | > 1 => x | 5 | a > b\nB | > 2 => y | - | c",
        policy="collect",
        examples="days => id | code | money | chain\n3 => A, B | x; y | 5; - | a > b; c",
    )
    (one,) = found.examples
    assert one.want_rows == ("A", "B")
    wanted = {"code": ("x", "y"), "money": (500, None), "chain": (("a", "b"), ("c",))}
    assert wanted_outcomes(found, one) == wanted
    decision = run_example(found, one)
    assert tuple(outcome["chain"] for outcome in decision.outcomes) == wanted["chain"]


# examples, the only finding
SLIPS: list[tuple[str, str]] = [
    ("amont => id\n1 => A", "14:3+5 error[R102] unknown column 'amont'; did you mean 'amount'?"),
    ("amount => cod\n1 => x", "14:13+3 error[R104] unknown output 'cod'; did you mean 'code'?"),
    ("amount => id\n1 => C", "15:8+1 error[R402] the table has no row 'C'; use one of A, B, none"),
    ("amount => id\n1 => A, C", "15:11+1 error[R402] the table has no row 'C'"),
    ("amount => id\n< 1 => A", "15:3+3 error[R111] '< 1' is not an amount"),
    ("type => id\nclam => A", "15:3+4 error[R112] 'clam' is not a value of type"),
    ("amount => money\n1 => much", "15:8+4 error[R111] 'much' is not an amount"),
    ("amount => id\n1 | 2 => A", "15:3+10 error[R105] this row has 2 cells before =>"),
    ("amount => id | id\n1 => A | A", "14:18+2 error[R103] column 'id' stands here twice"),
    ("amount | id\n1 | A", "14:3+11 error[R108] this line has no '=>'"),
]


@pytest.mark.parametrize(("examples", "expected"), SLIPS)
def test_a_wrong_example_gives_one_finding(examples: str, expected: str) -> None:
    table = "id | amount | type => code | money\nA | < 5 | claim => x | 1\nB | - | - => y | 2"
    (found,) = findings(table, more="mode: fast", examples=examples)
    assert found.startswith(expected), found

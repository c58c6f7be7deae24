"""Parameters: their types, overrides of organisations, and who may move them which way."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.rules import branch_params, distinct_params
from engine.rules.model import Duration, Type
from tests.rules.given import decide, findings, load, ruleset, said

TABLE = """
id | amount   | days   => code
A  | < $small | -      => x
B  | >= $large | -     => z
C  | -        | > $age => y
"""
MORE = """
params: {small: 5万, large: 50万, age: 7}
adjustable: {small: down, large: any, age: up}
overrides: {SH: {small: 1万}, SH01: {small: 5k, age: 9}, BJ: {large: 60万}}
"""
TREE = {"GROUP": None, "SH": "GROUP", "SH01": "SH", "BJ": "GROUP"}


def test_a_parameter_takes_the_type_of_its_column() -> None:
    found = ruleset(TABLE, more=MORE)
    assert found.param_types == {"small": Type.MONEY, "large": Type.MONEY, "age": Type.INT}
    assert {name: one.value for name, one in found.params.items()} == {
        "small": 5_000_000,
        "large": 50_000_000,
        "age": 7,
    }


def test_parameters_may_be_outputs_of_any_type() -> None:
    table = (
        "id | days => code | chain | names | wait | share | text\n"
        "A | - => $account | $who | $level | $sla | $rate | $word"
    )
    more = (
        "params: {account: 0102, who: reviewer > cfo, level: 'low, high', sla: 4h, rate: 5%, "
        "word: 说明}"
    )
    (outcome,) = decide(table, {"days": 1}, more=more).outcomes
    assert outcome == {
        "code": "0102",
        "chain": ("reviewer", "cfo"),
        "names": ("low", "high"),
        "wait": Duration(14_400, "4h"),
        "share": Decimal("0.05"),
        "text": "说明",
    }


def test_overrides_apply_from_root_to_leaf() -> None:
    found = ruleset(TABLE, more=MORE)
    assert branch_params(found, ("GROUP",)) == {"small": 5_000_000, "large": 50_000_000, "age": 7}
    assert branch_params(found, ("GROUP", "SH"))["small"] == 1_000_000
    leaf = branch_params(found, ("GROUP", "SH", "SH01"))
    assert leaf == {"small": 500_000, "large": 50_000_000, "age": 9}
    assert branch_params(found, ("GROUP", "SH", "SH02"))["small"] == 1_000_000


def test_distinct_parameter_sets_are_listed_once() -> None:
    more = MORE.replace("BJ: {large: 60万}", "BJ: {small: 1万}, TJ: {large: 500k}")
    found = ruleset(TABLE, more=more)
    assert [org for org, _ in distinct_params(found)] == [None, "SH", "SH01"]


def test_with_the_tree_a_set_has_its_parents_overrides() -> None:
    more = MORE.replace("SH01: {small: 5k, age: 9}", "SH01: {age: 9}")
    found = ruleset(TABLE, more=more)
    without = dict(distinct_params(found))["SH01"]
    with_tree = dict(distinct_params(found, TREE))["SH01"]
    assert (without["small"], with_tree["small"]) == (5_000_000, 1_000_000)


def test_the_branch_decides_under_its_own_parameters() -> None:
    facts = {"amount": 2_000_000, "days": 0}
    assert decide(TABLE, facts, more=MORE).rows == ("A",)
    assert decide(TABLE, facts, more=MORE, branch="SH").rows == ()


# what is replaced in the envelope, by what, the only finding
SLIPS: list[tuple[str, str, str]] = [
    (
        "small: 1万",
        "small: 6万",
        "10:25+2 error[R205] SH moves small from 5万 (params) to 6万; only",
    ),
    ("age: 9", "age: 6", "10:53+1 error[R205] SH01 moves age from 7 (params) to 6; only up is al"),
    (
        "small: 1万",
        "smal: 1万",
        "10:18+4 error[R201] unknown parameter 'smal'; did you mean 'small'?",
    ),
    ("small: down, ", "", "10:18+5 error[R204] SH may not move 'small'; add `small:` to `adjust"),
    (
        "large: any",
        "larg: any",
        "9:27+4 error[R201] unknown parameter 'larg'; did you mean 'large'?",
    ),
    ("small: down", "small: sideways", "9:21+8 error[R013] 'sideways' cannot stand at adju"),
    ("small: 1万", "small: 很多", "10:25+2 error[R111] '很多' is not an amount; write it like"),
    ("small: 5万", "small: 很多", "8:17+2 error[R111] '很多' is not an amount"),
    ("small: 5万", "small: 0.001", "8:17+5 error[R114] 0.001 has more decimals than CNY has (2)"),
    ("age: 7", "age: 7, idle: 5", "8:41+4 warning[R202] parameter 'idle' is not used; use $idle"),
]


@pytest.mark.parametrize(("old", "new", "expected"), SLIPS)
def test_one_slip_gives_one_finding(old: str, new: str, expected: str) -> None:
    assert old in MORE
    found = findings(TABLE, more=MORE.replace(old, new))
    assert found, "nothing found"
    if "adjust" in expected:
        found = found[:1]  # one per override of the parameter that is not adjustable
    if old == "large: any":
        found = [one for one in found if "R204" not in one]
    assert len(found) == 1, found
    assert found[0].startswith(expected), found


def test_with_the_tree_each_step_is_compared_with_its_parent() -> None:
    more = MORE.replace("SH01: {small: 5k", "SH01: {small: 2万")
    assert load(TABLE, more=more).findings == []
    (found,) = load(TABLE, more=more, orgs=TREE).findings
    assert "error[R205] SH01 moves small from 1万 (SH) to 2万; only down is allowed" in said(found)


def test_with_the_tree_unknown_organisations_are_found() -> None:
    (found,) = load(TABLE, more=MORE.replace("BJ:", "BX:"), orgs=TREE).findings
    assert "error[R207] unknown organisation 'BX'; did you mean 'BJ'?" in said(found)


def test_a_circle_in_the_tree_ends() -> None:
    circle = {"SH": "SH01", "SH01": "SH", "BJ": "BJ"}
    assert len(load(TABLE, more=MORE, orgs=circle).findings) <= 2


def test_a_parameter_has_one_type() -> None:
    table = "id | amount | days => code\nA | < $x | < $x => y"
    (found,) = findings(table, more="params: {x: 5}")
    assert "11:16+2 error[R203] $x is a whole number here, but an amount on line 11" in found


def test_a_code_parameter_is_in_the_closed_list() -> None:
    (found,) = findings("id | type => code\nA | $x => y", more="params: {x: clam}")
    assert "8:13+4 error[R112] 'clam' is not a value of type; did you mean 'claim'?" in found


def test_what_has_no_order_moves_any_way_only() -> None:
    more = "params: {x: claim}\nadjustable: {x: down}"
    (found,) = findings("id | type => code\nA | $x => y", more=more)
    assert "9:17+4 error[R206] x is a code: it has no down; write any" in found


def test_a_mistyped_use_does_not_make_the_parameter_unused() -> None:
    (found,) = findings("id | amount => code\nA | < $smal => y", more="params: {small: 5}")
    assert "error[R201] unknown parameter '$smal'; did you mean 'small'?" in found


def test_a_parameter_used_only_in_the_kinds_own_keys_is_used() -> None:
    more = "params: {x: 5}\nblock_on: [$x]"
    assert findings("id | amount => code\nA | - => y", more=more) == []

"""The seven hit policies, `otherwise`, and what is refused at run time."""

from __future__ import annotations

import pytest

from engine.rules import DecisionRefused, compile_ruleset
from engine.rules.model import HitPolicy
from tests.rules.given import decide, findings, ruleset

TABLE = """
id | days      => level  | number
A  | >= 1      => low    | 1
B  | [2..4]    => high   | 2
C  | > 3       => middle | 2
D  | 4, 9      => high   | 2
"""
RANK = "priority: {level: [high, middle, low]}"

# policy, more of the envelope, days, rows, levels
CASES: list[tuple[str, str, int, tuple[str, ...], list[str]]] = [
    ("unique", "", 1, ("A",), ["low"]),
    ("first", "", 4, ("A",), ["low"]),
    ("priority", RANK, 4, ("B",), ["high"]),
    ("priority", RANK, 5, ("C",), ["middle"]),
    ("priority", "priority: {number: [2, 1], level: [middle, high, low]}", 4, ("C",), ["middle"]),
    ("collect", "", 4, ("A", "B", "C", "D"), ["low", "high", "middle", "high"]),
    ("rule order", "", 3, ("A", "B"), ["low", "high"]),
    ("output order", RANK, 4, ("B", "D", "C", "A"), ["high", "high", "middle", "low"]),
]


@pytest.mark.parametrize(("policy", "more", "days", "rows", "levels"), CASES)
def test_a_policy_chooses_among_the_rows_that_match(
    policy: str, more: str, days: int, rows: tuple[str, ...], levels: list[str]
) -> None:
    decision = decide(TABLE, {"days": days}, policy=policy, more=more)
    assert decision.rows == rows
    assert [one["level"] for one in decision.outcomes] == levels


@pytest.mark.parametrize("policy", [one.value for one in HitPolicy])
def test_without_a_match_there_is_no_outcome(policy: str) -> None:
    more = RANK if policy in {"priority", "output order"} else ""
    decision = decide(TABLE, {"days": 0}, policy=policy, more=more)
    assert decision == ((), ())


@pytest.mark.parametrize("policy", ["unique", "first", "any", "collect", "rule order"])
def test_otherwise_answers_when_no_row_matches(policy: str) -> None:
    more = "otherwise: {level: middle}"
    decision = decide(TABLE, {"days": 0}, policy=policy, more=more)
    assert decision.rows == ()
    assert decision.outcomes == ({"level": "middle", "number": None},)


def test_otherwise_may_compute() -> None:
    table = "id | amount => money\nA | > 5 => 1"
    more = "params: {add: 2}\notherwise: {money: = amount + $add}"
    assert decide(table, {"amount": 3}, more=more).outcomes == ({"money": 203},)


def test_a_double_hit_under_unique_is_refused() -> None:
    with pytest.raises(DecisionRefused) as refused:
        decide(TABLE, {"days": 4}, policy="unique")
    assert refused.value.code == "DOUBLE_HIT"
    assert "rows A, B, C, D all match" in refused.value.text.en


def test_any_takes_several_hits_with_equal_outputs_only() -> None:
    table = "id | days => level\nA | > 1 => low\nB | > 2 => low\nC | > 3 => high"
    assert decide(table, {"days": 3}, policy="any") == (("A", "B"), ({"level": "low"},))
    with pytest.raises(DecisionRefused) as refused:
        decide(table, {"days": 4}, policy="any")
    assert refused.value.code == "OUTPUTS_DIFFER"


def test_any_compares_computed_outputs() -> None:
    table = "id | amount => money\nA | - => = amount\nB | > 5 => 7"
    assert decide(table, {"amount": 700}, policy="any").rows == ("A", "B")
    with pytest.raises(DecisionRefused):
        decide(table, {"amount": 800}, policy="any")


def test_values_without_rank_come_last() -> None:
    table = "id | amount => money\nA | - => = amount\nB | - => -\nC | - => 5"
    more = "priority: {money: [5, 7]}"
    decision = decide(table, {"amount": 900}, policy="output order", more=more)
    assert decision.rows == ("C", "A", "B")
    assert decide(table, {"amount": 700}, policy="output order", more=more).rows == ("C", "A", "B")


def test_priority_lists_every_constant() -> None:
    (found,) = findings(TABLE, policy="priority", more="priority: {level: [high, low]}")
    assert "13:21+6 error[R137] 'middle' has no rank in `priority: level`; add it" in found


def test_priority_names_an_output_of_the_table() -> None:
    (found,) = findings(TABLE, policy="priority", more="priority: {levl: [high, low]}")
    assert "error[R104] the table has no output 'levl'; did you mean 'level'?" in found


def test_outcomes_cannot_be_changed_by_their_readers() -> None:
    decision = decide(TABLE, {"days": 1})
    with pytest.raises(TypeError):
        decision.outcomes[0]["level"] = "high"  # type: ignore[index]


def test_a_table_of_outputs_only_always_matches() -> None:
    evaluator = compile_ruleset(ruleset("id => code\nA => x", policy="unique"), {})
    assert evaluator.decide({}).rows == ("A",)


def test_five_thousand_rows_decide() -> None:
    rows = "\n".join(f"R{n} | {n} => {n}" for n in range(5_000))
    evaluator = compile_ruleset(ruleset(f"id | days => number\n{rows}", policy="unique"), {})
    assert evaluator.decide({"days": 4_999}).rows == ("R4999",)
    assert evaluator.decide({"days": 5_000}).rows == ()

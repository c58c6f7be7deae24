"""Differences of two versions in whole sentences, and whether an order matters."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.base.text import Text
from engine.rules import DecisionRefused, compile_ruleset, load_ruleset, load_vocabulary
from engine.rules.diff import diff_rulesets
from engine.rules.diff_sentences import diff_sentences
from engine.rules.model import Ruleset
from tests.explain.golden import ROOT, shipped
from tests.rules.given import KINDS, VOCABULARY, ruleset
from tests.rules.given import text as table_text
from tests.rules.reference import Fact, Rule
from tests.rules.test_reference import LEVELS, as_text, cases

APPROVAL = next(one for one in shipped() if one.name == "payment-approval")


def said(old: Ruleset, new: Ruleset) -> list[Text]:
    return diff_sentences(old, new, diff_rulesets(old, new))


def changed(*changes: tuple[str, str], of: str = "") -> list[Text]:
    """Sentences for the shipped payment approval, or the text `of`, with these changes."""
    vocabulary, findings = load_vocabulary(ROOT / "rulesets" / "vocabulary.yaml")
    assert vocabulary is not None, findings
    text = of or APPROVAL.text
    pair = []
    for these in ((), changes):
        for old, new in these:
            assert old in text, old
            text = text.replace(old, new, 1)
        found = load_ruleset("t.yaml", text, vocabulary)
        assert found.ruleset is not None, [one.message.en for one in found.findings]
        pair.append(found.ruleset)
    return said(*pair)


@pytest.mark.parametrize(
    ("changes", "en", "zh"),
    [
        (
            (("large: 50万}", "large: 30万}"),),
            "Parameter large falls from 500,000 to 300,000 (−200,000); used by rows A2, A3, A5 "
            "and A6.",
            "参数 large 由500,000下调至300,000（−200,000）；用于A2、A3、A5、A6。",
        ),
        (
            (("SH: {large: 30万}", "SH: {large: 20万}"),),
            "SH's own large falls from 300,000 to 200,000 (−100,000).",
            "SH 的 large 由300,000下调至200,000（−100,000）。",
        ),
        (
            (("SH: {large: 30万}", "SH: {large: 30万}, BJ: {large: 25万}"),),
            "BJ now has its own large: 250,000; the group's is 500,000.",
            "BJ 现有自己的 large：250,000；集团为500,000。",
        ),
        (
            (("{small: down, large", "{large"),),
            "Branches may no longer move small.",
            "分支机构不得再调整 small。",
        ),
        (
            (("from: 2020-01-01", "from: 2027-01-01"),),
            "The first day is now 2027-01-01 instead of 2020-01-01.",
            "生效日由2020-01-01改为2027-01-01。",
        ),
        (
            (("| 48h", "| 24h"),),
            "A7: time for a step: now 24 hours instead of 48 hours.",
            "A7：每步时限由“48小时”改为“24小时”。",
        ),
        (
            (("A3 | >= $large ", "A3 | >= 30万 "),),
            "A3: amount must now be at least 300,000 instead of at least 500,000 (large).",
            "A3：金额的条件由“不低于500,000（large）”改为“不低于300,000”。",
        ),
        (
            (("A4 | -   ", "A4 | < 1亿"),),
            "A4: it now also asks that amount is below 100,000,000.",
            "A4：新增要求金额低于100,000,000。",
        ),
        (
            (("  A7 |", "  A8 | 7 | supplier | - => reviewer | - | -\n  A7 |"),),
            "Row A8 is new: When amount is 7 and creditor type is supplier: approvers reviewer.",
            "新增行A8：当金额为7，且收款人类型为供应商时，审批链：复核。",
        ),
    ],
)
def test_each_change_is_a_whole_sentence(
    changes: tuple[tuple[str, str], ...], en: str, zh: str
) -> None:
    assert Text(en, zh) in changed(*changes)


def test_the_same_written_otherwise_is_no_difference() -> None:
    assert changed(("large: 50万}", "large: 500_000}")) == [
        Text("Nothing differs in meaning.", "含义没有差异。")
    ]


def test_the_other_cases_the_priority_and_a_column_have_their_sentences() -> None:
    table = "id | amount => level\nR1 | > 0 => low\nR2 | > 9 => high"
    old = ruleset(
        table,
        policy="priority",
        more="otherwise: {level: low}\npriority: {level: [high, middle, low]}",
    )
    new = ruleset(
        table.replace("amount", "amount | fee").replace("> 0", "> 0 | -").replace("> 9", "> 9 | 1"),
        policy="priority",
        more="otherwise: {level: high}\npriority: {level: [low, middle, high]}",
    )
    assert [one.en for one in said(old, new)] == [
        "When no row matches, code is now high instead of low.",
        "The order of priority of level is now [low, middle, high] instead of [high, middle, low].",
        "Column fee is new.",
        "R2: it now also asks that fee is 1.",
    ]


def test_words_that_both_read_but_differ_have_their_sentences() -> None:
    table = "id | type | fee => code\nR1 | claim | > 1 => x"
    words = dict(VOCABULARY.words)
    kind = words["type"]
    assert kind.values is not None
    words["type"] = replace(
        kind, values={"claim": Text("claim", "理赔"), "broker": Text("broker", "经纪")}
    )
    words["fee"] = replace(words["fee"], nullable=False, label=Text("charge", "费用"))
    text = table_text(table, policy="collect")
    old = load_ruleset("t.yaml", text, VOCABULARY, kinds=KINDS).ruleset
    new = load_ruleset("t.yaml", text, replace(VOCABULARY, words=words), kinds=KINDS).ruleset
    assert old is not None
    assert new is not None
    assert [one.en for one in said(old, new)] == [
        "The word type may now also be broker and may no longer be refund or premium.",
        'The word fee is now called "charge" instead of "fee" in English.',
        'The word fee is now called "费用" instead of "手续费" in Chinese.',
        "The word fee may no longer be missing.",
    ]
    assert diff_rulesets(old, new).to_json()["vocabulary"] == {
        "type.values": ["claim, refund, premium", "claim, broker"],
        "fee.en": ["fee", "charge"],
        "fee.zh": ["手续费", "费用"],
        "fee.nullable": ["true", "false"],
    }


# --- order


MOVE = "id | amount => level\n{}\n"
ROWS = ("R1 | > 0 => low", "R2 | > 1 => high", "R3 | > 2 => low")


@pytest.mark.parametrize(
    ("policy", "more", "en"),
    [
        (
            "first",
            "",
            "R3 moved from place 3 to 1; the order matters because R3 and R2 can match "
            "the same facts, the first decides, and their outcomes differ.",
        ),
        (
            "rule order",
            "",
            "R3 moved from place 3 to 1; the order matters because R3, R1 and R2 "
            "can match the same facts, and outcomes are given in the order of the table.",
        ),
        (
            "collect",
            "",
            "R3 moved from place 3 to 1; the order cannot matter because every row "
            "that matches counts.",
        ),
        (
            "priority",
            "priority: {level: [high, middle, low]}",
            "R3 moved from place 3 to 1; the "
            "order cannot matter because no facts match both R3 and R1 or R2 with outcomes whose "
            "order counts.",
        ),
    ],
)
def test_a_moved_row_says_whether_its_order_can_matter_and_why(
    policy: str, more: str, en: str
) -> None:
    orders = (ROWS, (ROWS[2], ROWS[0], ROWS[1]))
    old, new = (loaded_trial(MOVE.format("\n".join(rows)), policy, more) for rows in orders)
    assert [one.en for one in said(old, new)] == [en]


def loaded_trial(table: str, policy: str, more: str) -> Ruleset:
    """A ruleset that may have warnings."""
    source = table_text(table, policy=policy, more=more)
    found = load_ruleset("t.yaml", source, VOCABULARY, kinds=KINDS)
    assert found.ruleset is not None, [one.message.en for one in found.findings]
    return found.ruleset


def test_equal_priority_lets_the_order_decide() -> None:
    rows = ("R1 | > 0 => low | 1", "R2 | > 1 => low | 2")
    table = "id | amount => level | number\n{}"
    more = "priority: {level: [high, middle, low]}"
    for policy in ("priority", "output order"):
        old, new = (
            loaded_trial(table.format("\n".join(those)), policy, more)
            for those in (rows, rows[::-1])
        )
        (moved,) = diff_rulesets(old, new).moved
        assert moved.matters
        assert "equal priority" in moved.reason.en


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases(), st.randoms(use_true_random=False))
def test_a_move_that_is_said_not_to_matter_changes_no_outcome(
    case: tuple[list[str], list[Rule], str, list[dict[str, Fact]]], random: Random
) -> None:
    columns, rules, policy, some_facts = case
    rules = [Rule(one.id, one.tests, one.level or LEVELS[0], adds=False) for one in rules]
    shuffled = list(rules)
    random.shuffle(shuffled)
    ranked = policy in {"priority", "output order"}
    more = f"priority: {{level: [{', '.join(LEVELS)}]}}" if ranked else ""
    old, new = (
        ruleset(as_text(columns, one), policy=policy, more=more) for one in (rules, shuffled)
    )
    if any(one.matters for one in diff_rulesets(old, new).moved):
        return
    before, after = compile_ruleset(old, {}), compile_ruleset(new, {})
    for facts in some_facts:
        try:
            wanted = before.decide(facts).outcomes
        except DecisionRefused:
            continue
        found = after.decide(facts).outcomes
        unordered = policy == "collect"
        assert (
            sorted(map(repr, found)) == sorted(map(repr, wanted)) if unordered else found == wanted
        )

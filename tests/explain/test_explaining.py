"""Why each row hit or missed: the same truth as the decision, in words."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings

from engine.rules import DecisionRefused, branch_params, compile_ruleset, facts_from_json
from engine.rules.explaining import Explanation, RowWhy, explain
from engine.rules.explaining_text import explanation_json, explanation_lines
from engine.rules.model import HitPolicy, Ruleset
from engine.rules.reasons import Hide, open_text
from tests.explain.golden import shipped
from tests.rules.given import ruleset
from tests.rules.reference import Fact, Rule
from tests.rules.test_reference import LEVELS, as_text, cases

SHIPPED = {one.name: one for one in shipped()}
CLAIM = {"amount": "49000", "creditor_type": "agent", "extra_approver": False}
SHANGHAI = ("GROUP", "SH")


def explained(
    name: str,
    facts: Mapping[str, object],
    path: tuple[str, ...] = ("GROUP",),
    hide: Hide = open_text,
) -> Explanation:
    return explained_by(SHIPPED[name], facts, path, hide)


def explained_by(
    found: Ruleset,
    facts: Mapping[str, object],
    path: tuple[str, ...] = ("GROUP",),
    hide: Hide = open_text,
) -> Explanation:
    evaluator = compile_ruleset(found, branch_params(found, path))
    return explain(evaluator, facts_from_json(found, facts), org_path=path, hide=hide)


def row(found: Explanation, name: str) -> RowWhy:
    return next(one for one in found.rows if one.row == name)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases())
def test_the_rows_explained_as_hits_are_those_the_evaluator_hits(
    case: tuple[list[str], list[Rule], str, list[dict[str, Fact]]],
) -> None:
    columns, rules, policy, some_facts = case
    rules = [Rule(one.id, one.tests, one.level or LEVELS[0], adds=False) for one in rules]
    more = f"priority: {{level: [{', '.join(LEVELS)}]}}" if policy in RANKED else ""
    found = ruleset(as_text(columns, rules), policy=policy, more=more)
    every = ruleset(as_text(columns, rules), policy="collect")
    evaluator, collecting = compile_ruleset(found, {}), compile_ruleset(every, {})
    for facts in some_facts:
        explanation = explain(evaluator, facts)
        decided = explanation.decision
        if explanation.refused is None:
            assert evaluator.decide(facts) == decided
        else:
            with pytest.raises(DecisionRefused, match=explanation.refused.code):
                evaluator.decide(facts)
        hits = [one.row for one in explanation.rows if one.hit]
        assert hits == list(collecting.decide(facts).rows)
        for one in explanation.rows:
            assert one.missed == sum(not cell.holds for cell in one.cells)
            assert one.hit == (one.missed == 0)
            assert one.decides == (decided is not None and one.row in decided.rows)
            assert one.reason.en
            assert one.reason.zh
        assert list(explanation_lines(explanation, "zh", everything=True))


RANKED = {HitPolicy.PRIORITY.value, HitPolicy.OUTPUT_ORDER.value}


def test_a_near_miss_is_said_with_the_fact_the_condition_and_the_parameter() -> None:
    found = explained("payment-approval", CLAIM, SHANGHAI)
    assert row(found, "A1").reason.en == "matches and decides"
    assert row(found, "A2").reason.en == "missed only by amount: 49,000 is below 50,000 (small)"
    assert row(found, "A2").reason.zh == "仅因金额未命中：49,000低于50,000（small）"
    assert row(found, "A4").reason.en == (
        "missed only by creditor type: agent is neither supplier nor staff"
    )
    assert row(found, "A6").reason.en == (
        "missed by 2 conditions: amount: 49,000 is below 300,000 (large); "
        '"an alert asks for one more approver": it is false'
    )


def test_rows_that_decide_come_first_then_the_nearest_misses() -> None:
    found = explained("payment-approval", CLAIM, SHANGHAI)
    assert [one.row for one in found.nearest_first()] == ["A1", "A2", "A3", "A4", "A5", "A7", "A6"]


def test_a_parameter_says_which_organisation_set_it() -> None:
    found = explained("payment-approval", CLAIM, (*SHANGHAI, "SH01"))
    assert [(one.name, one.value.en, one.organisation) for one in found.params] == [
        ("small", "50,000", "GROUP"),
        ("large", "300,000", "SH"),
    ]


def test_a_window_says_its_value_and_what_was_counted() -> None:
    facts = {"amount": "1", "creditor_type": "agent", "repeats": 2, "split_total": "1"}
    found = explained("payment-alerts", facts | {"payee_names": 1})
    window = found.windows[0]
    assert (window.column, window.value.en) == ("repeats", "2")
    assert window.counted.en == (
        "number of earlier ones with the same creditor account, amount and currency, the same or "
        "no claim or policy or invoice number, not cleared within 3 days (live ones only)"
    )
    assert window.counted.zh == (
        "此前3天内收款账号、金额、币种相同、业务号相同或缺失、未经澄清的笔数（仅限有效的）"
    )
    assert found.windows[-1].counted.zh == (
        "此前30天内收款账号相同的各笔收款人不同取值个数，含本笔（仅限有效的）"
    )


@pytest.mark.parametrize(
    ("column", "cell", "fact", "en", "zh"),
    [
        ("amount", "< 5", "5", "5 is not below 5", "5不低于5"),
        ("amount", "<= 5", "6", "6 is above 5", "6高于5"),
        ("amount", "> 5", "5", "5 is not above 5", "5不高于5"),
        ("amount", "5", "6", "6 is not 5", "6不是5"),
        ("amount", "!= 5", "5", "5 is the one that is excluded: 5", "5正是被排除的5"),
        ("amount", "[5..7)", "7", "7 is not below 7", "7不低于7"),
        ("amount", "(5..7]", "5", "5 is not above 5", "5不高于5"),
        ("amount", "[5..7]", "4", "4 is below 5", "4低于5"),
        ("amount", "< fee", "9", "9 is not below fee (4)", "9不低于手续费（4）"),
        ("fee", "null", "4", "4 is given, and the row wants none", "已有值4，而该行要求为空"),
        ("type", "not(claim)", "claim", "理赔", "理赔被排除在外"),
        ("payee", 'starts("6")', "张三", '"张三" does not start with "6"', "“张三”不以“6”开头"),
        ("payee", 'not(contains("张"))', "张三", '"张三" contains "张"', "“张三”含有“张”"),
        ("due", "> 2026-12-01", "2026-12-01", "2026-12-01 is not after", "2026-12-01不晚于"),
        ("urgent", "true", False, "it is false", "其值为否"),
        ("amount", "< 1, > 10", "5", "5 is neither below 1 nor above 10", "5不满足“低于1或高于10”"),
        ("payee", '"x"', None, "it is missing", "该值缺失"),
    ],
)
def test_each_kind_of_cell_says_why_it_missed(
    column: str, cell: str, fact: object, en: str, zh: str
) -> None:
    found = ruleset(f"id | {column} => code\nR1 | {cell} => x", policy="collect")
    why = explained_by(found, {"fee": "4"} | {column: fact})
    if cell == "not(claim)":
        en = "claim is excluded"
    label = found.facts[column].label
    name_en, name_zh = (
        (f'"{label.en}"', f"“{label.zh}”") if column == "urgent" else (label.en, label.zh)
    )
    assert why.rows[0].reason.en.startswith(f"missed only by {name_en}: {en}")
    assert why.rows[0].reason.zh.startswith(f"仅因{name_zh}未命中：{zh}")


def test_a_formula_is_shown_with_its_numbers() -> None:
    found = ruleset("id | amount => money\nR1 | > 0 => = amount + fee", policy="collect")
    outputs = explained_by(found, {"amount": "100", "fee": "4.50"}).outcomes[0].outputs
    assert outputs[0].value.en == "104.50"
    assert outputs[0].working is not None
    assert outputs[0].working.en == "amount + fee = 100 + 4.50"
    assert outputs[0].working.zh == "金额 + 手续费 = 100 + 4.50"


def test_a_condition_over_several_columns_shows_every_fact_it_read() -> None:
    found = ruleset("id | when => code\nR1 | amount + fee > 1万 => x", policy="collect")
    reason = explained_by(found, {"amount": "100", "fee": "4"}).rows[0].reason
    assert reason.en.endswith("does not hold (amount 100, fee 4)")
    assert reason.zh.endswith("不成立（金额：100，手续费：4）")


@pytest.mark.parametrize(
    ("policy", "more", "en"),
    [
        ("unique", "", "Not decided: rows R1, R2 all match"),
        ("first", "", "R1 and R2 match; R1 stands first and decides."),
        ("priority", "priority: {level: [high, low]}", "R1 and R2 match; R2 has the best priority"),
        ("collect", "", "R1 and R2 match, and every one counts."),
        ("rule order", "", "R1 and R2 match; every one counts, in the order of the table."),
        (
            "output order",
            "priority: {level: [high, low]}",
            "R1 and R2 match; every one counts, in ",
        ),
        ("any", "", "Not decided: rows R1, R2 all match but their outputs differ"),
    ],
)
def test_the_hit_policy_s_choice_among_several_is_said(policy: str, more: str, en: str) -> None:
    table = "id | amount => level\nR1 | > 0 => low\nR2 | > 1 => high"
    found = ruleset(table, policy=policy, more=more)
    assert explained_by(found, {"amount": "5"}).policy.en.startswith(en)


def test_no_row_is_said_with_and_without_the_outcome_of_all_other_cases() -> None:
    table = "id | amount => level\nR1 | > 10 => low"
    assert "no outcome" in explained_by(ruleset(table, policy="collect"), {"amount": "5"}).policy.en
    other = explained_by(
        ruleset(table, policy="collect", more="otherwise: {level: high}"), {"amount": "5"}
    )
    assert other.policy.en == "No row matches: the outcome for all other cases applies."
    assert [(one.row, one.outputs[0].value.en) for one in other.outcomes] == [(None, "high")]


def test_a_missing_required_fact_is_explained_and_not_raised() -> None:
    found = explained("payment-approval", {"creditor_type": "agent", "extra_approver": False})
    assert found.refused is not None
    assert found.refused.code == "FACT_MISSING"
    assert row(found, "A1").reason.en == "missed only by amount: it is missing"
    assert explanation_json(found, "en")["error"] == {
        "code": "FACT_MISSING",
        "message": "the fact amount (amount) is missing; supply it",
    }


def test_hidden_texts_are_hidden_in_cells_reasons_and_filled_in_texts() -> None:
    found = ruleset(
        'id | payee => text\nR1 | starts("62") => "to {payee}"\nR2 | "x" => "never"',
        policy="collect",
    )
    why = explained_by(
        found, {"payee": "6222021001000001"}, hide=lambda _word, text: text[:4] + "****"
    )
    assert "6222021001000001" not in repr(explanation_json(why, "en"))
    assert "6222021001000001" not in repr(list(explanation_lines(why, "zh", everything=True)))
    assert why.outcomes[0].outputs[0].value.en == "to 6222****"


def test_lines_fold_far_misses_and_name_how_many() -> None:
    found = explained("payment-approval", CLAIM, SHANGHAI)
    lines = list(explanation_lines(found, "en", everything=False))
    assert "1 row missed by more than one condition; --all shows them" in lines
    assert not any(line.startswith("A6") for line in lines)
    assert any(line.startswith("A6") for line in explanation_lines(found, "en", everything=True))

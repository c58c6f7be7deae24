"""Each row as a sentence."""

from __future__ import annotations

import pytest

from engine.base.text import Text
from engine.rules import branch_params
from engine.rules.sentences import row_sentences
from tests.rules_analysis.support import loaded, table

PARAMS = "params: {small: 5万, large: 50万}\nadjustable: {large: down, small: down}\n"


def sentence(cells: str, columns: str, policy: str = "unique", outcome: str = "reviewer") -> Text:
    names = {"$small": "small", "$large": "large"}
    used = [name for mark, name in names.items() if mark in cells]
    envelope = PARAMS if len(used) == 2 else ""
    anything = " | ".join("-" for _ in columns.split("|"))
    rows = f"id | {columns} => approvers\nA0 | {anything} => cfo\nA2 | {cells} => {outcome}"
    ruleset = loaded(table(rows, policy=policy, envelope=envelope))
    return row_sentences(ruleset, branch_params(ruleset, ()))["A2"]


def test_a_row_reads_as_the_design_says() -> None:
    said = sentence(
        "[$small..$large) | claimant, agent",
        "amount | creditor_type",
        outcome="reviewer > finance_manager",
    )
    assert said.en == (
        "A2. When amount is from 50,000 (small) to just under 500,000 (large) and creditor type "
        "is claimant or agent: approvers reviewer, then finance manager."
    )
    assert said.zh == (
        "A2. 当金额从50,000（small）起、不足500,000（large），且收款人类型为出险人或代理人时，"
        "审批链：复核 → 财务经理。"
    )


@pytest.mark.parametrize(
    ("column", "cell", "en", "zh"),
    [
        ("amount", "< 5万", "amount is below 50,000", "金额低于50,000"),
        ("amount", "<= 0.5", "amount is at most 0.50", "金额不超过0.50"),
        ("amount", "7", "amount is 7", "金额为7"),
        ("amount", "(1..2]", "amount is above 1 up to 2", "金额高于1、不超过2"),
        ("amount", "< fee", "amount is below fee", "金额低于手续费"),
        ("amount", "< 1, > 2", "amount is below 1 or above 2", "金额低于1或高于2"),
        ("date", "> 2026-12-01", "date is after 2026-12-01", "日期晚于2026-12-01"),
        ("creditor_type", "not(staff)", "creditor type is not staff", "收款人类型不为员工"),
        (
            "creditor_type",
            "not(staff, agent)",
            "creditor type is neither staff nor agent",
            "收款人类型不为员工或代理人",
        ),
        ("creditor_account", "null", "creditor account is missing", "收款账号缺失"),
        (
            "creditor_account",
            'starts("62")',
            'creditor account starts with "62"',
            "收款账号以“62”开头",
        ),
        ("urgent", "false", '"urgent" is false', "“加急”为否"),
        (
            "creditor_account",
            'not(contains("x"))',
            'creditor account does not contain "x"',
            "收款账号不含有“x”",
        ),
        ("when", "amount + fee > 5万", "amount + fee > 5万", "金额 + 手续费 > 5万"),
    ],
)
def test_each_kind_of_cell_has_its_words(column: str, cell: str, en: str, zh: str) -> None:
    said = sentence(cell, column)
    assert said == Text(f"A2. When {en}: approvers reviewer.", f"A2. 当{zh}时，审批链：复核。")


def test_a_row_without_conditions_is_the_other_case_under_first() -> None:
    assert sentence("-", "amount", "first").en == "A2. Otherwise: approvers reviewer."
    assert sentence("-", "amount", "unique").zh == "A2. 任何情况，审批链：复核。"

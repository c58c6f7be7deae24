"""The checks that kinds make themselves, and the shipped rulesets."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from engine.rulebook.checking import check_text
from engine.rules import Finding, Severity, branch_params, compile_ruleset
from engine.rules.check import check_paths
from engine.rules.roles import merge_chains
from tests.kinds.pages import RULESETS, vocabulary

HEAD = """kind: {kind}
name: trial
title: {{en: Trial, zh: 试验}}
version: 1
effective: {{from: 2020-01-01}}
scope: {{org: GROUP, subject: {subject}}}
hit_policy: {policy}
"""


def findings(kind: str, subject: str, policy: str, body: str) -> list[Finding]:
    text = HEAD.format(kind=kind, subject=subject, policy=policy) + body
    checked = check_text("trial.yaml", text, vocabulary())
    return [one for one in checked.findings if one.code != "R403"]


def codes(*given: object) -> list[tuple[str, Severity]]:
    return [(one.code, one.severity) for one in findings(*given)]  # type: ignore[arg-type]


def test_shipped_rulesets_have_no_finding_at_all() -> None:
    assert check_paths([RULESETS]).findings == ()


@pytest.mark.parametrize("path", sorted(RULESETS.glob("*/*.yaml")), ids=lambda path: path.stem)
def test_shipped_rulesets_read_only_what_the_product_supplies(path: Path) -> None:
    assert check_text(path.name, path.read_text("utf-8"), vocabulary()).findings == ()


def test_a_fault_names_a_field_of_the_document() -> None:
    body = """rules: |
  id | amount => severity | field  | message_en | message_zh
  V1 | null   => error    | amuont | Missing    | 缺失
"""
    assert codes("validation", "payment", "rule order", body) == [("K101", Severity.ERROR)]


@pytest.mark.parametrize(
    ("subject", "keys"), [("payment", "currency"), ("collection", "debtor_account, currency")]
)
def test_a_batch_is_one_account_and_one_currency(subject: str, keys: str) -> None:
    body = f"""rules: |
  id | urgency => mode  | batch_by | max_items
  G1 | -       => batch | {keys}   | 5
"""
    found = findings("grouping", subject, "first", body)
    own = "debtor_account" if subject == "payment" else "creditor_account"
    assert [one.code for one in found] == ["K201"]
    assert own in found[0].message.en


def test_a_cashier_never_approves() -> None:
    body = "rules: |\n  id | urgency => approvers\n  A1 | - => reviewer > cashier\n"
    assert codes("approval", "payment", "unique", body) == [("K301", Severity.ERROR)]


def test_an_unknown_role_is_a_warning_with_the_nearest_one() -> None:
    body = "rules: |\n  id | urgency => approvers\n  A1 | - => reviewr\n"
    found = findings("approval", "payment", "unique", body)
    assert [(one.code, one.severity) for one in found] == [("K302", Severity.WARNING)]
    assert "reviewer" in found[0].message.en


@pytest.mark.parametrize("cell", ["-", "not(ACSC)", 'starts("R")', "null"])
@pytest.mark.parametrize("verdict", ["paid", "failed"])
def test_only_listed_codes_are_paid_or_failed(cell: str, verdict: str) -> None:
    body = f"""otherwise: {{class: unknown, handling: query}}
rules: |
  id | bank_code => class | handling
  F1 | {cell} => {verdict} | review
"""
    found = [c for c, _ in codes("failure", "answer", "first", body)]
    assert "K401" in found


def test_answers_are_not_failed_by_default() -> None:
    body = """otherwise: {class: failed, handling: review}
rules: |
  id | bank_code => class | handling
  F1 | ACSC => paid | confirm
"""
    assert codes("failure", "answer", "first", body) == [("K401", Severity.ERROR)]


@pytest.mark.parametrize(
    ("method", "given"),
    [("reserve", "unit"), ("collar", "reserve"), ("percent", "reserve"), ("round", "reserve")],
)
def test_a_sweep_method_needs_its_parameters(method: str, given: str) -> None:
    body = f"rules: |\n  id | currency => method | {given}\n  S1 | - => {method} | 1000\n"
    assert codes("sweep", "account", "first", body) == [("K501", Severity.ERROR)]


def test_a_posting_that_does_not_balance_is_refused() -> None:
    body = """balance: {debit: debit, credit: credit}
rules: |
  id | event => account | debit | credit
  J1 | fee_charged => 660303 | = amount | = 0
"""
    assert Severity.ERROR in {s for _, s in codes("posting", "event", "collect", body)}


def test_chains_merge_by_rank_with_each_role_once() -> None:
    chains = [("reviewer", "cfo"), ("reviewer", "finance_manager"), ("treasurer", "board")]
    assert merge_chains(chains) == ("reviewer", "finance_manager", "treasurer", "cfo", "board")


def test_the_calendar_of_2026_has_the_announced_number_of_business_days() -> None:
    path = RULESETS / "calendar/cn-business-days.yaml"
    ruleset = check_text(path.name, path.read_text("utf-8"), vocabulary()).ruleset
    assert ruleset is not None
    decide = compile_ruleset(ruleset, branch_params(ruleset, ())).decide
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    days = [dt.date(2026, 1, 1) + dt.timedelta(days=n) for n in range(365)]
    business = [
        day
        for day in days
        if decide({"date": day, "weekday": names[day.weekday()]}).outcomes[0]["business_day"]
    ]
    # 261 weekdays, 19 of them free, 6 weekend days worked: the arrangement of the State Council.
    assert len(business) == 248


ALERT = """rules: |
  id | urgency => severity | action | notify | channel | template
  A1 | - => low | hint | {notify} | {channel} | {template}
"""


@pytest.mark.parametrize(
    ("notify", "channel", "template", "wanted"),
    [
        ("reviewer", "page, email", "document", []),
        ("-", "page", "-", []),
        ("reviewer", "email", "documnt", ["K601"]),
        ("-", "page, sms", "-", ["K602"]),
    ],
)
def test_an_alert_names_a_template_that_is_there_and_somebody_to_tell(
    notify: str, channel: str, template: str, wanted: list[str]
) -> None:
    body = ALERT.format(notify=notify, channel=channel, template=template)
    found = findings("alerts", "payment", "collect", body)
    assert [one.code for one in found] == wanted
    assert {one.severity for one in found} <= {Severity.WARNING}

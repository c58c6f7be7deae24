"""Explanations, replay and differences for programs: shapes, refusals, and who sees what."""

from __future__ import annotations

import re

import pytest

from api.demo.playing import shipped_rulesets
from tests.pages.world import Browser, World

APPROVAL = (
    "SELECT id FROM decision WHERE kind = 'approval' AND subject = 'payment' "
    "AND org_path LIKE :org ORDER BY id LIMIT 1"
)


def decision(world: World, org: str = "GROUP/SH%") -> str:
    return world.one(APPROVAL, org=org)


def reader(world: World, user: str = "treasurer") -> Browser:
    return world.client(user)


def post(browser: Browser, address: str, body: dict[str, object]) -> tuple[int, dict[str, object]]:
    answer = browser.http.post(address, json=body, headers={"X-CSRF-Token": browser.csrf})
    return answer.status_code, answer.json()


def approval_draft(old: str, new: str) -> str:
    text = (shipped_rulesets() / "approval/payment-approval.yaml").read_text("utf-8")
    assert old in text
    return text.replace(old, new)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_decision_is_explained_in_both_languages(read_only: World, lang: str) -> None:
    address = f"/api/v1/decisions/{decision(read_only)}/explanation?lang={lang}"
    answer = reader(read_only).http.get(address)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert [row["row"] for row in found["rows"] if row["decides"]] == found["fired"]
    assert found["under"] is None
    assert found["error"] is None


def test_under_a_text_or_a_stored_version_it_says_what_differs(read_only: World) -> None:
    address = f"/api/v1/decisions/{decision(read_only, 'GROUP/BJ%')}/explanation"
    browser = reader(read_only)
    same = browser.http.get(address, params={"under": "live:payment-approval"}).json()
    assert same["under"]["differs"] is False
    text = approval_draft("| 4h ", "| 5h ").replace("| 8h ", "| 9h ").replace("| 24h", "| 25h")
    status, other = post(browser, address, {"text": text.replace("| 48h", "| 49h")})
    assert status == 200
    assert other["under"]["differs"] is True  # type: ignore[index]
    assert other["under"]["fired"] == other["fired"]  # type: ignore[index]


def test_a_text_with_errors_comes_back_with_its_findings(read_only: World) -> None:
    address = f"/api/v1/decisions/{decision(read_only)}/explanation"
    status, found = post(reader(read_only), address, {"text": approval_draft("$small", "$smal")})
    assert status == 422
    assert found["code"] == "RULESET_REFUSED"
    assert found["findings"]


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("/api/v1/decisions/1/explanation", 404, "UNKNOWN_DECISION"),
        ("/api/v1/decisions/{sh}/explanation?under=nothing", 404, "UNKNOWN_RULESET"),
        ("/api/v1/decisions/{sh}/explanation?under=draft:9", 404, "DRAFT_UNKNOWN"),
        ("/api/v1/decisions/{sh}/explanation?under=live:premium-sweep", 404, "NOT_DECIDED_SO"),
        ("/api/v1/documents/nothing/decisions", 404, "NOTHING_FOUND"),
        ("/api/v1/rulesets/diff?old=x&new=y", 404, "UNKNOWN_RULESET"),
        ("/api/v1/rulesets/diff?old=live:payment-approval", 422, "REQUEST_INVALID"),
    ],
)
def test_what_does_not_exist_is_refused_by_code(
    read_only: World, address: str, status: int, code: str
) -> None:
    answer = reader(read_only).http.get(address.replace("{sh}", decision(read_only)))
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_nobody_sees_a_decision_of_another_branch(read_only: World) -> None:
    browser = reader(read_only, "bj.reviewer")
    foreign = decision(read_only)
    answer = browser.http.get(f"/api/v1/decisions/{foreign}/explanation")
    assert (answer.status_code, answer.json()["code"]) == (404, "UNKNOWN_DECISION")
    number = read_only.one(
        "SELECT document_no FROM document WHERE org_id LIKE 'SH%' ORDER BY id LIMIT 1"
    )
    assert browser.http.get(f"/api/v1/documents/{number}/decisions").status_code == 404
    own = int(read_only.one("SELECT count(*) FROM decision WHERE org_id LIKE 'BJ%'"))
    status, found = post(browser, "/api/v1/decisions/replay", {})
    assert (status, found["decisions"], found["differing"]) == (200, own, 0)


def test_who_may_not_read_rules_gets_no_explanation(read_only: World) -> None:
    answer = reader(read_only, "cashier").http.get(
        f"/api/v1/decisions/{decision(read_only)}/explanation"
    )
    assert answer.status_code == 403
    assert "rulesets.read" in answer.json()["message_en"]


def test_an_account_number_is_masked_for_who_may_not_see_it(read_only: World) -> None:
    account = read_only.one(
        "SELECT facts ->> 'creditor_account' FROM decision WHERE kind = 'validation' "
        "AND length(facts ->> 'creditor_account') > 10 ORDER BY id LIMIT 1"
    )
    number = read_only.one(
        "SELECT id FROM decision WHERE kind = 'validation' AND facts ->> 'creditor_account' = :a "
        "ORDER BY id LIMIT 1",
        a=account,
    )
    address = f"/api/v1/decisions/{number}/explanation"
    assert account in reader(read_only, "treasurer").http.get(address).text
    shown = reader(read_only, "analyst").http.get(address)
    assert shown.status_code == 200
    assert account not in shown.text


def test_the_decisions_of_a_document_are_listed_in_order(read_only: World) -> None:
    number = read_only.one("SELECT document_no FROM document WHERE state = 'CONFIRMED' LIMIT 1")
    found = reader(read_only).http.get(f"/api/v1/documents/{number}/decisions").json()["decisions"]
    times = [one["decided_at"] for one in found]
    assert times == sorted(times)
    assert {"validation", "approval", "routing"} <= {one["kind"] for one in found}


def test_replay_under_the_rules_of_another_time_names_the_differences(read_only: World) -> None:
    body: dict[str, object] = {"kinds": ["approval"], "known": "2001-01-01T00:00:00+08:00"}
    status, found = post(reader(read_only), "/api/v1/decisions/replay", body)
    assert status == 200
    assert found["differing"] == found["decisions"]
    assert found["differences"][0]["error"].startswith("no live approval ruleset")  # type: ignore[index]


def test_two_versions_are_compared_as_data_and_in_sentences(world: World) -> None:
    text = re.sub(r"(?m)^version: \d+$", "version: 99", approval_draft("| 48h", "| 36h"))
    browser = reader(world, "analyst")
    status, made = post(browser, "/api/v1/drafts", {"text": text})
    assert status in (200, 201), made
    address = f"/api/v1/rulesets/diff?old=live:payment-approval&new=draft:{made['id']}"
    found = browser.http.get(address).json()
    assert found["changed"] == {"A7": {"sla": ["48h", "36h"]}}
    assert {
        "en": "A7: time for a step: now 36 hours instead of 48 hours.",
        "zh": "A7：每步时限由“48小时”改为“36小时”。",
    } in found["sentences"]
    foreign = reader(world, "bj.reviewer").http.get(address)
    assert (foreign.status_code, foreign.json()["code"]) == (404, "DRAFT_UNKNOWN")


ORACLE = """kind: validation
name: oracle
title: {en: o, zh: o}
version: 1
effective: {from: 2020-01-01}
scope: {org: GROUP, subject: payment}
hit_policy: rule order
on_error: return_rows
rules: |
  id | creditor_account => severity | field | message_en | message_zh
  P6 | matches("6[0-9]*") => error | x | x | x
"""


def test_who_sees_accounts_masked_does_not_ask_for_their_digits(read_only: World) -> None:
    asked = "kind = 'validation' AND subject = 'payment' ORDER BY id LIMIT 1"
    number = read_only.one(f"SELECT id FROM decision WHERE {asked}")
    address = f"/api/v1/decisions/{number}/explanation"
    browser = reader(read_only, "analyst")
    status, found = post(browser, address, {"text": ORACLE})
    assert (status, found["code"]) == (403, "HIDDEN_WORDS")
    assert "creditor_account" in str(found["message_en"])
    assert "creditor_account" in str(found["message_zh"])
    own = ORACLE.replace("creditor_account", "amount").replace('matches("6[0-9]*")', "> 1")
    status, found = post(browser, address, {"text": own})
    assert status == 200, found
    # What is signed tells what everybody is told.
    live = read_only.one("SELECT ruleset_hash FROM decision WHERE id = :id", id=number)
    assert browser.http.get(address, params={"under": live}).status_code == 200
    # Who sees account numbers in full asks what he likes.
    assert post(reader(read_only, "treasurer"), address, {"text": ORACLE})[0] == 200

"""Why, cell by cell, on pages: its own page, a fold of other pages, and changes in sentences."""

from __future__ import annotations

import html
import re

import pytest

from engine.rulebook import propose
from engine.runtime.db import transaction
from tests.explain.test_api import approval_draft, decision
from tests.pages.world import World


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_of_a_decision_says_every_row(read_only: World, lang: str) -> None:
    number = decision(read_only)
    answer = read_only.client("treasurer", lang).http.get(f"/decisions/{number}")
    assert answer.status_code == 200, answer.text
    for row in ("A1", "A2", "A3", "A4", "A5", "A6", "A7"):
        assert f"<code>{row}</code>" in answer.text
    assert {"en": "missed only by", "zh": "未命中"}[lang] in answer.text
    assert "style=" not in answer.text
    assert "<script>" not in answer.text


def test_the_fold_is_a_part_without_a_page_around_it(read_only: World) -> None:
    number = decision(read_only)
    answer = read_only.client("treasurer").http.get(f"/decisions/{number}/why")
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert ">decides<" in answer.text


def test_the_trace_page_offers_it_to_who_may_read_rules_only(read_only: World) -> None:
    number = read_only.one(
        "SELECT d.document_no FROM document d JOIN decision c ON c.matter_kind = 'document' "
        "AND c.matter_id = d.id::text WHERE c.kind = 'approval' ORDER BY d.id LIMIT 1"
    )
    shown = read_only.client("treasurer").http.get(f"/trace?q={number}").text
    assert "Why, cell by cell" in shown
    assert 'hx-trigger="toggle once"' in shown
    assert (
        "Why, cell by cell" not in read_only.client("cashier").http.get(f"/trace?q={number}").text
    )


def test_a_decision_of_another_branch_is_as_unknown_as_none(read_only: World) -> None:
    browser = read_only.client("bj.reviewer").http
    for number in (decision(read_only), "1"):
        for address in (f"/decisions/{number}", f"/decisions/{number}/why"):
            answer = browser.get(address)
            assert answer.status_code == 404
            assert "UNKNOWN_DECISION" in answer.text


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "A7: time for a step: now 36 hours instead of 48 hours."),
        ("zh", "A7：每步时限由“48小时”改为“36小时”。"),
    ],
)
def test_the_page_of_changes_says_them_in_the_reader_s_language(
    world: World, lang: str, said: str
) -> None:
    text = re.sub(r"(?m)^version: \d+$", "version: 99", approval_draft("| 48h", "| 36h"))
    with transaction(world.engine) as session:
        made = propose(
            session,
            text,
            "approval/payment-approval.yaml",
            author="analyst",
            reason="slow",
            now=world.clock.now(),
        )
        new = made.hash
    browser = world.client("treasurer", lang).http
    old = browser.get("/rulesets/by-name/payment-approval").headers["location"].rsplit("/", 1)[1]
    answer = browser.get(f"/rulesets/{old}/changes/{new}")
    assert answer.status_code == 200
    assert said in html.unescape(answer.text)

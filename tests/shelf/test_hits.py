"""Hits over HTTP: of whose documents they speak, what is refused, how the page tells them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.pages.world import World
from tests.preview.test_rest import SHIPPED, draft_text


def live(world: World, name: str = "payment-approval") -> str:
    """The hash of the live ruleset called so."""
    return world.one(
        "SELECT v.hash FROM ruleset_version v JOIN revision_item i ON i.ruleset_hash = v.hash "
        "WHERE v.name = :name ORDER BY i.revision_id DESC LIMIT 1",
        name=name,
    )


def hits(world: World, user: str, hash: str, days: int = 90) -> tuple[int, dict[str, Any]]:
    """Status and answer."""
    answer = world.client(user).http.get(f"/api/v1/rulesets/{hash}/hits?days={days}")
    return answer.status_code, answer.json()


def ask(world: World, user: str, **asked: object) -> tuple[int, dict[str, Any]]:
    """Status and answer for a text."""
    browser = world.client(user)
    answer = browser.http.post(
        "/api/v1/rulesets/hits", json=asked, headers={"X-CSRF-Token": browser.csrf}
    )
    return answer.status_code, answer.json()


def test_a_version_says_how_often_each_row_decides_and_of_how_many_documents(kept: World) -> None:
    status, found = hits(kept, "analyst", live(kept))
    assert status == 200, found
    decided = sum(one["hits"] for one in found["rows"])
    assert decided + found["otherwise"] + found["refused"] == found["documents"]
    assert 2900 < found["made_up"] < found["documents"]
    assert [one["row"] for one in found["rows"]] == ["A1", "A2", "A3", "A4", "A5", "A6", "A7"]
    _, shorter = hits(kept, "analyst", live(kept), days=30)
    assert 0 < shorter["documents"] < found["documents"]


def test_the_log_s_own_count_stands_beside_it(kept: World) -> None:
    _, found = hits(kept, "analyst", live(kept))
    logged = kept.one(
        "SELECT count(*) FROM (SELECT DISTINCT ON (matter_id) rows FROM decision "
        "WHERE kind = 'approval' AND subject = 'payment' ORDER BY matter_id, id DESC) AS last "
        "WHERE rows ? 'A1'"
    )
    (first, *_) = found["rows"]
    assert str(first["recorded"]) == logged
    assert found["recorded"] == found["documents"] - found["made_up"]


def test_a_branch_is_told_of_its_own_documents_only(kept: World) -> None:
    _, whole = hits(kept, "analyst", live(kept))
    status, own = hits(kept, "sh.manager", live(kept))
    assert status == 200
    assert own["organisations"] == ["SH", "SH01", "SH02"]
    assert 0 < own["documents"] < whole["documents"]


def test_what_decides_nothing_lately_has_no_hits(kept: World) -> None:
    status, refused = hits(kept, "analyst", live(kept, "cn-business-days"))
    assert (status, refused["code"]) == (404, "NO_HISTORY")


def test_who_may_not_read_rules_gets_no_hits(kept: World) -> None:
    status, refused = hits(kept, "cashier", live(kept))
    assert (status, refused["code"]) == (403, "FORBIDDEN")


def test_a_text_in_the_making_has_hits_too(kept: World) -> None:
    status, found = ask(kept, "analyst", text=draft_text("30万"))
    assert status == 200, found
    _, before = hits(kept, "analyst", live(kept))
    assert found["documents"] == before["documents"]
    assert found["recorded"] == 0
    assert found["rows"][2]["hits"] > before["rows"][2]["hits"]


def test_a_text_with_errors_is_refused_with_its_findings(kept: World) -> None:
    status, refused = ask(kept, "analyst", text=draft_text().replace("reviewer ", "nobody "))
    assert (status, refused["code"]) == (422, "DRAFT_HAS_ERRORS")
    assert refused["findings"][0]["column"]


@pytest.mark.parametrize("days", [0, -1, 3661])
def test_days_that_are_no_period_are_refused(kept: World, days: int) -> None:
    status, refused = ask(kept, "analyst", text=draft_text(), days=days)
    assert (status, refused["code"]) == (422, "REQUEST_INVALID")


def test_an_unsigned_text_cannot_ask_for_account_numbers_that_are_masked(kept: World) -> None:
    rules = SHIPPED.parents[1] / "validation/payment-validation.yaml"
    text = re.sub(r"(?m)^version: .*$", "version: 99", rules.read_text("utf-8"))
    text = text.replace("[0-9A-Z]{5,34}", "[A-Z0-9]{5,34}")  # a question nobody has signed
    status, refused = ask(kept, "analyst", text=text)
    assert (status, refused["code"]) == (403, "HIDDEN_WORDS"), refused
    status, found = hits(kept, "analyst", live(kept, "payment-alerts"))
    assert status == 200, found  # signed: nobody can ask digit by digit with it


def test_the_version_s_page_is_filled_with_hits_in_the_page_s_language(kept: World) -> None:
    address = f"/rulesets/{live(kept)}"
    assert f'hx-get="{address}/hits"' in kept.client("analyst").http.get(address).text
    part = kept.client("analyst", "zh").http.get(f"{address}/hits").text
    assert re.search(r'id="hits-90-A1" hx-swap-oob="true">[\d,]+ <span class="soft">\d', part)
    assert "演示用虚构单据" in part


def test_a_row_nobody_needs_is_marked_with_a_word(kept: World) -> None:
    part = (
        kept.client("analyst").http.get(f"/rulesets/{live(kept, 'collection-approval')}/hits").text
    )
    assert re.search(r'id="hits-90-A3"[^>]*><span class="chip wait">never hit</span>', part)


def test_without_history_the_page_says_why_there_are_no_hits(read_only: World) -> None:
    part = read_only.client("analyst").http.get(f"/rulesets/{live(read_only)}/hits").text
    assert "keeps no decision history" in part
    tree = read_only.client("analyst").http.get("/rulesets/counts/live").text
    assert "keeps no decision history" in tree

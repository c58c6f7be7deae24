"""What a change does to past documents, told on the page of its review."""

from __future__ import annotations

import re

import pytest

from tests.pages.fixtures import with_history
from tests.pages.world import World
from tests.review.support import approval, draft, words


@pytest.fixture(scope="module")
def kept(read_only: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The day with its history, and 3,000 made-up documents."""
    return with_history(read_only, tmp_path_factory.mktemp("history"))


@pytest.fixture(scope="module")
def number(kept: World) -> int:
    return draft(kept, approval("30万").replace("small: 5万", "small: 1万"))


def part(world: World, user: str, query: str, lang: str = "en") -> str:
    """The part of the page as htmx gets it."""
    answer = world.client(user, lang).http.get(
        f"/rulesets/compare/impact?{query}", headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200, answer.text
    assert "<html" not in answer.text
    return str(answer.text)


def test_documents_and_money_are_told_by_outcome_and_branch_and_the_button_carries_them(
    kept: World, number: int
) -> None:
    said = part(kept, "analyst", f"new=draft:{number}")
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", said))
    found = re.search(r"([\d,]+) of ([\d,]+) documents would go another way · CNY ([\d,.]+)", plain)
    assert found is not None
    assert re.search(r'id="carries-sign"[^>]*> · ' + found[1] + " documents change", said)
    assert "made up (demo)" in plain
    assert "Before: payment-approval v2." in plain
    assert re.search(r"BJ [\d,]+ [\d,]+ [\d,.]+", plain)


def test_a_stored_document_is_explained_under_the_draft_and_a_made_up_one_is_no_link(
    kept: World, number: int
) -> None:
    said = part(kept, "analyst", f"new=draft:{number}")
    assert '<td class="id">DEMO-' in said or f"?under=draft%3A{number}" in said
    assert "/explain/DEMO-" not in said


def test_who_reads_no_documents_sees_sums_and_no_document(kept: World, number: int) -> None:
    said = part(kept, "admin", f"new=draft:{number}")
    assert "none is named" in said
    assert "DEMO-" not in said


def test_a_branch_is_told_of_its_own_documents_only(kept: World) -> None:
    hash = kept.one(
        "SELECT hash FROM ruleset_version WHERE name = 'payment-approval' AND version = 2"
    )
    said = part(kept, "bj.manager", f"new={hash}")
    assert "None of " in said
    assert ">SH<" not in said


def test_a_draft_with_errors_has_no_impact_and_says_so(kept: World) -> None:
    broken = draft(kept, approval().replace("small: 5万", "small: 5 apples"))
    assert "No impact can be told" in part(kept, "analyst", f"new=draft:{broken}")
    assert "无法说明影响" in part(kept, "analyst", f"new=draft:{broken}", "zh")


def test_documents_are_not_compared_with_a_draft(kept: World, number: int) -> None:
    said = part(kept, "analyst", f"new=draft:{number}&old=draft:{number}")
    assert "choose a version" in said


def test_without_scripts_it_is_a_page_of_its_own(kept: World, number: int) -> None:
    answer = kept.client("analyst").http.get(f"/rulesets/compare/impact?new=draft:{number}")
    assert "<html" in answer.text
    assert "would go another way" in words(answer)
    assert "carries-sign" not in answer.text


def test_a_server_without_history_says_so_plainly(world: World) -> None:
    said = part(world, "analyst", f"new=draft:{draft(world)}")
    assert "keeps no decision history" in said


def test_another_branch_s_draft_is_not_told_of(kept: World) -> None:
    secret = draft(kept, approval(org="SH", version=1))
    said = part(kept, "bj.manager", f"new=draft:{secret}")
    assert f"there is no draft {secret}" in said

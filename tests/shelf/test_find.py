"""Finding by what people remember: who finds what, and where it leads."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pages.world import World
from tests.shelf.test_hits import live

Groups = dict[str, dict[str, Any]]


def find(world: World, q: str, user: str = "analyst", lang: str = "en") -> Groups:
    """Groups by sort."""
    answer = world.client(user, lang).http.get("/api/v1/find", params={"q": q})
    assert answer.status_code == 200, answer.text
    return {one["sort"]: one for one in answer.json()["groups"]}


def first(groups: Groups, sort: str) -> dict[str, str]:
    """The first result of a sort."""
    found: dict[str, str] = groups[sort]["results"][0]
    return found


def test_a_row_is_found_by_its_id_and_the_name_of_its_ruleset(read_only: World) -> None:
    found = first(find(read_only, "payment-approval a2"), "rows")
    assert found["href"] == f"/rulesets/{live(read_only)}#row-A2"
    assert found["title"].startswith("A2. When amount is")


@pytest.mark.parametrize(
    ("q", "lang"),
    [("supplier staff", "en"), ("ＳＵＰＰＬＩＥＲ", "en"), ("供应商", "zh"), ("§5", "zh")],
)
def test_a_row_is_found_by_a_word_of_its_cells_basis_or_sentence(
    read_only: World, q: str, lang: str
) -> None:
    found = [one["href"] for one in find(read_only, q, lang=lang)["rows"]["results"]]
    assert f"/rulesets/{live(read_only)}#row-A4" in found


def test_a_ruleset_s_name_alone_does_not_bring_all_its_rows(read_only: World) -> None:
    groups = find(read_only, "bank-answers")
    assert first(groups, "rulesets")["href"] == f"/rulesets/{live(read_only, 'bank-answers')}"
    assert "rows" not in groups


def test_a_title_is_found_in_either_language(read_only: World) -> None:
    assert first(find(read_only, "付款审批", lang="en"), "rulesets")["title"] == "Payment approval"


def test_more_results_than_are_shown_are_counted(read_only: World) -> None:
    rows = find(read_only, "amount")["rows"]
    assert len(rows["results"]) == 8
    assert rows["hidden"] > 0


def test_a_word_leads_to_the_rulesets_that_use_it(read_only: World) -> None:
    assert (
        first(find(read_only, "creditor_type"), "words")["href"] == "/rulesets?word=creditor_type"
    )


def test_a_document_s_number_leads_to_its_trace(read_only: World) -> None:
    number = read_only.one("SELECT document_no FROM document WHERE org_id LIKE 'SH%' LIMIT 1")
    groups = find(read_only, number, "sh.manager")
    assert [one["href"] for one in groups["documents"]["results"]] == [f"/trace?q={number}"]
    assert "documents" not in find(read_only, number, "bj.manager")
    assert "documents" not in find(read_only, number, "admin")  # reads rules, not documents


def test_the_beginning_of_a_number_lists_documents_of_one_s_own_organisations(
    read_only: World,
) -> None:
    group = find(read_only, "d202611", "sh.manager")["documents"]
    count = read_only.one("SELECT count(*) FROM document WHERE org_id LIKE 'SH%'")
    assert str(len(group["results"]) + group["hidden"]) == count


def test_without_a_text_the_pages_one_may_open_are_offered(read_only: World) -> None:
    groups = find(read_only, "")
    assert list(groups) == ["pages"]
    assert "/approvals" not in {one["href"] for one in groups["pages"]["results"]}
    assert first(find(read_only, "trace"), "pages")["href"] == "/trace"


@pytest.mark.parametrize("q", ["%", "_", "'", "(", "\\", "a" * 200, "D202%", "\u0000"])
def test_signs_of_any_kind_are_text(read_only: World, q: str) -> None:
    find(read_only, q)


def test_who_may_not_read_rules_has_no_search(read_only: World) -> None:
    browser = read_only.client("cashier").http
    assert browser.get("/api/v1/find?q=A2").status_code == 403
    assert "<cmd-k" not in browser.get("/").text

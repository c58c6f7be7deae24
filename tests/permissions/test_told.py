"""Whoever may read a document sees by what it was decided, and the rows of rules he may read."""

from __future__ import annotations

import pytest

from tests.pages.world import World
from tests.permissions.support import API

ABOUT = (
    "SELECT c.id FROM decision c JOIN document d ON d.id::text = c.matter_id "
    "WHERE c.kind = :kind AND c.subject = 'payment' AND d.org_id LIKE 'BJ%' "
    "AND jsonb_array_length(c.rows) > 0 ORDER BY c.id LIMIT 1"
)


def decision(world: World, kind: str) -> str:
    """A decision about a document of Beijing."""
    return world.one(ABOUT, kind=kind)


def number(world: World, kind: str) -> str:
    return world.one(
        "SELECT d.document_no FROM document d JOIN decision c ON c.matter_id = d.id::text "
        "WHERE c.id = :id",
        id=decision(world, kind),
    )


def fired(world: World, kind: str) -> tuple[str, str]:
    """The first row that fired, and the name of its ruleset."""
    row = world.one("SELECT rows ->> 0 FROM decision WHERE id = :id", id=decision(world, kind))
    name = world.one("SELECT ruleset FROM decision WHERE id = :id", id=decision(world, kind))
    return row, name


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_rules_of_another_kind_are_named_with_their_outcome_and_no_row(
    read_only: World, lang: str
) -> None:
    http = read_only.client("bj.analyst").http
    answer = http.get(
        f"{API}/decisions/{decision(read_only, 'grouping')}/explanation", params={"lang": lang}
    )
    assert answer.status_code == 200, answer.text
    found = answer.json()
    row, name = fired(read_only, "grouping")
    assert (found["ruleset"], found["told"]) == (name, False)
    assert found["outcome"]
    assert (found["fired"], found["rows"], found["sentences"], found["params"]) == ([], [], [], [])
    assert row not in str(found["outcome"])


def test_rules_of_his_kind_are_explained_row_by_row(read_only: World) -> None:
    http = read_only.client("bj.analyst").http
    found = http.get(f"{API}/decisions/{decision(read_only, 'approval')}/explanation").json()
    assert found["told"] is True
    assert found["rows"]
    assert found["sentences"]


def test_a_text_of_ones_own_is_not_tried_beside_rules_one_may_not_read(read_only: World) -> None:
    browser = read_only.client("bj.analyst")
    text = "kind: grouping\nname: x\nscope: {org: BJ, subject: payment}\n"
    answer = browser.http.post(
        f"{API}/decisions/{decision(read_only, 'grouping')}/explanation",
        json={"text": text},
        headers={"X-CSRF-Token": browser.csrf},
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "NOT_PERMITTED")


@pytest.mark.parametrize("user", ["bj.analyst", "cashier"])
@pytest.mark.parametrize(
    "address", ["/trace?q={number}", "/payments/{number}", f"{API}/trace/{{number}}"]
)
def test_pages_and_programs_tell_alike(read_only: World, user: str, address: str) -> None:
    http = read_only.client(user).http
    answer = http.get(address.replace("{number}", number(read_only, "routing")))
    assert answer.status_code == 200
    mine = read_only.client("treasurer").http.get(
        address.replace("{number}", number(read_only, "routing"))
    )
    assert mine.status_code == 200
    if address.startswith("/api"):
        steps = answer.json()["traces"][0]["decisions"]
        shown = {one["kind"] for one in steps if one["rows"]}
        assert shown <= ({"approval", "routing"} if user == "bj.analyst" else set())
        assert {one["kind"] for one in steps} >= {"approval", "routing", "validation"}
    else:
        assert "its rows are not" in answer.text
        assert "its rows are not" not in mine.text


def test_the_page_of_a_decision_says_why_it_shows_no_rows(read_only: World) -> None:
    http = read_only.client("bj.analyst").http
    page = http.get(f"/decisions/{decision(read_only, 'grouping')}")
    assert page.status_code == 200
    row, name = fired(read_only, "grouping")
    assert name in page.text
    assert "You may not read this ruleset" in page.text
    assert f"<code>{row}</code>" not in page.text
    own = http.get(f"/decisions/{decision(read_only, 'approval')}")
    assert f"<code>{fired(read_only, 'approval')[0]}</code>" in own.text


def test_a_replay_names_the_rulesets_and_leaves_the_rows_out(read_only: World) -> None:
    browser = read_only.client("bj.analyst")
    body = {"known": "2001-01-01T00:00:00+08:00"}
    answer = browser.http.post(
        f"{API}/decisions/replay", json=body, headers={"X-CSRF-Token": browser.csrf}
    )
    found = answer.json()["differences"]
    told = {one["kind"]: one["told"] for one in found}
    assert (told["approval"], told["grouping"]) == (True, False)
    assert all(one["ruleset"] for one in found)
    assert all(one["rows"] == [] for one in found if not one["told"])


def test_the_demo_has_an_analyst_of_two_kinds(read_only: World) -> None:
    http = read_only.client("bj.analyst").http
    kinds = {one["kind"] for one in http.get(f"{API}/rulesets").json()}
    assert kinds == {"approval", "routing"}
    page = http.get("/rulesets").text
    assert "payment-approval" in page
    assert "payment-validation" not in page

"""POST /rulesets/preview against a played day: who may ask, and of what the answer speaks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.pages.fixtures import played, read_only, with_history, world
from tests.pages.world import World

__all__ = ["played", "read_only", "world"]

SHIPPED = Path(__file__).parents[2] / "rulesets/approval/payment-approval.yaml"


def draft_text(large: str = "30万") -> str:
    """The shipped payment approval with a lower threshold."""
    text = SHIPPED.read_text("utf-8")
    return text.replace("version: 2", "version: 3").replace("large: 50万}", f"large: {large}}}")


@pytest.fixture(scope="module")
def kept(read_only: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The day with its history, and 3,000 made-up documents."""
    return with_history(read_only, tmp_path_factory.mktemp("history"))


def ask(world: World, user: str, **asked: object) -> tuple[int, dict[str, Any]]:
    """Status and answer."""
    browser = world.client(user)
    answer = browser.http.post(
        "/api/v1/rulesets/preview", json=asked, headers={"X-CSRF-Token": browser.csrf}
    )
    return answer.status_code, answer.json()


def test_a_draft_is_previewed_over_recorded_and_made_up_history(kept: World) -> None:
    status, found = ask(kept, "analyst", text=draft_text(), largest=3)
    assert status == 200, found
    assert found["documents"] > 3000
    assert 0 < found["changed"] < 500
    assert len(found["largest"]) == 3
    assert found["against"]["version"] == 2
    assert "GROUP" in found["organisations"]
    assert any("made up (demo)" in note for note in found["notes"])
    sums = sum(one["draft"] - one["live"] for one in found["outcomes"])
    assert sums == 0
    moved = {one["row"] for one in found["rows"] if one["changed"]}
    assert moved >= {"A2", "A3"}


def test_a_branch_sees_only_its_own_documents(kept: World) -> None:
    _, whole = ask(kept, "analyst", text=draft_text())
    status, own = ask(kept, "sh.manager", text=draft_text())
    assert status == 200
    assert set(own["organisations"]) == {"SH", "SH01", "SH02"}
    assert {one["branch"] for one in own["branches"]} <= {"SH", "SH01", "SH02"}
    assert own["documents"] < whole["documents"]
    assert own["documents"] == sum(
        one["documents"] for one in whole["branches"] if one["branch"].startswith("SH")
    )
    # Shanghai has 300,000 already: for it nothing changes.
    assert own["changed"] == 0
    status, refused = ask(kept, "sh.manager", text=draft_text(), branch="BJ")
    assert (status, refused["code"]) == (400, "NO_DOCUMENTS")


def test_who_reads_no_documents_is_shown_none(kept: World) -> None:
    status, found = ask(kept, "admin", text=draft_text())
    assert status == 200
    assert found["changed"] > 0
    assert found["largest"] == []
    assert {one["witness"] for one in found["rows"]} == {None}


def test_who_may_not_read_rules_is_refused(kept: World) -> None:
    status, refused = ask(kept, "cashier", text=draft_text())
    assert (status, refused["code"]) == (403, "FORBIDDEN")


def test_recorded_documents_carry_their_numbers(kept: World) -> None:
    text = draft_text().replace("small: 5万", "small: 1")
    text = text.replace("9_999.99 | claimant", "0.99 | claimant")
    status, found = ask(kept, "analyst", text=text, largest=1000)
    assert status == 200, found
    names = {one["document"] for one in found["largest"]}
    numbers = {name for name in names if not name.startswith("DEMO-")}
    assert not any(name.isdecimal() for name in numbers)


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"text": "kind: approval"}, 422, "DRAFT_HAS_ERRORS"),
        (
            {"text": draft_text().replace("A3 | >= $large", "A3 | > $large ")},
            422,
            "DRAFT_HAS_ERRORS",
        ),
        ({"text": ""}, 422, "DRAFT_HAS_ERRORS"),
        ({}, 422, "REQUEST_INVALID"),
        ({"text": "a", "draft": 1}, 422, "REQUEST_INVALID"),
        ({"draft": 4711}, 404, "DRAFT_UNKNOWN"),
        ({"version": "f" * 64}, 404, "UNKNOWN_RULESET"),
        ({"text": draft_text(), "against": "f" * 64}, 404, "UNKNOWN_RULESET"),
        ({"text": draft_text(), "history": "live:90"}, 400, "HISTORY_RANGE"),
        ({"text": draft_text(), "history": "/etc/passwd"}, 400, "HISTORY_RANGE"),
        ({"text": draft_text(), "branch": "XX"}, 400, "NO_DOCUMENTS"),
        ({"text": draft_text(), "largest": -1}, 422, "REQUEST_INVALID"),
    ],
)
def test_what_cannot_be_previewed_is_said(
    kept: World, asked: dict[str, object], status: int, code: str
) -> None:
    got, refused = ask(kept, "analyst", **asked)
    assert (got, refused["code"]) == (status, code), refused


def test_a_server_without_history_says_so(read_only: World) -> None:
    status, refused = ask(read_only, "analyst", text=draft_text())
    assert (status, refused["code"]) == (404, "NO_HISTORY")


def test_who_sees_accounts_masked_asks_nothing_new_of_them(kept: World) -> None:
    rules = SHIPPED.parents[1] / "validation/payment-validation.yaml"
    text = re.sub(r"(?m)^version: .*$", "version: 99", rules.read_text("utf-8"))
    text = text.replace("[0-9A-Z]{5,34}", "[A-Z0-9]{5,34}")  # a question nobody has signed
    status, refused = ask(kept, "analyst", text=text)
    assert (status, refused["code"]) == (403, "HIDDEN_WORDS"), refused

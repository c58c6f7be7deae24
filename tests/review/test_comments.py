"""Comments only grow, and are read where the rules of that organisation are read."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from engine.runtime import db
from tests.pages.world import World
from tests.review.support import approval, draft, look, send, submitted, words


def say(world: World, user: str, address: str, **body: object) -> tuple[int, dict[str, object]]:
    """POST a comment to the API; status and answer."""
    browser = world.client(user)
    answer = browser.http.post(
        f"/api/v1/{address}/comments", json=body, headers={"X-CSRF-Token": browser.csrf}
    )
    return answer.status_code, answer.json()


def test_a_version_shows_what_was_said_of_its_draft_before_what_is_said_of_it(
    world: World,
) -> None:
    number = draft(world)
    status, made = say(world, "treasurer", f"drafts/{number}", text=" why? \r\n", row="A2")
    assert status == 201
    assert (made["text"], made["row"], made["author"]) == ("why?", "A2", "treasurer")
    hash = submitted(world, number)
    say(world, "analyst", f"ruleset-versions/{hash}", text="because")
    told = look(world, "auditor", f"/api/v1/ruleset-versions/{hash}/comments").json()
    assert [(one["text"], one["draft"], one["version"]) for one in told] == [
        ("why?", number, None),
        ("because", None, hash),
    ]
    of_draft = look(world, "auditor", f"/api/v1/drafts/{number}/comments").json()
    assert of_draft == told


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ruleset_comment SET text = 'never said'",
        "DELETE FROM ruleset_comment",
        "TRUNCATE ruleset_comment",
    ],
)
def test_what_was_said_is_neither_changed_nor_taken_back(world: World, change: str) -> None:
    say(world, "auditor", f"drafts/{draft(world)}", text="I looked at it")
    with (
        pytest.raises(IntegrityError, match="its rows are history"),
        db.transaction(world.engine) as session,
    ):
        session.execute(sa.text(change))


@pytest.mark.parametrize(
    ("text", "code"),
    [(" \n ", "COMMENT_EMPTY"), ("x" * 4001, "COMMENT_TOO_LONG"), ("a\x00b", "COMMENT_CHARACTERS")],
)
def test_a_comment_that_cannot_be_kept_is_refused_and_stays_in_its_field(
    world: World, text: str, code: str
) -> None:
    number = draft(world)
    answer = send(world, "analyst", f"/drafts/{number}/comments", text=text, row="A3")
    assert answer.status_code == 422
    assert code in answer.text
    if code == "COMMENT_TOO_LONG":
        assert text in answer.text
        assert "<option selected>A3</option>" in answer.text


def test_a_branch_reads_the_group_s_rules_but_not_what_is_said_of_them(world: World) -> None:
    hash = submitted(world, draft(world))
    say(world, "auditor", f"ruleset-versions/{hash}", text="the branches must not read this")
    shown = look(world, "bj.manager", f"/rulesets/{hash}/review")
    assert shown.status_code == 200
    assert "must not read this" not in shown.text
    assert "read there" in words(shown)
    answer = look(world, "bj.manager", f"/api/v1/ruleset-versions/{hash}/comments")
    assert answer.status_code == 403
    status, refused = say(world, "bj.manager", f"ruleset-versions/{hash}", text="x")
    assert (status, refused["code"]) == (403, "NOT_PERMITTED")


def test_comments_on_another_branch_s_draft_are_as_unknown_as_the_draft(world: World) -> None:
    number = draft(world, approval(org="SH", version=1))
    say(world, "analyst", f"drafts/{number}", text="for Shanghai")
    assert look(world, "sh.manager", f"/api/v1/drafts/{number}/comments").json()[0]["text"] == (
        "for Shanghai"
    )
    assert look(world, "bj.manager", f"/api/v1/drafts/{number}/comments").status_code == 404
    assert say(world, "bj.manager", f"drafts/{number}", text="x")[0] == 404
    for address in (f"/drafts/{number}/review", f"/rulesets/compare?old=draft:{number}"):
        answer = look(world, "bj.manager", address)
        assert answer.status_code == 404
        assert "sh-approval" not in answer.text

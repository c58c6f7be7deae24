"""Whoever holds a role for some kinds of rulesets writes, signs and activates those alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from tests.permissions.support import APPROVAL, ROUTING, code, get, person, post, routing
from tests.versions.support import said
from tests.versions.test_reload import signed

REFUSED = (403, "NOT_PERMITTED")
WHY = {"reason": "because"}


@pytest.fixture
def people(ruled: sa.Engine) -> sa.Engine:
    """An analyst of approvals, an analyst of two kinds, and who signs and activates one kind."""
    person(ruled, "ada", "analyst", kinds=["approval"])
    person(ruled, "abe", "analyst", kinds=["approval", "routing"])
    person(ruled, "tim", "treasurer", kinds=["approval"])
    person(ruled, "ron", "operator", kinds=["routing"])
    return ruled


def drafted(web: httpx.Client, user: str, text: str) -> dict[str, Any]:
    made = post(web, user, "drafts", text=text)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


def saved(web: httpx.Client, user: str, draft: dict[str, Any], text: str) -> httpx.Response:
    body = {"text": text, "seen": draft["hash"]}
    return web.put(f"/api/v1/drafts/{draft['id']}", json=body, headers=said(user))


def test_a_draft_is_begun_for_the_kinds_of_its_author(web: httpx.Client, people: sa.Engine) -> None:
    assert drafted(web, "ada", APPROVAL)["kind"] == "approval"
    refused = post(web, "ada", "drafts", text=ROUTING)
    assert code(refused) == REFUSED
    assert "(routing)" in refused.json()["message_en"]
    assert "(routing)" in refused.json()["message_zh"]
    assert drafted(web, "abe", ROUTING)["kind"] == "routing"


def test_a_draft_that_becomes_another_kind_needs_both(web: httpx.Client, people: sa.Engine) -> None:
    mine = drafted(web, "ada", APPROVAL)
    assert code(saved(web, "ada", mine, ROUTING)) == REFUSED
    shared = drafted(web, "abe", APPROVAL)
    assert saved(web, "abe", shared, ROUTING).status_code == 200
    # Now it is a routing ruleset, of which ada knows nothing.
    assert get(web, "ada", f"drafts/{shared['id']}").status_code == 404
    assert code(saved(web, "ada", shared, APPROVAL)) == (404, "DRAFT_UNKNOWN")


def test_a_slip_in_the_kind_or_no_kind_yet_keeps_nobody_from_saving(
    web: httpx.Client, people: sa.Engine
) -> None:
    mine = drafted(web, "ada", APPROVAL)
    slip = saved(web, "ada", mine, APPROVAL.replace("kind: approval", "kind: aproval"))
    assert (slip.status_code, slip.json()["kind"]) == (200, "approval")
    empty = drafted(web, "ada", "# an idea\n")
    assert empty["kind"] == ""
    assert get(web, "abe", f"drafts/{empty['id']}").status_code == 404
    assert get(web, "ann", f"drafts/{empty['id']}").status_code == 200
    assert code(saved(web, "ada", empty, ROUTING)) == REFUSED
    assert saved(web, "ada", empty, APPROVAL).status_code == 200


def test_nobody_edits_drops_or_submits_a_draft_of_a_kind_taken_from_him(
    web: httpx.Client, people: sa.Engine
) -> None:
    mine = drafted(web, "abe", routing())
    with people.begin() as c:
        c.execute(sa.text("UPDATE role_grant SET kinds = '{approval}' WHERE user_id = 'abe'"))
    assert get(web, "abe", f"drafts/{mine['id']}").status_code == 200  # he wrote it
    assert code(saved(web, "abe", mine, routing(3))) == REFUSED
    path = f"drafts/{mine['id']}"
    assert code(post(web, "abe", f"{path}/submit", seen=mine["hash"], **WHY)) == REFUSED
    assert code(web.delete(f"/api/v1/{path}", headers=said("abe"))) == REFUSED


def proposed(web: httpx.Client, text: str) -> str:
    draft = drafted(web, "ann", text)
    done = post(web, "ann", f"drafts/{draft['id']}/submit", seen=draft["hash"], **WHY)
    assert done.status_code == 200, done.text
    return str(done.json()["hash"])


def test_only_the_kinds_of_the_grant_are_signed_or_returned(
    web: httpx.Client, people: sa.Engine
) -> None:
    with people.begin() as c:  # He may read every kind, and signs one.
        c.execute(
            sa.text(
                "INSERT INTO role_grant (user_id, role, org_id) VALUES ('tim', 'reviewer', 'GROUP')"
            )
        )
    other = proposed(web, routing())
    assert code(post(web, "tim", f"ruleset-versions/{other}/sign")) == REFUSED
    assert code(post(web, "tim", f"ruleset-versions/{other}/sign", activate=True)) == REFUSED
    assert code(post(web, "tim", f"ruleset-versions/{other}/return", **WHY)) == REFUSED
    mine = proposed(web, APPROVAL)
    done = post(web, "tim", f"ruleset-versions/{mine}/sign", activate=True)
    assert (done.status_code, done.json()["revision"]) == (200, 2)


def test_a_reload_needs_the_kind_of_every_ruleset_that_changes(
    web: httpx.Client, people: sa.Engine
) -> None:
    signed(web, APPROVAL)
    other = signed(web, routing())
    assert code(post(web, "ron", "rulesets/reload", **WHY)) == REFUSED
    plan = get(web, "ron", "rulesets/plan").json()
    assert [one["name"] for one in plan["changes"]] == ["payment-routing"]
    at = dt.datetime(2026, 12, 1, tzinfo=dt.UTC).isoformat()
    timed = post(web, "ron", "scheduled-activations", hashes=[other], activate_at=at, **WHY)
    assert timed.status_code == 201, timed.text
    done = post(web, "ron", "rulesets/reload", hashes=[other], **WHY)
    assert done.json() == {"revision": 2, "before": 1, "changed": True}
    back = post(web, "ron", "rulesets/undo", **WHY)
    assert back.json()["revision"] == 3


def test_an_undo_needs_the_kind_of_every_ruleset_that_changes(
    web: httpx.Client, people: sa.Engine
) -> None:
    signed(web, APPROVAL)
    signed(web, routing())
    assert post(web, "oli", "rulesets/reload", **WHY).status_code == 200
    assert code(post(web, "ron", "rulesets/undo", **WHY)) == REFUSED
    assert post(web, "oli", "rulesets/undo", **WHY).status_code == 200


def test_words_of_all_kinds_are_taken_back_by_who_may_activate_all(
    web: httpx.Client, people: sa.Engine
) -> None:
    signed(web, routing())
    assert post(web, "ron", "rulesets/reload", **WHY).status_code == 200
    with people.begin() as c:
        c.execute(
            sa.text(
                "INSERT INTO vocabulary_version (hash, org_id, text, author, reviewer, reason, "
                "created_at) SELECT repeat('a', 64), org_id, text || ' ', author, reviewer, reason,"
                " created_at FROM vocabulary_version LIMIT 1"
            )
        )
        c.execute(
            sa.text(
                "INSERT INTO revision (org_id, vocabulary_hash, activated_by, reason, activated_at,"
                " cause) SELECT org_id, repeat('a', 64), activated_by, reason, activated_at, cause "
                "FROM revision ORDER BY id DESC LIMIT 1"
            )
        )
        c.execute(
            sa.text(
                "INSERT INTO revision_item (revision_id, ruleset_hash, org_id, since) "
                "SELECT 3, ruleset_hash, org_id, since FROM revision_item WHERE revision_id = 2"
            )
        )
    refused = post(web, "ron", "rulesets/undo", **WHY)
    assert code(refused) == REFUSED
    assert "every kind" in refused.json()["message_en"]
    assert post(web, "oli", "rulesets/undo", **WHY).status_code == 200

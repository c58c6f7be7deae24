"""Drafts: errors are kept and told, nobody's text is lost, and errors never become a version."""

from __future__ import annotations

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from engine.runtime import db
from tests.rulebook.support import approval_text
from tests.versions.support import said

GOOD = approval_text(version=2, large="40万")
BROKEN = GOOD.replace("approvers", "aprovers")


def begin(web: httpx.Client, text: str, user: str = "ann") -> dict[str, object]:
    answer = web.post("/api/v1/drafts", json={"text": text}, headers=said(user))
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert isinstance(made, dict)
    return made


def test_a_draft_with_errors_is_saved_and_shared_with_its_findings(web: httpx.Client) -> None:
    made = begin(web, BROKEN)
    assert made["errors"] != 0
    seen = web.get(f"/api/v1/drafts/{made['id']}", headers=said("amy")).json()
    assert seen["text"] == BROKEN
    assert {one["code"] for one in seen["findings"]} >= {"R104"}


def test_a_draft_with_errors_cannot_be_submitted(web: httpx.Client) -> None:
    made = begin(web, BROKEN)
    answer = web.post(
        f"/api/v1/drafts/{made['id']}/submit",
        json={"seen": made["hash"], "reason": "lower"},
        headers=said("ann"),
    )
    assert answer.status_code == 422
    assert answer.json()["code"] == "RULESET_REFUSED"
    assert answer.json()["findings"]
    versions = web.get("/api/v1/ruleset-versions", headers=said("ann")).json()
    assert [one["version"] for one in versions] == [1]


def test_the_second_of_two_editors_gets_both_texts_and_loses_nothing(web: httpx.Client) -> None:
    made = begin(web, BROKEN)
    place = f"/api/v1/drafts/{made['id']}"
    first, second = GOOD, GOOD.replace("40万", "45万")
    saved = web.put(place, json={"text": first, "seen": made["hash"]}, headers=said("ann"))
    assert saved.status_code == 200
    late = web.put(place, json={"text": second, "seen": made["hash"]}, headers=said("amy"))
    assert late.status_code == 409
    body = late.json()
    assert body["code"] == "DRAFT_CONFLICT"
    assert (body["theirs"]["text"], body["theirs"]["last_editor"]) == (first, "ann")
    assert body["yours"] == {"text": second, "seen": made["hash"]}
    again = web.put(
        place, json={"text": second, "seen": body["theirs"]["hash"]}, headers=said("amy")
    )
    assert again.status_code == 200
    assert again.json()["editors"] == ["ann", "amy"]


def test_nobody_who_edited_a_draft_signs_it(web: httpx.Client, ruled: sa.Engine) -> None:
    made = begin(web, BROKEN, "amy")
    web.put(
        f"/api/v1/drafts/{made['id']}",
        json={"text": GOOD, "seen": made["hash"]},
        headers=said("ann"),
    )
    hash = submitted(web, int(str(made["id"])), "ann")
    # Even where roles would allow it: the code refuses, and so does the database.
    with db.transaction(ruled) as session:
        session.execute(sa.text("UPDATE role_grant SET role = 'treasurer' WHERE user_id = 'amy'"))
    refused = web.post(f"/api/v1/ruleset-versions/{hash}/sign", json={}, headers=said("amy"))
    assert (refused.status_code, refused.json()["code"]) == (403, "FOUR_EYES")
    with pytest.raises(DBAPIError) as caught, db.transaction(ruled) as session:
        session.execute(
            sa.text(
                "UPDATE ruleset_version SET reviewer = 'amy', reviewed_at = now() "
                "WHERE hash = :hash"
            ),
            {"hash": hash},
        )
    assert db.constraint(caught.value) == "ruleset_reviewer_edited_nothing"


def test_an_editor_cannot_sign_the_same_text_proposed_beside_the_draft(
    web: httpx.Client, ruled: sa.Engine
) -> None:
    from engine.rulebook import RulebookError, propose
    from engine.rulebook.versions import review
    from tests.rulebook.support import NOW

    begin(web, GOOD, "amy")
    with db.transaction(ruled) as session:
        version = propose(session, GOOD, "x.yaml", author="ann", reason="r", now=NOW)
        assert version.editors == ["amy"]
        with pytest.raises(RulebookError, match="FOUR_EYES"):
            review(session, version.hash, reviewer="amy", now=NOW)


def submitted(web: httpx.Client, number: int, user: str) -> str:
    """Submit a draft; the version's hash."""
    seen = web.get(f"/api/v1/drafts/{number}", headers=said(user)).json()["hash"]
    answer = web.post(
        f"/api/v1/drafts/{number}/submit",
        json={"seen": seen, "reason": "lower"},
        headers=said(user),
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["hash"])


def test_a_returned_version_says_why_and_is_never_signed(web: httpx.Client) -> None:
    hash = submitted(web, int(str(begin(web, GOOD)["id"])), "ann")
    place = f"/api/v1/ruleset-versions/{hash}"
    back = web.post(f"{place}/return", json={"reason": "too low"}, headers=said("tom"))
    assert (back.status_code, back.json()["state"]) == (200, "returned")
    late = web.post(f"{place}/sign", json={"activate": True}, headers=said("cat"))
    assert (late.status_code, late.json()["code"]) == (409, "RETURNED")
    assert "too low" in late.json()["message_en"]
    # The author goes on from it under a higher version.
    again = web.post(
        "/api/v1/drafts",
        json={"text": approval_text(version=3, large="45万"), "base_hash": hash},
        headers=said("ann"),
    )
    assert (again.status_code, again.json()["errors"]) == (201, 0)


def test_a_dropped_draft_is_closed_and_stays_readable(web: httpx.Client) -> None:
    made = begin(web, GOOD)
    place = f"/api/v1/drafts/{made['id']}"
    assert web.delete(place, headers=said("ann")).json()["state"] == "dropped"
    late = web.put(place, json={"text": BROKEN, "seen": made["hash"]}, headers=said("ann"))
    assert (late.status_code, late.json()["code"]) == (409, "DRAFT_CLOSED")
    assert web.get(place, headers=said("ann")).json()["text"] == GOOD


def test_drafts_of_other_branches_are_neither_listed_nor_told(web: httpx.Client) -> None:
    group = begin(web, GOOD)
    bj = begin(web, approval_text(version=2, org="BJ", name="bj-approval"), "bea")
    assert bj["organisation"] == "BJ"
    listed = web.get("/api/v1/drafts", headers=said("bea")).json()
    assert [one["id"] for one in listed] == [bj["id"]]
    hidden = web.get(f"/api/v1/drafts/{group['id']}", headers=said("bea"))
    assert (hidden.status_code, hidden.json()["code"]) == (404, "DRAFT_UNKNOWN")
    theft = web.put(
        f"/api/v1/drafts/{bj['id']}",
        json={"text": GOOD, "seen": bj["hash"]},
        headers=said("bea"),
    )
    assert theft.status_code == 403, "a branch cannot turn its draft into the group's"


@pytest.mark.parametrize(
    ("text", "code", "named"),
    [
        (GOOD.replace("reviewer | 4h", f"reviewer | {'4' * 10_001}h"), "R115", "10,000"),
        (
            GOOD.replace(
                "examples:",
                "".join(f"  B{n} | {n} => reviewer | 4h\n" for n in range(5_000)) + "examples:",
            ),
            "R115",
            "5,000",
        ),
    ],
)
def test_limits_are_named(web: httpx.Client, text: str, code: str, named: str) -> None:
    made = begin(web, text)
    found = made["findings"]
    assert isinstance(found, list)
    limits = [one for one in found if one["code"] == code]
    assert limits
    assert any(named in f"{one['message_en']} {one['hint_en']}" for one in limits)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"text": "a: \x00"}, 400, "DRAFT_CHARACTERS"),
        ({"text": "kind: approval\n", "base_hash": "0" * 64}, 404, "UNKNOWN_RULESET"),
        ({}, 422, "REQUEST_INVALID"),
    ],
)
def test_bad_requests_are_refused_by_name(
    web: httpx.Client, body: dict[str, str], status: int, code: str
) -> None:
    answer = web.post("/api/v1/drafts", json=body, headers=said("ann"))
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("text", ["", "- a", "kind: [", "kind: approval", "\ufeff" + GOOD])
def test_any_text_can_be_kept_as_a_draft(web: httpx.Client, text: str) -> None:
    made = begin(web, text)
    assert made["text"] == text


def test_who_may_only_read_saves_nothing(web: httpx.Client) -> None:
    answer = web.post("/api/v1/drafts", json={"text": GOOD}, headers=said("aud"))
    assert answer.status_code == 403

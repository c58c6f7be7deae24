"""A rule goes its way over pages: submitted, refused as author, signed, returned, live, undone."""

from __future__ import annotations

import re

import pytest

from tests.pages.world import World
from tests.review.support import approval, draft, forms, look, seen, send, submitted, words

pytestmark = pytest.mark.long


def state(world: World, hash: str) -> str:
    """The version's chip."""
    shown = look(world, "auditor", f"/rulesets/{hash}/review")
    found = re.search(r'<h1>.*?<span class="chip[^"]*">([^<]+)</span>', shown.text, re.S)
    assert found is not None
    return found[1]


def test_a_draft_is_reviewed_before_it_is_submitted(world: World) -> None:
    number = draft(world, note="asked for by audit")
    shown = look(world, "analyst", f"/drafts/{number}/review")
    assert shown.status_code == 200, shown.text
    said = words(shown)
    assert "asked for by audit" in said
    assert "payment-approval v2" in said
    assert "parameter large 50万 30万" in said
    assert {"submit", "drop", "comments"} <= forms(shown)
    assert "sign" not in forms(shown)


def test_who_may_not_edit_reads_a_draft_and_is_offered_no_act_on_it(world: World) -> None:
    number = draft(world)
    shown = look(world, "treasurer", f"/drafts/{number}/review")
    assert forms(shown) == {"comments"}
    assert send(world, "treasurer", f"/drafts/{number}/submit", reason="x").status_code == 403


def test_an_author_is_not_offered_to_sign_and_is_refused_when_he_tries(world: World) -> None:
    hash = submitted(world, draft(world))
    shown = look(world, "analyst", f"/rulesets/{hash}/review")
    assert forms(shown) == {"return", "draft", "comments"}
    assert "another person signs it" in words(shown)
    assert send(world, "analyst", f"/rulesets/{hash}/sign").status_code == 403
    # Whoever holds the role and wrote at it is refused as well.
    world.one(
        "WITH g AS (DELETE FROM role_grant WHERE user_id = 'analyst' RETURNING 1) "
        "SELECT count(*) FROM g"
    )
    world.one(
        "INSERT INTO role_grant (user_id, role, org_id) VALUES ('analyst', 'treasurer', 'GROUP') "
        "RETURNING role"
    )
    assert "sign" not in forms(look(world, "analyst", f"/rulesets/{hash}/review"))
    refused = send(world, "analyst", f"/rulesets/{hash}/sign")
    assert refused.status_code == 403
    assert "FOUR_EYES" in refused.text
    assert state(world, hash) == "proposed"


def test_another_person_signs_and_who_may_activate_makes_it_live(world: World) -> None:
    hash = submitted(world, draft(world))
    shown = look(world, "treasurer", f"/rulesets/{hash}/review")
    assert "Approve payment-approval v3" in words(shown)
    done = send(world, "treasurer", f"/rulesets/{hash}/sign", activate="")
    assert done.status_code == 303
    assert state(world, hash) == "signed, not live"
    assert forms(look(world, "operator", f"/rulesets/{hash}/review")) >= {"activate", "schedule"}
    live = send(world, "operator", f"/rulesets/{hash}/activate", reason="from today")
    assert live.status_code == 303
    assert state(world, hash) == "live"
    undone = send(world, "operator", "/operations/undo", to="1", over="2", reason="not yet")
    assert undone.status_code == 303
    assert state(world, hash) == "was live"
    again = send(world, "operator", "/operations/undo", to="2", over="2", reason="once more")
    assert again.status_code == 409
    assert "PLAN_STALE" in again.text
    assert 'value="once more"' in again.text
    assert "revision 3 is an undo by operator" in words(look(world, "operator", "/operations/undo"))


def test_signing_and_activating_is_one_act(world: World) -> None:
    hash = submitted(world, draft(world))
    done = send(world, "cfo", f"/rulesets/{hash}/sign", activate="now")
    assert "review_approved_live" in done.headers["location"]
    assert state(world, hash) == "live"


def test_what_is_signed_already_says_so_to_the_second_who_signs(world: World) -> None:
    hash = submitted(world, draft(world))
    send(world, "cfo", f"/rulesets/{hash}/sign")
    late = send(world, "treasurer", f"/rulesets/{hash}/sign")
    assert late.status_code == 409
    assert "signed by cfo" in words(late)


def test_a_returned_version_comes_back_to_its_author_with_what_was_said(world: World) -> None:
    number = draft(world, note="asked for by audit")
    send(world, "treasurer", f"/drafts/{number}/comments", text="why 300,000?", row="A2")
    hash = submitted(world, number)
    assert "proposed ruleset to sign" in words(look(world, "treasurer", "/"))
    reason = "the branches asked for 350,000"
    done = send(world, "treasurer", f"/rulesets/{hash}/return", reason=reason)
    assert done.status_code == 303
    assert state(world, hash) == "returned"
    assert "proposed ruleset to sign" not in words(look(world, "treasurer", "/"))
    assert "that was returned" in words(look(world, "analyst", "/"))
    assert reason in words(look(world, "analyst", "/rulesets/waiting"))

    went = send(world, "analyst", f"/rulesets/{hash}/continue")
    again = int(re.match(r"/drafts/(\d+)\?", went.headers["location"])[1])  # type: ignore[index]
    twice = send(world, "analyst", f"/rulesets/{hash}/continue")
    assert twice.headers["location"] == went.headers["location"]
    shown = words(look(world, "analyst", f"/drafts/{again}/review"))
    assert "asked for by audit" in shown
    assert "why 300,000?" in shown
    assert "that was returned" not in words(look(world, "analyst", "/"))
    assert world.one("SELECT text FROM ruleset_draft WHERE id = :id", id=again) == approval(
        version=4
    )
    fourth = submitted(world, again)
    assert "why 300,000?" in words(look(world, "treasurer", f"/rulesets/{fourth}/review"))
    assert send(world, "treasurer", f"/rulesets/{fourth}/sign").status_code == 303


def test_an_author_withdraws_what_he_submitted_and_it_does_not_come_back_to_him(
    world: World,
) -> None:
    hash = submitted(world, draft(world))
    assert send(world, "analyst", f"/rulesets/{hash}/return", reason="too early").status_code == 303
    assert state(world, hash) == "returned"
    assert "that was returned" not in words(look(world, "analyst", "/"))


def test_activation_is_timed_in_shanghai_time_and_cancelled(world: World) -> None:
    hash = submitted(world, draft(world))
    send(world, "cfo", f"/rulesets/{hash}/sign")
    past = send(
        world, "operator", f"/rulesets/{hash}/schedule", reason="Monday", at="2026-11-20T08:00"
    )
    assert past.status_code == 400
    assert 'value="Monday"' in past.text
    assert 'value="2026-11-20T08:00"' in past.text
    none = send(world, "operator", f"/rulesets/{hash}/schedule", reason="Monday", at="")
    assert "INSTANT_UNCLEAR" in none.text
    done = send(
        world, "operator", f"/rulesets/{hash}/schedule", reason="Monday", at="2026-11-23T08:00"
    )
    assert done.status_code == 303
    shown = look(world, "operator", f"/rulesets/{hash}/review")
    assert "2026-11-23 08:00:00 +08:00" in words(shown)
    assert forms(shown) >= {"cancel"}
    assert "activate" not in forms(shown)
    number = world.one("SELECT id FROM scheduled_activation")
    stopped = send(
        world, "operator", f"/rulesets/{hash}/schedules/{number}/cancel", reason="not yet"
    )
    assert stopped.status_code == 303
    assert forms(look(world, "operator", f"/rulesets/{hash}/review")) >= {"activate", "schedule"}


def test_a_text_that_was_saved_meanwhile_is_not_submitted_and_the_reason_stays(
    world: World,
) -> None:
    number = draft(world)
    before = seen(world, number)
    browser = world.client("analyst")
    saved = browser.http.put(
        f"/api/v1/drafts/{number}",
        json={"text": approval("35万"), "seen": before},
        headers={"X-CSRF-Token": browser.csrf},
    )
    assert saved.status_code == 200
    answer = send(world, "analyst", f"/drafts/{number}/submit", seen=before, reason="typed <by> me")
    assert answer.status_code == 409
    assert "DRAFT_CONFLICT" in answer.text
    assert 'value="typed &lt;by&gt; me"' in answer.text
    assert seen(world, number) in answer.text


def test_a_draft_with_errors_says_them_and_is_not_submitted(world: World) -> None:
    number = draft(world, approval().replace("small: 5万", "small: 5 apples"))
    shown = look(world, "analyst", f"/drafts/{number}/review")
    assert "submit" not in forms(shown)
    assert "Errors in the text: 1" in words(shown)
    answer = send(
        world, "analyst", f"/drafts/{number}/submit", seen=seen(world, number), reason="x"
    )
    assert answer.status_code == 422
    assert world.one("SELECT state FROM ruleset_draft WHERE id = :id", id=number) == "open"


def test_a_dropped_draft_stays_readable(world: World) -> None:
    number = draft(world)
    assert send(world, "analyst", f"/drafts/{number}/drop").status_code == 303
    shown = look(world, "analyst", f"/drafts/{number}/review")
    assert "dropped" in words(shown)
    assert forms(shown) == {"comments"}


def test_a_submitted_draft_is_reviewed_as_the_version_it_became(world: World) -> None:
    number = draft(world)
    hash = submitted(world, number)
    answer = look(world, "analyst", f"/drafts/{number}/review")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/rulesets/{hash}/review"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_live_version_is_compared_with_the_one_it_took_over_from(world: World, lang: str) -> None:
    large = {"en": "parameter large", "zh": "参数 large"}[lang]
    hash = submitted(world, draft(world))
    send(world, "cfo", f"/rulesets/{hash}/sign", activate="now")
    shown = words(look(world, "auditor", f"/rulesets/{hash}/review", lang))
    assert f"{large} 50万 30万" in shown
    first = world.one("SELECT hash FROM ruleset_version WHERE name = 'payment-approval' LIMIT 1")
    back = words(look(world, "auditor", f"/rulesets/{first}/review", lang))
    assert f"{large} 30万 50万" in back

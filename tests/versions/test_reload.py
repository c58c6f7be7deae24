"""Plan, reload, undo, timed activation and what ruled when, as programs ask for them."""

from __future__ import annotations

import datetime as dt

import httpx
import pytest
import sqlalchemy as sa

from engine.rulebook import Rulebook
from engine.rulebook.revisions import items_of
from engine.runtime import db
from engine.runtime.actions import Registry, Worker
from engine.runtime.clock import ManualClock
from engine.treasury.rulesets import activating
from tests.rulebook.support import approval_text
from tests.versions.support import said
from tests.versions.test_drafts import begin, submitted


def signed(web: httpx.Client, text: str) -> str:
    """A version written by ann and signed by tom; its hash."""
    hash = submitted(web, int(str(begin(web, text)["id"])), "ann")
    done = web.post(f"/api/v1/ruleset-versions/{hash}/sign", json={}, headers=said("tom"))
    assert done.status_code == 200, done.text
    assert done.json()["revision"] is None
    return hash


def post(web: httpx.Client, path: str, user: str = "oli", **body: object) -> httpx.Response:
    """POST with a reason."""
    return web.post(f"/api/v1/{path}", json={"reason": "because", **body}, headers=said(user))


def held(engine: sa.Engine, revision: int) -> set[str]:
    """The hashes of a revision."""
    with db.transaction(engine) as session:
        return {item.version.hash for item in items_of(session, revision)}


def test_plan_shows_what_reload_does_and_reload_says_how_to_undo(
    web: httpx.Client, ruled: sa.Engine
) -> None:
    hash = signed(web, approval_text(version=2, large="40万"))
    plan = web.get("/api/v1/rulesets/plan", headers=said("aud")).json()
    [change] = plan["changes"]
    assert change["change"] == "changed"
    assert (change["old"]["version"], change["new"]["version"]) == (1, 2)
    assert (change["new"]["author"], change["new"]["reviewer"]) == ("ann", "tom")
    assert change["diff"]["envelope"]["params.large"] == ["50万", "40万"]
    done = post(web, "rulesets/reload")
    assert done.json() == {"revision": 2, "before": 1, "changed": True}
    assert hash in held(ruled, 2)
    after = web.get("/api/v1/rulesets/plan", headers=said("aud")).json()
    assert (after["revision"], after["changes"]) == (2, [])
    again = post(web, "rulesets/reload")
    assert again.json() == {"revision": 2, "before": 2, "changed": False}
    back = post(web, "rulesets/undo", revision=done.json()["before"])
    assert back.json()["revision"] == 3
    assert held(ruled, 3) == held(ruled, 1)
    # What was undone does not come back by itself, but may be named.
    assert post(web, "rulesets/reload").json()["changed"] is False
    named = post(web, "rulesets/reload", hashes=[hash])
    assert held(ruled, named.json()["revision"]) == held(ruled, 2)
    listed = web.get("/api/v1/revisions", headers=said("aud")).json()
    assert [(one["id"], one["cause"], one["restores"]) for one in listed] == [
        (4, "reload", None),
        (3, "undo", 1),
        (2, "reload", None),
        (1, "approved", None),
    ]
    assert listed[0]["approved_by"] is None


def test_two_versions_that_break_the_set_change_nothing(
    web: httpx.Client, ruled: sa.Engine
) -> None:
    signed(web, approval_text(version=2, large="40万"))
    signed(web, approval_text(name="other-approval"))
    before = held(ruled, 1)
    plan = web.get("/api/v1/rulesets/plan", headers=said("oli")).json()
    assert plan["broken"]
    refused = post(web, "rulesets/reload")
    assert refused.status_code == 422
    assert {one["code"] for one in refused.json()["findings"]} == {"R501"}
    assert web.get("/api/v1/health").json()["revision"] == 1
    assert held(ruled, 1) == before


def test_who_lacks_the_permission_for_the_organisation_reloads_nothing(web: httpx.Client) -> None:
    hash = signed(web, approval_text(version=2, large="40万"))
    assert post(web, "rulesets/reload", "ann").status_code == 403
    assert post(web, "rulesets/reload", "bob").json()["code"] == "NOT_PERMITTED"
    assert post(web, "rulesets/reload", "oli", hashes=[hash]).status_code == 200
    assert post(web, "rulesets/undo", "bob").json()["code"] == "NOT_PERMITTED"
    assert web.get("/api/v1/health").json()["revision"] == 2


def test_an_unsigned_an_unknown_and_an_older_version_are_refused(web: httpx.Client) -> None:
    waiting = submitted(
        web, int(str(begin(web, approval_text(version=2, large="45万"))["id"])), "ann"
    )
    answer = post(web, "rulesets/reload", hashes=[waiting])
    assert answer.json()["code"] == "NOT_SIGNED"
    assert post(web, "rulesets/reload", hashes=["f" * 64]).status_code == 404
    signed(web, approval_text(version=3, large="40万"))
    assert post(web, "rulesets/reload").json()["changed"]
    web.post(f"/api/v1/ruleset-versions/{waiting}/sign", json={}, headers=said("tom"))
    assert post(web, "rulesets/reload").json()["changed"] is False, "2 is older than 3"
    assert post(web, "rulesets/reload", hashes=[waiting]).json()["code"] == "SUPERSEDED"


def test_signing_an_older_version_does_not_make_it_live_over_a_newer_one(
    web: httpx.Client, ruled: sa.Engine
) -> None:
    older, newer = (
        submitted(web, int(str(begin(web, approval_text(version=v, large=large))["id"])), "ann")
        for v, large in ((2, "40万"), (3, "45万"))
    )
    place = "/api/v1/ruleset-versions/{}/sign"
    done = web.post(place.format(newer), json={"activate": True}, headers=said("cat"))
    assert done.json()["revision"] == 2
    late = web.post(place.format(older), json={"activate": True}, headers=said("cat"))
    assert (late.status_code, late.json()["code"]) == (409, "SUPERSEDED")
    assert web.get("/api/v1/health").json()["revision"] == 2
    assert newer in held(ruled, 2)
    # The signature was not given either: it may be returned.
    assert post(web, f"ruleset-versions/{older}/return", "cat").status_code == 200


def test_undo_names_what_it_cannot_do(web: httpx.Client) -> None:
    assert post(web, "rulesets/undo").json()["code"] == "NOTHING_TO_UNDO"
    assert post(web, "rulesets/undo", revision=1).json()["code"] == "NOTHING_TO_UNDO"
    assert post(web, "rulesets/undo", revision=99).status_code == 404
    assert web.post("/api/v1/rulesets/undo", json={}, headers=said("oli")).status_code == 422


def test_an_undo_pressed_twice_does_not_bring_back_what_was_undone(
    web: httpx.Client, ruled: sa.Engine
) -> None:
    for version, large in ((2, "45万"), (3, "40万")):
        signed(web, approval_text(version=version, large=large))
        post(web, "rulesets/reload")
    assert post(web, "rulesets/undo").json()["revision"] == 4
    assert held(ruled, 4) == held(ruled, 2)
    again = post(web, "rulesets/undo")
    assert (again.status_code, again.json()["code"]) == (409, "UNDONE_ALREADY")
    assert "revision 2 rules again" in again.json()["message_en"]
    assert "第 2 次激活已重新生效" in again.json()["message_zh"]
    assert web.get("/api/v1/health").json()["revision"] == 4
    further = post(web, "rulesets/undo", revision=1).json()["revision"]
    assert held(ruled, further) == held(ruled, 1)
    back = post(web, "rulesets/undo", revision=3).json()["revision"]
    assert held(ruled, back) == held(ruled, 3), "by its number it may come back"


def worked(engine: sa.Engine, clock: ManualClock) -> None:
    """Let a worker do what is due."""
    registry = Registry()
    activating.register(registry)
    Worker(engine, clock, registry, "test").run_until_idle()


def worked_at(engine: sa.Engine, instant: dt.datetime) -> None:
    """Let a worker do what is due at `instant`."""
    worked(engine, ManualClock(instant))


def test_a_scheduled_version_becomes_live_at_its_time_and_not_before(
    web: httpx.Client, ruled: sa.Engine, clock: ManualClock
) -> None:
    hash = signed(web, approval_text(version=2, large="40万"))
    at = clock.now() + dt.timedelta(hours=2)
    made = post(web, "scheduled-activations", hashes=[hash], activate_at=at.isoformat())
    assert (made.status_code, made.json()["state"]) == (201, "waiting")
    assert post(web, "rulesets/reload").json()["changed"] is False, "it waits for its time"
    clock.advance(dt.timedelta(minutes=119))
    worked(ruled, clock)
    assert web.get("/api/v1/health").json()["revision"] == 1
    clock.advance(dt.timedelta(minutes=1))
    worked(ruled, clock)
    [done] = web.get("/api/v1/scheduled-activations", headers=said("aud")).json()
    assert (done["state"], done["revision"]) == ("done", 2)
    assert hash in held(ruled, 2)


def test_a_set_broken_at_its_time_changes_nothing_and_raises_an_incident(
    web: httpx.Client, ruled: sa.Engine, clock: ManualClock
) -> None:
    other = signed(web, approval_text(name="other-approval"))
    at = clock.now() + dt.timedelta(hours=1)
    post(web, "scheduled-activations", hashes=[other], activate_at=at.isoformat())
    clock.advance(dt.timedelta(hours=1))
    worked(ruled, clock)
    worked(ruled, clock)
    [done] = web.get("/api/v1/scheduled-activations", headers=said("aud")).json()
    assert done["state"] == "refused"
    assert "R501" in done["outcome"]
    assert web.get("/api/v1/health").json()["revision"] == 1
    with db.transaction(ruled) as session:
        alerts = session.execute(sa.text("SELECT code, message_en FROM alert")).all()
    [alert] = alerts
    assert alert.code == "ACTIVATION_REFUSED"
    assert "R501" in alert.message_en


@pytest.mark.parametrize(
    "end", ["DELETE FROM role_grant", "UPDATE user_account SET active = false"]
)
def test_who_left_or_lost_the_role_before_its_time_activates_nothing(
    web: httpx.Client, ruled: sa.Engine, clock: ManualClock, end: str
) -> None:
    hash = signed(web, approval_text(version=2, large="40万"))
    at = clock.now() + dt.timedelta(hours=1)
    post(web, "scheduled-activations", hashes=[hash], activate_at=at.isoformat())
    with db.transaction(ruled) as session:
        column = "id" if "user_account" in end else "user_id"
        session.execute(sa.text(f"{end} WHERE {column} = 'oli'"))
    clock.advance(dt.timedelta(hours=1))
    worked(ruled, clock)
    worked(ruled, clock)
    [done] = web.get("/api/v1/scheduled-activations", headers=said("aud")).json()
    assert (done["state"], done["revision"]) == ("refused", None)
    assert "NOT_PERMITTED" in done["outcome"]
    assert web.get("/api/v1/health").json()["revision"] == 1
    with db.transaction(ruled) as session:
        [alert] = session.execute(sa.text("SELECT code, message_en, message_zh FROM alert")).all()
    assert alert.code == "ACTIVATION_REFUSED"
    assert "NOT_PERMITTED" in alert.message_en
    assert "NOT_PERMITTED" in alert.message_zh
    # Somebody who may takes it over.
    assert post(web, "rulesets/reload", "cat").json()["changed"]


def test_what_was_undone_after_it_was_scheduled_does_not_come_back_by_itself(
    web: httpx.Client, ruled: sa.Engine, clock: ManualClock
) -> None:
    hash = signed(web, approval_text(version=2, large="40万"))
    at = clock.now() + dt.timedelta(hours=1)
    post(web, "scheduled-activations", hashes=[hash], activate_at=at.isoformat())
    for _ in range(2):
        assert post(web, "rulesets/reload", hashes=[hash]).json()["changed"]
        clock.advance(dt.timedelta(minutes=1))
        assert post(web, "rulesets/undo", revision=1).json()["changed"]
    before = web.get("/api/v1/health").json()["revision"]
    clock.advance(dt.timedelta(hours=1))
    worked(ruled, clock)
    ended = web.get("/api/v1/scheduled-activations", headers=said("aud")).json()
    assert [one["state"] for one in ended] == ["refused"]
    assert all("[UNDONE]" in one["outcome"] for one in ended)
    assert web.get("/api/v1/health").json()["revision"] == before
    with db.transaction(ruled) as session:
        alerts = session.execute(sa.text("SELECT code, message_en, message_zh FROM alert")).all()
    assert {one.code for one in alerts} == {"ACTIVATION_REFUSED"}
    assert all("UNDONE" in one.message_en and "撤销" in one.message_zh for one in alerts)


def test_what_was_undone_before_it_was_scheduled_becomes_live_at_its_time(
    web: httpx.Client, ruled: sa.Engine, clock: ManualClock
) -> None:
    hash = signed(web, approval_text(version=2, large="40万"))
    post(web, "rulesets/reload")
    post(web, "rulesets/undo")
    clock.advance(dt.timedelta(minutes=1))
    at = clock.now() + dt.timedelta(hours=1)
    post(web, "scheduled-activations", hashes=[hash], activate_at=at.isoformat())
    clock.advance(dt.timedelta(hours=1))
    worked(ruled, clock)
    [done] = web.get("/api/v1/scheduled-activations", headers=said("aud")).json()
    assert done["state"] == "done"
    assert hash in held(ruled, done["revision"])


def test_a_version_waits_for_one_time_only(
    web: httpx.Client, ruled: sa.Engine, clock: ManualClock
) -> None:
    hash = signed(web, approval_text(version=2, large="40万"))
    at = (clock.now() + dt.timedelta(hours=1)).isoformat()
    number = post(web, "scheduled-activations", hashes=[hash], activate_at=at).json()["id"]
    again = post(web, "scheduled-activations", hashes=[hash], activate_at=at)
    assert (again.status_code, again.json()["code"]) == (409, "SCHEDULED_ALREADY")
    assert f"timed activation {number}" in again.json()["message_en"]
    post(web, f"scheduled-activations/{number}/cancel")
    assert post(web, "scheduled-activations", hashes=[hash], activate_at=at).status_code == 201


def test_a_plan_over_another_revision_is_not_carried_out(
    web: httpx.Client, ruled: sa.Engine
) -> None:
    first = signed(web, approval_text(version=2, large="40万"))
    over = web.get("/api/v1/rulesets/plan", headers=said("aud")).json()["revision"]
    assert post(web, "rulesets/reload", hashes=[first], over=over).json()["changed"]
    second = signed(web, approval_text(version=3, large="50万"))
    late = post(web, "rulesets/reload", hashes=[second], over=over)
    assert (late.status_code, late.json()["code"]) == (409, "PLAN_STALE")
    assert post(web, "rulesets/undo", over=over).json()["code"] == "PLAN_STALE"
    assert post(web, "rulesets/undo", over=over + 1).json()["changed"]


def test_a_cancelled_activation_never_comes(
    web: httpx.Client, ruled: sa.Engine, clock: ManualClock
) -> None:
    hash = signed(web, approval_text(version=2, large="40万"))
    at = clock.now() + dt.timedelta(hours=1)
    number = post(web, "scheduled-activations", hashes=[hash], activate_at=at.isoformat()).json()[
        "id"
    ]
    place = f"scheduled-activations/{number}/cancel"
    assert post(web, place, "bob").json()["code"] == "NOT_PERMITTED"
    assert post(web, place).json()["state"] == "cancelled"
    assert post(web, place).json()["code"] == "SCHEDULE_ENDED"
    clock.advance(dt.timedelta(hours=2))
    worked(ruled, clock)
    assert web.get("/api/v1/health").json()["revision"] == 1


def test_times_gone_by_and_unsigned_versions_are_not_scheduled(
    web: httpx.Client, clock: ManualClock
) -> None:
    hash = signed(web, approval_text(version=2, large="40万"))
    past = post(web, "scheduled-activations", hashes=[hash], activate_at=clock.now().isoformat())
    assert past.json()["code"] == "SCHEDULE_PAST"
    naive = post(web, "scheduled-activations", hashes=[hash], activate_at="2027-01-01T00:00:00")
    assert naive.status_code == 422


def test_what_ruled_on_a_date_as_known_at_an_instant(
    web: httpx.Client, ruled: sa.Engine, clock: ManualClock
) -> None:
    first = clock.advance(dt.timedelta(hours=1))
    clock.advance(dt.timedelta(hours=1))
    signed(web, approval_text(version=2, large="40万", effective="{from: 2026-12-01}"))
    post(web, "rulesets/reload")

    def asked(on: str, known: dt.datetime | None = None) -> list[int]:
        query = {"kind": "approval", "on": on}
        if known is not None:
            query["known"] = known.isoformat()
        answer = web.get("/api/v1/rulesets/as-of", params=query, headers=said("aud"))
        return [one["version"] for one in answer.json()["rulesets"]]

    assert asked("2026-11-30") == [1]
    assert asked("2026-12-01") == [2]
    assert asked("2026-12-01", first) == [1], "at that instant nobody knew version 2"
    assert asked("2026-12-01", first - dt.timedelta(days=9)) == []
    with db.transaction(ruled) as session:
        assert Rulebook().known_at(session, first).revision == 1

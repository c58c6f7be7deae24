"""Queue, schedules and banks for programs: permissions, and what another branch never learns."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.app import create_app
from api.services import Services
from engine.runtime import db
from engine.runtime.actions import enqueue
from engine.runtime.clock import ManualClock
from engine.runtime.schedules import Schedule, Scheduler
from tests.versions.conftest import ruled
from tests.versions.support import token

__all__ = ["ruled"]

API = "/api/v1"
DAILY = Schedule("daily", "30 17 * * mon-sun", "do")
PAYS = Schedule("pays", "30 17 * * mon-sun", "pay", also_needs="payments.release")


@pytest.fixture
def web(ruled: sa.Engine, clock: ManualClock) -> TestClient:
    """The application over a small group with an action of each branch and of the system."""
    with db.transaction(ruled) as session:
        for key, org in (("bj-1", "BJ"), ("sh-1", "SH"), ("all-1", None)):
            enqueue(session, "do", key, {}, org_id=org)
        session.execute(sa.text("UPDATE action SET state = 'dead' WHERE key = 'sh-1'"))
    Scheduler(ruled, clock, [DAILY, PAYS]).run_once()
    services = Services(ruled, clock, demo=False)
    return TestClient(create_app(replace(services, schedules=(DAILY, PAYS), kinds=("do", "pay"))))


def said(user: str) -> dict[str, str]:
    """Headers of a user."""
    return {"Authorization": f"Bearer {token(user)}"}


def post(web: TestClient, path: str, user: str = "oli", **body: object) -> httpx.Response:
    """An act with a reason."""
    answer: httpx.Response = web.post(
        f"{API}/{path}", json={"reason": "look", **body}, headers=said(user)
    )
    return answer


def keys(web: TestClient, user: str, **params: str) -> list[str]:
    """Keys of the actions a user sees."""
    answer = web.get(f"{API}/queue", params=params, headers=said(user))
    assert answer.status_code == 200, answer.text
    return sorted(one["key"] for one in answer.json()["rows"])


def test_a_user_sees_the_actions_of_his_organisations_only(web: TestClient) -> None:
    assert keys(web, "oli") == ["all-1", "bj-1", "sh-1"]
    assert keys(web, "bob") == ["bj-1"]
    assert keys(web, "aud", state="dead") == ["sh-1"]
    counts = web.get(f"{API}/queue/kinds", headers=said("bob")).json()
    assert [(one["kind"], one["counts"]) for one in counts] == [("do", {"due": 1}), ("pay", {})]


@pytest.mark.parametrize("path", ["queue", "queue/kinds", "schedules", "banks"])
def test_looking_needs_the_permission(web: TestClient, path: str) -> None:
    assert web.get(f"{API}/{path}", headers=said("ann")).json()["code"] == "FORBIDDEN"
    assert web.get(f"{API}/{path}").status_code == 401


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("queue/retry", {"key": "sh-1"}),
        ("queue/hold", {"key": "bj-1"}),
        ("queue/release", {"key": "bj-1"}),
        ("queue/kinds/hold", {"kind": "do"}),
        ("queue/kinds/release", {"kind": "do"}),
        ("schedules/daily/hold", {}),
        ("schedules/daily/release", {}),
        ("schedules/daily/run", {}),
    ],
)
def test_acting_needs_the_permission(web: TestClient, path: str, body: dict[str, object]) -> None:
    assert post(web, path, "aud", **body).json()["code"] == "FORBIDDEN"


@pytest.mark.parametrize("path", ["queue/retry", "queue/hold", "queue/release"])
def test_an_action_of_another_branch_is_unknown(web: TestClient, path: str) -> None:
    for key in ("sh-1", "all-1", "nothing"):
        answer = post(web, path, "bob", key=key)
        assert (answer.status_code, answer.json()["code"]) == (404, "ACTION_UNKNOWN")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("queue/kinds/hold", {"kind": "do"}),
        ("schedules/daily/hold", {}),
        ("schedules/daily/run", {}),
    ],
)
def test_what_concerns_all_needs_the_whole_group(
    web: TestClient, path: str, body: dict[str, object]
) -> None:
    assert post(web, path, "bob", **body).json()["code"] == "NOT_PERMITTED"


def test_an_action_is_held_and_released(web: TestClient) -> None:
    made = post(web, "queue/hold", "bob", key="bj-1").json()
    assert (made["scope"], made["name"], made["held_by"]) == ("action", "bj-1", "bob")
    assert keys(web, "bob", state="held") == ["bj-1"]
    assert web.get(f"{API}/status", headers=said("oli")).json()["queue"] == {
        "ready": 1,
        "later": 0,
        "held": 1,
        "dead": 1,
    }
    assert post(web, "queue/hold", key="bj-1").json()["code"] == "HELD_ALREADY"
    assert post(web, "queue/release", key="bj-1").json()["released_by"] == "oli"
    assert keys(web, "bob", state="held") == []


def test_an_action_that_has_ended_is_not_held(web: TestClient) -> None:
    answer = post(web, "queue/hold", key="sh-1")
    assert (answer.status_code, answer.json()["code"]) == (409, "ACTION_ENDED")


def test_a_dead_action_is_retried_once(web: TestClient) -> None:
    assert post(web, "queue/retry", key="sh-1").json() == {"key": "sh-1"}
    assert post(web, "queue/retry", key="sh-1").json()["code"] == "NOT_DEAD"


def test_schedules_tell_their_next_time_and_who_holds_them(web: TestClient) -> None:
    post(web, "schedules/daily/hold")
    daily, pays = web.get(f"{API}/schedules", headers=said("aud")).json()
    assert (daily["name"], daily["hold"]["held_by"], daily["last"]) == ("daily", "oli", None)
    assert (pays["next_due"], pays["hold"]) == ("2026-11-23T17:30:00+08:00", None)
    assert web.get(f"{API}/schedules", headers=said("bob")).json() == []


def test_a_run_by_hand_is_told_with_who_asked(web: TestClient) -> None:
    key = post(web, "schedules/daily/run").json()["action"]
    assert keys(web, "oli", q=key) == [key]
    daily = web.get(f"{API}/schedules", headers=said("aud")).json()[0]
    assert (daily["last"]["asked_by"], daily["last"]["state"]) == ("oli", "ready")
    assert post(web, "schedules/daily/run").json()["code"] == "RUN_ALREADY"


def test_what_releases_payments_is_run_by_who_may_release_them(web: TestClient) -> None:
    assert post(web, "schedules/pays/run").json()["code"] == "NOT_PERMITTED"


def test_a_schedule_nobody_knows_is_unknown(web: TestClient) -> None:
    for act in ("hold", "release", "run"):
        assert post(web, f"schedules/none/{act}").json()["code"] == "SCHEDULE_NAME_UNKNOWN"


def test_every_act_is_in_the_audit_log_with_its_reason(web: TestClient, ruled: sa.Engine) -> None:
    post(web, "queue/retry", key="sh-1")
    post(web, "queue/kinds/hold", kind="do")
    post(web, "queue/kinds/release", kind="do")
    post(web, "schedules/daily/run")
    with db.transaction(ruled) as session:
        told = session.execute(
            sa.text(
                "SELECT action, subject_id, reason FROM audit_entry WHERE actor = 'oli' ORDER BY id"
            )
        ).all()
    assert [tuple(one) for one in told] == [
        ("queue.revive", "sh-1", "look"),
        ("queue.hold", "do", "look"),
        ("queue.release", "do", "look"),
        ("schedule.run", "daily", "look"),
    ]

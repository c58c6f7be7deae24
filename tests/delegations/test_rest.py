"""Delegations by programs: given, listed, confirmed, revoked, and used to approve."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from api.cli.trace import written
from engine.rulebook import Rulebook
from engine.runtime.clock import ManualClock
from engine.runtime.db import transaction
from engine.treasury.organisations.grants import grant
from engine.treasury.trace import trace
from tests.treasury_intake.conftest import group, live, rulebook
from tests.treasury_intake.support import bring_in, documents, row, steps_open
from tests.treasury_intake.web import signed_in

__all__ = ["group", "live", "rulebook"]

API = "/api/v1/delegations"
NEW = {
    "delegate": "bj-reviewer",
    "organisation": "BJ",
    "valid_from": "2026-11-23",
    "valid_until": "2026-11-30",
    "reason": "年休假",
}


@pytest.fixture
def world(live: Session, engine: sa.Engine, rulebook: Rulebook, clock: ManualClock) -> sa.Engine:
    """A document of Beijing whose first step waits for bj-reviewer, a second administrator."""
    bring_in(live, rulebook, clock, [row(1, amount="60000.00")])
    grant(live, "auditor", "admin", "GROUP")
    live.commit()
    return engine


def test_given_used_and_seen_in_the_trace(world: sa.Engine, clock: ManualClock) -> None:
    manager = signed_in(world, clock, "bj-manager")
    reviewer = signed_in(world, clock, "reviewer")
    made = manager.post(API, json={**NEW, "delegate": "reviewer", "caps": {"CNY": "60000.00"}})
    assert (made.status_code, made.json()["confirmed"]) == (201, True)
    first = signed_in(world, clock, "bj-reviewer")
    step = first.get("/api/v1/approvals").json()[0]["step_id"]
    first.post("/api/v1/approvals/decide", json={"step_ids": [step], "verdict": "approve"})
    [waiting] = reviewer.get("/api/v1/approvals").json()
    assert (waiting["role"], waiting["on_behalf_of"], waiting["delegation"]) == (
        "finance_manager",
        "bj-manager",
        made.json()["id"],
    )
    verdict = {"step_ids": [waiting["step_id"]], "verdict": "approve"}
    [taken] = reviewer.post("/api/v1/approvals/decide", json=verdict).json()
    assert taken["taken"]
    number = waiting["document_no"]
    [found] = reviewer.get(f"/api/v1/trace/{number}").json()["traces"]
    assert [(a["user"], a["on_behalf_of"]) for a in found["approvals"]][:2] == [
        ("bj-reviewer", None),
        ("reviewer", "bj-manager"),
    ]
    with transaction(world) as session:
        [told] = trace(session, number)
    assert "reviewer for bj-manager" in "\n".join(written(told, "en"))
    assert "reviewer 代 bj-manager" in "\n".join(written(told, "zh"))


def test_an_administrators_needs_a_second_person(world: sa.Engine, clock: ManualClock) -> None:
    admin, second = signed_in(world, clock, "admin"), signed_in(world, clock, "auditor")
    made = admin.post(API, json={**NEW, "principal": "bj-manager"})
    assert (made.status_code, made.json()["confirmed"]) == (201, False)
    one = f"{API}/{made.json()['id']}"
    own = admin.post(f"{one}/confirm")
    assert (own.status_code, own.json()["code"]) == (403, "FOUR_EYES_DELEGATION")
    assert second.post(f"{one}/confirm").status_code == 204
    assert second.post(f"{one}/confirm").status_code == 409
    [listed] = second.get(API).json()
    assert (listed["state"], listed["given_by"]) == ("in_force", "admin")
    assert [each["what"] for each in listed["events"]] == ["confirmed", "began"]
    assert admin.post(f"{one}/revoke", json={"reason": ""}).status_code == 400
    assert admin.post(f"{one}/revoke", json={"reason": "came back"}).status_code == 204
    [listed] = second.get(API).json()
    assert (listed["state"], listed["events"][-1]["reason"]) == ("revoked", "came back")


@pytest.mark.parametrize(
    ("user", "changes", "status", "code"),
    [
        ("bj-manager", {"delegate": "bj-manager"}, 400, "DELEGATION_TO_ONESELF"),
        ("bj-manager", {"caps": {"CNY": "1.234"}}, 400, None),
        ("bj-manager", {"organisation": "XX"}, 404, "ORGANISATION_UNKNOWN"),
        ("bj-reviewer", {"principal": "bj-manager"}, 403, "NOT_PERMITTED"),
        ("maker", {}, 403, "FORBIDDEN"),
        ("cashier", {}, 403, "FORBIDDEN"),
    ],
)
def test_refusals_have_a_status_and_a_code(
    world: sa.Engine,
    clock: ManualClock,
    user: str,
    changes: dict[str, object],
    status: int,
    code: str | None,
) -> None:
    answer = signed_in(world, clock, user).post(API, json={**NEW, **changes})
    assert answer.status_code == status
    assert code is None or answer.json()["code"] == code


def test_delegations_of_others_are_not_told(world: sa.Engine, clock: ManualClock) -> None:
    made = signed_in(world, clock, "bj-manager").post(API, json=NEW).json()["id"]
    other = signed_in(world, clock, "sh-reviewer")
    assert other.get(API).json() == []
    assert other.post(f"{API}/{made}/revoke", json={"reason": "x"}).status_code == 404
    assert len(signed_in(world, clock, "bj-reviewer").get(API).json()) == 1
    assert len(signed_in(world, clock, "auditor").get(API).json()) == 1


def test_who_is_away_comes_back(world: sa.Engine, clock: ManualClock) -> None:
    manager = signed_in(world, clock, "bj-manager")
    assert manager.post(f"{API}/return").status_code == 409
    manager.post(API, json={**NEW, "away_until": "2026-12-05"})
    assert manager.get(API).json()[0]["principal_is_away"]
    assert manager.post(f"{API}/return").status_code == 204
    [listed] = manager.get(API).json()
    assert (listed["state"], listed["principal_is_away"]) == ("in_force", False)


def test_a_documents_business_type_is_what_kinds_are_about(
    world: sa.Engine, clock: ManualClock, live: Session
) -> None:
    manager = signed_in(world, clock, "bj-manager")
    manager.post(API, json={**NEW, "delegate": "reviewer", "business_types": ["refund"]})
    signed_in(world, clock, "bj-reviewer").post(
        "/api/v1/approvals/decide", json={"step_ids": steps_open(live), "verdict": "approve"}
    )
    live.rollback()
    reviewer = signed_in(world, clock, "reviewer")
    assert reviewer.get("/api/v1/approvals").json() == []
    manager.post(API, json={**NEW, "delegate": "reviewer", "business_types": ["claim"]})
    [waiting] = reviewer.get("/api/v1/approvals").json()
    assert waiting["document_no"] == documents(live)[0].document_no

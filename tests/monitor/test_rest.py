"""GET /api/v1/status: for those who may look at operations."""

from __future__ import annotations

import hashlib

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.app import create_app
from api.services import Services
from engine.runtime.db import transaction
from tests.monitor.world import Group


@pytest.fixture
def client(group: Group) -> TestClient:
    """The application on the group's database; tokens are "t-" and the user."""
    with transaction(group.engine) as session:
        session.execute(
            sa.text("INSERT INTO user_account (id, org_id, name) VALUES ('op', 'GROUP', 'op')")
        )
        session.execute(
            sa.text(
                "INSERT INTO role_grant (user_id, role, org_id) VALUES ('op', 'operator', 'GROUP')"
            )
        )
        for user in ("op", "cashier"):
            session.execute(
                sa.text("UPDATE user_account SET token_hash = :hash WHERE id = :user"),
                {"user": user, "hash": hashlib.sha256(f"t-{user}".encode()).hexdigest()},
            )
    return TestClient(create_app(Services(group.engine, group.clock, demo=True)))


def _get(client: TestClient, user: str | None) -> tuple[int, dict[str, object]]:
    headers = {} if user is None else {"Authorization": f"Bearer t-{user}"}
    answer = client.get("/api/v1/status", headers=headers)
    return answer.status_code, answer.json()


def test_nobody_unknown_looks(client: TestClient) -> None:
    assert _get(client, None)[0] == 401


def test_without_the_permission_it_is_refused(client: TestClient) -> None:
    assert _get(client, "cashier")[0] == 403


def test_an_operator_sees_what_runs_and_what_is_red(client: TestClient) -> None:
    code, found = _get(client, "op")
    assert code == 200
    assert found["revision"] == 1
    assert found["queue"] == {"ready": 0, "later": 0, "held": 0, "dead": 0}
    monitor = found["monitor"]
    assert isinstance(monitor, dict)
    assert monitor["second_opinion"] is False
    assert monitor["why_off"]["zh"] == "监控进程未运行"
    assert found["red"]

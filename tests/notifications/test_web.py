"""REST and the command line: who sees and sends again, and what nobody is shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from typer.testing import CliRunner, Result

from api.app import create_app
from api.cli.main import build
from api.services import Services
from engine.runtime.db import transaction
from engine.runtime.workspace import Workspace
from engine.treasury.notifications.sending import open_carriers
from engine.treasury.organisations.models import RoleGrant, UserAccount
from engine.treasury.organisations.signin import set_token
from tests.notifications.stage import Stage

PATH = "/api/v1/notifications"
Sluice = Callable[..., Result]


def headers(user: str) -> dict[str, str]:
    return {"Authorization": f"Bearer token-{user}"}


@pytest.fixture
def web(stage: Stage) -> TestClient:
    """The application over a group with one notification sent, one given up, one for nobody."""
    with transaction(stage.engine) as session:
        session.add(UserAccount(id="shops", org_id="SH", name="shops"))
        session.flush()
        session.add(RoleGrant(user_id="shops", role="operator", org_id="SH"))
        session.flush()
        for user in ("ops", "shops", "root", "li", "boss"):
            set_token(session, user, f"token-{user}")
    stage.alert("a", notify=("reviewer", "cfo"))
    stage.fault("email", "recipient", 550)
    stage.send()
    services = Services(stage.engine, stage.clock, demo=False)
    return TestClient(create_app(replace(services, carriers=open_carriers(stage.environ))))


def rows(web: TestClient, user: str = "ops", **params: str) -> list[dict[str, object]]:
    answer = web.get(PATH, params=params, headers=headers(user))
    assert answer.status_code == 200, answer.text
    found: list[dict[str, object]] = answer.json()["rows"]
    return found


def test_operators_see_who_was_told_and_no_address_or_word_of_it(
    web: TestClient, stage: Stage
) -> None:
    found = web.get(PATH, headers=headers("ops"))
    assert found.json()["states"] == {"SENT": 1, "GIVEN_UP": 1, "NO_RECIPIENT": 1}
    assert "@example.com" in found.text
    for address in ("li@example.com", "ann@example.com"):
        assert address not in found.text
    assert "大额支付" not in found.text
    assert [one["state"] for one in rows(web, state="SENT")] == ["SENT"]
    assert rows(web, channel="sms") == []


def test_another_branch_sees_none_and_who_operates_nothing_may_not_look(web: TestClient) -> None:
    assert rows(web, "shops") == []
    assert web.get(PATH, headers=headers("li")).json()["code"] == "FORBIDDEN"
    assert web.get(PATH).status_code == 401
    assert web.get(PATH, params={"state": "LOST"}, headers=headers("ops")).status_code == 422


def test_sending_again_over_rest(web: TestClient, stage: Stage) -> None:
    [given_up] = rows(web, state="GIVEN_UP")
    [sent] = rows(web, state="SENT")

    def again(user: str, number: object, **body: str) -> httpx.Response:
        path = f"{PATH}/{number}/resend"
        answer: httpx.Response = web.post(path, json=body, headers=headers(user))
        return answer

    number = given_up["id"]
    assert again("ops", number).status_code == 422
    assert again("boss", number, reason="x").status_code == 403
    assert again("shops", number, reason="x").status_code == 404
    assert again("ops", sent["id"], reason="x").json()["code"] == "NOTIFICATION_NOT_OPEN"
    assert again("ops", number, reason="mailbox made").json() == {"count": 1}
    stage.send()
    assert rows(web, state="GIVEN_UP") == []


def test_all_of_a_state_and_channel_over_rest(web: TestClient, stage: Stage) -> None:
    body = {"state": "GIVEN_UP", "channel": "email", "reason": "mended"}
    assert web.post(f"{PATH}/resend", json=body, headers=headers("shops")).json() == {"count": 0}
    assert web.post(f"{PATH}/resend", json=body, headers=headers("ops")).json() == {"count": 1}
    body["state"] = "SENT"
    assert web.post(f"{PATH}/resend", json=body, headers=headers("ops")).status_code == 422


def test_trying_a_channel_goes_to_the_askers_own_address_alone(
    web: TestClient, stage: Stage
) -> None:
    def tried(user: str = "ops", channel: str = "email") -> httpx.Response:
        body = {"channel": channel}
        answer: httpx.Response = web.post(f"{PATH}/test", json=body, headers=headers(user))
        return answer

    assert tried().json()["code"] == "ADDRESS_MISSING"
    address = {"email": "ops@example.com", "phone": None}
    users = "/api/v1/users/ops/addresses"
    assert web.put(users, json=address, headers=headers("ops")).status_code == 403
    assert web.put(users, json=address, headers=headers("root")).json() == {
        "user": "ops",
        "email": "o***@example.com",
        "phone": None,
    }
    assert tried().json()["answer"].startswith("250 ")
    assert stage.mails()[0]["recipient"] == "ops@example.com"
    stage.fault("email", "message", 554)
    refused = tried()
    assert (refused.status_code, refused.json()["code"]) == (502, "NOT_TAKEN")
    assert tried("boss").status_code == 403


@pytest.mark.parametrize(
    "address",
    [
        {"email": "a@b\r\nBcc: c@d", "phone": None},
        {"email": "a b@c", "phone": None},
        {"email": "a@b>,<c@d", "phone": None},
        {"email": None, "phone": "+86 138"},
        {"email": None, "phone": "abc"},
    ],
)
def test_an_address_that_could_say_more_than_where_is_refused(
    web: TestClient, address: dict[str, str | None]
) -> None:
    answer = web.put("/api/v1/users/li/addresses", json=address, headers=headers("root"))
    assert (answer.status_code, answer.json()["code"]) == (400, "ADDRESS_WRONG")


def test_the_audit_log_keeps_addresses_masked(web: TestClient, stage: Stage) -> None:
    given = {"email": "new.li@example.com", "phone": "13900000001"}
    web.put("/api/v1/users/li/addresses", json=given, headers=headers("root"))
    [(before, after)] = stage.rows(
        "SELECT before::text, after::text FROM audit_entry WHERE action = 'user.addresses'"
    )
    assert "l***@example.com" in str(before)
    assert "n***@example.com" in str(after)
    assert "new.li" not in str(after)
    assert "13900000001" not in str(after)


def test_what_was_given_up_is_red_until_sent_or_its_alert_is_resolved(
    web: TestClient, stage: Stage
) -> None:
    def red() -> list[str]:
        found = web.get("/api/v1/status", headers=headers("ops")).json()
        assert found["notifications"]["SENT"] == 1
        return [one["code"] for one in found["red"]]

    assert "NOTIFICATIONS_GIVEN_UP" in red()
    with transaction(stage.engine) as session:
        session.execute(
            sa.text(
                "UPDATE alert SET state = 'resolved', resolved_at = now(), resolved_by = 'boss'"
            )
        )
    assert "NOTIFICATIONS_GIVEN_UP" not in red()


@pytest.fixture
def sluice(
    web: TestClient,
    stage: Stage,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Sluice:
    """Gives a command on the same group."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    made = Workspace.create(tmp_path / "workspace", demo=True)
    monkeypatch.setenv("SLUICE_WORKSPACE", str(made.folder))
    for name, value in stage.environ.items():
        monkeypatch.setenv(name, value)

    def run(*words: str, code: int = 0) -> Result:
        ran = CliRunner().invoke(build("notifications"), ["notifications", *words])
        assert ran.exit_code == code, (words, ran.output, ran.exception)
        return ran

    return run


def test_the_command_lists_sends_again_and_tries(sluice: Sluice, stage: Stage) -> None:
    lines = sluice("list").stdout.splitlines()
    assert lines[-1] == "3 notifications"
    assert "reaches nobody" in sluice("list", "--state", "NO_RECIPIENT").stdout
    assert "无接收人" in sluice("list", "--lang", "zh").stdout
    found = json.loads(sluice("list", "--state", "GIVEN_UP", "--format", "json").stdout)
    number = str(found["rows"][0]["id"])
    acts = ("--as", "ops", "--reason", "mended")
    assert "ONE_OF" in sluice("resend", *acts, code=2).stderr
    assert sluice("resend", number, *acts).stdout.strip() == "sent again"
    many = ("--state", "NO_RECIPIENT", "--channel", "email", "--format", "json")
    assert json.loads(sluice("resend", *many, *acts).stdout) == {"count": 0}
    stage.send()
    assert json.loads(sluice("list", "--format", "json").stdout)["states"]["SENT"] == 2
    sluice("address", "ops", "--email", "ops@example.com", "--as", "root")
    assert sluice("test", "--as", "ops").stdout.startswith("taken: 250 ")
    assert "VALUE_UNKNOWN" in sluice("list", "--state", "LOST", code=2).stderr


def test_templates_are_listed_with_what_is_wrong(
    sluice: Sluice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "document  Document" in sluice("templates").stdout
    (tmp_path / "odd.yaml").write_text("title: 1\n", "utf-8")
    monkeypatch.setenv("SLUICE_NOTIFICATION_TEMPLATES", str(tmp_path))
    found = json.loads(sluice("templates", "--format", "json", code=1).stdout)
    assert [one["name"] for one in found if one["error"]] == ["odd"]

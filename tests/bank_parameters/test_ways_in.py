"""Parameters of banks by REST, command line and page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from typer.testing import Result

from api.app import create_app
from api.services import Services
from engine.runtime.clock import ManualClock
from tests.operations.test_commands import sluice
from tests.operations.test_rest import said
from tests.pages.fixtures import played, world
from tests.pages.world import World
from tests.permissions.support import person
from tests.versions.conftest import ruled

__all__ = ["played", "ruled", "sluice", "world"]
BANK = "/api/v1/banks/bank_a"


@pytest.fixture
def web(ruled: sa.Engine, clock: ManualClock) -> TestClient:
    """The application, with a treasurer and an operator of Beijing alone."""
    person(ruled, "tia", "treasurer")
    person(ruled, "bo", "operator", "BJ")
    person(ruled, "oz", "operator")
    return TestClient(create_app(Services(ruled, clock, demo=False)))


def put(web: TestClient, user: str, **body: object) -> tuple[int, dict[str, object]]:
    answer = web.post(f"{BANK}/parameters", json={"reason": "why", **body}, headers=said(user))
    return answer.status_code, answer.json()


def test_rest_sets_a_parameter_and_shows_it_with_who_and_why(web: TestClient) -> None:
    status, told = put(web, "tia", name="channel", value="off", channel="bank_direct")
    assert status == 200, told
    read = web.get(BANK, headers=said("oz")).json()
    channel = next(one for one in read["channels"] if one["channel"] == "bank_direct")
    assert (channel["on"], channel["off"]["changed_by"], channel["off"]["reason"]) == (
        False,
        "tia",
        "why",
    )
    assert [one["value"] for one in read["changes"]] == ["off"]


def test_rest_refuses_who_may_not_and_what_is_not(web: TestClient) -> None:
    assert put(web, "oz", name="channel", value="off", channel="bank_direct")[0] == 403
    status, told = put(web, "tia", name="cut_off", value="late")
    assert (status, told["code"]) == (400, "VALUE_INVALID")
    assert web.get("/api/v1/banks/bank_x", headers=said("oz")).status_code == 400


def test_a_branch_does_not_see_what_is_set_for_its_sister(web: TestClient) -> None:
    put(web, "tia", name="cut_off", value="12:00", organisation="SH")
    put(web, "tia", name="cut_off", value="16:00")
    read = web.get(BANK, params={"organisation": "BJ"}, headers=said("bo")).json()
    assert [one["organisation"] for one in read["settings"]] == ["GROUP"]
    assert [one["value"] for one in read["changes"]] == ["16:00"]


def test_the_command_line_closes_and_opens_a_channel(
    sluice: Callable[..., Result], ruled: sa.Engine
) -> None:
    person(ruled, "tia", "treasurer")
    by = ("--as", "tia", "--reason", "bank is down")
    sluice("bank", "off", "bank_a", "bank_file", *by)
    assert "bank_file  OFF" in sluice("bank", "show", "bank_a").output
    sluice("bank", "set", "bank_a", "max_payment", "50000", "--org", "BJ", *by)
    shown = json.loads(sluice("bank", "show", "bank_a", "--format", "json").output)
    assert {one["value"] for one in shown["settings"]} == {"off", "50000.00"}
    sluice("bank", "on", "bank_a", "bank_file", *by)
    sluice("bank", "set", "bank_a", "max_payment", "reset", "--org", "BJ", *by)
    assert "OFF" not in sluice("bank", "show", "bank_a", "--lang", "zh").output
    sluice("bank", "off", "bank_a", "bank_file", "--as", "oli", "--reason", "x", code=2)


def test_the_page_switches_a_channel_for_a_treasurer_and_offers_it_to_nobody_else(
    world: World,
) -> None:
    browser = world.client("treasurer")
    address = "/operations/banks/bank_a"
    fields = {"name": "channel", "channel": "bank_file", "value": "off", "reason": "maintenance"}
    done = browser.http.post(address, data={"csrf": browser.csrf, **fields, "org": "BJ"})
    assert done.status_code == 303
    page = browser.http.get(done.headers["location"]).text
    assert "maintenance" in page
    assert re.search(r'name="value" value="on"', page)
    watching = world.client("auditor").http.get(address).text
    assert '<form class="line" method="post"' not in watching
    bad = browser.http.post(address, data={"csrf": browser.csrf, **fields, "channel": "x"})
    assert bad.status_code == 404
    assert "has no channel x" in bad.text

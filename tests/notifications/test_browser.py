"""The page of notifications, with and without a browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from engine.runtime.actions import Registry, Worker
from engine.runtime.db import transaction
from engine.treasury.alerts.board import raise_alerts
from engine.treasury.notifications.sending import open_carriers, register
from simulators.common.fields import Fields
from tests.notifications.drafts import draft
from tests.notifications.stage import receiving
from tests.operations.given import operated
from tests.pages.browser import opened, serving
from tests.pages.fixtures import chromium, played, world
from tests.pages.world import World

__all__ = ["chromium", "played", "world"]
SHOTS = os.environ.get("SHOTS")


@pytest.fixture
def told(world: World, tmp_path: Path) -> Iterator[World]:
    """The played day with a notification in each state."""
    with receiving(tmp_path / "mailbox.sqlite") as (box, environ):
        made = operated(world)
        services = replace(made.services, carriers=open_carriers(environ))
        made = replace(made, services=services)
        now = world.clock.now()

        def work(env: dict[str, str]) -> None:
            registry = Registry()
            register(registry, open_carriers(env))
            Worker(world.engine, world.clock, registry, "w").run_until_idle()

        def alerts(key: str, **more: object) -> None:
            with transaction(world.engine) as session:
                raise_alerts(session, [draft(key, **more)], now)

        work(environ)
        alerts("sms", channels=("sms",))
        work({})
        alerts("gone", notify=("admin",), severity="medium")
        alerts("mail")
        fault = {"channel": "email", "fault": "recipient", "code": 550}
        box.plan(Fields(fault, "fault"))
        work(environ)
        box.plan(Fields({**fault, "code": 451}, "fault"))
        alerts("later", severity="low")
        work(environ)
        yield made


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_is_quiet_and_open_to_everybody(chromium: Browser, told: World, lang: str) -> None:
    with serving(told) as address:
        visit = opened(chromium, address, lang)
        visit.sign_in("operator", told.played.password)
        for path in (
            "/operations/notifications",
            "/operations/notifications?state=GIVEN_UP",
            "/operations/notifications?state=PASSED_ON&channel=sms",
            "/operations",
        ):
            visit.go(path)
            for theme in ("light", "dark"):
                if SHOTS:
                    visit.page.emulate_media(color_scheme=theme)
                    name = path.strip("/").replace("/", "-").partition("&")[0]
                    shot = f"{SHOTS}/{name.replace('?', '-')}-{lang}-{theme}.png"
                    visit.page.screenshot(path=shot, full_page=True)
            assert visit.serious() == [], path
            assert visit.said == [], path
            width = visit.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert width <= 0, path
        visit.page.context.close()


def test_an_operator_sends_again_what_he_ticks_and_tries_a_channel(
    chromium: Browser, told: World
) -> None:
    with serving(told) as address:
        visit = opened(chromium, address, "en")
        visit.sign_in("operator", told.played.password)
        page = visit.page
        visit.go("/operations/notifications?state=GIVEN_UP")
        page.get_by_role("row").filter(has_text="given up").get_by_role("checkbox").first.check()
        page.fill("#told-reason", "the mailbox is there now")
        page.get_by_role("button", name="Send again").click()
        expect(page.locator("body")).to_contain_text("1 notification is sent again.")
        page.get_by_role("button", name="Send me a test by e-mail").click()
        expect(page.locator("body")).to_contain_text("The test message was taken: 250 OK")
        page.context.close()
    state = "SELECT count(*) FROM notification WHERE state = 'GIVEN_UP'"
    assert told.one(state) == "0"


def test_who_only_looks_is_offered_no_act_and_may_do_none(told: World) -> None:
    auditor = told.client("auditor")
    page = auditor.http.get("/operations/notifications")
    assert page.status_code == 200
    assert "operator@demo.example" not in page.text
    assert "/operations/notifications/resend" not in page.text
    assert "/operations/notifications/test" not in page.text
    for act in ("resend", "test"):
        answer = auditor.http.post(
            f"/operations/notifications/{act}",
            data={"csrf": auditor.csrf, "number": "1", "reason": "x", "channel": "email"},
        )
        assert answer.status_code == 403
    assert told.client("cashier").http.get("/operations/notifications").status_code == 403


def test_nothing_ticked_and_no_reason_are_refused_in_words(told: World) -> None:
    operator = told.client("operator")
    path = "/operations/notifications/resend"
    answer = operator.http.post(path, data={"csrf": operator.csrf, "reason": "x"})
    assert (answer.status_code, "tick the notifications" in answer.text) == (400, True)
    number = told.one("SELECT id FROM notification WHERE state = 'GIVEN_UP'")
    answer = operator.http.post(path, data={"csrf": operator.csrf, "number": number})
    assert (answer.status_code, "say why" in answer.text) == (400, True)

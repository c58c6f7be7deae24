"""The page on which people bring statements, with and without a browser."""

from __future__ import annotations

import os

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from engine.runtime.db import transaction
from tests.operations.given import operated
from tests.pages.browser import opened, serving
from tests.pages.fixtures import chromium, played, world
from tests.pages.world import World

__all__ = ["chromium", "played", "world"]
SHOTS = os.environ.get("SHOTS")


def unconnected(world: World) -> str:
    """An account of Beijing whose bank is not connected; its number."""
    with transaction(world.engine) as session:
        return str(
            session.execute(
                sa.text(
                    "UPDATE bank_account SET direct = false WHERE id = (SELECT id FROM bank_account"
                    " WHERE org_id = 'BJ' ORDER BY id LIMIT 1) RETURNING number"
                )
            ).scalar_one()
        )


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_accountant_enters_bookings_and_sees_what_is_wrong_with_them(
    chromium: Browser, world: World, lang: str
) -> None:
    number = unconnected(world)
    with serving(operated(world)) as address:
        visit = opened(chromium, address, lang)
        visit.sign_in("accountant", world.played.password)
        page = visit.page
        visit.go("/statements")
        option = page.locator("#h-hand ~ form select[name=account] option").filter(has_text=number)
        chosen = option.get_attribute("value")
        page.select_option("#h-hand ~ form select[name=account]", chosen)
        page.locator("input[name=booking_date]").first.fill("2026-11-20")
        page.locator("input[name=amount]").first.fill("12.50")
        page.fill("#h-hand ~ form input[name=closing]", "1.00")
        page.fill("#h-hand ~ form input[name=reason]", "by post")
        page.locator("#h-hand ~ form button").click()
        expect(page.locator(".note.bad")).to_contain_text("1.00")
        for theme in ("light", "dark"):
            if SHOTS:
                page.emulate_media(color_scheme=theme)
                page.screenshot(path=f"{SHOTS}/statements-{lang}-{theme}.png", full_page=True)
        assert visit.serious() == []
        # The browser itself tells of an answer that refuses.
        assert [one for one in visit.said if "status of 400" not in one] == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        page.context.close()


def test_a_file_nobody_can_read_is_refused_and_a_cashier_enters_nothing_by_hand(
    world: World,
) -> None:
    browser = world.client("cashier")
    assert "/statements/by-hand" not in browser.http.get("/statements").text
    sent = {"file": ("x.csv", b"what,is\nthis,file\n")}
    answer = browser.http.post("/statements", data={"csrf": browser.csrf}, files=sent)
    assert answer.status_code == 400
    assert "layout" in answer.text or "布局" in answer.text
    empty = browser.http.post("/statements", data={"csrf": browser.csrf})
    assert empty.status_code == 422

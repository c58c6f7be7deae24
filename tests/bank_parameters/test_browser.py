"""The page of a bank in a browser."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Browser, expect

from tests.operations.given import operated
from tests.pages.browser import opened, serving
from tests.pages.fixtures import chromium, played, world
from tests.pages.world import World

__all__ = ["chromium", "played", "world"]
SHOTS = os.environ.get("SHOTS")
ON = {"en": "switch off", "zh": "关闭"}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_treasurer_switches_a_channel_off_and_the_page_says_so(
    chromium: Browser, world: World, lang: str
) -> None:
    with serving(operated(world)) as address:
        visit = opened(chromium, address, lang)
        visit.sign_in("treasurer", world.played.password)
        page = visit.page
        visit.go("/operations/banks/bank_a?org=BJ")
        row = page.get_by_role("row").filter(has_text="bank_file")
        row.locator("summary").click()
        row.locator("input[name=reason]").fill("maintenance until 18:00")
        row.get_by_role("button", name=ON[lang]).click()
        expect(page.get_by_role("row").filter(has_text="maintenance")).to_have_count(3)
        page.select_option("select[name=name]", "max_payment")
        page.fill("input[name=value]", "500000")
        page.fill("#set", "agreed")
        page.locator("form.act button").click()
        expect(page.get_by_role("row").filter(has_text="500000.00")).to_have_count(5)
        for theme in ("light", "dark"):
            if SHOTS:
                page.emulate_media(color_scheme=theme)
                page.screenshot(path=f"{SHOTS}/bank-{lang}-{theme}.png", full_page=True)
        assert visit.serious() == []
        assert visit.said == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        page.context.close()

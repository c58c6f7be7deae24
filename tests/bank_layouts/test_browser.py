"""The pages of bank layouts in a browser."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Browser, expect

from engine.runtime.db import transaction
from engine.treasury.layouts import drafting
from tests.bank_layouts.support import layout
from tests.operations.given import operated
from tests.pages.browser import opened, serving
from tests.pages.fixtures import chromium, played, world
from tests.pages.world import World

__all__ = ["chromium", "played", "world"]
SHOTS = os.environ.get("SHOTS")
SIGN = {"en": "sign and make live", "zh": "复核并启用"}
LIVE = {"en": "live", "zh": "生效"}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_treasurer_signs_what_an_analyst_wrote(
    chromium: Browser, world: World, lang: str
) -> None:
    now = world.clock.now()
    with transaction(world.engine) as session:
        draft = drafting.begin(session, "analyst", "GROUP", layout(), now)
        drafting.submit(session, "analyst", draft.id or 0, draft.text_hash, "new bank", now)
    with serving(operated(world)) as address:
        visit = opened(chromium, address, lang)
        visit.sign_in("treasurer", world.played.password)
        page = visit.page
        for path in ("list", "one"):
            visit.go("/operations/layouts")
            if path == "one":
                page.get_by_role("link", name="own-statement").click()
            for theme in ("light", "dark"):
                if SHOTS:
                    page.emulate_media(color_scheme=theme)
                    page.screenshot(path=f"{SHOTS}/layouts-{path}-{lang}-{theme}.png")
            assert visit.serious() == []
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        page.get_by_role("button", name=SIGN[lang]).click()
        expect(page.locator("main .chip").first).to_have_text(LIVE[lang])
        assert visit.said == []
        page.context.close()

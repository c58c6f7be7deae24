"""A new value as people bring it about: proposed, refused to its author, signed, live, used."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.pages.browser import opened
from tests.pages.world import World
from tests.words.test_pages import BONUS, post

pytestmark = pytest.mark.long


def test_a_new_value_is_proposed_signed_by_another_made_live_and_used_in_a_rule(
    chromium: Browser, changed: str, world: World
) -> None:
    browser = world.client("analyst")
    analyst = opened(chromium, changed)
    analyst.sign_in("analyst", world.played.password)
    analyst.go("/words?q=business_type")
    analyst.page.get_by_role("link", name="New value of business_type").click()
    analyst.page.get_by_label("Code").fill("bonus")
    analyst.page.get_by_label("Label in Chinese").fill("红利")
    analyst.page.get_by_label("Label in English").fill("bonus")
    analyst.page.get_by_label("Reason").fill("bonus payments begin in January")
    analyst.page.get_by_role("button", name="Propose").click()
    assert analyst.page.locator("h1 .chip").inner_text() == "proposed"
    assert "You wrote at it; another person signs." in analyst.page.inner_text("main")
    assert analyst.page.get_by_role("button", name="Sign change 1").count() == 0
    assert post(world, "analyst", "/words/proposals/1/sign")[0] == 403

    treasurer = opened(chromium, changed)
    treasurer.sign_in("treasurer", world.played.password)
    treasurer.go("/words/proposals/1")
    assert "may now also be bonus (bonus, 红利)" in treasurer.page.inner_text("main")
    treasurer.page.get_by_role("button", name="Sign change 1").click()
    assert treasurer.page.locator("h1 .chip").inner_text() == "signed, not live"
    treasurer.page.get_by_label("Reason").fill("agreed")
    treasurer.page.get_by_role("button", name="Make the words live").click()
    assert "are live with revision" in treasurer.page.locator(".note.good").inner_text()
    treasurer.go("/words?q=bonus")
    assert "bonus" in treasurer.page.locator("tr#word-business_type").inner_text()

    text = browser.http.post(
        "/api/v1/rulesets/new",
        json={
            "kind": "allocation",
            "subject": "funding_request",
            "name": "bj-funding",
            "organisation": "BJ",
        },
        headers={"X-CSRF-Token": browser.csrf},
    ).json()["text"]
    using = text.split("examples:")[0].replace("id | source", "id | business_type | source")
    for at in ("L1", "L2", "L3"):
        using = using.replace(f"  {at} | ", f"  {at} | - | ")
    using = using.replace("  L1 | -", "  L0 | bonus | head_office => 1 | 0 | - | -\n  L1 | -")
    found = browser.http.post(
        "/api/v1/drafts", json={"text": using}, headers={"X-CSRF-Token": browser.csrf}
    ).json()
    assert found["errors"] == 0, found["findings"]
    assert analyst.said == []
    assert treasurer.said == []


def test_choosing_another_word_shows_its_values_and_keeps_the_focus(
    chromium: Browser, served: str, read_only: World
) -> None:
    visit = opened(chromium, served)
    visit.sign_in("analyst", read_only.played.password)
    visit.go("/words/propose?do=set_label")
    visit.page.locator("#word").focus()
    visit.page.locator("#word").select_option("urgency")
    visit.page.get_by_label("Labels of").wait_for()
    assert visit.page.evaluate("document.activeElement.id") == "word"
    assert visit.page.get_by_label("Label in Chinese").input_value() == "加急程度"
    assert visit.said == []
    visit.page.context.close()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_pages_are_quiet_and_open_to_everybody(
    chromium: Browser, changed: str, world: World, lang: str
) -> None:
    assert post(world, "analyst", "/words/propose", reason="bonus", **BONUS)[0] == 303
    hash = world.one("SELECT hash FROM ruleset_version WHERE name = 'premium-sweep' LIMIT 1")
    visit = opened(chromium, changed, lang)
    visit.sign_in("analyst", world.played.password)
    for address in (
        "/words",
        "/words/proposals/1",
        "/words/propose?do=add_word",
        "/words/propose?do=remove&word=urgency&on=1",
        "/rulesets/new",
        "/rulesets/new?kind=approval",
        f"/rulesets/{hash}/copy",
    ):
        visit.go(address)
        assert visit.serious() == [], address
        assert visit.said == [], address
    visit.page.context.close()

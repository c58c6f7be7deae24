"""The tree, hits and the search in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.pages.browser import opened, serving
from tests.pages.world import World
from tests.shelf.test_hits import live


@pytest.fixture(scope="module")
def base(kept: World) -> Iterator[str]:
    """The product over the day with its history."""
    with serving(kept) as address:
        yield address


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_tree_hits_and_search_are_quiet_and_open_to_everybody(
    chromium: Browser, base: str, kept: World, lang: str
) -> None:
    visit = opened(chromium, base, lang)
    visit.sign_in("analyst", kept.played.password)
    page = visit.page
    visit.go("/rulesets")
    expect(page.locator("table.shelf a[href$='#row-A3']").first).to_be_visible()
    assert visit.serious() == []
    visit.go(f"/rulesets/{live(kept)}")
    expect(page.locator("#hits-90-A1 svg")).to_have_count(1)
    assert visit.serious() == []
    page.keyboard.press("Control+k")
    page.keyboard.type("amount")
    expect(page.locator("cmd-k [role=option]").nth(3)).to_be_visible()
    assert visit.serious() == []
    assert visit.said == []
    page.context.close()


def _ready(chromium: Browser, base: str, kept: World) -> Page:
    visit = opened(chromium, base)
    visit.sign_in("analyst", kept.played.password)
    visit.go("/alerts")
    return visit.page


def test_typing_faster_than_the_server_answers_lands_on_the_row(
    chromium: Browser, base: str, kept: World
) -> None:
    page = _ready(chromium, base, kept)
    page.keyboard.press("Control+k")
    page.keyboard.type("payment-approval A4")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"/rulesets/{live(kept)}#row-A4$"))
    expect(page.locator("tr:target code").first).to_have_text("A4")
    page.context.close()


def test_the_arrow_keys_choose_and_escape_gives_the_focus_back(
    chromium: Browser, base: str, kept: World
) -> None:
    page = _ready(chromium, base, kept)
    page.get_by_role("button", name="Find").focus()
    page.keyboard.press("Enter")
    field = page.locator("cmd-k input")
    expect(page.locator("cmd-k [role=option]").nth(1)).to_be_visible()
    page.keyboard.press("ArrowDown")
    second = page.locator("cmd-k [role=option]").nth(1)
    expect(second).to_have_attribute("aria-selected", "true")
    assert field.get_attribute("aria-activedescendant") == second.get_attribute("id")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.locator("cmd-k [role=option]").last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert "Find" in page.evaluate("document.activeElement.textContent")
    page.context.close()


def test_the_enter_that_ends_a_composition_opens_nothing(
    chromium: Browser, base: str, kept: World
) -> None:
    page = _ready(chromium, base, kept)
    page.keyboard.press("Control+k")
    expect(page.locator("cmd-k [role=option]").first).to_be_visible()
    session = page.context.new_cdp_session(page)
    session.send("Input.imeSetComposition", {"selectionStart": 3, "selectionEnd": 3, "text": "fuk"})
    page.evaluate(
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', "
        "{key: 'Enter', isComposing: true, bubbles: true}))"
    )
    session.send("Input.insertText", {"text": "付款审批"})
    expect(page.locator("cmd-k [role=option]").first).to_contain_text("Payment approval")
    assert page.url.endswith("/alerts")
    page.keyboard.press("Enter")
    page.wait_for_url("**/rulesets/*")
    page.context.close()

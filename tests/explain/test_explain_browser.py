"""A payment explained in a real browser, under a draft, and saved as an example, by keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.explain.test_api import decision
from tests.explain.test_explain_pages import VALIDATION, big_validation, document, draft
from tests.pages.browser import Visit, opened
from tests.pages.world import World

pytestmark = pytest.mark.long

WORDS = {
    "en": ("Under a draft or another version…", "Compare", "≠ differs", "Save as example…"),
    "zh": ("在草稿或其他版本下比较…", "比较", "≠ 不同", "保存为示例…"),
}
SAVE = {"en": "Save as example in draft", "zh": "保存为草稿"}


def clean(visit: Visit) -> None:
    """Nothing serious in light or dark, nothing on the console."""
    assert visit.serious() == []
    assert visit.said == []


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_payment_is_explained_and_put_under_a_draft(
    chromium: Browser, changed: str, world: World, lang: str
) -> None:
    under, compare, differs, example = WORDS[lang]
    number = draft(world)
    row = decision(world)
    visit = opened(chromium, changed, lang)
    visit.sign_in("analyst", world.played.password)
    visit.go("/explain")
    clean(visit)
    visit.page.fill("[name=q]", document(world))
    visit.page.press("[name=q]", "Enter")
    step = visit.page.locator(f"#d-{row}")
    step.get_by_text(under).focus()
    visit.page.keyboard.press("Enter")
    step.locator("select").select_option(f"draft:{number}")
    clean(visit)
    step.get_by_role("button", name=compare, exact=True).press("Enter")
    expect(visit.page.locator(".beside").get_by_text(differs).first).to_be_visible()
    clean(visit)
    visit.page.get_by_text(example).focus()
    visit.page.keyboard.press("Enter")
    visit.page.get_by_role("button", name=SAVE[lang]).press("Enter")
    expect(visit.page.locator(".note.good").first).to_contain_text("A3")
    clean(visit)
    visit.page.context.close()


def test_rows_of_a_large_table_come_when_their_fold_is_opened(
    chromium: Browser, changed: str, world: World
) -> None:

    number = draft(world, big_validation(60))
    visit = opened(chromium, changed)
    visit.sign_in("treasurer", world.played.password)
    visit.go(f"/decisions/{world.one(VALIDATION)}?under=draft:{number}")
    fold = visit.page.locator(".beside details.more", has_text="The other rows: 60")
    fold.locator("> summary").click()
    expect(fold.locator("tbody code", has_text="V59")).to_be_visible()
    clean(visit)
    visit.page.context.close()

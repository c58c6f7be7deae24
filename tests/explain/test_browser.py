"""The fold "why, cell by cell" in a real browser: quiet console, no broken policy, axe-clean."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.explain.test_api import decision
from tests.pages.browser import opened
from tests.pages.world import World


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_fold_loads_its_rows_and_the_page_is_clean(
    chromium: Browser, served: str, read_only: World, lang: str
) -> None:
    number = decision(read_only)
    document = read_only.one(
        "SELECT document_no FROM document WHERE id::text = "
        "(SELECT matter_id FROM decision WHERE id = :id)",
        id=int(number),
    )
    visit = opened(chromium, served, lang)
    visit.sign_in("treasurer", read_only.played.password)
    visit.go(f"/trace?q={document}")
    fold = visit.page.locator(f"details:has(#why-{number})")
    fold.locator("> summary").click()
    visit.page.locator(f"#why-{number} .why-rows").wait_for()
    assert "A2" in visit.page.locator(f"#why-{number}").inner_text()
    assert visit.serious() == []
    visit.go(f"/decisions/{number}")
    assert visit.serious() == []
    assert visit.said == []
    visit.page.context.close()

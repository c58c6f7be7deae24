"""A rule is submitted, refused to its author, approved by another and made live, by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.pages.browser import opened, serving
from tests.pages.fixtures import with_history
from tests.pages.world import World
from tests.review.support import draft, submitted

pytestmark = pytest.mark.long

SAID = {
    "en": {
        "submit": "Submit for approval",
        "own": "another person signs it",
        "approve": "Approve payment-approval v3",
        "changes": "documents change",
        "activate": "Activate payment-approval v3 now",
        "live": "live",
    },
    "zh": {
        "submit": "提交复核",
        "own": "须由他人复核",
        "approve": "复核通过 payment-approval v3",
        "changes": "笔单据结果改变",
        "activate": "立即激活 payment-approval v3",
        "live": "生效中",
    },
}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_one_writes_another_signs_a_third_makes_it_live(
    chromium: Browser, world: World, tmp_path: Path, lang: str
) -> None:
    said = SAID[lang]
    number = draft(world)
    with serving(with_history(world, tmp_path / "history")) as base:
        author = opened(chromium, base, lang)
        author.sign_in("analyst", world.played.password)
        author.go(f"/drafts/{number}/review")
        author.page.locator(".impact-place .figure").wait_for()
        author.page.get_by_role("textbox").first.fill("two are too few above 300,000")
        author.page.get_by_role("button", name=said["submit"]).press("Enter")
        author.page.wait_for_url("**/rulesets/*/review?*")
        assert said["own"] in author.page.locator("main").inner_text()
        assert author.page.get_by_role("button", name=said["approve"]).count() == 0
        review = author.page.url.removeprefix(base)

        signer = opened(chromium, base, lang)
        signer.sign_in("treasurer", world.played.password)
        signer.page.locator("ul.work a[href*='to-sign']").click()
        signer.page.locator("#to-sign ~ .wide a").first.click()
        button = signer.page.get_by_role("button", name=said["approve"])
        button.locator(".carries", has_text=said["changes"]).wait_for()
        assert "CNY" in button.inner_text()
        button.click()

        operator = opened(chromium, base, lang)
        operator.sign_in("operator", world.played.password)
        operator.go(review)
        operator.page.locator("input[name=reason]").fill("from today")
        operator.page.get_by_role("button", name=said["activate"]).click()
        operator.page.wait_for_url("**/review?done=*")
        assert operator.page.locator("h1 .chip").inner_text() == said["live"]
        assert [one.said for one in (author, signer, operator)] == [[], [], []]
        for one in (author, signer, operator):
            one.page.context.close()


@pytest.fixture(scope="module")
def stored(read_only: World) -> tuple[int, str]:
    """A draft, and a version that waits."""
    hash = submitted(read_only, draft(read_only))
    return draft(read_only), hash


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_pages_are_quiet_small_and_open_to_everybody(
    chromium: Browser,
    served: str,
    read_only: World,
    stored: tuple[int, str],
    lang: str,
) -> None:
    number, hash = stored
    live = read_only.one("SELECT hash FROM ruleset_version WHERE name = 'payment-approval' LIMIT 1")
    visits = {
        "analyst": (f"/drafts/{number}/review", f"/drafts/{number}/excel", "/rulesets/waiting"),
        "treasurer": (
            f"/rulesets/{hash}/review",
            f"/rulesets/compare?old={live}&new={hash}",
            "/rulesets/as-of?kind=approval",
            "/revisions",
        ),
    }
    for user, addresses in visits.items():
        http = read_only.client(user, lang).http
        visit = opened(chromium, served, lang)
        visit.page.context.add_cookies(
            [{"name": "sluicegate_session", "value": read_only.sessions[user][0], "url": served}]
        )
        for address in addresses:
            visit.go(address)
            assert visit.serious() == [], address
            assert visit.said == [], address
            assert int(http.get(address).headers["content-length"]) < 40 * 1024
        visit.page.context.close()

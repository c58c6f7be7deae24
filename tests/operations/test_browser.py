"""Operations as an operator does them, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.operations.given import action, operated, seen, signed
from tests.pages.browser import Visit, opened, serving
from tests.pages.fixtures import with_history
from tests.pages.world import World

pytestmark = pytest.mark.long

ADDRESSES = (
    "/operations",
    "/operations/reload",
    "/operations/undo?to=1",
    "/operations/queue",
    "/operations/schedules",
)


@pytest.fixture
def run(world: World, tmp_path: Path) -> Iterator[tuple[World, str]]:
    """The product over a copy of the day with rules that wait and actions of every kind."""
    made = operated(with_history(world, tmp_path))
    seen(made, ("api-1", "api", 1), ("worker-1", "worker", 0))
    signed(made, "30万")
    action(made, "sent-1")
    action(made, "sent-2", "dead")
    action(made, "sent-3", "leased")
    with serving(made) as address:
        yield made, address


def operator(chromium: Browser, run: tuple[World, str], lang: str) -> Visit:
    """A window in which the operator is signed in."""
    visit = opened(chromium, run[1], lang)
    visit.sign_in("operator", run[0].played.password)
    return visit


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_pages_are_quiet_and_open_to_everybody(
    chromium: Browser, run: tuple[World, str], lang: str
) -> None:
    visit = operator(chromium, run, lang)
    for address in ADDRESSES:
        visit.go(address)
        for fold in visit.page.locator("details.fold summary").all()[:2]:
            fold.press("Enter")
        assert visit.serious() == [], address
        assert visit.said == [], address
        width = visit.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert width <= 0, address
    visit.page.context.close()


def test_an_operator_chooses_reloads_and_undoes(chromium: Browser, run: tuple[World, str]) -> None:
    visit = operator(chromium, run, "en")
    page = visit.page
    visit.go("/operations/reload")
    expect(page.locator(".impact")).to_contain_text("documents of the last 90 days change outcome")
    tick = page.get_by_label("payment-approval 3")
    tick.focus()
    page.keyboard.press("Space")
    expect(page.locator("#activate")).to_have_count(0)
    expect(page.locator("#plan")).to_contain_text("1 waiting version is left out")
    expect(page.get_by_label("payment-approval 3")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator(".impact")).to_contain_text("documents of the last 90 days change outcome")
    page.locator("#activate [name=reason]").fill("from today")
    page.get_by_role("button", name="Make payment-approval 3 live").press("Enter")
    expect(page.locator(".note.good")).to_contain_text("Revision 2 is live")
    expect(page.locator("main")).to_contain_text("Parameter large rises from 300,000 to 500,000")
    page.locator("#undo [name=reason]").fill("not yet")
    page.get_by_role("button", name="Let revision 1 rule again").click()
    expect(page.locator(".note.good")).to_contain_text("Revision 1 rules again, as revision 3")
    assert visit.said == []
    page.context.close()


def test_an_operator_holds_an_action_and_retries_another(
    chromium: Browser, run: tuple[World, str]
) -> None:
    visit = operator(chromium, run, "en")
    page = visit.page
    visit.go("/operations/queue")
    page.get_by_label("sent-1").check()
    page.locator("#queue-reason").fill("the bank is down")
    button = page.get_by_role("button", name="Hold 1")
    assert " ".join(button.inner_text().split()) == "Hold 1"
    button.click()
    expect(page.locator(".note.good")).to_contain_text("1 action is held")
    visit.go("/operations/queue?state=dead")
    page.get_by_label("sent-2").check()
    page.locator("#queue-reason").fill("mended")
    page.get_by_role("button", name="Retry 1").click()
    expect(page.locator(".note.good")).to_contain_text("1 action will be tried again")
    visit.go("/operations/queue?state=held")
    page.get_by_label("sent-1").check()
    page.locator("#queue-reason").fill("the bank is back")
    page.get_by_role("button", name="Release 1").click()
    expect(page.locator(".note.good")).to_contain_text("1 action is released")
    assert visit.said == []
    page.context.close()


def test_the_state_is_looked_at_again_without_losing_focus_or_place(
    chromium: Browser, run: tuple[World, str]
) -> None:
    visit = operator(chromium, run, "en")
    page = visit.page
    page.set_viewport_size({"width": 1440, "height": 500})
    page.clock.install()
    visit.go("/operations")
    link = page.locator("#state-due")
    link.focus()
    page.evaluate("scrollTo(0, 150)")
    action(run[0], "sent-4", "dead")
    with page.expect_response("**/operations/now"):
        page.clock.run_for(5_000)
    expect(page.locator("#red")).to_contain_text("2 actions were given up")
    expect(link).to_be_focused()
    assert page.evaluate("scrollY") == 150
    assert visit.said == []
    page.context.close()

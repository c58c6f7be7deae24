"""Pages in a real browser: quiet console, no broken policy, nothing axe calls serious.

Without a browser these tests fail; they are never skipped.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from api.pages.show import capitals
from tests.pages.browser import opened
from tests.pages.world import World

pytestmark = pytest.mark.long

VISITS = {
    "treasurer": (
        "/",
        "/payments",
        "/approvals",
        "/accounts",
        "/accounts/6",
        "/rulesets",
        "/rulesets/by-name/payment-approval",
        "/vouchers",
        "/alerts",
        "/trace",
    ),
    "accountant": ("/reconcile", "/payments/upload", "/docs"),
    "cashier": ("/pay", "/me/permissions"),
    "auditor": ("/audit?verify=1",),
}


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("user", VISITS)
def test_pages_are_quiet_and_open_to_everybody(
    chromium: Browser, served: str, read_only: World, user: str, lang: str
) -> None:
    visit = opened(chromium, served, lang)
    visit.go("/sign-in")
    assert visit.serious() == []
    visit.sign_in(user, read_only.played.password)
    for address in VISITS[user]:
        visit.go(address)
        assert visit.serious() == [], address
        assert visit.said == [], address
    visit.page.context.close()


def test_a_document_s_pages_are_quiet_and_open_to_everybody(
    chromium: Browser, served: str, read_only: World
) -> None:
    number, voucher = read_only.one(
        "SELECT document_no || '|' || voucher_no FROM document WHERE state = 'CONFIRMED' LIMIT 1"
    ).split("|")
    waiting = read_only.one("SELECT document_no FROM document WHERE state = 'IN_APPROVAL' LIMIT 1")
    visit = opened(chromium, served, "zh")
    visit.sign_in("treasurer", read_only.played.password)
    for address in (
        f"/payments/{number}",
        f"/trace?q={number}",
        f"/vouchers/{voucher}",
        f"/approvals/{waiting}",
    ):
        visit.go(address)
        assert visit.serious() == [], address
        assert visit.said == [], address
    visit.page.context.close()


def test_the_worklist_is_looked_at_again_by_itself(
    chromium: Browser, served: str, read_only: World
) -> None:
    visit = opened(chromium, served)
    visit.page.clock.install()
    visit.sign_in("treasurer", read_only.played.password)
    visit.page.locator("#h-states").evaluate("one => { one.dataset.old = 'yes' }")
    with visit.page.expect_response("**/today/desk") as told:
        visit.page.clock.run_for(10_000)
    assert told.value.status == 200
    visit.page.clock.run_for(200)
    expect(visit.page.locator("#h-states:not([data-old])")).to_have_count(1)
    assert visit.said == []
    visit.page.context.close()


def test_a_file_is_uploaded_and_approved_and_its_state_changes(
    chromium: Browser, changed: str, world: World, tmp_path: Path
) -> None:
    file = tmp_path / "claims.csv"
    file.write_text(
        "organisation,direction,source_document_no,business_type,creditor_type,"
        "counterparty_name,counterparty_account,counterparty_bank_code,amount,currency,"
        "payment_method,urgency,due_date,purpose,business_reference,payee_is_insured\n"
        "BJ01,pay,WEB-1,claim,claimant,王小二,6222021001000011,901100000011,1234.56,CNY,"
        "transfer,normal,2026-11-20,理赔款,C-WEB-1,true\n",
        "utf-8",
    )
    maker = opened(chromium, changed)
    maker.sign_in("bj.maker", world.played.password)
    maker.go("/payments/upload")
    maker.page.set_input_files("input[type=file]", file)
    maker.page.get_by_role("button", name="Import").click()
    maker.page.get_by_role("link", name="See the documents").click()
    number = maker.page.locator("tbody tr td a").first.inner_text()
    assert maker.page.locator("tbody .chip").first.inner_text() == "in approval"

    reviewer = opened(chromium, changed)
    reviewer.sign_in("bj.reviewer", world.played.password)
    reviewer.go("/approvals")
    box = reviewer.page.get_by_label(number, exact=True)
    form = reviewer.page.locator("form", has=box)
    box.check()
    button = form.locator("button[value=approve]")
    assert " ".join(button.inner_text().split()) == "Approve 1 · CNY 1,234.56"
    assert form.locator("[data-capitals]").inner_text() == capitals(123456)
    button.click()
    assert "1 approved" in reviewer.page.locator(".note.good").inner_text()

    maker.go(f"/payments/{number}")
    assert maker.page.locator("h1 .chip").first.inner_text() == "unpaid"
    assert maker.said == []
    assert reviewer.said == []


@pytest.mark.parametrize(
    "minor",
    [
        1,
        10,
        100,
        105,
        1000,
        10_000_00,
        10_010_00,
        100_000_005,
        4_999_999,
        12_345_678_901_23,
        100_000_000_00,
        1_000_100_000_00,
        20_000_000_000_00,
    ],
)
def test_the_browser_says_an_amount_in_capitals_as_the_server_does(
    chromium: Browser, served: str, minor: int
) -> None:
    visit = opened(chromium, served)
    visit.go("/sign-in")
    assert visit.page.evaluate(f"capitals({minor}n)") == capitals(minor)
    visit.page.context.close()


def test_a_theme_once_chosen_stays(chromium: Browser, served: str, read_only: World) -> None:
    visit = opened(chromium, served)
    visit.sign_in("auditor", read_only.played.password)
    visit.page.get_by_role("button", name="Light/dark").click()
    visit.go("/vouchers")
    assert visit.page.locator("html").get_attribute("data-theme") == "dark"
    visit.page.context.close()


def test_the_skip_link_is_the_first_thing_the_keyboard_reaches(
    chromium: Browser, served: str, read_only: World
) -> None:
    visit = opened(chromium, served)
    visit.sign_in("auditor", read_only.played.password)
    visit.go("/vouchers")
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.className") == "skip"
    visit.page.context.close()

"""The page on which people bring statements, with and without a browser."""

from __future__ import annotations

import datetime as dt
import os

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, FilePayload, expect

from engine.formats.statement import Statement
from engine.runtime.db import transaction
from engine.treasury.accounts import book
from engine.treasury.statements import import_statement
from tests.operations.given import operated
from tests.pages.browser import opened, serving
from tests.pages.fixtures import chromium, played, world
from tests.pages.world import World
from tests.statements.test_archived import packed
from tests.statements.test_filing import MT940

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


def stopped(world: World, number: str) -> None:
    """Two statements of the account that do not follow its last one."""
    with transaction(world.engine) as session:
        found = book.by_number(session, number)
        assert found is not None
        for day, opening in ((20, 12_345), (21, 777_700)):
            import_statement(
                session,
                found.id or 0,
                Statement(
                    account=number,
                    currency=found.currency,
                    identification=f"S{day}",
                    sequence=None,
                    date=dt.date(2027, 1, day),
                    opening=opening,
                    closing=opening,
                    lines=(),
                ),
                source="file",
                actor="accountant",
                now=world.clock.now(),
            )


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_two_persons_decide_what_is_in_quarantine(
    chromium: Browser, world: World, lang: str
) -> None:
    number = unconnected(world)
    stopped(world, number)
    with serving(operated(world)) as address:
        visit = opened(chromium, address, lang)
        visit.sign_in("accountant", world.played.password)
        visit.go("/statements")
        page = visit.page
        for place, wanted in ((0, "take"), (1, "refuse")):
            article = page.locator("article.alert").nth(place)
            article.locator("input[name=reason]").fill("银行无法补发" if lang == "zh" else "lost")
            article.locator(f"button[value={wanted}]").click()
            expect(page.locator(".note.good, .note.ok, .note").first).to_be_visible()
        assert page.locator("article.alert button").count() == 0, "not by the one who asked"
        other = opened(chromium, address, lang)
        other.sign_in("accountant2", world.played.password)
        other.go("/statements")
        seen = other.page
        for theme in ("light", "dark"):
            if SHOTS:
                for name, each in (("asked", page), ("decides", seen)):
                    each.emulate_media(color_scheme=theme)
                    path = f"{SHOTS}/quarantine-{name}-{lang}-{theme}.png"
                    each.screenshot(path=path, full_page=True)
        for _ in range(2):
            seen.locator("article.alert button[value=approve]").first.click()
            expect(seen.locator(".note").first).to_be_visible()
        assert seen.locator("article.alert").count() == 0
        assert [*visit.serious(), *other.serious(), *visit.said, *other.said] == []
        assert seen.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        page.context.close()
        seen.context.close()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_zip_file_shows_what_became_of_each_member(
    chromium: Browser, world: World, lang: str
) -> None:
    number = unconnected(world)
    content = packed({"first.sta": MT940 % number, "notes.txt": "what is this"})
    with serving(operated(world)) as address:
        visit = opened(chromium, address, lang)
        visit.sign_in("accountant", world.played.password)
        page = visit.page
        visit.go("/statements")
        sent: FilePayload = {"name": "s.zip", "mimeType": "application/zip", "buffer": content}
        page.set_input_files("input[name=file]", sent)
        page.locator("#h-file ~ form button").click()
        rows = page.locator("#h-done ~ div tbody tr")
        expect(rows).to_have_count(2)
        expect(rows.first).to_contain_text("first.sta")
        expect(rows.last).to_contain_text("notes.txt")
        for theme in ("light", "dark"):
            if SHOTS:
                page.emulate_media(color_scheme=theme)
                page.screenshot(path=f"{SHOTS}/zip-{lang}-{theme}.png", full_page=True)
        assert [*visit.serious(), *visit.said] == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        page.context.close()

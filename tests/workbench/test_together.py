"""Several people at one draft: one writes, others watch; a lost race loses nothing."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.workbench.desk import Bench, Desk

pytestmark = pytest.mark.long


def _notice(bench: Bench) -> str:
    return bench.page.locator("[data-part=notice]").inner_text()


def _second_editor(desk: Desk) -> None:
    with desk.world.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO user_account (id, org_id, name, active, language) "
            "VALUES ('analyst2', 'GROUP', '分析员二', true, 'zh') ON CONFLICT DO NOTHING"
        )
        connection.exec_driver_sql(
            "INSERT INTO role_grant (user_id, role, org_id) "
            "VALUES ('analyst2', 'analyst', 'GROUP') ON CONFLICT DO NOTHING"
        )
        connection.exec_driver_sql(
            "UPDATE user_account SET password_hash = "
            "(SELECT password_hash FROM user_account WHERE id = 'analyst') WHERE id = 'analyst2'"
        )


def test_one_writes_and_another_watches_the_saved_text_read_only(desk: Desk) -> None:
    draft = desk.draft()
    writer = desk.at(draft)
    watcher = desk.at(draft, "auditor")
    expect(watcher.page.locator("[data-part=notice]")).to_contain_text("analyst is writing")
    assert watcher.page.evaluate("workbench.editor.locked") is True
    writer.write(1, "sla", "7h")
    writer.settled()
    writer.saved()
    expect(watcher.cell(1, "sla")).to_have_text("7h")
    watcher.cell(1, "sla").click()
    watcher.page.keyboard.type("9h")
    watcher.page.keyboard.press("Enter")
    assert "| 9h" not in watcher.text()


def test_a_draft_is_taken_over_and_what_the_other_had_not_saved_is_kept(desk: Desk) -> None:
    _second_editor(desk)
    draft = desk.draft()
    first = desk.at(draft)
    second = desk.at(draft, "analyst2")
    assert "analyst is writing" in _notice(second)
    second.page.get_by_role("button", name="Take over").click()
    expect(second.page.locator("[data-part=notice]")).to_be_hidden()
    # The first one types on without having heard of it; the server refuses to save.
    first.write(1, "sla", "7h")
    first.settled()
    first.page.keyboard.press("Control+s")
    expect(first.page.locator("[data-part=notice]")).to_contain_text("analyst2 has taken the draft")
    assert "| 7h" not in desk.text(draft)
    first.page.get_by_role("button", name="Keep my text as another draft").click()
    state = first.page.locator("[data-part=state]")
    expect(state).to_contain_text("kept as draft")
    aside = int(re.findall(r"draft (\d+)", state.inner_text())[0])
    assert "| 7h" in desk.text(aside)


def test_a_lost_race_shows_both_texts_and_keeps_the_one_not_chosen(desk: Desk) -> None:
    draft = desk.draft()
    bench = desk.at(draft)
    # The same person has saved elsewhere: on the command line, or in another window.
    browser = desk.world.client("analyst")
    stored = browser.http.get(f"/api/v1/drafts/{draft}").json()
    theirs = stored["text"].replace("small: 5万", "small: 6万")
    told = browser.http.put(
        f"/api/v1/drafts/{draft}",
        json={"text": theirs, "seen": stored["hash"]},
        headers={"X-CSRF-Token": browser.csrf},
    )
    assert told.status_code == 200
    bench.write(1, "sla", "7h")
    bench.settled()
    bench.page.keyboard.press("Control+s")
    view = bench.page.locator("[data-part=conflict]")
    expect(view).to_contain_text("small: 6万")
    assert view.locator("mark").all_inner_texts()[0].startswith("−")
    assert bench.visit.serious() == []
    bench.page.get_by_role("button", name="Save the text of the editor").click()
    expect(view).to_be_hidden()
    expect(bench.page.locator("[data-part=state]")).to_contain_text("Saved")
    assert "| 7h" in desk.text(draft)
    assert "small: 5万" in desk.text(draft)
    aside = desk.world.one(
        "SELECT text FROM ruleset_draft WHERE note LIKE :note", note=f"%from draft {draft}"
    )
    assert "small: 6万" in aside


def test_leaving_the_page_before_it_is_saved_loses_no_text(desk: Desk) -> None:
    draft = desk.draft()
    bench = desk.at(draft)
    bench.page.route(f"**/api/v1/drafts/{draft}", lambda route: route.abort())
    bench.write(1, "sla", "7h")
    bench.settled()
    bench.page.keyboard.press("Control+s")
    expect(bench.page.locator("[data-part=state]")).to_contain_text("Not saved; kept in this")
    bench.page.on("dialog", lambda dialog: dialog.accept())
    bench.page.goto(f"{desk.address}/rulesets")
    bench.page.unroute(f"**/api/v1/drafts/{draft}")
    bench.page.goto(f"{desk.address}/drafts/{draft}")
    # Saved while leaving, or kept by the browser: it is there, and what follows is saved with it.
    expect(bench.cell(1, "sla")).to_have_text("7h")
    bench.settled()
    bench.write(2, "sla", "9h")
    bench.settled()
    bench.saved()
    assert "| 7h" in desk.text(draft)
    assert "| 9h" in desk.text(draft)


def test_an_unchanged_claim_runs_out_for_the_next_one(desk: Desk) -> None:
    _second_editor(desk)
    draft = desk.draft()
    bench = desk.at(draft)
    bench.page.get_by_role("button", name="Let others write").click()
    expect(bench.page.locator("[data-part=notice]")).to_contain_text("You let others write")
    other = desk.at(draft, "analyst2")
    expect(other.page.locator("[data-part=notice]")).to_be_hidden()
    other.write(1, "sla", "7h")
    other.settled()
    other.saved()
    expect(bench.cell(1, "sla")).to_have_text("7h")

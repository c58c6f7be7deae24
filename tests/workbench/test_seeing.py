"""What the workbench shows of a text: findings at their cells, sentences, examples, hits."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.workbench.desk import Desk


def test_an_error_is_marked_in_its_cell_and_the_keyboard_jumps_to_it(desk: Desk) -> None:
    bench = desk.at(desk.draft())
    bench.write(4, "creditor_type", "suplier")
    bench.settled()
    expect(bench.cell(4, "creditor_type")).to_have_attribute("aria-invalid", "true")
    found = bench.page.locator("[data-part=found] .error").first
    expect(found).to_contain_text("supplier")
    bench.cell(1, "id").click()
    bench.page.keyboard.press("F8")
    assert bench.page.evaluate("workbench.rules.active.row") == 3
    assert bench.page.evaluate("document.activeElement.getAttribute('aria-label')").startswith(
        "A4 creditor type: suplier"
    )
    # The effect is said to be of the text before.
    expect(bench.page.locator(".wb-stale")).to_contain_text(re.compile("as of [0-9:]{8}"))
    bench.write(4, "creditor_type", "supplier, staff")
    bench.settled()
    expect(bench.page.locator(".wb-stale")).to_be_hidden()


def test_the_chosen_row_is_said_in_words_under_the_parameters(desk: Desk) -> None:
    bench = desk.at(desk.draft(), lang="zh")
    bench.cell(2, "amount").click()
    expect(bench.page.locator("[data-part=sentence]")).to_contain_text("A2. 当金额")
    bench.page.get_by_label("small 集团值").fill("6万")
    bench.page.keyboard.press("Tab")
    bench.settled()
    expect(bench.page.locator("[data-part=sentence]")).to_contain_text("60,000")


def test_examples_are_tried_as_one_types(desk: Desk) -> None:
    bench = desk.at(desk.draft())
    result = bench.grid("examples").locator(".g-row[data-row='0'] .g-extra")
    expect(result).to_have_text("✓ holds")
    bench.write(1, "approvers", "finance_manager")
    bench.settled()
    expect(result).to_contain_text("✗ gives approvers finance_manager")


def test_a_branch_gets_a_value_of_its_own_in_the_form(desk: Desk) -> None:
    bench = desk.at(desk.draft())
    form = bench.page.locator("[data-part=form]")
    form.get_by_label("Organisation").select_option("BJ")
    form.get_by_role("combobox", name="Parameter").select_option("large")
    form.get_by_role("button", name="Add a value of a branch").click()
    bench.settled()
    form.get_by_label("large BJ").fill("40万")
    bench.page.keyboard.press("Tab")
    bench.settled()
    assert "BJ: {large: 40万}" in bench.text()
    assert bench.page.locator("[data-part=found] .error").count() == 0
    form.get_by_label("large BJ").fill("60万")
    bench.page.keyboard.press("Tab")
    bench.settled()
    expect(bench.page.locator("[data-part=found] .error").first).to_contain_text("large")


def test_rows_say_how_many_documents_they_hit(desk: Desk) -> None:
    bench = desk.at(desk.draft())
    hits = bench.grid().locator(".g-row[data-row='0'] .g-extra")
    expect(hits).to_have_text(re.compile(r"^[\d,]+$"))
    bench.page.get_by_label("small Group").fill("4万")
    bench.page.keyboard.press("Tab")
    bench.settled()
    expect(hits).to_have_text(re.compile(r"^[\d,]+ \(−[\d,]+\)$"))


def test_without_scripts_the_text_is_still_saved(desk: Desk) -> None:
    draft = desk.draft()
    browser = desk.world.client("analyst")
    page = browser.http.get(f"/drafts/{draft}").text
    seen = re.findall(r'name="seen" value="(\w+)"', page)[0]
    text = desk.text(draft).replace("4h", "5h")
    form = {"csrf": browser.csrf, "seen": seen, "text": text}
    assert browser.http.post(f"/drafts/{draft}/text", data=form).status_code == 303
    assert "| 5h" in desk.text(draft)
    again = browser.http.post(f"/drafts/{draft}/text", data=form | {"text": text + "# later\n"})
    assert again.status_code == 409
    assert "# later" in again.text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_workbench_is_quiet_and_open_to_everybody(desk: Desk, lang: str) -> None:
    bench = desk.at(desk.draft(), lang=lang)
    bench.write(4, "creditor_type", "suplier")
    bench.settled()
    assert bench.visit.serious() == []
    bench.cell(3, "approvers").click()
    bench.page.keyboard.press("F2")
    assert bench.visit.serious() == []
    # The browser notes by itself that the text with the error was refused a preview.
    assert [one for one in bench.complained() if "status of 422" not in one] == []

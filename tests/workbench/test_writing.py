"""Writing in the grid and in the text: one document, one history, nothing lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.workbench.desk import Desk

pytestmark = pytest.mark.long


def test_a_threshold_is_changed_and_the_money_read_off(desk: Desk) -> None:
    draft = desk.draft()
    bench = desk.at(draft)
    assert bench.figure().startswith("None of")
    bench.page.get_by_label("large Group").fill("30万")
    bench.page.keyboard.press("Tab")
    bench.settled()
    assert "documents would go another way · CNY" in bench.figure()
    assert "large: 30万}" in bench.text()
    bench.saved()
    assert "large: 30万}" in desk.text(draft)
    assert bench.complained() == []


def test_a_cell_is_typed_over_and_one_line_of_the_text_changes(desk: Desk) -> None:
    bench = desk.at(desk.draft())
    before = bench.text().split("\n")
    bench.write(1, "sla", "6h")
    bench.settled()
    after = bench.text().split("\n")
    changed = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    assert len(changed) == 1
    assert "| 6h " in changed[0][1]
    expect(bench.cell(1, "sla")).to_have_text("6h")
    # Enter went on to the row below.
    assert bench.page.evaluate("workbench.rules.active.row") == 1


def test_undo_goes_through_grid_and_text_as_they_were_written(desk: Desk) -> None:
    bench = desk.at(desk.draft())
    start = bench.text()
    bench.write(1, "sla", "6h")
    bench.settled()
    first = bench.text()
    bench.page.evaluate("workbench.editor.view.focus()")
    bench.page.keyboard.press("Control+Home")
    bench.page.keyboard.insert_text("# mine\n")
    bench.settled()
    bench.page.keyboard.press("Control+z")
    assert bench.text() == first
    bench.cell(1, "sla").click()
    bench.page.keyboard.press("Control+z")
    assert bench.text() == start
    bench.page.keyboard.press("Control+y")
    assert bench.text() == first


def test_typing_faster_than_the_server_answers_corrupts_nothing(desk: Desk) -> None:
    bench = desk.at(desk.draft())
    # Answers come late: every edit is asked for while others are under way.
    bench.page.evaluate("""() => {
      const real = fetch;
      globalThis.fetch = async (address, asked) => {
        if (String(address).endsWith("/edit")) await new Promise((go) => setTimeout(go, 150));
        return real(address, asked);
      };
    }""")
    hours = ["5h", "9h", "25h", "26h", "27h", "28h", "49h"]
    bench.cell(1, "sla").click()
    for hour in hours:
        bench.page.keyboard.type(hour)
        bench.page.keyboard.press("Enter")
    # Meanwhile the text moves under them.
    bench.page.evaluate("workbench.editor.change([{from: 0, insert: '# 说明 😀\\n'}])")
    bench.settled()
    shown = [bench.cell(row, "sla").inner_text() for row in range(1, 8)]
    assert shown == hours
    assert bench.text().startswith("# 说明 😀\nkind: approval")
    assert bench.page.locator("[data-part=found] .error").count() == 0


def test_an_input_method_begins_to_compose_in_a_chosen_cell(desk: Desk) -> None:
    bench = desk.at(desk.draft())
    bench.cell(4, "basis").click()
    session = bench.page.context.new_cdp_session(bench.page)
    session.send("Input.imeSetComposition", {"text": "fei", "selectionStart": 3, "selectionEnd": 3})
    # Keys of the composition, Enter among them, are the input method's.
    assert bench.page.evaluate("workbench.rules.input.editing") is True
    session.send("Input.insertText", {"text": "费用办法"})
    bench.page.keyboard.press("Enter")
    bench.settled()
    assert "| 费用办法" in bench.text()


def test_full_width_input_is_accepted_and_tidied(desk: Desk) -> None:
    bench = desk.at(desk.draft())
    bench.write(4, "creditor_type", "supplier，staff")
    bench.write(1, "amount", "＜ $small")
    bench.settled()
    assert bench.page.locator("[data-part=found] .error").count() == 0
    bench.page.get_by_role("button", name="Tidy").click()
    bench.settled()
    assert "supplier, staff" in bench.text()
    assert "< $small" in bench.text()


def test_a_closed_list_is_offered_with_labels_and_taken_by_keyboard(desk: Desk) -> None:
    bench = desk.at(desk.draft(), lang="zh")
    bench.cell(4, "creditor_type").click()
    bench.page.keyboard.press("F2")
    bench.page.keyboard.press("End")
    bench.page.keyboard.type(", 代理")
    option = bench.page.locator("[role=option]")
    expect(option).to_have_count(1)
    expect(option).to_contain_text("agent")
    bench.page.keyboard.press("ArrowDown")
    bench.page.keyboard.press("Enter")
    bench.page.keyboard.press("Enter")
    bench.settled()
    assert "supplier, staff, agent" in bench.text()


def test_rows_are_added_doubled_moved_and_removed_by_keyboard(desk: Desk) -> None:
    bench = desk.at(desk.draft())
    ids = "workbench.rules.table.rows.map((_one, row) => workbench.rules.id(row))"
    bench.cell(2, "amount").click()
    for keys in ("Control+Enter", "Control+d", "Alt+ArrowUp", "Alt+ArrowUp"):
        bench.page.keyboard.press(keys)
        bench.settled()
    assert bench.page.evaluate(ids) == ["A1", "A9", "A2", "A8", "A3", "A4", "A5", "A6", "A7"]
    bench.page.keyboard.press("Control+Delete")
    bench.settled()
    assert bench.page.evaluate(ids) == ["A1", "A2", "A8", "A3", "A4", "A5", "A6", "A7"]


def test_a_column_is_added_and_taken_away(desk: Desk) -> None:
    bench = desk.at(desk.draft())
    bench.cell(1, "amount").click()
    bench.page.locator("[data-part=rules]").get_by_label("Add a column…").select_option(
        "input urgency"
    )
    bench.settled()
    columns = "workbench.rules.columns.map(o => o.name)"
    assert bench.page.evaluate(columns)[:3] == ["id", "amount", "urgency"]
    bench.cell(1, "urgency").click()
    bench.page.locator("[data-part=rules]").get_by_label("Remove the column").click()
    bench.settled()
    assert "urgency" not in bench.page.evaluate(columns)


def test_fifty_rows_come_from_a_spreadsheet_as_one_step(desk: Desk) -> None:
    bench = desk.at(desk.draft())
    start = bench.text()
    rows = [
        f'P{n}\t[{n}万..{n + 1}万)\tsupplier\ttrue\treviewer\t4h\t"附件 {n}"' for n in range(50)
    ]
    bench.cell(7, "id").click()
    bench.page.keyboard.press("ArrowDown")
    bench.paste("\n".join(rows))
    bench.settled()
    assert bench.page.evaluate("workbench.rules.count") == 56
    assert "P49" in bench.text()
    assert "| 附件 49" in bench.text()
    bench.page.keyboard.press("Control+z")
    assert bench.text() == start


def test_copied_cells_are_what_a_spreadsheet_takes(desk: Desk) -> None:
    bench = desk.at(desk.draft())
    bench.cell(1, "approvers").click()
    bench.page.keyboard.press("Shift+ArrowDown")
    bench.page.keyboard.press("Shift+ArrowRight")
    copied = bench.page.evaluate("workbench.rules.copied()")
    assert copied == "reviewer\t4h\nreviewer > finance_manager\t8h"


def test_what_is_being_written_stays_to_be_seen_when_an_effect_arrives(desk: Desk) -> None:
    bench = desk.at(desk.draft())
    bench.cell(1, "sla").click()
    bench.page.keyboard.type("77")
    bench.page.evaluate("workbench.rules.paint()")
    look = "getComputedStyle(document.activeElement)"
    assert bench.page.evaluate(f"{look}.color") != "rgba(0, 0, 0, 0)"
    expect(bench.cell(1, "sla").locator("span")).to_be_hidden()


def test_a_column_that_grows_wider_leaves_the_keyboard_in_the_grid(desk: Desk) -> None:
    bench = desk.at(desk.draft())
    bench.write(1, "basis", "a much longer basis than any other row of this table has")
    bench.settled()
    bench.page.keyboard.type("next")
    bench.page.keyboard.press("Enter")
    bench.settled()
    expect(bench.cell(2, "basis")).to_have_text("next")


def test_the_keyboard_stays_in_the_grid_when_its_columns_change(desk: Desk) -> None:
    bench = desk.at(desk.draft())
    bench.cell(1, "sla").click()
    bench.page.evaluate(
        "workbench.queue.push({edits: () => "
        "[{do: 'add_column', table: 'rules', name: 'urgency', side: 'input', after: 'amount'}]})"
    )
    bench.settled()
    assert bench.page.evaluate("document.activeElement === workbench.rules.input.node")


def test_only_one_effect_is_asked_for_at_a_time_and_the_last_text_s_is_shown(desk: Desk) -> None:
    bench = desk.at(desk.draft())
    bench.page.evaluate("""() => {
      globalThis.asked = [];
      globalThis.together = 0;
      const real = fetch;
      let running = 0;
      globalThis.fetch = async (address, given) => {
        if (!String(address).endsWith("/preview")) return real(address, given);
        running += 1;
        together = Math.max(together, running);
        asked.push(JSON.parse(given.body).text);
        await new Promise((go) => setTimeout(go, 800));
        running -= 1;
        return real(address, given);
      };
    }""")
    bench.cell(1, "sla").click()
    for hours in ("5h", "6h", "7h", "9h"):
        bench.page.keyboard.type(hours)
        bench.page.keyboard.press("Enter")
        bench.page.evaluate("workbench.queue.whenIdle()")
    expect(bench.page.locator(".wb-stale")).to_contain_text("is being computed")
    bench.settled()
    expect(bench.page.locator(".wb-stale")).to_be_hidden()
    assert bench.page.evaluate("together") == 1
    assert bench.page.evaluate("asked.length") < 4
    assert bench.page.evaluate("asked.at(-1)") == bench.text()

"""Workbooks out and back: nothing changed is nothing changed; a change is that change."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from engine.rules.excel import from_xlsx, to_xlsx
from engine.rules.model import Vocabulary
from engine.rules.vocabulary import load_vocabulary
from tests.edit.given import SHIPPED, TEXTS, changed_lines, table
from tests.edit.test_random import CELLS, generated

VOCABULARY = cast("Vocabulary", load_vocabulary(SHIPPED[0].parents[1] / "vocabulary.yaml")[0])
APPROVAL = next(p for p in SHIPPED if p.name == "payment-approval.yaml").read_text(encoding="utf-8")
HEAD = "kind: approval\nname: x\n"


def out(text: str) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(to_xlsx(text, VOCABULARY)))


def back(book: Workbook, text: str) -> str:
    content = io.BytesIO()
    book.save(content)
    return from_xlsx(content.getvalue(), text, VOCABULARY).text


def saved(text: str, change: Callable[[Workbook], None]) -> str:
    """What a workbook of `text` makes of it after `change`."""
    book = out(text)
    change(book)
    return back(book, text)


@pytest.mark.parametrize("text", TEXTS, ids=[path.stem for path in SHIPPED])
def test_a_shipped_ruleset_comes_back_byte_for_byte(text: str) -> None:
    crlf = text.replace("\n", "\r\n")
    for one in (text, crlf):
        assert from_xlsx(to_xlsx(one, VOCABULARY), one, VOCABULARY).text == one
        assert back(out(one), one) == one


@settings(max_examples=25, deadline=None)
@given(generated(), st.data())
def test_random_changes_come_back_as_the_same_table(text: str, data: st.DataObject) -> None:
    book = out(text)
    assert back(book, text) == text
    sheet = book["Rules"]
    rows = list(range(3, sheet.max_row + 1))
    ids = [sheet.cell(row, 1).value for row in rows]
    order = data.draw(st.permutations(rows))
    kept = order[: data.draw(st.integers(1, len(order)))]
    lines: list[list[object]] = [
        [sheet.cell(row, k).value for k in range(1, sheet.max_column + 1)] for row in kept
    ]
    fresh: list[object] = ["N1", *(data.draw(CELLS).strip(" \t　") for _ in lines[0][1:])]
    lines.insert(data.draw(st.integers(0, len(lines))), fresh)
    sheet.delete_rows(3, len(rows))
    for number, line in enumerate(lines, 3):
        for k, cell in enumerate(line, 1):
            sheet.cell(number, k).value = cell  # type: ignore[assignment]
            if cell is not None:
                sheet.cell(number, k).data_type = "s"
    new = back(book, text)
    assert [row[0] for row in table(new)[1:]] == [line[0] for line in lines]
    olds = {row[0]: row for row in table(text)}
    for row in table(new)[1:]:
        assert row[0] == "N1" or row == olds[row[0]]
    assert set(ids) >= {line[0] for line in lines} - {"N1"}
    # What was made of the new text is stable again.
    assert back(out(new), new) == new


def test_one_cell_is_one_line() -> None:
    def change(book: Workbook) -> None:
        book["Rules"]["F6"] = "12h"
        book["Parameters"]["D4"] = "20万"

    assert changed_lines(APPROVAL, saved(APPROVAL, change)) == [
        ("overrides: {SH: {large: 30万}}", "overrides: {SH: {large: 20万}}"),
        *((a, a.replace("24h", "12h")) for a in APPROVAL.split("\n") if a.startswith("  A4")),
    ]


def test_parameters_branches_examples_and_envelope() -> None:
    def change(book: Workbook) -> None:
        parameters = book["Parameters"]
        parameters["E1"], parameters["E4"] = "SZ", "10万"
        parameters.append(["mid", "20万", "any"])
        examples = book["Examples"]
        examples.delete_rows(4)
        examples.append([None, "SZ", "10万", "agent", "false", "A3", "reviewer"])
        envelope = book["Envelope"]
        envelope.append(["effective.to", "2030-12-31"])
        for row in envelope.iter_rows():
            if row[0].value == "title.zh":
                row[1].value = "付款: 审批"

    new = saved(APPROVAL, change)
    assert "params: {small: 5万, large: 50万, mid: 20万}\n" in new
    assert "adjustable: {small: down, large: down, mid: any}\n" in new
    assert "overrides: {SH: {large: 30万}, SZ: {large: 10万}}\n" in new
    assert "effective: {from: 2020-01-01, to: 2030-12-31}\n" in new
    assert '  zh: "付款: 审批"}' in new.replace(", zh", ",  zh")
    olds, news = table(APPROVAL, "examples"), table(new, "examples")
    assert news == [*olds[:2], *olds[3:], ["SZ", "10万", "agent", "false", "A3", "reviewer"]]
    assert table(new) == table(APPROVAL)


def test_lists_of_the_envelope_grow_and_shrink() -> None:
    text = next(one for one in TEXTS if "block_on: [account, currency, direction]" in one)

    def change(book: Workbook) -> None:
        sheet = book["Envelope"]
        for row in reversed(list(sheet.iter_rows(min_row=3))):
            if row[0].value in {"block_on.1", "block_on.2"}:
                sheet.delete_rows(row[0].row)

    assert "block_on: [account]   #" in saved(text, change)
    longer = saved(text, lambda book: book["Envelope"].append(["block_on.3", "branch"]))
    assert "block_on: [account, currency, direction, branch]   #" in longer


INJECTIONS = [
    "_x005F_x0041_",
    "ax005F_b",
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "=cmd|' /C calc'!A0",
    "＝1",
    '"=x"',
    "- 5",
    "_x0041_",
]


@pytest.mark.parametrize("cell", INJECTIONS)
def test_what_begins_like_a_formula_is_text_also_when_saved_again(cell: str) -> None:
    quoted, bare = cell.replace('"', ""), cell.replace("|", "")
    text = f'{HEAD}rules: |\n  id | a => m\n  A1 | -  => "{quoted}"\n  A2 | {bare} => x\n'
    book = out(text)
    again = io.BytesIO()
    book.save(again)
    for one in (book, openpyxl.load_workbook(again)):
        for row in one["Rules"].iter_rows():
            for found in row:
                assert found.number_format == "@"
                assert found.data_type in {"s", "n"}
                assert found.data_type == "s" or found.value is None
    assert back(book, text) == text


def test_every_cell_is_text_headers_are_frozen_and_printed() -> None:
    book = out(APPROVAL)
    assert book.sheetnames == ["Rules", "Parameters", "Examples", "Envelope", "Words"]
    rules = book["Rules"]
    assert (rules.freeze_panes, rules.print_title_rows) == ("B3", "$1:$2")
    assert [cell.value for cell in rules[1]][4:] == ["→ approvers", "→ sla", "→ basis"]
    assert rules["B2"].value == "amount / 金额"
    assert all(c.number_format == "@" for s in book.worksheets for r in s.iter_rows() for c in r)
    [rule] = rules.data_validations.dataValidation
    assert (rule.formula1, rule.showErrorMessage) == ("Words!$A$3:$A$9", False)


def test_a_text_with_findings_goes_out_and_back(tmp_path: Path) -> None:
    text = APPROVAL.replace("< $small ", "<< oops ").replace("kind: approval", "kind: aproval")
    assert back(out(text), text) == text


def test_values_of_the_envelope_that_no_cell_can_hold_stay() -> None:
    text = HEAD + 'note: >\n  two\n\n  lines\nparams: {a: " x ", b: ""}\n'
    text += "rules: |\n  id => approvers\n  A1 => cfo\n"
    assert back(out(text), text) == text
    assert 'b: "y"' in saved(text, put_value)


def put_value(book: Workbook) -> None:
    book["Parameters"]["B4"] = "y"


def test_five_thousand_rows_in_reasonable_time() -> None:
    rows = [f"  R{k} | {k} | 第{k}条 => reviewer | §{k}" for k in range(5_000)]
    text = (
        HEAD + "rules: |\n  id | amount | purpose => approvers | basis\n" + "\n".join(rows) + "\n"
    )
    began = time.process_time()
    content = to_xlsx(text, VOCABULARY)
    assert from_xlsx(content, text, VOCABULARY).text == text
    assert time.process_time() - began < 15


def test_examples_are_added_where_there_are_none() -> None:
    bare = APPROVAL[: APPROVAL.index("examples:")]

    def change(book: Workbook) -> None:
        assert [cell.value for cell in book["Examples"][1]][:2] == ["example", "amount"]
        book["Examples"].append([None, "10万", "agent", "false", "A3", "reviewer", "4h"])

    assert back(out(bare), bare) == bare
    new = saved(bare, change)
    assert new.startswith(bare.rstrip())
    header, row = table(new, "examples")
    assert header == ["amount", "creditor_type", "extra_approver", "id", "approvers", "sla"]
    assert row == ["10万", "agent", "false", "A3", "reviewer", "4h"]

"""Renaming a column, and adding examples to a text that has none."""

from __future__ import annotations

import pytest

from engine.rules.edit import (
    AddExamples,
    AddRow,
    EditRefused,
    RenameColumn,
    RenameRow,
    SetCell,
)
from tests.edit.given import SHIPPED, changed_lines, made, table

APPROVAL = next(p for p in SHIPPED if p.name == "payment-approval.yaml").read_text("utf-8")
BARE = """kind: approval
rules: |
  id | amount | when => approvers | sla | basis
  # small ones
  A1 | < 5    | -    => reviewer  | 4h  | §1
"""


def test_a_column_is_renamed_in_rules_and_examples() -> None:
    new = made(APPROVAL, RenameColumn(name="creditor_type", to="urgency"))
    assert table(new)[0] == [
        "urgency" if one == "creditor_type" else one for one in table(APPROVAL)[0]
    ]
    assert "urgency" in table(new, "examples")[0]
    assert len(changed_lines(APPROVAL, new)) == 2
    alone = made(APPROVAL, RenameColumn(name="creditor_type", to="urgency", examples=False))
    assert len(changed_lines(APPROVAL, alone)) == 1
    assert made(new, RenameColumn(name="urgency", to="creditor_type")) == APPROVAL
    assert made(APPROVAL, RenameColumn(name="sla", to=" sla ")) == APPROVAL


def test_a_column_of_the_examples_alone_is_renamed() -> None:
    edit = RenameColumn(name="branch", to="urgency", table="examples")
    [(_, header)] = changed_lines(APPROVAL, made(APPROVAL, edit))
    assert header.split()[0] == "urgency"


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (RenameColumn(name="id", to="x"), "EDIT_COLUMN_NEEDED"),
        (RenameColumn(name="amount", to="sla"), "EDIT_COLUMN_EXISTS"),
        (RenameColumn(name="amount", to=" "), "EDIT_COLUMN_EXISTS"),
        (RenameColumn(name="amont", to="x"), "EDIT_NO_COLUMN"),
        (RenameColumn(name="amount", to="a\nb"), "EDIT_TEXT"),
        (RenameColumn(name="amount", to="branch"), "EDIT_COLUMN_EXISTS"),
        (AddExamples(), "EDIT_KEY_EXISTS"),
    ],
)
def test_refusals(edit: RenameColumn | AddExamples, code: str) -> None:
    with pytest.raises(EditRefused) as refused:
        made(APPROVAL, edit)
    assert refused.value.code == code


@pytest.mark.parametrize("end", ["\n", "", "\n\n", "\n# the end\n"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_examples_are_added_with_the_columns_of_the_rules(end: str, line_end: str) -> None:
    text = (BARE.removesuffix("\n") + end).replace("\n", line_end)
    edits = (
        AddExamples(),
        AddRow(cells={"amount": "4", "id": "A1"}, table="examples"),
        RenameRow(row="A1", id="B1"),
        SetCell(row="1", column="sla", text="4h", table="examples"),
    )
    new = made(text, *edits)
    assert table(new, "examples") == [
        ["amount", "id", "approvers", "sla"],
        ["4", "B1", "-", "4h"],
    ]
    assert table(new)[1][1:] == table(BARE)[1][1:]
    assert new.startswith(text.rstrip().replace("A1 |", "B1 |"))
    assert new.count("\n") == new.count(line_end)


def test_examples_with_columns_of_ones_own() -> None:
    new = made(BARE, AddExamples(inputs=("branch", "amount"), outputs=("id",)))
    assert new == BARE + "examples: |\n  branch | amount => id\n"
    nothing = made("rules: |\n  id => approvers\n  A1 => cfo\n", AddExamples())
    assert nothing.endswith("examples: |\n  branch => id | approvers\n")


@pytest.mark.parametrize(
    ("text", "edit", "code"),
    [
        ("kind: approval\n", AddExamples(), "EDIT_NO_TABLE"),
        (BARE, AddExamples(inputs=()), "EDIT_COLUMN_NEEDED"),
        (BARE, AddExamples(outputs=("",)), "EDIT_COLUMN_NEEDED"),
        (BARE, AddExamples(inputs=("a", "a")), "EDIT_COLUMN_EXISTS"),
        ("{kind: approval}\n", AddExamples(inputs=("a",), outputs=("id",)), "EDIT_VALUE"),
        (BARE, AddRow(cells={}, table="examples"), "EDIT_NO_TABLE"),
    ],
)
def test_examples_that_cannot_be_added(text: str, edit: AddExamples | AddRow, code: str) -> None:
    with pytest.raises(EditRefused) as refused:
        made(text, edit)
    assert refused.value.code == code

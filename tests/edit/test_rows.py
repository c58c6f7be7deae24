"""Edits of rows and cells, one example each; the lines that change and those that do not."""

from __future__ import annotations

import pytest

from engine.rules.edit import (
    AddRow,
    DuplicateRow,
    Edit,
    EditRefused,
    MoveRow,
    RemoveRow,
    RenameRow,
    SetCell,
    apply,
)
from tests.edit.given import changed_lines, made, table

TEXT = """\
kind: approval  # the kind
rules: |
  # small ones
  id | amount  => approvers            | basis
  A1 | < 5万   => reviewer             | §3
  # large ones

  A2 | >= 5万  => reviewer > cfo       | §4
examples: |
  branch | amount => id     | approvers
  BJ     | 1      => A1     | reviewer
  BJ     | 9万    => A1, A2 | reviewer > cfo
"""


def test_a_cell_that_fits_keeps_the_columns_aligned() -> None:
    new = made(TEXT, SetCell(row="A2", column="amount", text="> 6万"))
    assert changed_lines(TEXT, new) == [
        (
            "  A2 | >= 5万  => reviewer > cfo       | §4",
            "  A2 | > 6万   => reviewer > cfo       | §4",
        )
    ]


def test_a_cell_that_does_not_fit_moves_the_rest_of_its_own_line_only() -> None:
    new = made(TEXT, SetCell(row="A1", column="amount", text="[10_000..50_000)"))
    assert changed_lines(TEXT, new) == [
        (
            "  A1 | < 5万   => reviewer             | §3",
            "  A1 | [10_000..50_000) => reviewer             | §3",
        )
    ]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a | b", r"a \| b"),
        (r"a \| b", r"a \| b"),
        ('not(matches("x|y"))', 'not(matches("x|y"))'),
        ("甲｜乙", '"甲｜乙"'),
        ("a => b", '"a => b"'),
        (r"a => b \| c", '"a => b | c"'),
        ('say "x" => y', r'"say \"x\" => y"'),
        ('"open', r'"\"open"'),
        ('5" pipe', '5" pipe'),
        ("  spaced  ", "spaced"),
        ("", ""),
    ],
)
def test_text_is_escaped_or_quoted_where_the_cell_needs_it(text: str, written: str) -> None:
    new = made(TEXT, SetCell(row="A1", column="basis", text=text))
    assert table(new)[1] == ["A1", "< 5万", "reviewer", written]


def test_a_backslash_before_a_tight_bar_does_not_escape_it() -> None:
    text = "rules: |\n  id|a=>b\n  A1|x=>y\n"
    new = made(text, SetCell(row="A1", column="a", text="x\\"))
    assert table(new)[1] == ["A1", "x\\", "y"]


def test_the_first_cell_never_becomes_a_comment() -> None:
    new = made(TEXT, SetCell(table="examples", row="1", column="branch", text="#BJ"))
    assert table(new, "examples")[1][0] == '"#BJ"'


def test_a_new_row_is_laid_out_like_the_header() -> None:
    new = made(TEXT, AddRow(id="A9", cells={"approvers": "cfo"}, after="A1"))
    assert "  A9 | -       => cfo                  | -\n  # large ones\n" in new


def test_a_row_before_another_stands_above_its_comments() -> None:
    new = made(TEXT.replace("\n\n", "\n"), AddRow(id="A9", before="A2"))
    assert [row[0] for row in table(new)] == ["id", "A1", "A9", "A2"]
    assert "| -\n  # large ones\n  A2" in new


def test_removing_a_row_leaves_the_comments() -> None:
    new = made(TEXT, RemoveRow(row="A2"))
    assert new == TEXT.replace("  A2 | >= 5万  => reviewer > cfo       | §4\n", "")


def test_moving_a_row_moves_its_line_alone() -> None:
    new = made(TEXT, MoveRow(row="A2", before="A1"))
    assert [row[0] for row in table(new)] == ["id", "A2", "A1"]
    assert sorted(new.split("\n")) == sorted(TEXT.split("\n"))


def test_a_renamed_row_is_renamed_in_the_examples() -> None:
    new = made(TEXT, RenameRow(row="A1", id="B7"))
    assert [row[2] for row in table(new, "examples")] == ["id", "B7", "B7, A2"]
    assert changed_lines(TEXT, made(TEXT, RenameRow(row="A1", id="B7", examples=False))) == [
        (
            "  A1 | < 5万   => reviewer             | §3",
            "  B7 | < 5万   => reviewer             | §3",
        )
    ]


def test_edits_see_those_before_them() -> None:
    new = made(
        TEXT,
        DuplicateRow(row="A1", id="A1b"),
        SetCell(row="A1b", column="amount", text="1"),
        RemoveRow(row="A1"),
        MoveRow(row="A1b"),
    )
    assert [row[:2] for row in table(new)[1:]] == [["A2", ">= 5万"], ["A1b", "1"]]


def test_an_invalid_cell_elsewhere_does_not_stand_in_the_way() -> None:
    broken = TEXT.replace("reviewer > cfo       | §4", "reviewer | too | many").replace(
        "< 5万", "??"
    )
    new = made(broken, SetCell(row="A2", column="amount", text="7"))
    assert changed_lines(broken, new)[0][1].startswith("  A2 | 7       => reviewer | too")


def test_a_row_whose_id_is_wrong_is_named_by_its_line() -> None:
    twice = TEXT.replace("  A2 |", "  A1 |")
    with pytest.raises(EditRefused, match="EDIT_ROW_TWICE") as refused:
        apply(twice, [RemoveRow(row="A1")])
    assert "@8" in refused.value.text.en
    assert made(twice, RenameRow(row="@8", id="A2", examples=False)) == TEXT


@pytest.mark.parametrize(
    ("edit", "code", "said"),
    [
        (SetCell(row="A3", column="amount", text="1"), "EDIT_NO_ROW", "did you mean"),
        (SetCell(row="A1", column="amuont", text="1"), "EDIT_NO_COLUMN", "'amount'"),
        (SetCell(row="A1", column="amount", text="a\nb"), "EDIT_TEXT", "one line"),
        (SetCell(row="A1", column="amount", text="a\0b"), "EDIT_TEXT", "U+0000"),
        (SetCell(row="A1", column="amount", text="a\u2028b"), "EDIT_TEXT", "U+2028"),
        (SetCell(row="A1", column="basis", text="字" * 10_001), "EDIT_TOO_LONG", "10,000"),
        (SetCell(row="A1", column="id", text="A2"), "EDIT_ROW_EXISTS", "line 8"),
        (AddRow(id="A2"), "EDIT_ROW_EXISTS", "line 8"),
        (AddRow(id="none"), "EDIT_ROW_ID", "'none'"),
        (AddRow(), "EDIT_ROW_ID", "letters"),
        (AddRow(id="1", table="examples"), "EDIT_ROW_ID", "no id"),
        (AddRow(id="A3", before="A1", after="A2"), "EDIT_PLACE", "one of"),
        (RemoveRow(row="3", table="examples"), "EDIT_NO_ROW", "2"),
        (RemoveRow(row="@4"), "EDIT_NO_ROW", "@4"),
        (MoveRow(row="A1", after="A7"), "EDIT_NO_ROW", "A7"),
    ],
)
def test_what_cannot_be_done_is_refused(edit: Edit, code: str, said: str) -> None:
    with pytest.raises(EditRefused) as refused:
        apply(TEXT, [SetCell(row="A1", column="amount", text="1"), edit])
    assert (refused.value.code, refused.value.index) == (code, 1)
    assert said in refused.value.text.en


def test_a_text_that_is_no_yaml_is_refused_with_its_place() -> None:
    with pytest.raises(EditRefused) as refused:
        apply("kind: [\n", [RemoveRow(row="A1")])
    assert (refused.value.code, refused.value.line) == ("EDIT_NOT_YAML", 2)


@pytest.mark.parametrize("text", ["kind: x\n", "kind: x\nrules: abc\n", "rules: |\n  # none\n"])
def test_a_text_without_the_table_is_refused(text: str) -> None:
    with pytest.raises(EditRefused, match="EDIT_NO_TABLE"):
        apply(text, [RemoveRow(row="A1")])


def test_crlf_stays_crlf_and_a_missing_last_line_end_stays_missing() -> None:
    text = TEXT.replace("\n", "\r\n").removesuffix("\r\n")
    new = made(
        text, AddRow(table="examples", cells={"id": "A2"}), RemoveRow(row="1", table="examples")
    )
    assert new.count("\r\n") == new.count("\n") == text.count("\n")
    assert not new.endswith("\n")

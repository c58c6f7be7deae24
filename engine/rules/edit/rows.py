"""Cells and rows: set, add, remove, move, duplicate, rename."""

from __future__ import annotations

from collections.abc import Callable

from engine.base.text import Text
from engine.rules.edit.cells import one_line, put
from engine.rules.edit.edits import (
    AddRow,
    DuplicateRow,
    MoveRow,
    RemoveRow,
    RenameRow,
    SetCell,
    TableName,
)
from engine.rules.edit.errors import EditRefused, refused
from engine.rules.edit.source import Line
from engine.rules.edit.tables import Sheet
from engine.rules.lexer import split_quoted
from engine.rules.table import ID, NONE, ROW_ID

Sheets = Callable[[TableName], Sheet]
"""Gives the table of a name."""

_EMPTY = "-"


def set_cell(sheet: Sheet, edit: SetCell) -> None:
    """Write one cell. Raises EditRefused."""
    row, column = sheet.row(edit.row), sheet.column(edit.column)
    if sheet.name == "rules" and column == 0:
        sheet.rename(row, fresh_id(sheet, edit.text, keep=row))
    else:
        sheet.set(row, {column: edit.text})


def add_row(sheet: Sheet, edit: AddRow) -> None:
    """Add a row. Raises EditRefused."""
    beside = _beside(sheet, edit)
    cells = [_EMPTY] * len(sheet.columns)
    for name, text in edit.cells.items():
        cells[sheet.column(name)] = text
    if sheet.name == "rules":
        cells[0] = fresh_id(sheet, edit.id)
    else:
        _no_id(edit.id)
    _insert(sheet, sheet.laid_out(cells), beside, edit)


def remove_row(sheet: Sheet, edit: RemoveRow) -> None:
    """Remove a row. Raises EditRefused."""
    sheet.drop(sheet.row(edit.row))


def move_row(sheet: Sheet, edit: MoveRow) -> None:
    """Move a row's line. Raises EditRefused."""
    row, beside = sheet.row(edit.row), _beside(sheet, edit)
    if beside is not row:
        text = row.text
        sheet.drop(row)
        _insert(sheet, text, beside, edit)


def duplicate_row(sheet: Sheet, edit: DuplicateRow) -> None:
    """Write a row once more below itself. Raises EditRefused."""
    row = sheet.row(edit.row)
    text = row.text
    if sheet.name == "rules":
        text = put(text, {0: fresh_id(sheet, edit.id)})
    else:
        _no_id(edit.id)
    sheet.insert(text, sheet.rows.index(row) + 1, below=True)


def rename_row(sheets: Sheets, edit: RenameRow, *, has_examples: bool) -> None:
    """Give a rule another id, and name it so in the examples. Raises EditRefused."""
    sheet = sheets("rules")
    row = sheet.row(edit.row)
    old, new = sheet.id_of(row), fresh_id(sheet, edit.id, keep=row)
    sheet.rename(row, new)
    if edit.examples and has_examples and old != new:
        _rename_in(sheets("examples"), old, new)


def _rename_in(examples: Sheet, old: str, new: str) -> None:
    if ID not in examples.columns[examples.arrow :]:
        return
    column = examples.column(ID)
    for row in examples.rows:
        try:
            cell = examples.cut(row).cells[examples.place(row, column)].source
        except EditRefused:
            continue  # a line that does not fit the header names no row
        pieces = split_quoted(cell, ",")
        if any(piece.source == old for piece in pieces):
            named = cell
            for piece in reversed(pieces):
                if piece.source == old:
                    end = piece.column + len(old)
                    named = named[: piece.column] + new + named[end:]
            examples.set(row, {column: named})


def _beside(sheet: Sheet, edit: AddRow | MoveRow) -> Line | None:
    """The row that the new place is before or after."""
    if edit.before is not None and edit.after is not None:
        raise refused(
            "EDIT_PLACE",
            Text("before and after are both given", "同时给出了 before 和 after"),
            Text("give one of them", "请只给出一个"),
        )
    name = edit.before if edit.before is not None else edit.after
    return None if name is None else sheet.row(name)


def _insert(sheet: Sheet, text: str, beside: Line | None, edit: AddRow | MoveRow) -> None:
    if beside is None:
        sheet.insert(text, len(sheet.rows), below=True)
    elif edit.before is not None:
        sheet.insert(text, sheet.rows.index(beside), below=False)
    else:
        sheet.insert(text, sheet.rows.index(beside) + 1, below=True)


def fresh_id(sheet: Sheet, id: str | None, keep: Line | None = None) -> str:
    """`id` when it can be a new row's id."""
    name = one_line(id or "")
    if not ROW_ID.fullmatch(name) or name in {NONE, _EMPTY}:
        raise refused(
            "EDIT_ROW_ID",
            Text(f"{name[:40]!r} cannot be a row's id", f"{name[:40]!r} 不能作行号"),
            Text(
                "write letters, digits, . _ or -, and not 'none'",
                "请用字母、数字、. _ 或 -，且不能为 'none'",
            ),
        )
    others = [row for row in sheet.ids().get(name, []) if row is not keep]
    if others:
        line = sheet.number(others[0])
        raise refused(
            "EDIT_ROW_EXISTS",
            Text(f"line {line} has the id {name!r}", f"第 {line} 行的行号已是 {name!r}"),
            Text("choose another id", "请换一个行号"),
            line,
        )
    return name


def _no_id(id: str | None) -> None:
    if id is not None:
        raise refused(
            "EDIT_ROW_ID",
            Text("an example has no id", "示例没有行号"),
            Text(
                "leave it out; the column `id` names the rows that hit",
                "请勿填写；`id` 列写命中的行",
            ),
        )

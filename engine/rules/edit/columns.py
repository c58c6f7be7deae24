"""Adding, removing and renaming a column."""

from __future__ import annotations

from collections.abc import Callable

from engine.base.text import Text, display_width
from engine.rules.edit.cells import as_cell, put
from engine.rules.edit.edits import AddColumn, RemoveColumn, RenameColumn, Side, TableName
from engine.rules.edit.errors import refused
from engine.rules.edit.source import Line
from engine.rules.edit.tables import Sheet
from engine.rules.lexer import RawLine, cut, shadow_of
from engine.rules.table import BASIS, ID

_BLANK = " \t"


def add_column(sheet: Sheet, edit: AddColumn) -> None:
    """Write the column into the header and every row. Raises EditRefused."""
    name = as_cell(edit.name, free=True, first=False)
    _fresh(sheet, name)
    at = _place(sheet, edit)
    lines = _lines(sheet)
    texts = [name, *([sheet.cell(edit.default, at)] * len(sheet.rows))]
    widths = max(display_width(text) for text in texts)
    reach = max(display_width(raw_text(line)) for line in lines)
    for line, text in zip(lines, texts, strict=True):
        raw = sheet.cut(line)
        padded = text + " " * (widths - display_width(text))
        wanted = [cell.source for cell in raw.cells]
        wanted.insert(at, text)
        _write(line, _inserted(line.text, raw, at, edit.side, text, padded, reach), wanted)


def _fresh(sheet: Sheet, name: str) -> None:
    if not name or name in sheet.columns:
        raise refused(
            "EDIT_COLUMN_EXISTS",
            Text(f"the table has column {name!r}", f"表中已有列 {name!r}"),
            Text("choose another name", "请换一个列名"),
            sheet.number(sheet.header),
        )


def _place(sheet: Sheet, edit: AddColumn) -> int:
    """The index the new column gets."""
    first, last = (0, sheet.arrow) if edit.side == "input" else (sheet.arrow, len(sheet.columns))
    if edit.before is None and edit.after is None:
        closing = edit.side == "output" and last - first > 1 and sheet.columns[-1] == BASIS
        return last - 1 if closing else last
    beside = edit.before if edit.before is not None else edit.after
    at = sheet.column(beside or "")
    if not first <= at < last or (edit.before == ID and sheet.name == "rules"):
        raise refused(
            "EDIT_NO_COLUMN",
            Text(
                f"an {edit.side} column cannot stand beside {beside!r} there",
                f"{'输入' if edit.side == 'input' else '输出'}列不能放在 {beside!r} 旁的该处",
            ),
            Text(
                "inputs stand before =>, outputs after; id is first",
                "输入在 => 前，输出在后；id 为首列",
            ),
        )
    return at if edit.before is not None else at + 1


def _lines(sheet: Sheet) -> list[Line]:
    """Header and rows, when all have the header's shape."""
    for row in sheet.rows:
        sheet.place(row, 0)
        sheet.place(row, len(sheet.columns) - 1)
    return [sheet.header, *sheet.rows]


def raw_text(line: Line) -> str:
    """A line without the blanks at its end."""
    return line.text.rstrip(_BLANK)


def _inserted(
    line: str, raw: RawLine, at: int, side: Side, text: str, padded: str, reach: int
) -> str:
    arrow = raw.arrow or 0
    follows = at > 0 and (side == "input" or at > arrow)
    if not follows:
        start = raw.slots[at][0]
        blank = "" if at == 0 else " "
        gap = "" if line[start : start + 1] in {" ", "\t"} else " "
        return f"{line[:start]}{blank}{padded} |{gap}{line[start:]}"
    end = raw.slots[at - 1][1]
    if at == len(raw.slots):
        before = line.rstrip(_BLANK)
        return f"{before}{' ' * (reach - display_width(before))} | {text}"
    gap = "" if line[end - 1 : end] in {" ", "\t"} else " "
    return f"{line[:end]}{gap}| {padded} {line[end:]}"


def remove_column(sheet: Sheet, edit: RemoveColumn) -> None:
    """Take the column out of the header and every row. Raises EditRefused."""
    at = sheet.column(edit.name)
    count, arrow = len(sheet.columns), sheet.arrow
    alone = arrow == 1 if at < arrow else count - arrow == 1
    if alone or (edit.name == ID and sheet.name == "rules"):
        raise refused(
            "EDIT_COLUMN_NEEDED",
            Text(f"a table cannot be without {edit.name!r}", f"表格不能没有列 {edit.name!r}"),
            Text(
                "a row needs its id, and one cell on each side of =>",
                "每行须有 id，且 => 两侧各至少一列",
            ),
            sheet.number(sheet.header),
        )
    for line in _lines(sheet):
        raw = sheet.cut(line)
        wanted = [cell.source for k, cell in enumerate(raw.cells) if k != at]
        _write(line, _removed(line.text, raw, at), wanted)


def _removed(line: str, raw: RawLine, at: int) -> str:
    start, end = raw.slots[at]
    arrow = raw.arrow or 0
    if at + 1 < len(raw.slots) and at + 1 != arrow:
        rest = line[raw.slots[at + 1][0] :]
        return line[:start] + (rest.lstrip(_BLANK) if at == 0 else rest)
    before = raw.slots[at - 1][1]
    return (line[:before] + line[end:]).rstrip(_BLANK)


def _write(line: Line, text: str, wanted: list[str]) -> None:
    """Write `text`, which must be cut into `wanted`; a first cell like a comment gets quotes."""
    if text.strip()[:1] in {"#", "＃"}:
        wanted[0] = as_cell(wanted[0], free=True, first=True)
        text = put(text, {0: wanted[0]})
    if [cell.source for cell in cut(text, 1).cells] != wanted:
        raise refused(
            "EDIT_ROW_SHAPE",
            Text("a quote in a cell of a row is not closed", "某行单元格的引号未闭合"),
            Text("correct that cell first", "请先改正该单元格"),
        )
    line.text = text


def rename_column(
    sheets: Callable[[TableName], Sheet], edit: RenameColumn, *, has_examples: bool
) -> None:
    """Write another name into the header, and into that of the examples. Raises EditRefused."""
    sheet = sheets(edit.table)
    at = sheet.column(edit.name)
    if edit.name == ID and edit.table == "rules":
        raise refused(
            "EDIT_COLUMN_NEEDED",
            Text("the column 'id' names the rows", "列 'id' 是各行的行号"),
            Text("name another column", "请指定其他列"),
            sheet.number(sheet.header),
        )
    if sheet.columns[at] == shadow_of(edit.to.strip(_BLANK)):
        return
    renamed = [(sheet, at)]
    if edit.table == "rules" and edit.examples and has_examples:
        renamed += _beside(sheets("examples"), sheet.columns[at], output=at >= sheet.arrow)
    for one, place in renamed:
        _fresh(one, as_cell(edit.to, free=True, first=False))
        one.set(one.header, {place: edit.to})


def _beside(examples: Sheet, name: str, *, output: bool) -> list[tuple[Sheet, int]]:
    """Where the examples have the column on the same side of `=>`."""
    sides = range(examples.arrow, len(examples.columns)) if output else range(examples.arrow)
    return [(examples, place) for place in sides if examples.columns[place] == name]

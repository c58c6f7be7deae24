"""The import template to download: text-formatted columns, labels and notes in both languages."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from engine.base.text import Text
from engine.treasury.intake.columns import COLUMNS, DIRECTIONS, ColumnSpec, Form
from engine.treasury.intake.reading import CodeLists

PREPARED_ROWS = 2_000
"""Rows formatted as text, so that account numbers stay what is typed."""

_FORMS: Mapping[Form, Text] = {
    Form.TEXT: Text("text", "文本"),
    Form.DIGITS: Text("text, digits are kept as typed", "文本,数字原样保留"),
    Form.CODE: Text("one of the list, code or label", "从列表中选择,代码或名称均可"),
    Form.AMOUNT: Text("1234.56, no separators", "1234.56,不加千分位"),
    Form.DATE: Text("2026-11-23", "2026-11-23"),
    Form.BOOL: Text("true or false", "是或否"),
}


def title(column: ColumnSpec) -> str:
    """The header cell: Chinese label and field name; the importer knows either."""
    return f"{column.label.zh} / {column.name}"


def csv_template() -> bytes:
    """The header and one example row, UTF-8 with BOM so that Excel reads Chinese."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([title(column) for column in COLUMNS])
    writer.writerow([column.example for column in COLUMNS])
    return out.getvalue().encode("utf-8-sig")


def xlsx_template(lists: CodeLists) -> bytes:
    """The sheet with notes and drop-downs; `lists` are the live vocabulary's values."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "documents"
    for place, column in enumerate(COLUMNS, start=1):
        _column(sheet, place, column, lists)
    sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _column(sheet: Worksheet, place: int, column: ColumnSpec, lists: CodeLists) -> None:
    head = sheet.cell(1, place, title(column))
    head.font = Font(bold=True)
    head.alignment = Alignment(wrap_text=True, vertical="top")
    if column.needed:
        head.fill = PatternFill("solid", fgColor="DDEBF7")
    form = _FORMS[column.form]
    needed = Text("required", "必填") if column.needed else Text("optional", "选填")
    values = DIRECTIONS if column.name == "direction" else lists.get(column.name)
    listed = "\n".join(f"{code} {label.zh}" for code, label in (values or {}).items())
    head.comment = Comment(
        f"{needed.zh} {form.zh}\n{needed.en}, {form.en}\n{listed}".strip(), "Sluicegate"
    )
    letter = get_column_letter(place)
    sheet.column_dimensions[letter].width = max(14, len(title(column)) + 2)
    for row in range(2, PREPARED_ROWS + 2):
        sheet.cell(row, place).number_format = "@"
    if values:
        choice = DataValidation("list", formula1=f'"{",".join(values)}"', allow_blank=True)
        choice.add(f"{letter}2:{letter}{PREPARED_ROWS + 1}")
        sheet.add_data_validation(choice)

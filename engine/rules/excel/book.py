"""A ruleset's text as a workbook: every cell is text, whatever it begins with.

Number format `@` and the quote prefix keep a cell like `=1+1` a text when it is edited and saved
again; whole columns have the format, so that new rows are texts too.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from engine.base.text import display_width
from engine.rules.edit.apply import Bench
from engine.rules.excel.content import ARROW, ENVELOPE, PARAMETERS, TABLES, WORDS, Grid, grids
from engine.rules.excel.words import Words
from engine.rules.model import Vocabulary

HEADERS = 2
"""Rows above the content: names, and labels in English and Chinese."""
_TEXT = "@"
_WIDEST = 60
_LIST_ROWS = 5_200
_SIGNS = ("=", "+", "-", "@", "\t", "＝", "＋", "－", "＠")
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_BOLD = Font(bold=True)
_FAINT = Font(italic=True, color="666666")
_FILLS = {
    False: PatternFill("solid", fgColor="DCE9F2"),
    True: PatternFill("solid", fgColor="E3ECE3"),
}


def to_xlsx(text: str, vocabulary: Vocabulary) -> bytes:
    """The workbook of a ruleset's text, which may have findings but must be YAML with a table.

    Raises EditRefused where the text cannot be read or a row does not fit its header.
    """
    bench = Bench(text)
    sheets = grids(bench)
    words = Words(bench.root(), vocabulary)
    book = Workbook()
    book.remove(book.worksheets[0])
    for title in (TABLES["rules"], PARAMETERS, TABLES["examples"], ENVELOPE):
        if title in sheets:
            _sheet(book, title, sheets[title], words)
    _lists(book, sheets, words)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _sheet(book: Workbook, title: str, grid: Grid, words: Words) -> None:
    sheet: Worksheet = book.create_sheet(title)
    labels = [words.label(title, column) for column in grid.columns]
    lines = [list(grid.columns), labels]
    lines += [[row[column] for column in grid.columns] for row in grid.rows.values()]
    _write(sheet, lines)
    for k, column in enumerate(grid.columns, 1):
        sheet.cell(1, k).fill = _FILLS[column.startswith(ARROW)]
        sheet.cell(2, k).fill = _FILLS[column.startswith(ARROW)]
    sheet.freeze_panes = "B3"
    sheet.print_title_rows = "1:2"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _write(sheet: Worksheet, lines: Sequence[Sequence[str]]) -> None:
    for number, line in enumerate(lines, 1):
        for k, text in enumerate(line, 1):
            cell = sheet.cell(number, k)
            assert isinstance(cell, Cell)
            _put(cell, text)
            if number <= HEADERS:
                cell.font = _BOLD if number == 1 else _FAINT
    for k in range(1, len(lines[0]) + 1):
        width = max(display_width(line[k - 1]) for line in lines if len(line) >= k)
        column = sheet.column_dimensions[get_column_letter(k)]
        column.width = min(_WIDEST, width + 2)
        column.number_format = _TEXT


def _put(cell: Cell, text: str) -> None:
    cell.number_format = _TEXT
    if not text:
        return
    cell.value = _ESCAPE.sub("_x005F_", text)
    cell.data_type = "s"
    if text.startswith(_SIGNS):
        cell.quotePrefix = True


def _lists(book: Workbook, sheets: dict[str, Grid], words: Words) -> None:
    """The closed values of the columns, and lists in their cells that suggest but never refuse."""
    used = {
        (title, column): known
        for title, grid in sheets.items()
        for column in grid.columns
        if (known := words.of(title, column)).values
    }
    columns = {column: (title, known) for (title, column), known in used.items()}
    if not columns:
        return
    height = max(len(known.values or {}) for _, known in columns.values())
    lines = [[""] * (2 * len(columns)) for _ in range(HEADERS + height)]
    places: dict[str, str] = {}
    for k, (column, (title, known)) in enumerate(columns.items()):
        values = known.values or {}
        lines[0][2 * k] = column.removeprefix(ARROW)
        lines[1][2 * k] = words.label(title, column)
        for n, (code, said) in enumerate(values.items(), HEADERS):
            lines[n][2 * k], lines[n][2 * k + 1] = code, f"{said.en} / {said.zh}"
        letter = get_column_letter(2 * k + 1)
        places[column] = f"{WORDS}!${letter}${HEADERS + 1}:${letter}${HEADERS + len(values)}"
    sheet: Worksheet = book.create_sheet(WORDS)
    _write(sheet, lines)
    sheet.freeze_panes = "A3"
    for title, column in used:
        rule = DataValidation("list", formula1=places[column], allow_blank=True)
        rule.showErrorMessage = False
        letter = get_column_letter(sheets[title].columns.index(column) + 1)
        rule.add(f"{letter}{HEADERS + 1}:{letter}{_LIST_ROWS}")
        book[title].add_data_validation(rule)

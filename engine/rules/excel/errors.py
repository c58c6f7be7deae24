"""Why a workbook cannot be taken."""

from __future__ import annotations

from engine.base.text import SluiceError, Text


class ExcelRefused(SluiceError):
    """A workbook, or a cell of it, that cannot be taken; nothing has changed.

    EXCEL_FILE, EXCEL_TOO_LARGE, EXCEL_SHEET, EXCEL_HEADER, EXCEL_COLUMN, EXCEL_BASE,
    EXCEL_FORMULA, EXCEL_CELL (a number, date, truth or error value that cannot be read back as
    what was typed), EXCEL_ROW, EXCEL_TWICE, EXCEL_VALUE. `cell` is like "Rules!C5", where one
    cell is at fault.
    """

    http_status = 422

    def __init__(self, code: str, text: Text, cell: str | None = None) -> None:
        said = text if cell is None else Text(f"{cell}: {text.en}", f"{cell}：{text.zh}")
        super().__init__(code, said)
        self.cell = cell


def refused(code: str, en: str, zh: str, cell: str | None = None) -> ExcelRefused:
    """The refusal with this sentence."""
    return ExcelRefused(code, Text(en, zh), cell)

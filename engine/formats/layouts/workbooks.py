"""Rows of workbooks: xls and xlsx, and the text files banks call .xls."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from decimal import Decimal
from typing import BinaryIO

from python_calamine import CalamineError, CalamineWorkbook

from engine.formats.layouts.binding import Rows
from engine.formats.layouts.faults import FileFault, FileRefused
from engine.formats.layouts.lines import lines_of
from engine.formats.layouts.model import FileDef

MAX_BYTES = 64 * 1024 * 1024
MAX_CELLS = 20_000_000
_BOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


def sheet_rows(stream: BinaryIO, file: FileDef) -> Iterator[Rows]:
    """All rows of the sheet (the first, or `file.sheet`) as texts. FileRefused WORKBOOK,
    TOO_LARGE."""
    content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise _refused(
            "TOO_LARGE",
            f"the file has more than {MAX_BYTES:,} bytes; split it",
            "文件过大；请拆分",
        )
    if not content.startswith(_BOOKS):
        yield from _text_rows(content)
        return
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        names = book.sheet_names
        wanted = file.sheet if file.sheet in names else (names[0] if names else None)
        if wanted is None or (file.sheet and wanted != file.sheet):
            said = ", ".join(names)
            raise _refused(
                "WORKBOOK",
                f"there is no sheet {file.sheet}; it has {said}",
                f"没有工作表 {file.sheet}；现有：{said}",
            )
        sheet = book.get_sheet_by_name(wanted)
        if sheet.total_height * sheet.total_width > MAX_CELLS:
            raise _refused(
                "TOO_LARGE", "the sheet has too many cells; split it", "工作表过大；请拆分"
            )
        rows = [[cell_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    except CalamineError as error:
        raise _refused(
            "WORKBOOK",
            f"the workbook cannot be read ({error}); save it again",
            "工作簿无法读取；请另存后重试",
        ) from error
    yield Rows(list(range(1, len(rows) + 1)), rows, ["\t".join(row) for row in rows])


def cell_text(cell: object) -> str:
    """A cell as its text: whole numbers without a fraction, days as 2026-12-01."""
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case float():
            # 15 digits are what a workbook holds for certain; more would show its binary rest.
            exact = Decimal(f"{cell:.15g}")
            return f"{int(exact)}" if exact == exact.to_integral_value() else f"{exact:f}"
        case dt.datetime():
            midnight = cell.time() == dt.time()
            return f"{cell:%Y-%m-%d}" if midnight else f"{cell:%Y-%m-%d %H:%M:%S}"
        case dt.date() | dt.time():
            return cell.isoformat()
        case _:
            return str(cell)


def _text_rows(content: bytes) -> Iterator[Rows]:
    """A text with tabs (or commas) under the name of a workbook; cells may stand as =\"…\"."""
    for block in lines_of(io.BytesIO(content), "auto"):
        separator = "\t" if any("\t" in one for one in block.texts) else ","
        rows = [one.split(separator) for one in block.texts]
        numbers = list(range(block.first, block.first + len(rows)))
        yield Rows(numbers, rows, ["\t".join(row) for row in rows])


def _refused(code: str, en: str, zh: str) -> FileRefused:
    return FileRefused([FileFault.of(code, en, zh)])

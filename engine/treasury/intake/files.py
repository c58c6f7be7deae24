"""Reading an import file: CSV (UTF-8 with or without BOM, GB18030), xlsx or xls, by its content.

Cells become texts exactly as they stand. Where a spreadsheet kept a number it could not keep
whole (account numbers of 16 and more digits), the cell is refused instead of being guessed.
"""

from __future__ import annotations

import csv
import datetime as dt
import difflib
import io
import zipfile
from collections.abc import Iterator, Sequence
from decimal import Decimal

from engine.base.text import Text
from engine.base.worksheets import (
    SheetDamaged,
    SheetKind,
    SheetLarge,
    SheetRange,
    check_range,
    check_unpacked,
)
from engine.formats.layouts import FileRefused
from engine.formats.layouts.workbooks import typed_rows
from engine.treasury.intake.columns import BY_NAME, COLUMNS, Form, column_of, known_headers
from engine.treasury.intake.reading import RawRow
from engine.treasury.intake.reasons import IntakeError, Reason

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 10_000
MAX_COLUMNS = 64
"""Furthest column of a worksheet; the furthest row is the header and MAX_ROWS below it."""
MAX_CELL = 2_000
"""Longest cell, in characters."""
MAX_UNPACKED = 200 * 1024 * 1024
MAX_RATIO = 100
"""Most an xlsx may unpack to, in bytes and as a multiple of its packed size."""

EXACT_DIGITS = 15
"""A spreadsheet keeps 15 digits of a number; the rest becomes zeros."""

ERROR_CELLS = frozenset(
    {"#N/A", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!"}
)

_ZIP = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"

Cell = str | int | float | bool | dt.date | dt.datetime | dt.time | dt.timedelta


def read_file(content: bytes) -> list[RawRow]:
    """The rows below the header; empty rows are left out, row numbers are those of the sheet.

    Raises IntakeError (nothing of the file is taken): FILE_EMPTY, FILE_TOO_LARGE (413),
    FILE_ROWS (413), FILE_RANGE (413), FILE_KIND, FILE_DAMAGED, FILE_ENCODING,
    FILE_HEADER, FILE_COLUMNS.
    """
    if not content.strip():
        raise _wrong("FILE_EMPTY", "the file is empty; fill in the template", "文件为空;请填写模板")
    if len(content) > MAX_BYTES:
        raise _wrong(
            "FILE_TOO_LARGE",
            f"the file has {len(content):,} bytes; split it, {MAX_BYTES:,} are allowed",
            f"文件有 {len(content):,} 字节,最多 {MAX_BYTES:,};请拆分",
            413,
        )
    cells = _book(content) if content.startswith((_ZIP, _OLD_EXCEL)) else _csv(content)
    return _rows(cells)


def _rows(lines: Iterator[Sequence[Cell]]) -> list[RawRow]:
    header: list[str] | None = None
    rows: list[RawRow] = []
    for number, line in enumerate(lines, start=1):
        if all(_blank(cell) for cell in line):
            continue
        if header is None:
            header = _header([str(cell) for cell in line])
            continue
        if len(rows) >= MAX_ROWS:
            raise _wrong(
                "FILE_ROWS",
                f"the file has more than {MAX_ROWS:,} rows; split it",
                f"文件超过 {MAX_ROWS:,} 行;请拆分",
                413,
            )
        rows.append(_row(number, header, line))
    if header is None:
        raise _wrong("FILE_EMPTY", "the file is empty; fill in the template", "文件为空;请填写模板")
    if not rows:
        raise _wrong(
            "FILE_EMPTY",
            "the file has a header and no rows; fill in one row per document",
            "文件只有表头;请每张单据填写一行",
        )
    return rows


def _header(titles: Sequence[str]) -> list[str]:
    while titles and not titles[-1].strip():
        titles = titles[:-1]
    names = []
    for title in titles:
        name = column_of(title)
        if name is None:
            near = difflib.get_close_matches(title.casefold().strip(), known_headers(), 1, 0.7)
            hint = (f"did you mean {near[0]!r}?", f"是否指 {near[0]!r}?") if near else ("", "")
            raise _wrong(
                "FILE_HEADER",
                f"column {title.strip()!r} is not known; {hint[0] or 'use the template'}",
                f"不认识的列 {title.strip()!r};{hint[1] or '请使用模板'}",
            )
        if name in names:
            raise _wrong(
                "FILE_HEADER",
                f"column {name} stands twice; keep one",
                f"列 {BY_NAME[name].label.zh} 重复;请只保留一列",
            )
        names.append(name)
    missing = [c for c in COLUMNS if c.needed and c.name not in names]
    if missing:
        raise _wrong(
            "FILE_COLUMNS",
            f"columns are missing: {', '.join(c.name for c in missing)}; use the template",
            f"缺少列:{'、'.join(c.label.zh for c in missing)};请使用模板",
        )
    return names


def _row(number: int, header: Sequence[str], line: Sequence[Cell]) -> RawRow:
    texts: dict[str, str | None] = {}
    trouble: list[Reason] = []
    for at, cell in enumerate(line):
        if at >= len(header):
            if not _blank(cell):
                trouble.append(_extra_cell(at + 1))
            continue
        name = header[at]
        text, reason = _text(name, cell)
        texts[name] = text
        if reason is not None:
            trouble.append(reason)
    return RawRow(number, texts, tuple(trouble))


def _text(name: str, cell: Cell) -> tuple[str | None, Reason | None]:
    if isinstance(cell, bool):
        return ("true" if cell else "false"), None
    if isinstance(cell, int | float):
        return _number(name, cell)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat(), None
    if isinstance(cell, dt.date):
        return cell.isoformat(), None
    if isinstance(cell, dt.time | dt.timedelta):
        return str(cell), None
    if cell in ERROR_CELLS:
        return cell, Reason(
            "CELL_ERROR",
            name,
            Text(
                f"the cell shows {cell}; correct the formula or write the value",
                f"单元格为错误值 {cell};请更正公式或直接填写",
            ),
        )
    if len(cell) > MAX_CELL:
        return cell[:MAX_CELL], Reason(
            "TEXT_LENGTH",
            name,
            Text(
                f"the cell has {len(cell):,} characters; shorten it",
                f"单元格有 {len(cell):,} 个字符;请缩短",
            ),
        )
    return (cell or None), None


def _number(name: str, cell: int | float) -> tuple[str | None, Reason | None]:
    """A numeric cell as text, refused where the spreadsheet cannot have kept it whole.

    repr of a double is the shortest decimal that means the same double; up to 15 digits that is
    what was typed. From here on it is text, and amounts are read as exact decimals.
    """
    exact = Decimal(repr(cell))
    if not exact.is_finite():
        return None, _lost(name, str(exact))
    digits = len(exact.normalize().as_tuple().digits)
    whole = max(exact.adjusted() + 1, 0)
    text = f"{exact:f}".removesuffix(".0")
    # A long identifier ending in zeros has few significant digits and is still not what was
    # typed: the spreadsheet filled the zeros in.
    too_long = whole > EXACT_DIGITS if BY_NAME[name].form is not Form.AMOUNT else False
    if digits > EXACT_DIGITS or too_long:
        return text, _lost(name, text)
    return text, None


def _lost(name: str, text: str) -> Reason:
    return Reason(
        "NUMBER_PRECISION",
        name,
        Text(
            f"the spreadsheet kept {text} as a number and has lost digits; format the column as "
            "text and type it again",
            f"表格将 {text} 存为数字,末位已丢失;请将该列设为文本格式后重新录入",
        ),
    )


def _extra_cell(place: int) -> Reason:
    return Reason(
        "CELL_EXTRA",
        None,
        Text(
            f"cell {place} stands outside the columns; quote texts that contain the separator",
            f"第 {place} 个单元格超出表头范围;含分隔符的文本请加引号",
        ),
    )


def _csv(content: bytes) -> Iterator[Sequence[Cell]]:
    text = _decode(content)
    if "\0" in text:
        raise _damaged()
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(",;\t|", key=first.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    except csv.Error as error:
        raise _wrong(
            "FILE_DAMAGED",
            f"the CSV cannot be read: {error}; check its quotes",
            f"CSV 无法读取:{error};请检查引号",
        ) from error


def _decode(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _wrong(
        "FILE_ENCODING",
        "the file is neither UTF-8 nor GB18030; save it as UTF-8",
        "文件编码既非 UTF-8 也非 GB18030;请另存为 UTF-8",
    )


def _book(content: bytes) -> Iterator[Sequence[Cell]]:
    """Rows of an xlsx or xls, opened by a program of its own with limits."""
    packed = content.startswith(_ZIP)
    if packed:
        _check_zip(content)
    try:
        yield from typed_rows(content)
    except FileRefused as error:
        if error.code == "TOO_LARGE":
            raise _wrong("FILE_RANGE", error.text.en, error.text.zh, 413) from error
        if packed:
            raise _damaged() from error
        raise _wrong(
            "FILE_KIND",
            "this Excel file is protected or damaged; save it as xlsx without a password, or CSV",
            "该 Excel 文件已加密或损坏;请另存为无密码的 xlsx 或 CSV",
        ) from error


def _check_zip(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            check_unpacked(packed, len(content), MAX_UNPACKED, MAX_RATIO)
            check_range(packed, MAX_ROWS + 1, MAX_COLUMNS)
    except SheetLarge as error:
        raise _wrong(
            "FILE_TOO_LARGE",
            "the file unpacks to far more than it should; copy the rows into a fresh template",
            "文件解压后异常巨大;请将数据复制到新模板",
            413,
        ) from error
    except SheetRange as far:
        raise _wrong(
            "FILE_RANGE",
            f"a sheet reaches to cell {far}, {MAX_ROWS + 1:,} rows and {MAX_COLUMNS} columns are "
            "allowed; split the file, or copy the rows into a fresh template",
            f"工作表延伸至单元格 {far},最多 {MAX_ROWS + 1:,} 行 {MAX_COLUMNS} 列;"
            "请拆分文件,或将数据复制到新模板",
            413,
        ) from far
    except SheetKind as error:
        raise _wrong(
            "FILE_KIND",
            "this is a workbook of another kind (xlsb or ods); save it as xlsx or CSV",
            "这是其他格式的工作簿(xlsb 或 ods);请另存为 xlsx 或 CSV",
        ) from error
    except (SheetDamaged, zipfile.BadZipFile, OSError, ValueError) as error:
        raise _damaged() from error


def _damaged() -> IntakeError:
    return _wrong(
        "FILE_DAMAGED",
        "the file cannot be read; save it again as xlsx or CSV",
        "文件无法读取;请重新另存为 xlsx 或 CSV",
    )


def _blank(cell: Cell) -> bool:
    return isinstance(cell, str) and not cell.strip()


def _wrong(code: str, en: str, zh: str, status: int = 422) -> IntakeError:
    return IntakeError(code, Text(en, zh), status)

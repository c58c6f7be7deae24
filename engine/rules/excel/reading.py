"""A workbook's sheets as grids of texts, within limits, with every cell's place kept."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import openpyxl
from openpyxl.cell.read_only import EmptyCell, ReadOnlyCell
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from engine.base.worksheets import (
    SheetDamaged,
    SheetKind,
    SheetLarge,
    SheetRange,
    check_range,
    check_unpacked,
)
from engine.rules.excel.book import HEADERS
from engine.rules.excel.cells import text_of
from engine.rules.excel.content import NUMBER, PARAMETERS, TABLES, WORDS, Grid
from engine.rules.excel.errors import ExcelRefused, refused
from engine.rules.excel.words import Words
from engine.rules.suggest import remedy

MAX_BYTES = 20 * 1024 * 1024
MAX_UNPACKED = 100 * 1024 * 1024
MAX_RATIO = 500
MAX_ROWS, MAX_COLUMNS = 6_000, 300
"""Furthest row and column of any sheet."""

_Found = EmptyCell | ReadOnlyCell
_BROKEN = (
    InvalidFileException,
    zipfile.BadZipFile,
    zlib.error,
    SyntaxError,  # malformed XML
    KeyError,
    IndexError,
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
    OSError,
    EOFError,
    RuntimeError,
)
"""What the reader raises for files that no spreadsheet has written."""


@dataclass(frozen=True, slots=True)
class Read:
    """A sheet as it came back: its grid, and "Rules!C5" of (row key, column)."""

    grid: Grid
    places: dict[tuple[str, str], str]
    fresh: frozenset[str]
    """Keys that were made up here for examples without a number."""


def read_book(content: bytes, wanted: dict[str, Grid], words: Words) -> dict[str, Read]:
    """Every sheet of `wanted` as it stands in the workbook. Raises ExcelRefused."""
    _check(content)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        names = book.sheetnames
        lines = {
            title: [list(row) for row in _lines(book[title])] for title in wanted if title in names
        }
    except _BROKEN as error:
        raise _damaged() from error
    unknown = [name for name in names if name not in wanted and name != WORDS]
    if unknown:
        raise refused(
            "EXCEL_SHEET",
            f"the workbook has a sheet {unknown[0]!r}; delete it, or give it its old name back",
            f"工作簿中有工作表 {unknown[0]!r}；请删除，或恢复原名",
        )
    missing = [title for title in wanted if title not in names]
    if missing:
        raise refused(
            "EXCEL_SHEET",
            f"the sheet {missing[0]!r} is missing; make the workbook again and change that one",
            f"缺少工作表 {missing[0]!r}；请重新导出后再修改",
        )
    return {title: _read(title, lines[title], wanted[title], words) for title in wanted}


def _lines(sheet: object) -> Iterator[tuple[_Found, ...]]:
    sheet.reset_dimensions()  # type: ignore[attr-defined]
    yield from sheet.iter_rows()  # type: ignore[attr-defined]


def _check(content: bytes) -> None:
    if len(content) > MAX_BYTES:
        raise _large()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            check_unpacked(packed, len(content), MAX_UNPACKED, MAX_RATIO)
            check_range(packed, MAX_ROWS, MAX_COLUMNS)
            _no_doctype(packed)
    except SheetLarge as error:
        raise _large() from error
    except SheetRange as far:
        raise refused(
            "EXCEL_TOO_LARGE",
            f"a sheet reaches to cell {far}; {MAX_ROWS:,} rows and {MAX_COLUMNS} columns are "
            "allowed: delete the rows and columns beyond the table",
            f"工作表延伸至单元格 {far}；最多 {MAX_ROWS:,} 行 {MAX_COLUMNS} 列："
            "请删除表格以外的行列",
        ) from far
    except (SheetDamaged, SheetKind, *_BROKEN) as error:
        raise _damaged() from error


def _no_doctype(packed: zipfile.ZipFile) -> None:
    """Entities are declared in a DOCTYPE; a spreadsheet writes none."""
    marks = [b"<!DOCTYPE", "<!DOCTYPE".encode("utf-16-le"), "<!DOCTYPE".encode("utf-16-be")]
    for item in packed.infolist():
        if item.filename.endswith((".xml", ".rels")) and any(
            mark in packed.read(item) for mark in marks
        ):
            raise SheetDamaged("DOCTYPE")


def _read(title: str, lines: list[list[_Found]], wanted: Grid, words: Words) -> Read:
    columns = _columns(title, lines, wanted, words)
    key_at = columns.index(wanted.columns[0])
    rows: dict[str, dict[str, str]] = {}
    places: dict[tuple[str, str], str] = {}
    fresh: set[str] = set()
    for number, line in enumerate(lines[HEADERS:], HEADERS + 1):
        found = [
            text_of(cell, words.of(title, column), _place(title, k, number))
            if isinstance(cell, ReadOnlyCell)
            else ""
            for k, (column, cell) in enumerate(zip(columns, line, strict=False))
        ]
        _nothing_beside(title, line[len(columns) :])
        found += [""] * (len(columns) - len(found))
        if not any(found):
            continue
        key = found[key_at]
        if not key and title == TABLES["examples"]:
            key = f"new {number}"
            fresh.add(key)
        _check_key(key, _place(title, key_at, number), rows, places, wanted, fresh)
        rows[key] = dict(zip(columns, found, strict=True))
        places |= {(key, column): _place(title, k, number) for k, column in enumerate(columns)}
    return Read(Grid(tuple(columns), rows), places, frozenset(fresh))


def _columns(title: str, lines: list[list[_Found]], wanted: Grid, words: Words) -> list[str]:
    names = [str(cell.value or "").strip() for cell in lines[0]] if lines else []
    while names and not names[-1]:
        names.pop()
    for k, name in enumerate(names):
        place = _place(title, k, 1)
        if names.index(name) != k:
            raise refused(
                "EXCEL_TWICE",
                f"column {name!r} stands here twice; delete one",
                f"列 {name!r} 重复；请删除一个",
                place,
            )
        if name not in wanted.columns and not (title == PARAMETERS and name):
            near = remedy(name, wanted.columns)
            raise refused(
                "EXCEL_COLUMN",
                f"unknown column {name!r}; {'' if near is None else near.en + '; '}"
                "columns are added in the text (sluice edit FILE column add)",
                f"未知列 {name!r}；{'' if near is None else near.zh + '；'}"
                "请在文本中增加列（sluice edit FILE column add）",
                place,
            )
    missing = [name for name in wanted.columns if name not in names]
    fixed = missing if title != PARAMETERS else [n for n in missing if n in wanted.columns[:3]]
    if fixed:
        raise refused(
            "EXCEL_HEADER",
            f"{title}: the column {fixed[0]!r} is missing in the first row; write it there again",
            f"{title}：首行缺少列 {fixed[0]!r}；请补写",
        )
    first = names.index(wanted.columns[0])
    label = words.label(title, wanted.columns[0])
    told = lines[1][first].value if len(lines) > 1 and first < len(lines[1]) else None
    if told != label:
        raise refused(
            "EXCEL_HEADER",
            f"the second row must hold the labels, here {label!r}; write it there again",
            f"第二行须为标签，此处应为 {label!r}；请补写",
            _place(title, first, 2),
        )
    return names


def _nothing_beside(title: str, cells: list[_Found]) -> None:
    for cell in cells:
        if isinstance(cell, ReadOnlyCell) and cell.value is not None:
            raise refused(
                "EXCEL_COLUMN",
                "this cell stands under no column name; delete it, or write the name in row 1",
                "此单元格上方没有列名；请删除，或在首行写列名",
                f"{title}!{cell.coordinate}",
            )


def _check_key(
    key: str,
    place: str,
    rows: dict[str, dict[str, str]],
    places: dict[tuple[str, str], str],
    wanted: Grid,
    fresh: set[str],
) -> None:
    column = wanted.columns[0]
    if not key:
        raise refused(
            "EXCEL_ROW",
            f"the row has no {column}; write one, or empty the whole row",
            f"此行没有 {column}；请填写，或清空整行",
            place,
        )
    if key in rows:
        raise refused(
            "EXCEL_TWICE",
            f"{key!r} already stands at {places[key, column]}; "
            + ("empty it for a new example" if column == NUMBER else "choose another"),
            f"{key!r} 已在 {places[key, column]}；"
            + ("新增示例请留空" if column == NUMBER else "请另取"),
            place,
        )
    if column == NUMBER and key not in wanted.rows and key not in fresh:
        raise refused(
            "EXCEL_ROW",
            f"there is no example {key!r}; leave it empty for a new one",
            f"没有第 {key!r} 个示例；新增请留空",
            place,
        )


def _place(title: str, column: int, row: int) -> str:
    return f"{title}!{get_column_letter(column + 1)}{row}"


def _large() -> ExcelRefused:
    return refused(
        "EXCEL_TOO_LARGE",
        f"the file is too large or unpacks to far too much; {MAX_BYTES:,} bytes are allowed",
        f"文件过大或解压后异常巨大；最多 {MAX_BYTES:,} 字节",
    )


def _damaged() -> ExcelRefused:
    return refused(
        "EXCEL_FILE",
        "the file is no xlsx workbook that can be read; save it again as xlsx without a password",
        "无法读取该文件；请另存为无密码的 xlsx 工作簿",
    )

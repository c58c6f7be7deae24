"""Rows of workbooks: xls and xlsx, and the texts, web pages and XML banks call .xls."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from engine.base.worksheets import (
    SheetDamaged,
    SheetKind,
    SheetLarge,
    SheetRange,
    check_range,
    check_unpacked,
)
from engine.formats.layouts import workbook_child
from engine.formats.layouts.binding import Rows
from engine.formats.layouts.faults import FileFault, FileRefused
from engine.formats.layouts.lines import lines_of
from engine.formats.layouts.model import FileDef

MAX_BYTES = 64 * 1024 * 1024
MAX_ROWS = 200_000
MAX_COLUMNS = 256
MAX_UNPACKED = 512 * 1024 * 1024
MAX_RATIO = 200
"""Bytes a workbook may unpack to for each of its own."""
_ROWS = 2_000
_HEAD = 4096
_BEFORE = b"\xef\xbb\xbf\xff\xfe \t\r\n"
"""Byte order marks and blanks before a text."""
_CHILD = Path(workbook_child.__file__)


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
    if not content.startswith(workbook_child.BOOKS) and not is_marked_up(content):
        yield from _text_rows(content)
        return
    if content.startswith(b"PK"):
        _check_packed(content)
    yield from _opened(content, file.sheet or "")


def is_marked_up(content: bytes) -> bool:
    """Whether it is a web page with a table, or a sheet in XML."""
    head = content[:_HEAD].replace(b"\0", b"").lower()
    return head.lstrip(_BEFORE).startswith(b"<") and any(
        one in head
        for one in (b"<html", b"<table", b"urn:schemas-microsoft-com:office:spreadsheet")
    )


def typed_rows(content: bytes) -> Iterator[list[str | int | float | bool]]:
    """Rows of the first sheet of an xlsx or xls, numbers as numbers and days as texts. How far a
    packed one reaches is the caller's to check. FileRefused WORKBOOK, TOO_LARGE."""
    for block in _blocks(content, "", "typed"):
        yield from block


def _opened(content: bytes, sheet: str) -> Iterator[Rows]:
    first = 1
    for rows in _blocks(content, sheet):
        numbers = list(range(first, first + len(rows)))
        yield Rows(numbers, rows, ["\t".join(row) for row in rows])
        first += len(rows)


def _blocks(content: bytes, sheet: str, *how: str) -> Iterator[list[list[Any]]]:
    """Rows as `workbook_child` reads them; a program that ends before its last line is a workbook
    that cannot be read."""
    child = subprocess.Popen(
        [sys.executable, "-I", "-B", str(_CHILD), sheet, *how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        with contextlib.suppress(BrokenPipeError):
            child.stdin.write(content)
            child.stdin.close()
        ended = False
        while block := list(islice(child.stdout, _ROWS)):
            found = [json.loads(line) for line in block if line.endswith(b"\n")]
            rows = [one for one in found if isinstance(one, list)]
            if rows:
                yield rows
            for said in found:
                if isinstance(said, dict):
                    ended = _is_end(said, sheet)
        if not ended:
            raise _damaged("it asks for more memory or time than a workbook may")
    finally:
        child.kill()
        child.stdout.close()
        child.wait()


def _is_end(said: Mapping[str, object], sheet: str) -> bool:
    if "sheets" in said:
        raise _refused(
            "WORKBOOK",
            f"there is no sheet {sheet!r}; it has {said['sheets']}, correct the layout",
            f"没有工作表 {sheet!r}；现有：{said['sheets']}，请更正布局",
        )
    if "cells" in said:
        raise _refused(
            "TOO_LARGE",
            f"the sheet has {said['cells']} cells; copy the rows into a fresh one",
            f"工作表有 {said['cells']} 个单元格；请将数据复制到新工作表",
        )
    if "damaged" in said:
        raise _damaged(str(said["damaged"]))
    return "end" in said


def _damaged(why: str) -> FileRefused:
    return _refused(
        "WORKBOOK",
        f"the workbook cannot be read ({why}); get it again",
        f"工作簿无法读取（{why}）；请重新获取",
    )


def _check_packed(content: bytes) -> None:
    """Before a reader lays a sheet out: how much a workbook unpacks to, and how far it reaches."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            check_unpacked(packed, len(content), MAX_UNPACKED, MAX_RATIO)
            check_range(packed, MAX_ROWS, MAX_COLUMNS)
    except SheetLarge as error:
        raise _refused(
            "TOO_LARGE",
            f"the workbook unpacks to {error} bytes; copy the rows into a fresh one",
            f"工作簿解压后有 {error} 字节；请将数据复制到新工作簿",
        ) from error
    except SheetRange as far:
        raise _refused(
            "TOO_LARGE",
            f"a sheet reaches to cell {far}; {MAX_ROWS:,} rows and {MAX_COLUMNS} columns are "
            "allowed, copy the rows into a fresh workbook",
            f"工作表延伸至单元格 {far}；最多 {MAX_ROWS:,} 行 {MAX_COLUMNS} 列，"
            "请将数据复制到新工作簿",
        ) from far
    except SheetKind as error:
        raise _refused(
            "WORKBOOK",
            "this is a workbook of another kind (xlsb or ods); save it as xlsx or csv",
            "这是其他格式的工作簿（xlsb 或 ods）；请另存为 xlsx 或 csv",
        ) from error
    except (SheetDamaged, zipfile.BadZipFile, OSError, ValueError, RuntimeError) as error:
        raise _damaged(str(error)) from error


def _text_rows(content: bytes) -> Iterator[Rows]:
    """A text with tabs (or commas) under the name of a workbook; cells may stand as =\"…\"."""
    for block in lines_of(io.BytesIO(content), "auto"):
        separator = "\t" if any("\t" in one for one in block.texts) else ","
        rows = [one.split(separator) for one in block.texts]
        numbers = list(range(block.first, block.first + len(rows)))
        yield Rows(numbers, rows, ["\t".join(row) for row in rows])


def _refused(code: str, en: str, zh: str) -> FileRefused:
    return FileRefused([FileFault.of(code, en, zh)])

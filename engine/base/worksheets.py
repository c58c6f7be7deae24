"""How far the worksheets of an xlsx reach, counted in a stream before a reader lays them out.

A reader lays a sheet out as one rectangle: a single cell at XFD1048576 in a file of 5 kB asks
for 17 billion cells. Every part that could be a worksheet is counted, whatever its name.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from xml.parsers import expat

_CHUNK = 1 << 16
_MARK = "sheetData"
"""The element without which no reader finds cells."""
_MARKS = tuple(_MARK.encode(name) for name in ("utf-8", "utf-16-le", "utf-16-be"))
_OTHER_BOOKS = frozenset({"xl/workbook.bin", "content.xml"})
_CELL = re.compile(r"([A-Za-z]{1,4})([0-9]{1,8})", re.ASCII)
_ROW = re.compile(r"[0-9]{1,8}", re.ASCII)


class SheetDamaged(ValueError):
    """The archive or a worksheet cannot be read."""


class SheetKind(ValueError):
    """A workbook of another kind: xlsb or ods."""


class SheetRange(ValueError):
    """A worksheet reaches too far; the text is the cell."""


class SheetLarge(ValueError):
    """A file unpacks to far more than its size lets expect."""


def check_unpacked(packed: zipfile.ZipFile, size: int, most: int, ratio: int) -> None:
    """Raises SheetLarge when a file of `size` bytes unpacks to more than `most` bytes, or to more
    than `ratio` times its size."""
    unpacked = sum(item.file_size for item in packed.infolist())
    if unpacked > most or unpacked > ratio * size:
        raise SheetLarge(f"{unpacked:,}")


def check_range(packed: zipfile.ZipFile, rows: int, columns: int) -> None:
    """Raises SheetRange when a worksheet names a cell beyond `rows` and `columns`, SheetDamaged
    when one is not well-formed, has a DOCTYPE or rows out of order, SheetKind for xlsb and ods."""
    items = packed.infolist()
    names = {item.filename.replace("\\", "/").lstrip("/").casefold() for item in items}
    if names & _OTHER_BOOKS:
        raise SheetKind
    try:
        for item in items:
            if any(_is_sheet(packed, item)):
                _Count(rows, columns).read(_chunks(packed, item))
    except (
        zipfile.BadZipFile,
        zlib.error,
        expat.ExpatError,
        EOFError,
        OSError,
        RuntimeError,  # encrypted, or (NotImplementedError) packed in a way nobody uses
        LookupError,
    ) as error:
        raise SheetDamaged(str(error)) from error


def _chunks(packed: zipfile.ZipFile, item: zipfile.ZipInfo) -> Iterator[bytes]:
    with packed.open(item) as part:
        while chunk := part.read(_CHUNK):
            yield chunk


def _is_sheet(packed: zipfile.ZipFile, item: zipfile.ZipInfo) -> Iterator[bool]:
    tail = b""
    for chunk in _chunks(packed, item):
        window = tail + chunk
        yield any(mark in window for mark in _MARKS)
        tail = window[-2 * len(_MARK) :]


class _Count:
    """Where the cells of one worksheet stand; those without a place follow the one before."""

    def __init__(self, rows: int, columns: int) -> None:
        self.rows, self.columns = rows, columns
        self.row = self.column = self.cells = 0

    def read(self, chunks: Iterator[bytes]) -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.StartDoctypeDeclHandler = _no_doctype
        for chunk in chunks:
            parser.Parse(chunk, False)
        parser.Parse(b"", True)

    def _start(self, tag: str, attributes: Mapping[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "c":
            self._cell(attributes.get("r"))
        elif name == "row":
            self._row(attributes.get("r"))
        elif name == "dimension":
            for corner in attributes.get("ref", "").split(":"):
                if corner:
                    self._within(*_place(corner))

    def _row(self, place: str | None) -> None:
        if place is not None and not _ROW.fullmatch(place):
            raise SheetDamaged(f"row {place!r}")
        self._go_to(self.row + 1 if place is None else int(place))
        self.column = 0
        self._within(self.row, 1)

    def _cell(self, place: str | None) -> None:
        if place is None:
            self.column += 1
        else:
            row, self.column = _place(place)
            self._go_to(row)
        self.cells += 1
        self._within(self.row, self.column)
        if self.cells > self.rows * self.columns:
            raise SheetDamaged("more cells than places")

    def _go_to(self, row: int) -> None:
        if row < max(self.row, 1):
            raise SheetDamaged(f"row {row} after row {self.row}")
        self.row = row

    def _within(self, row: int, column: int) -> None:
        if row > self.rows or column > self.columns:
            raise SheetRange(f"{_letters(column)}{row}")


def _no_doctype(*_declared: object) -> None:
    raise SheetDamaged("DOCTYPE")


def _place(cell: str) -> tuple[int, int]:
    """Row and column, from 1, of a cell such as AB12."""
    found = _CELL.fullmatch(cell)
    if found is None:
        raise SheetDamaged(f"cell {cell!r}")
    column = 0
    for letter in found[1].upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(found[2]), column


def _letters(column: int) -> str:
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters

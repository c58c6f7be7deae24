"""Writing a file by its layout, a column at a time; sums of header and trailer from the rows."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, TypeVar

from engine.formats.layouts.cell_writing import CellWriter
from engine.formats.layouts.cells import CellFault, codec_of
from engine.formats.layouts.faults import MOST, FileFault, FileRefused
from engine.formats.layouts.figures import Figures
from engine.formats.layouts.model import Form, Layout, RecordDef, Value
from engine.formats.layouts.once import Once
from engine.formats.layouts.rules import NAME_PART

T = TypeVar("T")
CHUNK = 2_000
SPOOL = 1024 * 1024
"""Bytes of details kept in memory until header totals are known; more go to a temporary file."""

_MARKS = {"utf-16": b"\xff\xfe", "utf-8-sig": b"\xef\xbb\xbf"}


@dataclass(frozen=True, slots=True)
class Written:
    """What is in a file. `sums` by field, money in minor units."""

    count: int
    sums: Mapping[str, int]


def write(
    layout: Layout,
    head: Mapping[str, Value],
    names: Sequence[str],
    rows: Iterable[Sequence[Value]],
    out: BinaryIO,
    currency: str = "CNY",
) -> Written:
    """Write `rows` (values in the order of `names`) and header and trailer from `head`.

    Aggregates and the field `row` are computed. Money in minor units of `currency`. Raises
    FileRefused with every fault (MOST at most); then nothing was written to `out`.
    """
    return _Writer(layout, currency).write(head, names, rows, out)


def parts(rows: Sequence[T], layout: Layout) -> list[Sequence[T]]:
    """Rows over as many files as the bank's `max_rows` asks for."""
    most = layout.file.max_rows or max(1, len(rows))
    return [rows[start : start + most] for start in range(0, len(rows), most)]


def file_name(layout: Layout, values: Mapping[str, str | int | dt.date]) -> str:
    """The name of a file: `PAY_{branch}_{date:%Y%m%d}_{part}.txt`; letters, digits, `._-` stay.

    FileRefused FILE_NAME when the pattern asks for something nobody gives.
    """

    def said(part: re.Match[str]) -> str:
        value = values.get(part[1])
        if value is None:
            known = ", ".join(sorted(values))
            raise FileRefused(
                [
                    FileFault.of(
                        "FILE_NAME",
                        f"the file's name asks for {part[1]!r}; known are {known}",
                        f"文件名需要 {part[1]!r}；可用：{known}",
                        field=part[1],
                    )
                ]
            )
        if isinstance(value, dt.date):
            return value.strftime(part[2] or "%Y%m%d")
        return f"{value:0{int(part[2])}d}" if part[2] and isinstance(value, int) else str(value)

    made = NAME_PART.sub(said, layout.file.name or "{message_id}.txt")
    return re.sub(r"[^\w.\-]", "_", made)


class _Writer:
    def __init__(self, layout: Layout, currency: str) -> None:
        self._layout = layout
        self._file = layout.file
        self._codec = codec_of(layout)
        self._currency = currency
        self._cells = [CellWriter(one, layout, currency) for one in layout.detail.fields]
        self._once = {one.name: Once() for one in layout.detail.fields if one.checks.unique}
        self._figures = Figures(layout, currency)
        self._faults: list[FileFault] = []

    def write(
        self,
        head: Mapping[str, Value],
        names: Sequence[str],
        rows: Iterable[Sequence[Value]],
        out: BinaryIO,
    ) -> Written:
        with tempfile.SpooledTemporaryFile(max_size=SPOOL) as spool:
            for chunk in _chunks(rows, CHUNK):
                spool.write(self._details(names, chunk))
                if len(self._faults) >= MOST:
                    break
            self._end()
            header = self._single(self._layout.header, head)
            trailer = self._single(self._layout.trailer, head)
            if self._faults:
                raise FileRefused(self._faults[:MOST])
            out.write(_MARKS.get(self._file.encoding, b""))
            out.write(self._names_row())
            out.write(header)
            spool.seek(0)
            shutil.copyfileobj(spool, out)
            out.write(trailer)
        return Written(self._figures.count, self._figures.sums())

    def _details(self, names: Sequence[str], chunk: Sequence[Sequence[Value]]) -> bytes:
        first = self._figures.count + 1
        values = dict(zip(names, zip(*chunk, strict=True), strict=True))
        values.setdefault("row", tuple(range(first, first + len(chunk))))
        nothing = (None,) * len(chunk)
        columns: list[list[str]] = []
        for writer in self._cells:
            column = values.get(writer.field.name, nothing)
            texts = writer.column(column)
            columns.append(self._slowly(writer, column, first) if texts is None else texts)
        self._figures.add(values, len(chunk))
        for name, once in self._once.items():
            once.add(values.get(name, ()), range(first, first + len(chunk)))
        try:
            return self._lines(columns).encode(self._codec)
        except UnicodeEncodeError:  # a text without a width, which nobody has encoded yet
            for writer in self._cells:
                self._slowly(writer, values.get(writer.field.name, nothing), first)
            return b""

    def _slowly(self, writer: CellWriter, column: Sequence[Value], first: int) -> list[str]:
        texts = []
        for place, value in enumerate(column):
            try:
                texts.append(writer.write(value))
            except CellFault as error:
                texts.append("")
                self._fault(error, "detail", first + place, writer.field.name)
        return texts

    def _lines(self, columns: list[list[str]]) -> str:
        file = self._file
        end = file.line_end
        if file.form is Form.FIXED:
            return end.join(map("".join, zip(*columns, strict=True))) + end
        if file.quote is not None:
            out = io.StringIO()
            csv.writer(
                out, delimiter=file.separator, quotechar=file.quote, lineterminator=end
            ).writerows(zip(*columns, strict=True))
            return out.getvalue()
        last = file.separator + end if file.trailing_separator else end
        return last.join(map(file.separator.join, zip(*columns, strict=True))) + last

    def _end(self) -> None:
        count, most = self._figures.count, self._file.max_rows
        if not count and not self._file.empty_allowed:
            self._faults.append(
                FileFault.of(
                    "EMPTY",
                    "there is nothing to write; give it at least one row",
                    "没有可写的明细；至少需要一行",
                )
            )
        if most is not None and count > most:
            self._faults.append(
                FileFault.of(
                    "TOO_MANY_ROWS",
                    f"{count} rows; the bank takes {most} in one file, split them",
                    f"共 {count} 行；银行每个文件最多 {most} 行，请拆分",
                )
            )
        for name, once in self._once.items():
            for earlier, again in once.twice():
                said = CellFault(
                    "TWICE",
                    f"the same as in row {earlier}; each row needs its own",
                    f"与第 {earlier} 行相同；每行必须唯一",
                )
                self._fault(said, "detail", again, name)

    def _single(self, record: RecordDef | None, head: Mapping[str, Value]) -> bytes:
        if record is None:
            return b""
        texts = []
        for one in record.fields:
            value = head.get(one.name) if one.aggregate is None else self._figures.of(one)
            try:
                texts.append(CellWriter(one, self._layout, self._currency).write(value))
            except CellFault as error:
                texts.append("")
                self._fault(error, record.name, None, one.name)
        return b"" if self._faults else self._lines([[text] for text in texts]).encode(self._codec)

    def _names_row(self) -> bytes:
        if self._file.form is not Form.CSV:
            return b""
        names = [[one.columns[0] if one.columns else ""] for one in self._layout.detail.fields]
        return self._lines(names).encode(self._codec)

    def _fault(self, error: CellFault, record: str, row: int | None, field: str) -> None:
        self._faults.append(
            FileFault.of(
                error.code, error.text.en, error.text.zh, record=record, row=row, field=field
            )
        )


def _chunks(rows: Iterable[Sequence[Value]], size: int) -> Iterator[list[Sequence[Value]]]:
    left = iter(rows)
    while chunk := list(islice(left, size)):
        yield chunk

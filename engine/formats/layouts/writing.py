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

from engine.base.text import Text
from engine.formats.layouts.cells import CellFault, CellWriter
from engine.formats.layouts.faults import MOST, FileFault, FileRefused
from engine.formats.layouts.model import Form, Layout, RecordDef, Value
from engine.formats.layouts.once import Once

T = TypeVar("T")
CHUNK = 2_000
SPOOL = 1024 * 1024
"""Bytes of details kept in memory until header totals are known; more go to a temporary file."""

_MARKS = {"utf-16": b"\xff\xfe", "utf-8-sig": b"\xef\xbb\xbf"}
_CODECS = {"auto": "gb18030", "utf-8-sig": "utf-8", "utf-16": "utf-16-le"}
_NAME_PART = re.compile(r"\{([a-z_]+)(?::([^{}]+))?\}")


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
                    FileFault(
                        "FILE_NAME",
                        "file",
                        None,
                        None,
                        part[1],
                        None,
                        Text(
                            f"the file's name asks for {part[1]!r}; known are {known}",
                            f"文件名需要 {part[1]!r}；可用：{known}",
                        ),
                    )
                ]
            )
        if isinstance(value, dt.date):
            return value.strftime(part[2] or "%Y%m%d")
        return f"{value:0{int(part[2])}d}" if part[2] and isinstance(value, int) else str(value)

    made = _NAME_PART.sub(said, layout.file.name or "{message_id}.txt")
    return re.sub(r"[^\w.\-]", "_", made)


class _Writer:
    def __init__(self, layout: Layout, currency: str) -> None:
        self._layout = layout
        self._file = layout.file
        self._codec = _CODECS.get(layout.file.encoding, layout.file.encoding)
        self._currency = currency
        self._cells = [CellWriter(one, layout, currency) for one in layout.detail.fields]
        self._once = {one.name: Once() for one in layout.detail.fields if one.checks.unique}
        self._sums: dict[str, int] = {}
        self._summed = layout.summed | {"amount"}
        self._faults: list[FileFault] = []
        self._count = 0

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
        return Written(self._count, dict(self._sums))

    def _details(self, names: Sequence[str], chunk: Sequence[Sequence[Value]]) -> bytes:
        first = self._count + 1
        self._count += len(chunk)
        values = dict(zip(names, zip(*chunk, strict=True), strict=True))
        values.setdefault("row", tuple(range(first, first + len(chunk))))
        columns: list[list[str]] = []
        for writer in self._cells:
            name = writer.field.name
            column = values.get(name) or (None,) * len(chunk)
            texts = writer.column(column)
            columns.append(self._slowly(writer, column, first) if texts is None else texts)
        for name in self._summed:
            numbers = [one for one in values.get(name, ()) if isinstance(one, int)]
            self._sums[name] = self._sums.get(name, 0) + sum(numbers)
        for name, once in self._once.items():
            once.add(values.get(name, ()), range(first, first + len(chunk)))
        return self._encoded(self._lines(columns), first)

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

    def _encoded(self, text: str, first: int) -> bytes:
        try:
            return text.encode(self._codec)
        except UnicodeEncodeError as error:
            bad = text[error.start]
            row = first + text.count("\n", 0, error.start)
            self._faults.append(
                FileFault(
                    "NOT_ENCODABLE",
                    "detail",
                    row,
                    None,
                    None,
                    None,
                    Text(
                        f"{bad!r} (U+{ord(bad):04X}) cannot be written in {self._codec}; replace "
                        "it in the document",
                        f"字符 {bad!r}（U+{ord(bad):04X}）无法用 {self._codec} 编码；"
                        "请在单据中替换",
                    ),
                )
            )
            return b""

    def _end(self) -> None:
        if not self._count and not self._file.empty_allowed:
            self._faults.append(
                FileFault(
                    "EMPTY",
                    "file",
                    None,
                    None,
                    None,
                    None,
                    Text("there is nothing to write", "没有可写的明细"),
                )
            )
        if self._file.max_rows is not None and self._count > self._file.max_rows:
            self._faults.append(
                FileFault(
                    "TOO_MANY_ROWS",
                    "file",
                    None,
                    None,
                    None,
                    None,
                    Text(
                        f"{self._count} rows; the bank takes {self._file.max_rows} in one file",
                        f"共 {self._count} 行；银行每个文件最多 {self._file.max_rows} 行",
                    ),
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
            value: Value = head.get(one.name)
            if one.aggregate is not None:
                of = one.aggregate.of
                value = self._count if of is None else self._sums.get(of, 0)
            try:
                texts.append(CellWriter(one, self._layout, self._currency).write(value))
            except CellFault as error:
                texts.append("")
                self._fault(error, record.name, None, one.name)
        return self._encoded(self._lines([[text] for text in texts]), 1)

    def _names_row(self) -> bytes:
        if self._file.form is not Form.CSV:
            return b""
        names = [[one.columns[0] if one.columns else ""] for one in self._layout.detail.fields]
        return self._lines(names).encode(self._codec)

    def _fault(self, error: CellFault, record: str, row: int | None, field: str) -> None:
        if len(self._faults) < 10 * MOST:
            self._faults.append(FileFault(error.code, record, row, None, field, None, error.text))


def _chunks(rows: Iterable[Sequence[Value]], size: int) -> Iterator[list[Sequence[Value]]]:
    left = iter(rows)
    while chunk := list(islice(left, size)):
        yield chunk

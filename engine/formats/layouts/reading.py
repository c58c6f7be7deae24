"""Reading a file by its layout: chunks of typed columns, everything verified.

Cells are checked a column at a time; only what is out of the way is looked at one by one. Nothing
is given up silently: a row is delivered, left out with its reason, or a fault of the whole file.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from engine.base.text import Text
from engine.formats.layouts.between import details
from engine.formats.layouts.binding import Binding, bind, csv_rows
from engine.formats.layouts.cell_reading import CellReader
from engine.formats.layouts.cells import CellFault, codec_of
from engine.formats.layouts.faults import MOST, FileFault, FileRefused
from engine.formats.layouts.figures import CAPTURED, Figures
from engine.formats.layouts.lines import Lines, lines_of
from engine.formats.layouts.model import FieldDef, Form, Layout, RecordDef, Type, Use, Value
from engine.formats.layouts.once import Once
from engine.formats.layouts.splitting import Batch, Cells, cells_of
from engine.formats.layouts.workbooks import sheet_rows


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some details. `columns` holds a list per field that carries something, all of one length;
    a field the file does not have is missing. `lines` are their lines in the file."""

    first_row: int
    lines: Sequence[int]
    columns: dict[str, list[Value]]

    def __len__(self) -> int:
        return len(self.lines)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A line that is no booking, and why the layout says so."""

    line: int
    text: str
    reason: Text


class FileReader:
    """Reads one file. `header`, `trailer`, `preamble` and `left_out` are whole when `chunks` has
    ended. Money is in minor units of `currency`; with `places`, in units of 10**-places."""

    def __init__(self, layout: Layout, currency: str = "CNY", places: int | None = None) -> None:
        self._layout = layout
        self._faults: list[FileFault] = []
        self._figures = Figures(layout, currency, places)
        self._readers = {
            record.name: [CellReader(one, layout, currency, places) for one in record.fields]
            for record in layout.records
        }
        self._once = {one.name: Once() for one in layout.detail.fields if one.checks.unique}
        self._said: list[tuple[str, int, FieldDef, Value]] = []
        self.header: dict[str, Value] = {}
        self.trailer: dict[str, Value] = {}
        self.preamble: dict[str, str] = {}
        self.left_out: list[LeftOut] = []

    @property
    def count(self) -> int:
        """Details so far."""
        return self._figures.count

    def chunks(self, stream: BinaryIO) -> Iterator[Chunk]:
        """Every detail of the file in order.

        Raises FileRefused with all faults (MOST at most) after the last chunk, or at once where
        reading cannot go on: whoever has taken chunks by then must undo it, in one transaction.
        """
        row = 1
        for cells, binding in self._cells(stream):
            chunk = self._chunk(cells, binding, row)
            row += len(chunk)
            if chunk.lines and not self._faults:
                yield chunk
            if len(self._faults) >= MOST:
                break
        else:
            self._ended()
        if self._faults:
            raise FileRefused(self._faults[:MOST])

    def fault(self, one: FileFault) -> None:
        """Remember a fault; no more chunks are given out."""
        self._faults.append(one)

    def leave_out(self, line: int, text: str, reason: Text) -> None:
        """Remember a line that is no booking."""
        self.left_out.append(LeftOut(line, text[:200], reason))

    # --- lines to cells

    def _cells(self, stream: BinaryIO) -> Iterator[tuple[Cells, Binding | None]]:
        layout = self._layout
        if layout.file.form is Form.WORKBOOK:
            yield from bind(layout, sheet_rows(stream, layout.file), self)
            return
        lines = self._ending(lines_of(stream, layout.file.encoding))
        if layout.file.form is Form.CSV:
            yield from bind(layout, csv_rows(layout, lines), self)
            return
        for batch in details(layout, lines, self._one, self.fault):
            yield cells_of(batch, layout.detail, layout.file, codec_of(layout)), None

    def _ending(self, blocks: Iterator[Lines]) -> Iterator[Lines]:
        """All blocks; a fault when the last line has no end, and nothing else would show that a
        file about payments is cut off."""
        file, last = self._layout.file, None
        for block in blocks:
            last = block
            yield block
        shown = file.trailing_separator or file.form is Form.FIXED or self._layout.trailer
        strict = file.last_end and self._layout.use is not Use.STATEMENT and not shown
        if strict and last is not None and not last.ended:
            self.fault(
                FileFault.of(
                    "LINE_END",
                    "the last line has no end; the file may be cut off, get it again (or write "
                    "`last_end: optional` in the layout if the bank never ends it)",
                    "最后一行没有行尾；文件可能不完整，请重新获取"
                    "（若银行文件向来如此，请在布局中写 `last_end: optional`）",
                    line=last.first + len(last.texts) - 1,
                )
            )

    def _one(self, record: RecordDef, batch: Batch) -> None:
        """Header or trailer."""
        cells = cells_of(batch, record, self._layout.file, codec_of(self._layout))
        for one in cells.faults:
            self.fault(dataclasses.replace(one, record=record.name))
        if not cells.numbers:
            return
        into, line = self.header if record.name == "header" else self.trailer, cells.numbers[0]
        for defined, reader, column in zip(
            record.fields, self._readers[record.name], cells.columns, strict=True
        ):
            try:
                value = reader.read(column[0])
            except CellFault as error:
                self.fault(
                    FileFault.of(
                        error.code,
                        error.text.en,
                        error.text.zh,
                        record=record.name,
                        line=line,
                        field=defined.name,
                    )
                )
                continue
            if defined.aggregate is not None:
                self._said.append((record.name, line, defined, value))
            elif defined.constant is None and defined.type is not Type.IGNORED:
                into[defined.name] = value

    # --- cells to values

    def _chunk(self, cells: Cells, binding: Binding | None, row: int) -> Chunk:
        fields = self._layout.detail.fields
        readers = self._readers["detail"]
        bad: dict[int, list[FileFault]] = {}
        columns: dict[str, list[Value]] = {}
        joined: dict[str, list[list[Value]]] = {}
        for place, (defined, reader) in enumerate(zip(fields, readers, strict=True)):
            at = place if binding is None else binding.places[place]
            if at is None:
                continue
            column = cells.columns[at]
            values = reader.column(column) if column else []
            if values is None:
                values = self._slowly(defined, reader, at, cells, row, bad)
            if defined.constant is None and defined.type is not Type.IGNORED:
                joined.setdefault(defined.name, []).append(values)
        for name, several in joined.items():
            columns[name] = several[0] if len(several) == 1 else self._joined(several)
        for one in cells.faults:
            self.fault(one)
        kept = range(len(cells.numbers))
        if bad or self._layout.statement.skip:
            keep = [
                place for place in kept if not self._left_out(place, cells, columns, bad, binding)
            ]
            if len(keep) < len(cells.numbers):
                columns = {name: [values[one] for one in keep] for name, values in columns.items()}
                numbers: Sequence[int] = [cells.numbers[one] for one in keep]
                return self._counted(Chunk(row, numbers, columns))
        return self._counted(Chunk(row, cells.numbers, columns))

    def _slowly(
        self,
        defined: FieldDef,
        reader: CellReader,
        at: int,
        cells: Cells,
        row: int,
        bad: dict[int, list[FileFault]],
    ) -> list[Value]:
        values: list[Value] = []
        for place, cell in enumerate(cells.columns[at]):
            try:
                values.append(reader.read(cell))
            except CellFault as error:
                values.append(None)
                bad.setdefault(place, []).append(
                    FileFault.of(
                        error.code,
                        error.text.en,
                        error.text.zh,
                        record="detail",
                        row=row + place,
                        line=cells.numbers[place],
                        field=defined.name,
                        offset=self._offset(cells, place, at),
                    )
                )
        return values

    def _offset(self, cells: Cells, place: int, at: int) -> int | None:
        """Bytes of the line before a cell; None where quotes or a workbook hide them."""
        file = self._layout.file
        if file.form is Form.FIXED:
            return sum(one.width or 0 for one in self._layout.detail.fields[:at])
        if file.form is Form.WORKBOOK or '"' in cells.texts[place]:
            return None
        before = "".join(column[place] + file.separator for column in cells.columns[:at])
        return len(before.encode(codec_of(self._layout), "replace"))

    def _left_out(
        self,
        place: int,
        cells: Cells,
        columns: dict[str, list[Value]],
        bad: dict[int, list[FileFault]],
        binding: Binding | None,
    ) -> bool:
        """Whether a row is no booking; otherwise its faults are the file's."""
        for name, words in self._layout.statement.skip.items():
            value = columns.get(name, [])[place : place + 1]
            if value and str(value[0]) in words:
                self.leave_out(
                    cells.numbers[place],
                    cells.texts[place],
                    Text(f"{name} is {value[0]}", f"{name} 为 {value[0]}"),
                )
                return True
        faults = bad.get(place)
        if not faults:
            return False
        if binding is not None and binding.is_no_row(
            cells.numbers[place], cells.texts[place], self
        ):
            return True
        for one in faults:
            self.fault(one)
        return False

    def _joined(self, several: list[list[Value]]) -> list[Value]:
        join = self._layout.statement.join
        return [
            join.join(str(one) for one in parts if one is not None) or None
            for parts in zip(*several, strict=True)
        ]

    def _counted(self, chunk: Chunk) -> Chunk:
        self._figures.add(chunk.columns, len(chunk))
        rows = range(chunk.first_row, chunk.first_row + len(chunk))
        for name, once in self._once.items():
            if name in chunk.columns:
                once.add(chunk.columns[name], rows)
        numbers = chunk.columns.get("row")
        if numbers is None or self._layout.use is not Use.PAYMENT_ORDER or numbers == list(rows):
            return chunk
        for said, row, line in zip(numbers, rows, chunk.lines, strict=True):
            if str(said) != str(row):
                self.fault(
                    FileFault.of(
                        "ROW_NUMBER",
                        f"the row is numbered {said} instead of {row}; a row is missing, doubled "
                        "or out of order, get the file again",
                        f"行号为 {said}，应为 {row}；有明细缺失、重复或顺序错误，请重新获取",
                        record="detail",
                        row=row,
                        line=line,
                        field="row",
                    )
                )
                break
        return chunk

    # --- the whole

    def _ended(self) -> None:
        layout = self._layout
        if not self.count and not layout.file.empty_allowed and not self._faults:
            self.fault(
                FileFault.of(
                    "EMPTY",
                    "the file has no details; get it again",
                    "文件没有明细；请重新获取",
                )
            )
        if not self._faults:
            self._faults += self._figures.verify(self._said, self._kept())
        for name, once in self._once.items():
            for first, again in once.twice():
                self.fault(
                    FileFault.of(
                        "TWICE",
                        f"the same as in row {first}; each row needs its own",
                        f"与第 {first} 行相同；每行必须唯一",
                        record="detail",
                        row=again,
                        field=name,
                    )
                )

    def _kept(self) -> dict[str, str]:
        """What a file about payments says of itself around its rows; it has to be there."""
        if self._layout.use is Use.STATEMENT:
            return {}
        statement = self._layout.statement
        for pattern in (*statement.preamble, *statement.footer):
            for name in pattern.names:
                if name in CAPTURED and name not in self.preamble:
                    self.fault(
                        FileFault.of(
                            "RECORD_MISSING",
                            f"no line like {pattern.source!r} says the {name}; the file may be "
                            "cut off, get it again",
                            f"没有形如 {pattern.source!r} 的行说明 {name}；文件可能不完整，"
                            "请重新获取",
                        )
                    )
        return self.preamble

"""Reading a file by its layout: chunks of typed columns, everything verified.

Cells are checked a column at a time; only what is out of the way is looked at one by one. Nothing
is given up silently: a row is delivered, left out with its reason, or a fault of the whole file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from engine.base.money import format_major
from engine.base.text import Text
from engine.formats.layouts.binding import Binding, bind, csv_rows
from engine.formats.layouts.cells import CellFault, CellReader
from engine.formats.layouts.faults import MOST, FileFault, FileRefused
from engine.formats.layouts.lines import Lines, lines_of
from engine.formats.layouts.model import MONEY, FieldDef, Form, Layout, RecordDef, Type, Use, Value
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


@dataclass(slots=True)
class _Sums:
    count: int = 0
    sums: dict[str, int] = field(default_factory=dict)


class FileReader:
    """Reads one file. `header`, `trailer`, `preamble` and `left_out` are whole when `chunks` has
    ended. Money is in minor units of `currency`."""

    def __init__(self, layout: Layout, currency: str = "CNY") -> None:
        self._layout = layout
        self._currency = currency
        self._faults: list[FileFault] = []
        self._sums = _Sums()
        self._readers = {
            record.name: [CellReader(one, layout, currency) for one in record.fields]
            for record in layout.records
        }
        self._once = {one.name: Once() for one in layout.detail.fields if one.checks.unique}
        self._summed = layout.summed
        self._said: list[tuple[str, int, FieldDef, Value]] = []
        self.header: dict[str, Value] = {}
        self.trailer: dict[str, Value] = {}
        self.preamble: dict[str, str] = {}
        self.left_out: list[LeftOut] = []

    @property
    def count(self) -> int:
        """Details so far."""
        return self._sums.count

    def chunks(self, stream: BinaryIO) -> Iterator[Chunk]:
        """Every detail of the file in order.

        Raises FileRefused with all faults (MOST at most) after the last chunk, or at once where
        reading cannot go on: whoever has taken chunks by then must undo it, in one transaction.
        """
        row = 1
        for cells, binding in self._cells(stream):
            chunk = self._chunk(cells, binding, row)
            if chunk is None:
                continue
            row += len(chunk)
            if chunk.lines and not self._faults:
                yield chunk
        self._ended()
        if self._faults:
            raise FileRefused(self._faults[:MOST])

    # --- lines to cells

    def _cells(self, stream: BinaryIO) -> Iterator[tuple[Cells, Binding | None]]:
        layout = self._layout
        if layout.file.form is Form.WORKBOOK:
            yield from bind(layout, sheet_rows(stream, layout.file), self)
        elif layout.file.form is Form.CSV:
            blocks = csv_rows(layout, lines_of(stream, layout.file.encoding))
            yield from bind(layout, blocks, self)
        else:
            for batch in self._details(lines_of(stream, layout.file.encoding)):
                yield cells_of(batch, layout.detail, layout.file, self._codec()), None

    def _codec(self) -> str:
        encoding = self._layout.file.encoding
        return {"auto": "gb18030", "utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(
            encoding, encoding
        )

    def _details(self, blocks: Iterator[Lines]) -> Iterator[Batch]:
        """The lines between header and trailer."""
        layout = self._layout
        header, held, blank = layout.header, Batch([], [], []), 0
        for block in blocks:
            batch = Batch(
                list(range(block.first, block.first + len(block.texts))), block.texts, block.raws
            )
            if blank or any(not text or text == "\x1a" for text in batch.texts):
                batch, blank = self._without_blanks(batch, blank)
            if not batch.texts:
                continue
            if header is not None:
                self._one(header, _take(batch, slice(0, 1)), self.header)
                header = None
                batch = _take(batch, slice(1, None))
            if layout.trailer is not None and batch.texts:
                whole = _join(held, batch)
                held = _take(whole, slice(-1, None))
                batch = _take(whole, slice(0, -1))
            if batch.texts:
                yield batch
        if header is not None or (layout.trailer is not None and not held.texts):
            missing = "header" if header is not None else "trailer"
            self.fault(
                FileFault(
                    "RECORD_MISSING",
                    "file",
                    None,
                    None,
                    None,
                    None,
                    Text(
                        f"the file has no {missing}; it is empty or cut off, get it again",
                        "文件缺少首行或尾行；为空或不完整，请重新获取",
                    ),
                )
            )
        elif layout.trailer is not None:
            self._one(layout.trailer, held, self.trailer)

    def _without_blanks(self, batch: Batch, blank: int) -> tuple[Batch, int]:
        """Blank lines are taken at the end of a file only; the number of the first open one."""
        good = []
        for place, text in enumerate(batch.texts):
            if not text.strip("\x1a \t"):
                blank = blank or batch.numbers[place]
                continue
            if blank:
                self.fault(
                    FileFault(
                        "BLANK_LINE",
                        "file",
                        None,
                        blank,
                        None,
                        None,
                        Text(
                            "a blank line stands within the file; a row may be missing",
                            "文件中间有空行；可能缺少明细",
                        ),
                    )
                )
                blank = 0
            good.append(place)
        return (
            Batch(
                [batch.numbers[one] for one in good],
                [batch.texts[one] for one in good],
                [batch.raws[one] for one in good],
            ),
            blank,
        )

    def _one(self, record: RecordDef, batch: Batch, into: dict[str, Value]) -> None:
        """Header or trailer."""
        cells = cells_of(batch, record, self._layout.file, self._codec())
        for one in cells.faults:
            self.fault(_renamed(one, record.name))
        if not cells.numbers:
            return
        for defined, reader, column in zip(
            record.fields, self._readers[record.name], cells.columns, strict=True
        ):
            try:
                value = reader.read(column[0])
            except CellFault as error:
                self.fault(
                    FileFault(
                        error.code,
                        record.name,
                        None,
                        cells.numbers[0],
                        defined.name,
                        None,
                        error.text,
                    )
                )
                continue
            if defined.aggregate is not None:
                self._said.append((record.name, cells.numbers[0], defined, value))
            elif defined.constant is None and defined.type is not Type.IGNORED:
                into[defined.name] = value

    # --- cells to values

    def _chunk(self, cells: Cells, binding: Binding | None, row: int) -> Chunk | None:
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
                values = self._slowly(defined, reader, column, cells, row, bad)
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
        column: Sequence[str],
        cells: Cells,
        row: int,
        bad: dict[int, list[FileFault]],
    ) -> list[Value]:
        values: list[Value] = []
        for place, cell in enumerate(column):
            try:
                values.append(reader.read(cell))
            except CellFault as error:
                values.append(None)
                text = cells.texts[place]
                offset = text.find(cell) if cell else None
                bad.setdefault(place, []).append(
                    FileFault(
                        error.code,
                        "detail",
                        row + place,
                        cells.numbers[place],
                        defined.name,
                        None
                        if offset is None or offset < 0
                        else len(text[:offset].encode(self._codec(), "replace")),
                        error.text,
                    )
                )
        return values

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
        self._sums.count += len(chunk)
        rows = range(chunk.first_row, chunk.first_row + len(chunk))
        for name in self._summed:
            if name in chunk.columns:
                values = chunk.columns[name]
                total = sum(one for one in values if isinstance(one, int))
                self._sums.sums[name] = self._sums.sums.get(name, 0) + total
        for name, once in self._once.items():
            if name in chunk.columns:
                once.add(chunk.columns[name], rows)
        numbers = chunk.columns.get("row")
        if numbers is not None and self._layout.use is Use.PAYMENT_ORDER and numbers != list(rows):
            for said, row, line in zip(numbers, rows, chunk.lines, strict=True):
                if str(said) != str(row):
                    self.fault(
                        FileFault(
                            "ROW_NUMBER",
                            "detail",
                            row,
                            line,
                            "row",
                            None,
                            Text(
                                f"the row is numbered {said} instead of {row}; a row is missing, "
                                "doubled or out of order",
                                f"行号为 {said}，应为 {row}；有明细缺失、重复或顺序错误",
                            ),
                        )
                    )
                    break
        return chunk

    # --- the whole

    def _ended(self) -> None:
        if not self._sums.count and not self._layout.file.empty_allowed and not self._faults:
            self.fault(
                FileFault(
                    "EMPTY",
                    "file",
                    None,
                    None,
                    None,
                    None,
                    Text("the file has no details; get it again", "文件没有明细；请重新获取"),
                )
            )
        for record, line, defined, said in self._said:
            assert defined.aggregate is not None
            of = defined.aggregate.of
            here = self._sums.count if of is None else self._sums.sums.get(of, 0)
            if said is None or said == here or self._faults:
                continue
            words = [str(one) for one in (said, here)]
            if defined.type in MONEY:
                words = [
                    format_major(one, self._currency) if isinstance(one, int) else str(one)
                    for one in (said, here)
                ]
            hint_en, hint_zh = _unit(said, here)
            self.fault(
                FileFault(
                    "TOTAL" if of else "COUNT",
                    record,
                    None,
                    line,
                    defined.name,
                    None,
                    Text(
                        f"says {words[0]}, the details make {words[1]}; {hint_en}",
                        f"声明为 {words[0]}，明细实为 {words[1]}；{hint_zh}",
                    ),
                )
            )
        for name, once in self._once.items():
            for first, again in once.twice():
                self.fault(
                    FileFault(
                        "TWICE",
                        "detail",
                        again,
                        None,
                        name,
                        None,
                        Text(
                            f"the same as in row {first}; each row needs its own",
                            f"与第 {first} 行相同；每行必须唯一",
                        ),
                    )
                )

    def fault(self, one: FileFault) -> None:
        """Remember a fault; no more chunks are given out."""
        if len(self._faults) < 10 * MOST:
            self._faults.append(one)

    def leave_out(self, line: int, text: str, reason: Text) -> None:
        """Remember a line that is no booking."""
        self.left_out.append(LeftOut(line, text[:200], reason))


def _unit(said: Value, here: int) -> tuple[str, str]:
    """What a total that does not fit most likely means."""
    if (
        isinstance(said, int)
        and said
        and here in (said * 100, said // 100 if said % 100 == 0 else -1)
    ):
        return (
            "they differ by a factor of 100: yuan and fen are mixed up in the layout or the file",
            "两者相差 100 倍：布局或文件混淆了元和分",
        )
    return (
        "rows are missing, doubled or changed, get it again",
        "明细缺失、重复或被更改，请重新获取",
    )


def _take(batch: Batch, part: slice) -> Batch:
    return Batch(batch.numbers[part], batch.texts[part], batch.raws[part])


def _join(one: Batch, other: Batch) -> Batch:
    return Batch(one.numbers + other.numbers, one.texts + other.texts, one.raws + other.raws)


def _renamed(one: FileFault, record: str) -> FileFault:
    return FileFault(one.code, record, one.row, one.line, one.field, one.offset, one.text)

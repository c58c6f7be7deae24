"""Columns by the names in the header row, wherever the bank put them this month."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from engine.base.text import Text
from engine.formats.layouts.faults import FileFault, FileRefused
from engine.formats.layouts.lines import Lines
from engine.formats.layouts.model import Form, Layout, Use
from engine.formats.layouts.splitting import Batch, Cells, Columns, rows_of

HEADER_WITHIN = 40
"""Lines in which the row of names has to stand."""

_BLANKS = ",\t -\"'"


class Sink(Protocol):
    """What is told of lines that are no rows, of faults, and of what the preamble says."""

    preamble: dict[str, str]

    def fault(self, one: FileFault) -> None:
        """A fault of the file."""
        ...

    def leave_out(self, line: int, text: str, reason: Text) -> None:
        """A line that is no booking."""
        ...


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of cells with their lines; `faults` by line of rows that could not be taken apart."""

    numbers: list[int]
    rows: list[list[str]]
    texts: list[str]
    faults: dict[int, FileFault] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Binding:
    """Which column each field of the detail has, and how lines that are no rows are known."""

    layout: Layout
    head: tuple[str, ...]
    places: tuple[int | None, ...]

    def is_no_row(self, line: int, text: str, sink: Sink) -> bool:
        """Leave a line out that is a footer, the row of names again, or empty."""
        if not text.strip(_BLANKS):
            return True
        for pattern in self.layout.statement.footer:
            kept = pattern.match(text)
            if kept is not None:
                sink.leave_out(line, text, Text("a footer of the layout", "布局定义的尾注"))
                for name, value in kept.items():
                    sink.preamble.setdefault(name, value)
                return True
        cells = [key(one) for one in text.split(self._separator())]
        if [one for one in cells if one] == [one for one in self.head if one]:
            sink.leave_out(line, text, Text("the row of names again", "重复的表头"))
            return True
        return False

    def _separator(self) -> str:
        return "\t" if self.layout.file.form is Form.WORKBOOK else self.layout.file.separator


def bind(layout: Layout, blocks: Iterator[Rows], sink: Sink) -> Iterator[tuple[Cells, Binding]]:
    """Cells of all rows below the row of names. FileRefused HEADER_ROW when there is none."""
    binding: Binding | None = None
    seen, best = 0, _Best()
    for block in blocks:
        start = 0
        if binding is None:
            for place, row in enumerate(block.rows):
                seen += 1
                binding = _bound(layout, row, best)
                if binding is not None:
                    start = place + 1
                    break
                _preamble(layout, block.texts[place], sink)
                if seen >= HEADER_WITHIN:
                    raise FileRefused([_no_head(layout, best)])
            else:
                continue
            assert binding is not None
        yield _below(binding, block, start, sink), binding
    if binding is None:
        raise FileRefused([_no_head(layout, best)])


def csv_rows(layout: Layout, blocks: Iterator[Lines]) -> Iterator[Rows]:
    """Lines of a csv file taken apart; what cannot be is a fault of its block."""
    for block in blocks:
        numbers = list(range(block.first, block.first + len(block.texts)))
        rows, faults = rows_of(Batch(numbers, block.texts, block.raws), layout.file)
        yield Rows(numbers, rows, block.texts, {one.line or 0: one for one in faults})


def _below(binding: Binding, block: Rows, start: int, sink: Sink) -> Cells:
    width = len(binding.head)
    rows = block.rows[start:] if start else block.rows
    numbers, texts = block.numbers[start:], block.texts[start:]
    if not block.faults and set(map(len, rows)) == {width}:
        return Cells(numbers, texts, list(zip(*rows, strict=True)))
    # Commas at the end of every row are the bank's habit; in some rows they are a text that holds
    # the separator and has moved its neighbours.
    ends = {len(row) for row in rows if len(row) > width}
    habit = (
        len(ends) == 1
        and len(rows) > 1
        and all(not any(one.strip() for one in row[width:]) for row in rows)
    )
    least = max(one for one in binding.places if one is not None) + 1
    kept: list[list[str]] = []
    good: list[int] = []
    for place, row in enumerate(rows):
        if len(row) == width:
            whole = row
        elif len(row) > width and habit and binding.layout.use is Use.STATEMENT:
            whole = row[:width]
        elif least <= len(row) < width:
            whole = row + [""] * (width - len(row))
        elif binding.is_no_row(numbers[place], texts[place], sink):
            continue
        else:
            sink.fault(
                block.faults.get(numbers[place]) or _cells_fault(numbers[place], len(row), width)
            )
            continue
        kept.append(whole)
        good.append(place)
    columns: Columns = list(zip(*kept, strict=True)) if kept else [() for _ in range(width)]
    return Cells([numbers[one] for one in good], [texts[one] for one in good], columns)


def _cells_fault(line: int, found: int, width: int) -> FileFault:
    return FileFault.of(
        "CELLS",
        f"the line has {found} cells, the row of names {width}; a text may hold the separator, "
        "or it is a footer the layout does not know",
        f"该行有 {found} 列，表头有 {width} 列；文本可能含分隔符，或是布局未定义的尾注",
        record="detail",
        line=line,
    )


@dataclass(slots=True)
class _Best:
    """The line that came nearest to a row of names, to say what is missing."""

    found: int = 0
    missing: tuple[str, ...] = ()


def _bound(layout: Layout, row: Sequence[str], best: _Best) -> Binding | None:
    names, needed = [key(one) for one in row], _needed(layout)
    places: list[int | None] = []
    missing: list[str] = []
    for one in layout.detail.fields:
        at = next((names.index(key(c)) for c in one.columns if key(c) in names), None)
        places.append(at)
        if at is None and not one.checks.optional and (needed is None or one.name in needed):
            missing.append(" / ".join(one.columns))
    found = sum(at is not None for at in places)
    if found > best.found or not best.missing:
        best.found, best.missing = found, tuple(missing)
    if missing or not found:
        return None
    return Binding(layout, tuple(names), tuple(places))


_TELLING = frozenset(
    {"balance", "currency", "account", "status", "mark", "value_date", "bank_reference"}
    | {"our_reference", "message_reference"}
)
"""What changes a booking or tells it from others; the names and texts of a statement may go."""


def _needed(layout: Layout) -> frozenset[str] | None:
    """Fields whose column has to be there unless it is `optional`; None is all of them."""
    rule = layout.statement.amount
    if layout.use is not Use.STATEMENT or rule is None:
        return None
    by_rule = {
        "debit_credit": ("debit", "credit"),
        "signed": ("amount",),
        "mark": ("amount", "mark"),
    }
    required = (one.name for one in layout.detail.fields if one.checks.required)
    return _TELLING.union(("booking_date",), by_rule[rule.rule], required, layout.statement.skip)


def _preamble(layout: Layout, text: str, sink: Sink) -> None:
    for pattern in layout.statement.preamble:
        for name, value in (pattern.match(text) or {}).items():
            sink.preamble.setdefault(name, value.strip(_BLANKS))


def _no_head(layout: Layout, best: _Best) -> FileFault:
    wanted = best.missing or tuple(" / ".join(one.columns) for one in layout.detail.fields[:3])
    named = ", ".join(wanted)
    return FileFault.of(
        "HEADER_ROW",
        f"no row of names within {HEADER_WITHIN} lines: {named} not found; it is another "
        "file, or the bank renamed a column (add its name to the layout)",
        f"前 {HEADER_WITHIN} 行内没有表头：缺少 {named}；可能是其他文件，"
        "或银行更改了列名（请在布局中补充）",
    )


def key(name: str) -> str:
    """A column's name as it is compared: width, case, blanks, quotes and units aside."""
    folded = unicodedata.normalize("NFKC", name).lower()
    return "".join(one for one in folded if not one.isspace() and one not in "\"'=:*\ufeff")

"""The `rules:` block: header, rows, ids, cell counts; each cell goes to its reader."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.base.collector import Collector, Problem
from engine.base.findings import Span
from engine.base.text import Text
from engine.base.yaml_marks import Scalar
from engine.rules.cells import read_cell
from engine.rules.formulas import Place, read_condition
from engine.rules.kind import OutputSpec
from engine.rules.lexer import MAX_CELL, RawCell, RawLine, bare_or_quoted, cut
from engine.rules.model import (
    AnyCell,
    Cell,
    Column,
    NullCell,
    NullOutput,
    OneOf,
    Output,
    Row,
    Table,
    Type,
    WhenCell,
)
from engine.rules.outputs import read_output
from engine.rules.scope import Scope
from engine.rules.suggest import remedy as suggest

MAX_ROWS = 5_000
MAX_FINDINGS = 1_000
"""Findings after which no further row is read: such a file is not a ruleset with mistakes."""
WHEN = "when"
BASIS = "basis"
ID = "id"
NONE = "none"
"""What an example writes in `id` when no row hits; therefore no row's id."""

ROW_ID = re.compile(r"[\w.\-]{1,100}")


@dataclass(frozen=True, slots=True)
class Header:
    """Column names with their places, and the index of the first output."""

    line: RawLine
    arrow: int

    @property
    def count(self) -> int:
        """Cells of the line."""
        return len(self.line.cells)


def span_of(line: RawLine, cell: RawCell) -> Span:
    """Return the place of a cell."""
    return Span(line.number, cell.column, max(1, len(cell.source)))


def block_lines(block: Scalar, lines: list[str]) -> Iterator[RawLine]:
    """Cut the content lines of a literal block; blank lines and comments are left out."""
    count = len(block.value.split("\n")) - (1 if block.value.endswith("\n") else 0)
    for number in range(block.span.line + 1, block.span.line + 1 + count):
        text = lines[number - 1] if number <= len(lines) else ""
        body = text.strip()
        if body and body[0] not in "#＃":
            yield cut(text, number)


def read_header(line: RawLine, out: Collector) -> Header | None:
    """Check that `=>` stands once in the header."""
    if line.arrow is None or len(line.arrows) != 1:
        _arrows(line, out)
        return None
    return Header(line, line.arrow)


def _arrows(line: RawLine, out: Collector) -> None:
    if line.arrows:
        place = Span(line.number, line.arrows[1], 2)
        problem = Text("this line has a second '=>'", "此行有第二个 '=>'")
        remedy = Text('keep one, or put the text in "quotes"', '只保留一个，或给文本加"引号"')
    else:
        place = Span(line.number, line.column, line.width)
        problem = Text("this line has no '=>'", "此行缺少 '=>'")
        remedy = Text("write => between inputs and outputs", "请在输入与输出之间写 =>")
    out.add("R108", place, problem, remedy)


def row_fits(line: RawLine, header: Header, out: Collector) -> bool:
    """Check the arrow and the number of cells of one line against the header."""
    if len(line.arrows) != 1:
        _arrows(line, out)
        return False
    if len(line.cells) != header.count or line.arrow != header.arrow:
        inputs, outputs = line.arrow or 0, len(line.cells) - (line.arrow or 0)
        wanted_inputs, wanted_outputs = header.arrow, header.count - header.arrow
        place = Span(line.number, line.column, line.width)
        out.add(
            "R105",
            place,
            Text(
                f"this row has {inputs} cells before => and {outputs} after; "
                f"the header has {wanted_inputs} and {wanted_outputs}",
                f"此行 => 前有 {inputs} 格、后有 {outputs} 格；"
                f"表头为 {wanted_inputs} 格和 {wanted_outputs} 格",
            ),
            Text(
                r"add or delete a | (write \| for a bar in a text)",
                r"请增减 |（文本中的竖线写作 \|）",
            ),
        )
        return False
    return True


class TableReader:
    """Reads one `rules:` block into a Table; every mistake becomes a finding."""

    def __init__(
        self, outputs: Mapping[str, OutputSpec] | None, scope: Scope, out: Collector
    ) -> None:
        self.outputs = outputs
        self.scope = scope
        self.out = out
        self.columns: list[Column | None] = []
        self.header: Header | None = None
        self.seen: dict[str, int] = {}

    def read(self, block: Scalar, lines: list[str]) -> Table | None:
        """Return the table, or None when its header cannot be used."""
        rows: list[Row] = []
        count = 0
        for line in block_lines(block, lines):
            if self.header is None:
                self.header = read_header(line, self.out)
                if self.header is None:
                    return None
                self.columns = self._columns(self.header)
                continue
            count += 1
            if count > MAX_ROWS:
                self.out.add(
                    "R115",
                    Span(line.number, line.column, line.width),
                    Text(f"the table has more than {MAX_ROWS:,} rows", f"表格超过 {MAX_ROWS:,} 行"),
                    Text("split the ruleset by subject or scope", "请按主题或范围拆分规则集"),
                )
                break
            row = self._row(line, self.header)
            if row is not None:
                rows.append(row)
            if len(self.out.findings) >= MAX_FINDINGS:
                self.out.add(
                    "R115",
                    Span(line.number, line.column, line.width),
                    Text("rows below this line were not read", "此行以下未再读取"),
                    Text("correct the findings above first", "请先改正以上问题"),
                )
                break
        if self.header is None or count == 0:
            self.out.add(
                "R101",
                block.span,
                Text("the table has no rows", "表格没有任何行"),
                Text("write a header line and at least one row", "请写表头和至少一行"),
            )
            return None
        return self._table(rows, block, count)

    def _table(self, rows: list[Row], block: Scalar, count: int) -> Table | None:
        arrow = self.header.arrow if self.header is not None else 0
        inputs = tuple(c for c in self.columns[1:arrow] if c is not None)
        outputs = tuple(c for c in self.columns[arrow:] if c is not None and c.name != BASIS)
        return Table(inputs, outputs, tuple(rows), block.span) if count else None

    # --- header

    def _columns(self, header: Header) -> list[Column | None]:
        columns: list[Column | None] = []
        names: dict[str, int] = {}
        for index, cell in enumerate(header.line.cells):
            span = span_of(header.line, cell)
            if index == 0:
                if cell.shadow != ID:
                    self.out.add(
                        "R101",
                        span,
                        Text("the first column must be 'id'", "第一列必须是 'id'"),
                        Text("every row needs a key", "每行都需要编号"),
                    )
                columns.append(None)
                continue
            if cell.shadow in names:
                self.out.add(
                    "R103",
                    span,
                    Text(f"column {cell.shadow!r} stands here twice", f"列 {cell.shadow!r} 重复"),
                    Text("keep one of them", "请只保留一个"),
                )
                columns.append(None)
                continue
            names[cell.shadow] = index
            is_input = index < header.arrow
            columns.append(self._input(cell, span) if is_input else self._output(cell, span))
        self._required_columns(header, names)
        return columns

    def _input(self, cell: RawCell, span: Span) -> Column | None:
        if cell.shadow == WHEN:
            return Column(WHEN, Type.BOOL, Text("when", "条件"), span)
        column = self.scope.fact(cell.shadow, span)
        if column is None and cell.shadow not in self.scope.broken:
            problem = self.scope.unknown(cell.shadow)
            self.out.problem(problem, span)
        return column

    def _output(self, cell: RawCell, span: Span) -> Column | None:
        if cell.shadow == BASIS:
            return Column(BASIS, Type.TEXT, Text("basis", "依据"), span)
        if self.outputs is None:
            return None
        spec = self.outputs.get(cell.shadow)
        if spec is None:
            self.out.add(
                "R104",
                span,
                Text(f"unknown output {cell.shadow!r}", f"未知输出列 {cell.shadow!r}"),
                suggest(cell.shadow, [*self.outputs, BASIS]),
            )
            return None
        return Column(cell.shadow, spec.type, spec.label, span, spec.values, offers=spec.offers)

    def _required_columns(self, header: Header, names: Mapping[str, int]) -> None:
        unknown = [
            c for c in header.line.cells[header.arrow :] if c.shadow not in (self.outputs or {})
        ]
        for name, spec in (self.outputs or {}).items():
            # A mistyped required column is one mistake, already reported as unknown.
            if spec.required and name not in names and not any(c.shadow != BASIS for c in unknown):
                arrow = Span(header.line.number, header.line.arrows[0], 2)
                self.out.add(
                    "R136",
                    arrow,
                    Text(f"output column {name!r} is missing", f"缺少输出列 {name!r}"),
                    Text("add it to the header and every row", "请在表头和每一行中添加"),
                )

    # --- rows

    def _row(self, line: RawLine, header: Header) -> Row | None:
        if not row_fits(line, header, self.out):
            return None
        cells = line.cells
        row_id = self._id(line, cells[0])
        tests: list[Cell] = []
        outputs: list[Output] = []
        basis: str | None = None
        for index in range(1, header.count):
            column = self.columns[index]
            cell = cells[index]
            if column is None:
                continue
            if len(cell.source) > MAX_CELL:
                self.out.add(
                    "R115",
                    span_of(line, cell),
                    Text("this cell is too long", "单元格过长"),
                    Text(f"{MAX_CELL:,} characters are allowed", f"最多 {MAX_CELL:,} 个字符"),
                )
            elif index < header.arrow:
                tests.append(self._test(line, cell, column))
            elif column.name == BASIS:
                basis = self._basis(line, cell)
            else:
                outputs.append(self._value(line, cell, column))
        spans = tuple(span_of(line, cell) for cell in cells)
        place = Span(line.number, line.column, line.width)
        return Row(row_id, place, tuple(tests), tuple(outputs), basis, spans)

    def _id(self, line: RawLine, cell: RawCell) -> str:
        span = span_of(line, cell)
        if not ROW_ID.fullmatch(cell.source) or cell.source == NONE or cell.source == "-":
            self.out.add(
                "R107",
                span,
                Text(
                    f"{cell.source[:40]!r} cannot be a row's id", f"{cell.source[:40]!r} 不能作行号"
                ),
                Text(
                    "write letters, digits, . _ or -, and not 'none'",
                    "请用字母、数字、. _ 或 -，且不能为 'none'",
                ),
            )
        elif cell.source in self.seen:
            first = self.seen[cell.source]
            self.out.add(
                "R106",
                span,
                Text(
                    f"row id {cell.source!r} is already used on line {first}",
                    f"行号 {cell.source!r} 已在第 {first} 行使用",
                ),
                Text("give this row its own id", "请为此行另取编号"),
            )
        else:
            self.seen[cell.source] = line.number
        return cell.source

    def _test(self, line: RawLine, cell: RawCell, column: Column) -> Cell:
        try:
            if column.name == WHEN:
                return self._condition(line, cell)
            test = read_cell(cell, line.number, column, self.scope)
        except Problem as problem:
            self.out.problem(problem, span_of(line, cell))
            return AnyCell()
        # A cell of null alone can never match, which the analysis says with more weight.
        if not column.nullable and isinstance(test, OneOf) and _names_null(test):
            self.out.warn(
                "R118",
                span_of(line, cell),
                Text(f"{column.name} is never null", f"{column.name} 不会为空"),
                Text(
                    "delete null, or say `nullable: true` in the vocabulary",
                    "请删除 null，或在词汇表中声明 `nullable: true`",
                ),
            )
        return test

    def _condition(self, line: RawLine, cell: RawCell) -> Cell:
        if cell.shadow == "-":
            return AnyCell()
        place = Place(line.number, cell.column, WHEN)
        return WhenCell(read_condition(cell.source, place, self.scope))

    def _basis(self, line: RawLine, cell: RawCell) -> str | None:
        try:
            return None if cell.shadow in {"", "-"} else bare_or_quoted(cell.source)
        except Problem as problem:
            self.out.problem(problem, span_of(line, cell))
            return None

    def _value(self, line: RawLine, cell: RawCell, column: Column) -> Output:
        span = span_of(line, cell)
        try:
            found = read_output(cell.source, span, column, self.scope)
        except Problem as problem:
            self.out.problem(problem, span)
            return NullOutput()
        spec = (self.outputs or {}).get(column.name)
        if isinstance(found, NullOutput) and spec is not None and spec.required:
            self.out.add(
                "R136",
                span,
                Text(f"every row needs a value for {column.name}", f"每行都必须给出 {column.name}"),
                Text("write it in place of -", "请用具体值替换 -"),
            )
        return found


def _names_null(cell: Cell) -> bool:
    if isinstance(cell, OneOf):
        return any(_names_null(item) for item in cell.items)
    return isinstance(cell, NullCell)

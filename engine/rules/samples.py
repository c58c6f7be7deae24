"""The `examples:` block: given facts and branch, wanted rows and outputs, with their places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.base.collector import Collector, Problem
from engine.base.findings import Span
from engine.base.text import Text
from engine.base.yaml_marks import Scalar
from engine.rules.lexer import RawCell, RawLine, bare_or_quoted, split_quoted
from engine.rules.model import Column, Example, Table, Type, Value
from engine.rules.outputs import read_constant
from engine.rules.scope import Scope
from engine.rules.suggest import remedy as suggest
from engine.rules.table import ID, NONE, Header, block_lines, read_header, row_fits, span_of

BRANCH = "branch"


@dataclass(frozen=True, slots=True)
class _Columns:
    branch: int | None
    given: Mapping[int, Column]
    rows: int | None
    want: Mapping[int, Column]


def read_examples(
    block: Scalar, lines: list[str], table: Table, scope: Scope, out: Collector
) -> tuple[Example, ...]:
    """Read the examples of `table`; every mistake becomes a finding."""
    return tuple(_Reader(table, scope, out).read(block, lines))


class _Reader:
    def __init__(self, table: Table, scope: Scope, out: Collector) -> None:
        self.table = table
        self.scope = scope
        self.out = out
        self.ids = {row.id for row in table.rows}

    def read(self, block: Scalar, lines: list[str]) -> Iterator[Example]:
        header: Header | None = None
        columns = _Columns(None, {}, None, {})
        for line in block_lines(block, lines):
            if header is None:
                header = read_header(line, self.out)
                if header is None:
                    return
                columns = self._columns(header)
            elif row_fits(line, header, self.out):
                yield self._example(line, columns)

    def _columns(self, header: Header) -> _Columns:
        branch: int | None = None
        rows: int | None = None
        given: dict[int, Column] = {}
        want: dict[int, Column] = {}
        outputs = {column.name: column for column in self.table.outputs}
        seen: set[str] = set()
        for index, cell in enumerate(header.line.cells):
            name, span = cell.shadow, span_of(header.line, cell)
            if name in seen:
                self.out.add(
                    "R103",
                    span,
                    Text(f"column {name!r} stands here twice", f"列 {name!r} 重复"),
                    Text("keep one of them", "请只保留一个"),
                )
                continue
            seen.add(name)
            if index >= header.arrow:
                if name == ID:
                    rows = index
                elif name in outputs:
                    want[index] = outputs[name]
                else:
                    self._unknown_output(name, span, outputs)
            elif name == BRANCH:
                branch = index
            else:
                column = self.scope.look_up(name, span)
                if column is not None:
                    given[index] = column
                elif name not in self.scope.broken:
                    self.out.problem(self.scope.unknown(name), span)
        return _Columns(branch, given, rows, want)

    def _unknown_output(self, name: str, span: Span, outputs: Mapping[str, Column]) -> None:
        self.out.add(
            "R104",
            span,
            Text(f"unknown output {name!r}", f"未知输出列 {name!r}"),
            suggest(name, [*outputs, ID]),
        )

    def _example(self, line: RawLine, columns: _Columns) -> Example:
        given = {
            column.name: self._given(line, line.cells[index], column)
            for index, column in columns.given.items()
        }
        want: dict[str, str] = {}
        for index, column in columns.want.items():
            cell = line.cells[index]
            want[column.name] = cell.source or "-"
            self._try(line, cell, column)
        branch = None if columns.branch is None else line.cells[columns.branch].source
        return Example(
            span=Span(line.number, line.column, line.width),
            branch=None if branch in {None, "", "-"} else branch,
            given=given,
            want_rows=None if columns.rows is None else self._rows(line, line.cells[columns.rows]),
            want=want,
        )

    def _given(self, line: RawLine, cell: RawCell, column: Column) -> Value | None:
        if cell.shadow in {"", "-", "null"}:
            return None
        try:
            return read_constant(
                cell.source, column.type, column.values, column.name, self.scope.currency
            )
        except Problem as problem:
            self.out.problem(problem, span_of(line, cell))
            return None

    def _try(self, line: RawLine, cell: RawCell, column: Column) -> None:
        try:
            wanted_values(cell.source, column, self.scope.currency)
        except Problem as problem:
            self.out.problem(problem, span_of(line, cell))

    def _rows(self, line: RawLine, cell: RawCell) -> tuple[str, ...] | None:
        if cell.shadow in {"", "-"}:
            return None
        if cell.shadow == NONE:
            return ()
        found: list[str] = []
        for piece in split_quoted(cell.source, ","):
            if piece.source not in self.ids:
                self.out.add(
                    "R402",
                    Span(line.number, cell.column + piece.column, max(1, len(piece.source))),
                    Text(f"the table has no row {piece.source!r}", f"表中没有行 {piece.source!r}"),
                    suggest(piece.source, [*self.ids, NONE]),
                )
            found.append(piece.source)
        return tuple(found)


def wanted_values(source: str, column: Column, currency: str) -> tuple[Value | None, ...]:
    """Read a wanted output cell: one value per row that hits, separated by `;`. Raises Problem.

    A text may hold `;` only in quotes.
    """
    found: list[Value | None] = []
    for piece in split_quoted(source, ";"):
        if piece.shadow in {"", "-", "null"}:
            found.append(None)
            continue
        try:
            if column.type is Type.TEXT:
                found.append(bare_or_quoted(piece.source))
            else:
                found.append(
                    read_constant(piece.source, column.type, column.values, column.name, currency)
                )
        except Problem as problem:
            width = problem.width or len(piece.source)
            raise problem.at(piece.column + problem.offset, width) from None
    return tuple(found)

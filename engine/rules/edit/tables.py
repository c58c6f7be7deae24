"""One table of a text, with rows and columns to be found by name and changed line by line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.base.text import Text
from engine.base.yaml_marks import Mapping as YamlMapping
from engine.base.yaml_marks import Scalar
from engine.rules.edit.cells import as_cell, put
from engine.rules.edit.edits import TableName
from engine.rules.edit.errors import EditRefused, refused, unknown
from engine.rules.edit.source import Line, Source
from engine.rules.lexer import RawLine, cut, shadow_of
from engine.rules.table import block_lines


class Sheet:
    """The lines of one table. Raises EditRefused EDIT_NO_TABLE when there is none to be found."""

    def __init__(self, source: Source, root: YamlMapping, name: TableName) -> None:
        self.source = source
        self.name = name
        self._cuts: dict[Line, tuple[str, RawLine]] = {}
        self._ids: dict[str, list[Line]] | None = None
        block = root.get(name)
        if not isinstance(block, Scalar) or not block.literal:
            raise refused(
                "EDIT_NO_TABLE",
                Text(f"the text has no table {name!r}", f"文本中没有表格 {name!r}"),
                Text("add the examples first (add_examples)", "请先添加示例表（add_examples）")
                if name == "examples" and block is None
                else Text(
                    f"write `{name}: |` and a header below it", f"请写 `{name}: |`，其下写表头"
                ),
            )
        numbers = [one.number for one in block_lines(block, [one.text for one in source.lines])]
        if not numbers:
            raise refused(
                "EDIT_NO_TABLE",
                Text(f"the table {name!r} has no header", f"表格 {name!r} 没有表头"),
                Text("write the column names first", "请先写列名"),
                block.span.line,
            )
        self.header = source.lines[numbers[0] - 1]
        self.rows = [source.lines[number - 1] for number in numbers[1:]]
        shape = self.cut(self.header)
        if len(shape.arrows) != 1:
            raise self._shape(self.header)

    def cut(self, line: Line) -> RawLine:
        """The cells of a line."""
        known = self._cuts.get(line)
        if known is None or known[0] != line.text:
            known = self._cuts[line] = (line.text, cut(line.text, 1))
        return known[1]

    @property
    def columns(self) -> list[str]:
        """Column names in the order of the header."""
        return [cell.shadow for cell in self.cut(self.header).cells]

    @property
    def arrow(self) -> int:
        """Index of the first output."""
        return self.cut(self.header).arrow or 0

    def number(self, line: Line) -> int:
        """The 1-based line of the text on which `line` stands."""
        return self.source.index(line) + 1

    # --- finding

    def row(self, name: str) -> Line:
        """The row called `name`: an id, a number of an example, or `@line`.

        Raises EditRefused EDIT_NO_ROW or EDIT_ROW_TWICE.
        """
        if name.startswith("@") and name[1:].isdecimal():
            at = int(name[1:]) - 1
            line = self.source.lines[at] if at < len(self.source.lines) else None
            found = [row for row in self.rows if row is line]
        elif self.name == "examples":
            number = int(name) if name.isdecimal() and len(name) < 9 else 0
            found = self.rows[number - 1 : number] if number else []
        else:
            found = self._rows_called(name)
        if len(found) > 1:
            places = [str(self.number(line)) for line in found]
            raise refused(
                "EDIT_ROW_TWICE",
                Text(
                    f"rows on lines {', '.join(places)} are called {name!r}",
                    f"第 {'、'.join(places)} 行的行号都是 {name!r}",
                ),
                Text(f"name the line: @{places[-1]}", f"请写行：@{places[-1]}"),
            )
        if not found:
            raise self._no_row(name)
        return found[0]

    def ids(self) -> dict[str, list[Line]]:
        """Row id -> the rows that have it; one each in a sound table."""
        if self._ids is None:
            self._ids = {}
            for row in self.rows:
                self._ids.setdefault(self.id_of(row), []).append(row)
        return self._ids

    def id_of(self, row: Line) -> str:
        """The first cell of a row."""
        return self.cut(row).cells[0].source

    def _rows_called(self, name: str) -> list[Line]:
        return self.ids().get(name, [])

    def _no_row(self, name: str) -> EditRefused:
        if self.name == "examples":
            return refused(
                "EDIT_NO_ROW",
                Text(f"there is no example {name!r}", f"没有第 {name!r} 个示例"),
                Text(f"there are {len(self.rows)}, from 1", f"共 {len(self.rows)} 个，从 1 起"),
            )
        said = Text(f"the table has no row {name!r}", f"表中没有行 {name!r}")
        return unknown("EDIT_NO_ROW", said, name, (id for id, rows in self.ids().items() if rows))

    def column(self, name: str) -> int:
        """The index of the column `name`. Raises EditRefused EDIT_NO_COLUMN."""
        columns = self.columns
        if columns.count(shadow_of(name)) == 1:
            return columns.index(shadow_of(name))
        said = Text(f"the table has no column {name!r}", f"表中没有列 {name!r}")
        if name in columns:
            said = Text(f"the table has column {name!r} twice", f"表中列 {name!r} 重复")
            raise refused(
                "EDIT_NO_COLUMN",
                said,
                Text("delete one of them first", "请先删除其中一个"),
                self.number(self.header),
            )
        raise unknown("EDIT_NO_COLUMN", said, name, columns)

    def place(self, row: Line, index: int) -> int:
        """The index of the cell of `row` under column `index`, counted on its side of `=>`.

        Raises EditRefused EDIT_ROW_SHAPE when that side has not the header's cells.
        """
        shape, own = self.cut(self.header), self.cut(row)
        arrow, mine = self.arrow, own.arrow
        if len(own.arrows) != 1 or mine is None:
            raise self._shape(row)
        if index < arrow:
            if mine != arrow:
                raise self._shape(row)
            return index
        if len(own.cells) - mine != len(shape.cells) - arrow:
            raise self._shape(row)
        return index - arrow + mine

    def _shape(self, line: Line) -> EditRefused:
        number = self.number(line)
        return refused(
            "EDIT_ROW_SHAPE",
            Text(
                f"line {number} has not the cells of the header, or not one =>",
                f"第 {number} 行的单元格与表头不符，或没有唯一的 =>",
            ),
            Text("correct the bars of that line in the text first", "请先在文本中改正该行的竖线"),
            number,
        )

    # --- writing

    def cell(self, text: str, index: int) -> str:
        """`text` as it can stand in column `index`."""
        free = self.name == "examples" or index >= self.arrow
        return as_cell(text, free=free, first=index == 0)

    def set(self, row: Line, cells: Mapping[int, str]) -> None:
        """Write texts into a row, by column index."""
        placed = {self.place(row, k): self.cell(text, k) for k, text in cells.items()}
        row.text = put(row.text, placed)

    def laid_out(self, cells: Sequence[str]) -> str:
        """A line of these cells, laid out as the header is."""
        texts = {k: self.cell(text, k) for k, text in enumerate(cells)}
        return put(self.header.text, texts)

    def insert(self, text: str, at: int, *, below: bool) -> Line:
        """Insert a row that reads `text` at place `at` of the rows (from 0).

        It stands directly below the row before it, or above the comments of the row after it.
        """
        row = self.source.insert(self._line_below(at) if below else self._line_above(at), text)
        self.rows.insert(at, row)
        self._knows(row)
        return row

    def drop(self, row: Line) -> None:
        """Remove a row."""
        if self._ids is not None:
            self._ids[self.id_of(row)].remove(row)
        self.rows.remove(row)
        self.source.remove(row)

    def rename(self, row: Line, id: str) -> None:
        """Give a row another id."""
        if self._ids is not None:
            self._ids[self.id_of(row)].remove(row)
        row.text = put(row.text, {0: id})
        self._knows(row)

    def _knows(self, row: Line) -> None:
        if self._ids is not None:
            self._ids.setdefault(self.id_of(row), []).append(row)

    def _line_below(self, at: int) -> int:
        return self.source.index(self.rows[at - 1] if at else self.header) + 1

    def _line_above(self, at: int) -> int:
        line, first = self.source.index(self.rows[at]), self._line_below(at)
        while line > first and self.source.lines[line - 1].text.strip()[:1] in {"#", "＃"}:
            line -= 1
        return line

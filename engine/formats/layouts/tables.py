"""Record tables: cells between bars, quoted where a bar is meant, each with its place."""

from __future__ import annotations

from dataclasses import dataclass

from engine.base.collector import Collector
from engine.base.findings import Span
from engine.base.text import Text
from engine.base.yaml_marks import Scalar

COLUMNS = ("field", "type", "width", "column", "value", "check", "format", "align", "pad")
"""Columns a record table may have; `field` and `type` it must have."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The text of a cell as written, quotes included, and its place. `-` is an empty cell."""

    text: str
    span: Span

    @property
    def given(self) -> bool:
        """Whether something stands there."""
        return self.text not in ("", "-")


def rows_of(block: Scalar, lines: list[str], out: Collector) -> list[dict[str, Cell]]:
    """The rows of a record table as cells by column; findings B010 to B012 for what is none.

    `lines` is the whole file: places are taken from it.
    """
    count = block.value.count("\n") + (not block.value.endswith("\n"))
    first = block.span.line + 1
    head: list[str] | None = None
    rows: list[dict[str, Cell]] = []
    for number in range(first, min(first + count, len(lines) + 1)):
        line = lines[number - 1]
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        cells = split(line, number, out)
        if cells is None:
            continue
        if head is None:
            head = _head(cells, out)
            if head is None:
                return []
        elif len(cells) != len(head):
            out.add(
                "B011",
                Span(number, 1, len(line)),
                Text(
                    f"the row has {len(cells)} cells, the table {len(head)} columns",
                    f"该行有 {len(cells)} 格，表头有 {len(head)} 列",
                ),
                Text("write `-` for an empty cell", "空格请写 `-`"),
            )
        else:
            rows.append(dict(zip(head, cells, strict=True)))
    if not rows:
        out.add(
            "B010",
            block.span,
            Text("the table has no rows", "表中没有行"),
            Text("write a head and one row per field", "请写表头和每个字段一行"),
        )
    return rows


def split(line: str, number: int, out: Collector) -> list[Cell] | None:
    """Cells of one line; None after finding B012 (a quote that is not closed)."""
    cells: list[Cell] = []
    start, quoted = 0, False
    for place, character in enumerate(line + "|"):
        if character == '"':
            quoted = not quoted
        elif character == "|" and (not quoted or place == len(line)):
            text = line[start:place]
            column = start + len(text) - len(text.lstrip()) + 1
            cells.append(Cell(text.strip(), Span(number, column, max(1, len(text.strip())))))
            start = place + 1
    if quoted:
        out.add(
            "B012",
            Span(number, 1, len(line)),
            Text("a quote is not closed", "引号没有成对"),
            Text('write a text with a bar like "|"', '含竖线的文本请写成 "|"'),
        )
        return None
    return cells


def unquoted(text: str) -> str | None:
    """The text between quotes, None when it is not quoted."""
    if len(text) >= 2 and text[0] == text[-1] == '"' and '"' not in text[1:-1]:
        return text[1:-1]
    return None


def _head(cells: list[Cell], out: Collector) -> list[str] | None:
    names = [cell.text for cell in cells]
    good = True
    for place, cell in enumerate(cells):
        if cell.text not in COLUMNS or cell.text in names[:place]:
            good = False
            out.add(
                "B011",
                cell.span,
                Text(
                    f"{cell.text!r} is no column of a record table, or is there twice",
                    f"{cell.text!r} 不是记录表的列，或重复",
                ),
                Text(f"use {', '.join(COLUMNS)}", f"可用：{', '.join(COLUMNS)}"),
            )
    for name in ("field", "type"):
        if name not in names:
            good = False
            out.add(
                "B011",
                cells[0].span,
                Text(f"the column {name} is missing", f"缺少列 {name}"),
                Text("begin the table with `field | type`", "表头请以 `field | type` 开头"),
            )
    return names if good else None

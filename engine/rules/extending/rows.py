"""The rows an extension writes: laid out by its parent's columns, replaced or added by id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.base.collector import Collector
from engine.base.findings import Span
from engine.base.text import Text
from engine.base.yaml_marks import Scalar
from engine.rules.extending.writer import Source, Writer
from engine.rules.lexer import RawLine
from engine.rules.model import Ruleset
from engine.rules.suggest import remedy as suggest
from engine.rules.table import ID, Header, block_lines, read_header, row_fits, span_of


@dataclass(frozen=True, slots=True)
class OwnRows:
    """The extension's rows by id, and for each of the parent's columns the own cell's index."""

    by_id: Mapping[str, RawLine]
    order: tuple[int, ...]
    complete: bool
    """Whether every row could be read; examples may speak of one that could not."""


def own_rows(own: Source, above: Source, parent: Ruleset, out: Collector) -> OwnRows:
    """Read the rows of the extension and check that its parent allows each (R605, R606, R607)."""
    block = own.root.get("rules")
    if not isinstance(block, Scalar):
        return OwnRows({}, (), "rules" not in own.root.entries)
    if not block.literal:
        out.add(
            "R014",
            own.root.entries["rules"].key.span,
            Text("rules must be a literal block", "rules 必须是文本块"),
            Text("write `rules: |` and the table below it", "请写 `rules: |`，表格另起一行"),
        )
        return OwnRows({}, (), False)
    found = list(block_lines(block, own.lines))
    header = read_header(found[0], out) if found else None
    if header is None:
        return OwnRows({}, (), False)
    order = _order(header, _header(above), parent, out)
    if order is None:
        return OwnRows({}, (), False)
    known = {row.id for row in parent.table.rows}
    rows: dict[str, RawLine] = {}
    for line in found[1:]:
        if not row_fits(line, header, out):
            continue
        row, span = line.cells[0].source, span_of(line, line.cells[0])
        if row in rows:
            out.add(
                "R106",
                span,
                Text(
                    f"row id {row!r} is already used on line {rows[row].number}",
                    f"行号 {row!r} 已在第 {rows[row].number} 行使用",
                ),
                Text("give this row its own id", "请为此行另取编号"),
            )
            continue
        _allowed(row, span, known, parent, out)
        rows[row] = line
    return OwnRows(rows, order, len(rows) == len(found) - 1)


def _header(above: Source) -> Header:
    """The header of the parent, which was read before."""
    block = above.root.get("rules")
    assert isinstance(block, Scalar)
    line = next(block_lines(block, above.lines))
    assert line.arrow is not None
    return Header(line, line.arrow)


def _order(
    header: Header, wanted: Header, parent: Ruleset, out: Collector
) -> tuple[int, ...] | None:
    own = [cell.shadow for cell in header.line.cells]
    names = [cell.shadow for cell in wanted.line.cells]
    order = [own.index(name) if name in own else -1 for name in names]
    wrong = [
        cell
        for at, cell in enumerate(header.line.cells)
        if cell.shadow not in names
        or own.index(cell.shadow) != at
        or (names.index(cell.shadow) < wanted.arrow) != (at < header.arrow)
    ]
    for cell in wrong:
        free = [name for name in names if name not in own]
        out.add(
            "R607",
            span_of(header.line, cell),
            Text(
                f"{parent.name} has no column {cell.shadow!r} here",
                f"{parent.name} 在此处没有列 {cell.shadow!r}",
            ),
            suggest(cell.shadow, free)
            or Text("an extension has its parent's columns", "扩展须使用上级的列"),
        )
    missing = [name for name in names if name not in own]
    if missing and not wrong:
        listed_en, listed_zh = ", ".join(missing), "、".join(missing)
        out.add(
            "R607",
            Span(header.line.number, header.line.column, header.line.width),
            Text(f"columns of {parent.name} are missing", f"缺少 {parent.name} 的列"),
            Text(
                f"add {listed_en}; write - where nothing is asked",
                f"请添加 {listed_zh}；无要求时写 -",
            ),
        )
    if wrong or missing or own[0] != ID:
        return None
    return tuple(order)


def _allowed(row: str, span: Span, known: set[str], parent: Ruleset, out: Collector) -> None:
    may = parent.extensible
    if row in known and row not in may.replace:
        out.add(
            "R605",
            span,
            Text(
                f"{parent.name} does not let row {row} be replaced",
                f"{parent.name} 不允许替换行 {row}",
            ),
            Text(
                f"delete it here, or have {parent.name} list it under `extensible: {{replace: …}}`",
                f"请在此删除，或请 {parent.name} 在 `extensible: {{replace: …}}` 中列出",
            ),
        )
    elif row not in known and not may.add:
        out.add(
            "R606",
            span,
            Text(
                f"{parent.name} has no row {row} and does not let rows be added",
                f"{parent.name} 没有行 {row}，且不允许新增行",
            ),
            _other_case(row, known)
            or Text(
                f"delete it here, or have {parent.name} say `extensible: {{add: yes}}`",
                f"请在此删除，或请 {parent.name} 写明 `extensible: {{add: yes}}`",
            ),
        )


def _other_case(row: str, known: set[str]) -> Text | None:
    """Only the same id in other letters is a slip: A4 and S4 are two rows."""
    return suggest(row, [one for one in known if one.casefold() == row.casefold()])


def write_rows(writer: Writer, above: Source, own: Source, rows: OwnRows) -> None:
    """Write the parent's table with its rows replaced in place and the others behind its last."""
    block = above.root.get("rules")
    assert isinstance(block, Scalar)
    first, last = above.range("rules")
    table = list(block_lines(block, above.lines))
    replaced = {
        line.number: rows.by_id[line.cells[0].source]
        for line in table[1:]
        if line.cells[0].source in rows.by_id
    }
    shift = above.root.span.column - 1
    margin = " " * (table[0].column - 1 - shift)
    kept = {line.cells[0].source for line in table[1:]}
    for number in range(first, last + 1):
        if number == first and "rules" in own.root.entries:
            # What is wrong with the table as a whole is told where the branch changed it.
            entry = own.root.entries["rules"]
            sign = above.lines[first - 1].partition(":")[2].strip()
            parts = (("rules", entry.key.span), ": ", (sign, entry.value.span))
            writer.made(own, entry.key.span.line, *parts)
        elif number in replaced:
            _row(writer, own, replaced[number], rows.order, table[0], margin)
        else:
            writer.copy(above, number, number)
        if number == table[-1].number:
            for row, line in rows.by_id.items():
                if row not in kept:
                    _row(writer, own, line, rows.order, table[0], margin)


def _row(
    writer: Writer, own: Source, line: RawLine, order: tuple[int, ...], header: RawLine, margin: str
) -> None:
    parts: list[str | tuple[str, Span]] = [margin]
    for place, index in enumerate(order):
        cell = line.cells[index]
        parts.append("" if place == 0 else " => " if place == header.arrow else " | ")
        parts.append((cell.source, span_of(line, cell)))
    writer.made(own, line.number, *parts)

"""Ranges that parameters turn round: `[$small..$large)` where small is above large."""

from __future__ import annotations

from collections.abc import Iterator

from engine.base.text import Text
from engine.rules.analysis.axis import leaves, resolve
from engine.rules.analysis.grid import Grid
from engine.rules.analysis.report import Report
from engine.rules.model import Cell, Column, ParamRef, Range, Row, Value
from engine.rules.show import show_value

_HINT = Text(
    "the lower end must not be above the upper; check the parameters",
    "下限不能高于上限；请检查参数",
)


def check_ranges(grid: Grid, report: Report) -> None:
    """R307: the lower end of a range is above its upper end under the parameters of `grid`.

    Ranges of two literals are refused by the loader already; an organisation that makes both ends
    equal closes the range on purpose.
    """
    table = grid.ruleset.table
    for row in table.rows:
        for place, (column, cell) in enumerate(zip(table.inputs, row.cells, strict=True)):
            for found in _ranges(cell):
                _check(grid, report, row, (place, column), found)


def _ranges(cell: Cell) -> Iterator[Range]:
    return (leaf for leaf in leaves(cell) if isinstance(leaf, Range))


def _check(grid: Grid, report: Report, row: Row, where: tuple[int, Column], found: Range) -> None:
    if not isinstance(found.low, ParamRef) and not isinstance(found.high, ParamRef):
        return
    low, high = resolve(found.low, grid.params), resolve(found.high, grid.params)
    if low is None or high is None or not _above(low, high):
        return
    place, column = where
    currency = grid.ruleset.currency
    low_text = show_value(low, column.type, currency)
    high_text = show_value(high, column.type, currency)
    text = Text(
        f"{row.id}: this range of {column.name} is reversed, from {low_text} to {high_text}",
        f"{row.id}：{column.name} 的区间颠倒，从 {low_text} 到 {high_text}",
    )
    report.error("R307", row.cell_spans[place + 1], text, _HINT, grid, key=(row.id, place))


def _above(low: Value, high: Value) -> bool:
    return low > high  # type: ignore[operator]

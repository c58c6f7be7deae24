"""Rows that never answer: a cell nothing satisfies, or earlier rows that take everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.base.text import Text
from engine.rules.analysis.bits import members
from engine.rules.analysis.cover import Cover, NotProven
from engine.rules.analysis.grid import Grid
from engine.rules.analysis.report import Report
from engine.rules.model import HitPolicy

_REMOVE = Text("delete the row or move it up", "请删除该行或上移")


@dataclass(frozen=True, slots=True)
class _Verdict:
    """Rows that are never reached under one set of parameters, and those not proven."""

    unreachable: frozenset[int]
    open: frozenset[int]
    takers: dict[int, int]
    """Unreachable row -> an earlier row that alone matches everything it matches."""


def check_reach(grids: Sequence[Grid], covers: Sequence[Cover], report: Report) -> None:
    """R305: a row that no facts can reach, under any parameters; R306 where a cell is impossible.

    A row that only some organisation's parameters switch off is no finding. R304 (a warning) names
    rows for which the search would exceed its budget.
    """
    group = grids[0]
    dead = group.dead
    for grid in grids[1:]:
        dead &= grid.dead
    for row in members(dead):
        _tell_dead(group, report, row)
    if group.ruleset.hit_policy is not HitPolicy.FIRST:
        return
    verdicts = [_unreached(grid, cover) for grid, cover in zip(grids, covers, strict=True)]
    never = frozenset.intersection(*(v.unreachable | v.open for v in verdicts))
    unsure = frozenset.union(*(v.open for v in verdicts)) & never
    rows = group.ruleset.table.rows
    for row in sorted(never - unsure):
        if dead >> row & 1:
            continue
        name, taker = rows[row].id, verdicts[0].takers.get(row)
        if taker is not None:
            by = Text(f"{rows[taker].id} above it takes", f"其上的 {rows[taker].id} 已包含")
        else:
            by = Text("the rows above it take", "其上各行已包含")
        text = Text(
            f"{name} can never be reached: {by.en} everything it matches",
            f"{name} 永远不会被命中：{by.zh}它匹配的全部情况",
        )
        report.error("R305", rows[row].cell_spans[0], text, _REMOVE, group, key=row)
    if unsure:
        _tell_unsure(group, report, sorted(unsure))


def _tell_dead(grid: Grid, report: Report, row: int) -> None:
    table = grid.ruleset.table
    place = next(k for k, d in enumerate(grid.dimensions) if not d.may[row])
    column, name = table.inputs[place].name, table.rows[row].id
    text = Text(
        f"{name} can never match: no value of {column} satisfies this cell",
        f"{name} 永远不会命中：{column} 没有任何取值满足该单元格",
    )
    hint = Text(
        "correct the cell; null occurs only in nullable words",
        "请更正该单元格；只有 nullable 的词才会为 null",
    )
    report.error("R306", table.rows[row].cell_spans[place + 1], text, hint, grid, key=row)


def _tell_unsure(grid: Grid, report: Report, unsure: list[int]) -> None:
    rows = grid.ruleset.table.rows
    names = ", ".join(rows[row].id for row in unsure[:10])
    more = len(unsure) - 10
    if more > 0:
        names += f" (+{more})"
    text = Text(
        f"not proven: whether {names} can be reached; the search is too large",
        f"未能证明：{names} 是否可达；搜索规模过大",
    )
    report.warning("R304", rows[unsure[0]].cell_spans[0], text, _REMOVE, grid, key="reach")


def _unreached(grid: Grid, cover: Cover) -> _Verdict:
    unreachable: set[int] = set()
    unproven: set[int] = set()
    takers: dict[int, int] = {}
    for row in grid.rows:
        box, earlier = grid.box(row), (1 << row) - 1
        if not all(box):
            unreachable.add(row)
            continue
        taker = _single(grid, row, earlier)
        if taker is not None:
            unreachable.add(row)
            takers[row] = taker
            continue
        try:
            if cover.hole(box, earlier) is None:
                unreachable.add(row)
        except NotProven:
            unproven.add(row)
    return _Verdict(frozenset(unreachable), frozenset(unproven), takers)


def _single(grid: Grid, row: int, earlier: int) -> int | None:
    box = grid.box(row)
    for other in members(grid.meeting(box) & earlier):
        if all(not span & ~d.must[other] for span, d in zip(box, grid.dimensions, strict=True)):
            return other
    return None

"""Rows that match the same facts, where the hit policy allows one answer only."""

from __future__ import annotations

from collections.abc import Iterator

from engine.base.text import Text
from engine.rules.analysis.bits import members
from engine.rules.analysis.grid import Box, Grid
from engine.rules.analysis.linear import same_output
from engine.rules.analysis.report import Report
from engine.rules.analysis.witness import describe, matter
from engine.rules.model import HitPolicy

_HINTS = {
    HitPolicy.UNIQUE: Text(
        "make the cells of one row narrower, or choose another hit policy",
        "请收窄其中一行的条件，或改用其他命中策略",
    ),
    HitPolicy.ANY: Text(
        "give both rows the same outputs, or make the cells of one row narrower",
        "请让两行输出一致，或收窄其中一行的条件",
    ),
}


def check_overlaps(grid: Grid, report: Report) -> bool | None:
    """R301: two rows match the same facts under `unique`, or under `any` with other outputs.

    R302 (a warning) where formulas, column comparisons or regular expressions keep the analysis
    from being sure; a double hit then refuses the decision at run time. Returns whether any two
    rows surely meet, None where the hit policy does not ask.
    """
    policy = grid.ruleset.hit_policy
    if policy not in _HINTS:
        return None
    met = False
    for first, second, box in overlaps(grid):
        met = met or box is not None
        verdict: bool | None = True
        if policy is HitPolicy.ANY:
            verdict = _outputs_differ(grid, first, second)
            if verdict is False:
                continue
        sure = box is not None and verdict is True
        _tell(grid, report, first, second, box, sure=sure)
    return met


def overlaps(grid: Grid) -> Iterator[tuple[int, int, Box | None]]:
    """Pairs of rows that may both match, with the facts they surely share (None: not sure)."""
    for second in grid.rows:
        earlier = (1 << second) - 1
        for first in members(grid.meeting(grid.box(second)) & earlier):
            box = meet(grid.sure_box(first), grid.sure_box(second))
            yield first, second, box if all(box) else None


def meet(left: Box, right: Box) -> Box:
    """What two boxes share."""
    return tuple(a & b for a, b in zip(left, right, strict=True))


def _outputs_differ(grid: Grid, first: int, second: int) -> bool | None:
    """Whether two rows give different outputs; None where formulas keep it open."""
    rows = grid.ruleset.table.rows
    verdicts = [
        same_output(a, b, grid.params)
        for a, b in zip(rows[first].outputs, rows[second].outputs, strict=True)
    ]
    if any(verdict is False for verdict in verdicts):
        return True
    return False if all(verdicts) else None


def _tell(
    grid: Grid, report: Report, first: int, second: int, box: Box | None, *, sure: bool
) -> None:
    rows = grid.ruleset.table.rows
    a, b = rows[first].id, rows[second].id
    shared = box if box is not None else meet(grid.box(first), grid.box(second))
    where = describe(grid, shared, matter(grid, (first, second)))
    hint = _HINTS[grid.ruleset.hit_policy]
    if sure:
        text = Text(
            f"{a} and {b} both match when {where.en}", f"当 {where.zh} 时，{a} 与 {b} 同时命中"
        )
        report.error("R301", rows[second].cell_spans[0], text, hint, grid, key=(first, second))
        return
    text = Text(
        f"{a} and {b} may both match, for example when {where.en}; the analysis cannot decide it",
        f"{a} 与 {b} 可能同时命中，例如当 {where.zh} 时；静态分析无法判定",
    )
    report.warning("R302", rows[second].cell_spans[0], text, hint, grid, key=(first, second))

"""Rows that match the same facts, where the hit policy allows one answer only."""

from __future__ import annotations

from engine.base.findings import Severity
from engine.base.text import Text
from engine.rules.analysis.bits import members
from engine.rules.analysis.grid import Box, Grid
from engine.rules.analysis.linear import output_key, same_output
from engine.rules.analysis.report import Report
from engine.rules.analysis.witness import describe, matter
from engine.rules.model import HitPolicy, Ruleset

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


class OverlapCheck:
    """R301: two rows match the same facts under `unique`, or under `any` with other outputs.

    R302 (a warning) where formulas, column comparisons or regular expressions keep the analysis
    from being sure; a double hit then refuses the decision at run time. A pair that meets under
    the group's parameters is not told again for a branch.
    """

    def __init__(self, ruleset: Ruleset, report: Report) -> None:
        self._ruleset = ruleset
        self._report = report
        self._told = [0] * len(ruleset.table.rows)
        """Row -> earlier rows it was already said to meet."""

    def check(self, grid: Grid) -> bool | None:
        """Check one grid. Returns whether two rows surely meet; None if the policy allows it."""
        if self._ruleset.hit_policy not in _HINTS:
            return None
        met = False
        alike = self._alike(grid)
        for second in grid.rows:
            earlier = (1 << second) - 1
            meeting = grid.meeting(grid.box(second)) & earlier
            surely = grid.surely_meeting(grid.sure_box(second)) & meeting
            met = met or surely != 0
            news = meeting & ~self._told[second] & ~alike[second]
            open_ = self._undecided(grid, second, news & surely)
            self._tell_all(grid, second, news & surely & ~open_, sure=True)
            self._tell_all(grid, second, (news & ~surely) | open_, sure=False)
            self._told[second] |= news
        return met

    def _alike(self, grid: Grid) -> list[int]:
        """Row -> rows that may match with it: under `any` those with the same outputs."""
        rows = self._ruleset.table.rows
        if self._ruleset.hit_policy is not HitPolicy.ANY:
            return [0] * len(rows)
        keys = [tuple(output_key(output, grid.params) for output in row.outputs) for row in rows]
        same: dict[object, int] = {}
        for row, key in enumerate(keys):
            same[key] = same.get(key, 0) | 1 << row
        return [same[key] for key in keys]

    def _undecided(self, grid: Grid, second: int, others: int) -> int:
        """Those of `others` whose outputs may or may not equal those of `second`."""
        if self._ruleset.hit_policy is not HitPolicy.ANY:
            return 0
        rows = self._ruleset.table.rows
        found = 0
        for first in members(others):
            pairs = zip(rows[first].outputs, rows[second].outputs, strict=True)
            if all(same_output(a, b, grid.params) is not False for a, b in pairs):
                found |= 1 << first
        return found

    def _tell_all(self, grid: Grid, second: int, others: int, *, sure: bool) -> None:
        code = "R301" if sure else "R302"
        span = self._ruleset.table.rows[second].cell_spans[0]
        for first in members(others):
            if not self._report.room(code, grid):
                severity = Severity.ERROR if sure else Severity.WARNING
                left = (others >> first).bit_count()
                self._report.hide(code, severity, span, grid, left)
                return
            _tell(grid, self._report, first, second, sure=sure)


def meet(left: Box, right: Box) -> Box:
    """What two boxes share."""
    return tuple(a & b for a, b in zip(left, right, strict=True))


def _tell(grid: Grid, report: Report, first: int, second: int, *, sure: bool) -> None:
    rows = grid.ruleset.table.rows
    a, b = rows[first].id, rows[second].id
    surely = meet(grid.sure_box(first), grid.sure_box(second))
    shared = surely if all(surely) else meet(grid.box(first), grid.box(second))
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

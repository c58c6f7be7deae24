"""Static analysis of a ruleset: what its rows do together, under every set of parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.base.findings import Finding
from engine.rules.analysis.balance import check_balance
from engine.rules.analysis.cover import Cover
from engine.rules.analysis.gap import check_gap
from engine.rules.analysis.grid import build_grid
from engine.rules.analysis.overlap import OverlapCheck
from engine.rules.analysis.ranges import check_ranges
from engine.rules.analysis.reach import check_reach
from engine.rules.analysis.report import Report
from engine.rules.model import Ruleset, Value

ParameterSets = Sequence[tuple[str | None, Mapping[str, Value]]]
"""The group's parameters (None) first, then those of each organisation that differ."""


def analyse(ruleset: Ruleset, parameter_sets: ParameterSets) -> list[Finding]:
    """All findings R3xx: overlap, gap, rows never reached, reversed ranges, posting balance."""
    report = Report(ruleset)
    grids = [build_grid(ruleset, params, branch) for branch, params in parameter_sets]
    covers = [Cover(grid) for grid in grids]
    overlaps = OverlapCheck(ruleset, report)
    for grid, cover in zip(grids, covers, strict=True):
        check_ranges(grid, report)
        met = overlaps.check(grid)
        check_gap(grid, cover, report, disjoint=met is False)
        check_balance(grid, report)
    check_reach(grids, covers, report)
    return report.findings()

"""Whether the order of two rows can change a decision: by hit policy and overlap."""

from __future__ import annotations

from collections.abc import Sequence

from engine.rules.analysis.grid import Grid, build_grid
from engine.rules.analysis.linear import same_output
from engine.rules.model import HitPolicy, Ruleset
from engine.rules.params import distinct_params

_ORDERED = frozenset(
    {HitPolicy.FIRST, HitPolicy.RULE_ORDER, HitPolicy.PRIORITY, HitPolicy.OUTPUT_ORDER}
)


class Order:
    """Whether rows of one ruleset may change places."""

    def __init__(self, ruleset: Ruleset) -> None:
        self._grids = (
            [build_grid(ruleset, params, branch) for branch, params in distinct_params(ruleset)]
            if ruleset.hit_policy in _ORDERED
            else []
        )

    def matters(self, row: int, others: Sequence[int]) -> bool:
        """Whether `row` before or after one of `others` can change an outcome, for any branch.

        Under unique and any the order never matters, and collect has no order. Under first two
        rows must be able to match the same facts and give different outputs; under "rule order"
        they only need to match the same facts; priorities let the order decide between equals.
        """
        return any(_matters(grid, row, others) for grid in self._grids)


def _matters(grid: Grid, row: int, others: Sequence[int]) -> bool:
    meeting = grid.meeting(grid.box(row))
    return any(meeting >> other & 1 and _differ(grid, row, other) for other in others)


def _differ(grid: Grid, row: int, other: int) -> bool:
    table, policy = grid.ruleset.table, grid.ruleset.hit_policy
    if policy is HitPolicy.RULE_ORDER:
        return True
    verdicts = {
        column.name: same_output(a, b, grid.params)
        for column, a, b in zip(
            table.outputs, table.rows[row].outputs, table.rows[other].outputs, strict=True
        )
    }
    if any(verdicts[name] is False for name in grid.ruleset.priority or {}):
        return False
    return any(verdict is not True for verdict in verdicts.values())

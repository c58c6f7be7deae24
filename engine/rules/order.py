"""Whether the order of two rows can change a decision: by hit policy and overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.base.text import Text
from engine.rules.analysis.grid import Grid, build_grid
from engine.rules.analysis.linear import constant_output, same_output
from engine.rules.model import HitPolicy, Ruleset, Value
from engine.rules.outputs import read_constant
from engine.rules.params import distinct_params
from engine.rules.show import listed

_ORDERED = frozenset(
    {HitPolicy.FIRST, HitPolicy.RULE_ORDER, HitPolicy.PRIORITY, HitPolicy.OUTPUT_ORDER}
)


class Order:
    """Whether rows of one ruleset may change places."""

    def __init__(self, ruleset: Ruleset) -> None:
        self._ruleset = ruleset
        self._grids = (
            [build_grid(ruleset, params, branch) for branch, params in distinct_params(ruleset)]
            if ruleset.hit_policy in _ORDERED
            else []
        )
        self._ranks = _ranks(ruleset)

    def matters(self, row: int, others: Sequence[int]) -> bool:
        """Whether `row` before or after one of `others` can change an outcome, for any branch.

        Under unique and any the order never matters, and collect has no order. Under first two
        rows must be able to match the same facts and give different outputs; under "rule order"
        they only need to match the same facts; priorities let the order decide between equals.
        """
        return bool(self.against(row, others))

    def against(self, row: int, others: Sequence[int]) -> list[int]:
        """Those of `others` whose order with `row` can change an outcome, for any branch."""
        found: set[int] = set()
        for grid in self._grids:
            meeting = grid.meeting(grid.box(row))
            found.update(
                other for other in others if meeting >> other & 1 and self._differ(grid, row, other)
            )
        return sorted(found)

    def reason(self, row: int, others: Sequence[int]) -> Text:
        """Why the order of `row` and `others` matters, or why it cannot."""
        ids = [one.id for one in self._ruleset.table.rows]
        against = [ids[one] for one in self.against(row, others)]
        if against:
            return self._matters(ids[row], against)
        match self._ruleset.hit_policy:
            case HitPolicy.UNIQUE:
                return Text("at most one row matches any facts", "任何事实至多命中一行")
            case HitPolicy.ANY:
                return Text(
                    "rows that match the same facts give the same outcome",
                    "命中相同事实的各行结果相同",
                )
            case HitPolicy.COLLECT:
                return Text("every row that matches counts", "凡命中的行全部计入")
        passed = [ids[one] for one in others]
        return Text(
            f"no facts match both {ids[row]} and {listed(passed, 'or')} with outcomes whose order "
            "counts",
            f"没有事实会使{ids[row]}与{'、'.join(passed)}同时命中且结果受次序影响",
        )

    def _matters(self, row: str, against: Sequence[str]) -> Text:
        en, zh = listed([row, *against], "and"), "、".join([row, *against])
        if self._ruleset.hit_policy is HitPolicy.RULE_ORDER:
            return Text(
                f"{en} can match the same facts, and outcomes are given in the order of the table",
                f"{zh}可能同时命中，而结果按表中次序给出",
            )
        if self._ruleset.hit_policy is HitPolicy.FIRST:
            return Text(
                f"{en} can match the same facts, the first decides, and their outcomes differ",
                f"{zh}可能同时命中，由最前一行决定，且结果不同",
            )
        return Text(
            f"{en} can match the same facts with equal priority, and their outcomes differ",
            f"{zh}可能以相同优先级同时命中，且结果不同",
        )

    def _differ(self, grid: Grid, row: int, other: int) -> bool:
        table, policy = self._ruleset.table, self._ruleset.hit_policy
        if policy is HitPolicy.RULE_ORDER:
            return True
        pairs = {
            column.name: (a, b)
            for column, a, b in zip(
                table.outputs, table.rows[row].outputs, table.rows[other].outputs, strict=True
            )
        }
        for name, ranks in self._ranks.items():
            a, b = (constant_output(one, grid.params) for one in pairs[name])
            # What has no rank comes last; a computed output may have any.
            if a is not None and b is not None:
                last = len(ranks)
                if ranks.get(a.value, last) != ranks.get(b.value, last):
                    return False
        return any(same_output(a, b, grid.params) is not True for a, b in pairs.values())


def _ranks(ruleset: Ruleset) -> dict[str, Mapping[Value | None, int]]:
    columns = {column.name: column for column in ruleset.table.outputs}
    return {
        name: {
            read_constant(one, columns[name].type, None, name, ruleset.currency): rank
            for rank, one in enumerate(written)
        }
        for name, written in (ruleset.priority or {}).items()
    }

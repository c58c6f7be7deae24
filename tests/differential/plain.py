"""Tables as plain data, each cell with its text and its meaning side by side; and what they decide.

The slow, obviously correct side of every comparison: a cell's meaning is a small Python function
written next to the text a person would write, and a decision is the language's description taken
line by line. Nothing of the engine is used but its value types.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from engine.rules.model import Duration, Value

Fact = int | Decimal | str | bool | dt.date | dt.time | Duration | None
Facts = Mapping[str, Fact]
Given = Fact | tuple[str, ...]


class Refused(Exception):
    """The decision is refused, with this code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Cell:
    """An input cell as written, and which facts satisfy it."""

    text: str
    holds: Callable[[Facts], bool]

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Output:
    """An output cell as written, and the value it gives; giving may refuse."""

    text: str
    gives: Callable[[Facts], Given]

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Row:
    """One rule."""

    id: str
    cells: tuple[Cell, ...]
    outputs: tuple[Output, ...]


@dataclass(frozen=True)
class Plan:
    """A whole ruleset. `ranks` are the levels of `priority`, best first."""

    columns: tuple[str, ...]
    outputs: tuple[str, ...]
    rows: tuple[Row, ...]
    policy: str
    ranks: tuple[str, ...] = ()
    otherwise: tuple[Output, ...] = ()

    def table(self) -> str:
        """The table as a person would write it."""
        lines = [f"id | {' | '.join(self.columns)} => {' | '.join(self.outputs)}"]
        for row in self.rows:
            cells = " | ".join(cell.text for cell in row.cells)
            lines.append(f"{row.id} | {cells} => {' | '.join(o.text for o in row.outputs)}")
        return "\n".join(lines)

    def envelope(self) -> str:
        """The envelope's keys the table needs."""
        lines = list(DERIVE)
        table = self.table() + "".join(one.text for one in self.otherwise)
        used = [
            f"{name}: {written}" for name, (written, _) in PARAMS.items() if f"${name}" in table
        ]
        if used:
            lines.append(f"params: {{{', '.join(used)}}}")
        if self.ranks:
            lines.append(f"priority: {{level: [{', '.join(self.ranks)}]}}")
        if self.otherwise:
            pairs = zip(self.outputs, self.otherwise, strict=True)
            lines.append("otherwise:")
            lines += [f"  {name}: {_quoted(one.text)}" for name, one in pairs if one.text != "-"]
        return "\n".join(lines)


def _quoted(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"


PARAMS: Mapping[str, tuple[str, Value]] = {
    "low": ("100", 10_000),
    "share": ("5%", Decimal("0.05")),
    "soon": ("36h", Duration(129_600, "36h")),
}
"""Parameter -> what the envelope says, and its value."""

DERIVE = (
    "derive:",
    "  repeats: {count: payment, same: [bank, amount], within: 3d, states: live}",
    "  largest: {max: amount, same: [bank], within: 30d, states: [paid]}",
)
"""Columns over a window; their values come with the facts."""


def hits(plan: Plan, facts: Facts) -> tuple[str, ...]:
    """Every row that hits, in table order."""
    return tuple(row.id for row in plan.rows if all(cell.holds(facts) for cell in row.cells))


def decide(plan: Plan, facts: Facts) -> tuple[tuple[str, ...], list[dict[str, Given]]]:
    """Rows and outcomes of the decision. Raises Refused."""
    found = set(hits(plan, facts))
    rows = [row for row in plan.rows if row.id in found]
    if not rows:
        return (), [_outcome(plan, plan.otherwise, facts)] if plan.otherwise else []
    if plan.policy == "unique" and len(rows) > 1:
        raise Refused("DOUBLE_HIT")
    if plan.policy == "first":
        rows = rows[:1]
    pairs = [(row.id, _outcome(plan, row.outputs, facts)) for row in rows]
    if plan.policy == "any":
        if any(outcome != pairs[0][1] for _, outcome in pairs):
            raise Refused("OUTPUTS_DIFFER")
        return tuple(row.id for row in rows), [pairs[0][1]]
    if plan.policy in {"priority", "output order"}:
        pairs = _by_rank(plan.ranks, pairs)
    if plan.policy == "priority":
        pairs = pairs[:1]
    return tuple(one for one, _ in pairs), [outcome for _, outcome in pairs]


def _outcome(plan: Plan, outputs: Sequence[Output], facts: Facts) -> dict[str, Given]:
    return {name: one.gives(facts) for name, one in zip(plan.outputs, outputs, strict=True)}


def _by_rank(
    ranks: Sequence[str], pairs: Sequence[tuple[str, dict[str, Given]]]
) -> list[tuple[str, dict[str, Given]]]:
    """Best level first, those without a rank last, table order among equals."""
    found = [pair for level in ranks for pair in pairs if pair[1].get("level") == level]
    return [*found, *(pair for pair in pairs if pair[1].get("level") not in ranks)]

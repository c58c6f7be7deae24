"""What one ruleset is for the second engine: lanes of rules, and the fields they read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from engine.rules.model import Cell, Ruleset, Value
from engine.rules.rete.conditions import Condition, to_json

OWN = "own"
"""The field every message of ours carries: the engine's own messages can match nothing."""
LAST_PRIORITY = 65_535


@dataclass(frozen=True, slots=True)
class Marker:
    """A field that is true or false: whether the facts satisfy a cell the engine is not given."""

    column: str
    cell: Cell


@dataclass(frozen=True, slots=True)
class Lane:
    """One durable ruleset of at most 60 rules and 400 tests."""

    rules: tuple[tuple[int, Condition], ...]
    """Row and its condition."""
    fields: tuple[str, ...]

    def definition(self) -> str:
        """Write the lane as durable-rules reads it.

        The last rule fires for every message: a state that never fired cannot be freed.
        """
        rules: dict[str, object] = {
            f"r{row}": {"all": [{"m": to_json(condition)}]} for row, condition in self.rules
        }
        rules["z"] = {"all": [{"m": {OWN: 1}}], "pri": LAST_PRIORITY}
        return json.dumps(rules, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class ReteProgram:
    """A ruleset under one set of parameters, ready for the second engine."""

    ruleset: Ruleset
    params: Mapping[str, Value]
    lanes: tuple[Lane, ...]
    columns: Mapping[str, str]
    """Field -> the fact it holds."""
    markers: Mapping[str, Marker]
    """Field -> the cell it answers."""
    checked: tuple[str, ...]
    """Facts the cells read, each of which must be there and of its type."""

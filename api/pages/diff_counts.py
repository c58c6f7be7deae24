"""How much differs between two texts of a ruleset, in numbers."""

from __future__ import annotations

from dataclasses import dataclass

from engine.rules.diff import Diff


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows came, went, changed and moved, and how many values around the table."""

    added: int
    removed: int
    changed: int
    moved: int
    values: int


def counts_of(diff: Diff) -> Counts:
    """The counts of a difference."""
    values = len(diff.envelope) + len(diff.vocabulary) + sum(map(len, diff.columns))
    return Counts(len(diff.added), len(diff.removed), len(diff.changed), len(diff.moved), values)

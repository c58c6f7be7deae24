"""Several columns' slots as one code, with a table from the code to the rows still standing.

Few slots multiplied are still few: one look-up then answers for several columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.rules.columns.facts import Flags, Ints
from engine.rules.columns.slots import ColumnSlots
from engine.rules.columns.words import Words, words_of

_MOST = 1 << 12
"""Codes of one group of several columns: few enough to be made in no time."""


@dataclass(frozen=True, slots=True)
class Group:
    """Columns looked up together. `table` is [codes, width]; `wrong` [codes] or None."""

    columns: tuple[ColumnSlots, ...]
    table: Words
    wrong: Flags | None

    def codes(self, start: int, stop: int) -> npt.NDArray[np.intp]:
        """Return the codes of documents [start, stop)."""
        first, *others = self.columns
        codes = first.slots(start, stop).astype(np.intp)
        for column in others:
            codes *= len(column.states)
            codes += column.slots(start, stop)
        return codes


def make_groups(columns: Sequence[ColumnSlots], width: int, rows: int) -> tuple[Words, list[Group]]:
    """Return (words every document keeps [width], groups). Columns of one slot need no look-up."""
    live = (1 << rows) - 1
    varied: list[ColumnSlots] = []
    for column in columns:
        if len(column.states) == 1 and not column.states[0][1]:
            live &= column.states[0][0]
        else:
            varied.append(column)
    groups: list[list[ColumnSlots]] = []
    codes = 1
    for column in sorted(varied, key=lambda one: len(one.states)):
        codes *= len(column.states)
        if not groups or codes > _MOST:
            groups.append([])
            codes = len(column.states)
        groups[-1].append(column)
    kept = words_of([live], width)[0]
    return kept, [_group(one, kept) for one in groups]


def _group(columns: list[ColumnSlots], kept: Words) -> Group:
    width = len(kept)
    table = words_of([mask for mask, _ in columns[0].states], width) & kept
    wrong = _wrong(columns[0])
    for column in columns[1:]:
        more = words_of([mask for mask, _ in column.states], width)
        table = (table[:, None, :] & more[None, :, :]).reshape(-1, width)
        wrong = (wrong[:, None] | _wrong(column)[None, :]).reshape(-1)
    return Group(tuple(columns), table, wrong if wrong.any() else None)


def _wrong(column: ColumnSlots) -> Flags:
    return np.array([wrong for _, wrong in column.states], np.bool_)


def wrong_documents(
    columns: Sequence[ColumnSlots], start: int, rows: Ints
) -> list[tuple[int, Ints]]:
    """Return (place of the first column that refuses, documents of `rows` refused there)."""
    found: list[tuple[int, Ints]] = []
    for at, column in enumerate(columns):
        wrong = _wrong(column)
        if not wrong.any() or not len(rows):
            continue
        refused = wrong[column.slots(start, start + int(rows[-1]) + 1)[rows]]
        if refused.any():
            found.append((at, rows[refused]))
            rows = rows[~refused]
    return found

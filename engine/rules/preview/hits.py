"""Which rows of one ruleset decide documents that were decided before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.rules.model import Ruleset
from engine.rules.preview.deciding import Side, decide_all
from engine.rules.preview.documents import Documents
from engine.rules.preview.outcomes import Outcomes
from engine.rules.preview.worlds import World


@dataclass(frozen=True, slots=True)
class RowCounts:
    """Documents a ruleset decides, by the row that decides them.

    Where the hit policy lets several rows decide, a document counts at each of them.
    """

    documents: int
    rows: Mapping[str, int]
    """Row id -> documents, every row of the table in its order."""
    otherwise: int
    """Documents that no row decides: the `otherwise` outcome, or none."""
    refused: int
    """Documents that could not be decided."""


def branches_decided(world: World, ruleset: Ruleset, documents: Documents) -> list[int]:
    """The branches of `documents` for which `ruleset` decides in `world`."""
    return [
        at
        for at, one in enumerate(documents.branches)
        if one.path is not None and world.ruleset_for(one.path) is ruleset
    ]


class Decided:
    """The documents of some branches as one ruleset decides them; counted as often as wanted."""

    def __init__(self, ruleset: Ruleset, documents: Documents, branches: Sequence[int]) -> None:
        """Decide them. Raises HistoryRefused when a column the ruleset needs is not there."""
        world = World({ruleset.scope_org: ruleset})
        self._side: Side = decide_all(world, documents, branches, Outcomes())
        self._ids = [row.id for row in ruleset.table.rows]
        at = documents.of(branches)
        self._at = np.arange(documents.rows) if at is None else at

    def count(self, among: npt.NDArray[np.bool_] | None = None) -> RowCounts:
        """How many documents each row decides; `among`: only these of the whole history."""
        at = self._at if among is None else self._at[among[self._at]]
        answers = self._side.answers
        counts = np.bincount(self._side.codes[at], minlength=len(answers)).tolist()
        rows = dict.fromkeys(self._ids, 0)
        otherwise = refused = 0
        for answer, count in zip(answers, counts, strict=True):
            for row in answer.rows:
                rows[row] += count
            if answer.refused is not None:
                refused += count
            elif not answer.rows:
                otherwise += count
        return RowCounts(len(at), rows, otherwise, refused)

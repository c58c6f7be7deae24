"""A table under one set of parameters as sets of atoms and rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_

from engine.rules.analysis.axis import Axis, build_axis, cell_truth
from engine.rules.analysis.bits import RangeUnion, transpose
from engine.rules.model import Ruleset, Value

Box = tuple[int, ...]
"""For each dimension of a grid the atoms allowed; it stands for all their combinations."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """One axis with what each row matches on it (`may`, and surely: `must`)."""

    axis: Axis
    must: tuple[int, ...]
    may: tuple[int, ...]
    must_rows: tuple[int, ...]
    """Atom -> rows that surely match."""
    may_rows: tuple[int, ...]
    """Atom -> rows that may match."""
    touching: RangeUnion
    """Atoms -> rows that may match one of them."""
    surely_touching: RangeUnion
    """Atoms -> rows that surely match one of them."""


@dataclass(frozen=True, slots=True)
class Grid:
    """All dimensions of a table under one set of parameters."""

    ruleset: Ruleset
    params: Mapping[str, Value]
    branch: str | None
    """The organisation whose overrides made `params`; None for the group."""
    dimensions: tuple[Dimension, ...]
    opaque: int
    """Rows with a cell the analysis cannot decide."""
    dead: int
    """Rows with a cell that no value satisfies."""

    @property
    def rows(self) -> range:
        """Row indices."""
        return range(len(self.ruleset.table.rows))

    def meeting(self, box: Box) -> int:
        """Rows that may match some point of `box` (atoms allowed for each dimension)."""
        everyone = (1 << len(self.rows)) - 1
        return reduce(
            and_,
            (d.touching.over(span) for d, span in zip(self.dimensions, box, strict=True)),
            everyone,
        )

    def surely_meeting(self, box: Box) -> int:
        """Rows that surely match some point of `box`."""
        everyone = (1 << len(self.rows)) - 1
        return reduce(
            and_,
            (d.surely_touching.over(span) for d, span in zip(self.dimensions, box, strict=True)),
            everyone,
        )

    def box(self, row: int) -> Box:
        """All points `row` may match."""
        return tuple(d.may[row] for d in self.dimensions)

    def sure_box(self, row: int) -> Box:
        """All points `row` surely matches."""
        return tuple(d.must[row] for d in self.dimensions)

    def space(self) -> Box:
        """All points there are."""
        return tuple(d.axis.full for d in self.dimensions)


def build_grid(ruleset: Ruleset, params: Mapping[str, Value], branch: str | None) -> Grid:
    """Cut every column of `ruleset` into atoms under `params`."""
    opaque = dead = 0
    dimensions = []
    for place, column in enumerate(ruleset.table.inputs):
        cells = [row.cells[place] for row in ruleset.table.rows]
        axis = build_axis(column, cells, params)
        truths = [cell_truth(cell, axis, params) for cell in cells]
        for row, (must, may) in enumerate(truths):
            opaque |= (must != may) << row
            dead |= (not may) << row
        musts = tuple(must for must, _ in truths)
        mays = tuple(may for _, may in truths)
        width = len(axis.atoms)
        may_rows = transpose(mays, width)
        must_rows = may_rows if musts == mays else transpose(musts, width)
        touching = RangeUnion(may_rows)
        surely = touching if must_rows is may_rows else RangeUnion(must_rows)
        rows = tuple(must_rows), tuple(may_rows)
        dimensions.append(Dimension(axis, musts, mays, *rows, touching, surely))
    return Grid(ruleset, params, branch, tuple(dimensions), opaque, dead)

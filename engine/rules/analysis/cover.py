"""Is every point of a box matched by some row? The search behind gaps and unreachable rows.

A recursive walk over the columns that carries the set of rows still matching. It ends early where
one row covers all that remains, never visits the same (column, rows) twice, and passes over atoms
whose rows include those of an atom already found covered.
"""

from __future__ import annotations

from engine.rules.analysis.bits import members
from engine.rules.analysis.grid import Box, Grid

BUDGET_PER_ROW = 1_000
"""Set operations the searches over one table may take, for each of its rows."""
LEAST_BUDGET = 100_000


class NotProven(Exception):
    """The search would exceed its budget."""


class Cover:
    """Searches over the sure matches of one grid; all searches share one budget."""

    def __init__(self, grid: Grid, budget: int | None = None) -> None:
        self._grid = grid
        self._order = sorted(
            range(len(grid.dimensions)), key=lambda k: len(grid.dimensions[k].axis.atoms)
        )
        self.left = max(LEAST_BUDGET, BUDGET_PER_ROW * len(grid.rows)) if budget is None else budget

    def hole(self, box: Box, rows: int) -> Box | None:
        """A part of `box` that none of `rows` surely matches, or None when there is none.

        Raises NotProven when the budget is used up.
        """
        if not all(box):
            return None
        live = rows & self._grid.surely_meeting(box)
        picks = _Search(self, self._grid, self._order, box, live).walk(0, live)
        if picks is None:
            return None
        found = [0] * len(box)
        for place, atoms in zip(self._order, picks, strict=True):
            found[place] = atoms
        return tuple(found)

    def spend(self, amount: int) -> None:
        """Take `amount` set operations from the budget."""
        self.left -= amount
        if self.left < 0:
            raise NotProven


class _Search:
    def __init__(self, cover: Cover, grid: Grid, order: list[int], box: Box, live: int) -> None:
        self._cover = cover
        self._dimensions = [grid.dimensions[k] for k in order]
        self._box = [box[k] for k in order]
        self._covered: set[tuple[int, int]] = set()
        cover.spend(live.bit_count())
        tails = [live]
        for dimension, span in zip(reversed(self._dimensions), reversed(self._box), strict=True):
            whole = 0
            for row in members(tails[-1]):
                whole |= (not span & ~dimension.must[row]) << row
            tails.append(whole)
        self._tails = tails[::-1]
        """Column -> rows that match everything left of the box from this column on."""

    def walk(self, k: int, rows: int) -> list[int] | None:
        """Atom sets, one for each column from `k` on, whose points no row of `rows` matches."""
        if not rows:
            return self._box[k:]
        if rows & self._tails[k] or k == len(self._box) or (k, rows) in self._covered:
            return None
        found = self._last(rows) if k == len(self._box) - 1 else self._split(k, rows)
        if found is None:
            self._covered.add((k, rows))
        return found

    def _last(self, rows: int) -> list[int] | None:
        must, left = self._dimensions[-1].must, self._box[-1]
        self._cover.spend(rows.bit_count())
        for row in members(rows):
            left &= ~must[row]
            if not left:
                return None
        return [left]

    def _split(self, k: int, rows: int) -> list[int] | None:
        classes = self._classes(k, rows)
        covered: list[int] = []
        for live in sorted(classes, key=int.bit_count):
            self._cover.spend(1 + len(covered))
            if any(not known & ~live for known in covered):
                continue
            rest = self.walk(k + 1, live)
            if rest is not None:
                return [classes[live], *rest]
            covered.append(live)
        return None

    def _classes(self, k: int, rows: int) -> dict[int, int]:
        """Rows that stay -> the atoms of column `k` on which exactly they stay."""
        dimension, span = self._dimensions[k], self._box[k]
        if rows.bit_count() * 2 < span.bit_count():
            classes = {0: span}
            for row in members(rows):
                must, bit, finer = dimension.must[row], 1 << row, {}
                for live, atoms in classes.items():
                    if inside := atoms & must:
                        finer[live | bit] = inside
                    if outside := atoms & ~must:
                        finer[live] = outside
                self._cover.spend(len(classes))
                classes = finer
            return classes
        classes = {}
        self._cover.spend(span.bit_count())
        for atom in members(span):
            live = rows & dimension.must_rows[atom]
            classes[live] = classes.get(live, 0) | 1 << atom
        return classes

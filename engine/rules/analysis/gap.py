"""Facts that no row matches, where the hit policy promises an answer."""

from __future__ import annotations

from math import prod

from engine.base.findings import Span
from engine.base.text import Text
from engine.rules.analysis.bits import members, runs
from engine.rules.analysis.cover import Cover, NotProven
from engine.rules.analysis.grid import Box, Dimension, Grid
from engine.rules.analysis.report import Report
from engine.rules.analysis.witness import describe, matter

_HINT = Text(
    "add a row for it, or say what then with `otherwise:`",
    "请补充一行，或用 `otherwise:` 给出默认结果",
)


def check_gap(grid: Grid, cover: Cover, report: Report, *, disjoint: bool) -> None:
    """R303: facts that no row matches, under unique, first, any or priority without `otherwise`.

    `disjoint` says that no two rows of the grid match the same facts: then counting proves it.
    R304 (a warning) when the search would exceed its budget.
    """
    ruleset = grid.ruleset
    if ruleset.otherwise is not None or not ruleset.hit_policy.single:
        return
    place = ruleset.key_spans.get("rules", ruleset.table.span)
    try:
        gap = _by_counting(grid) if disjoint else _by_search(grid, cover)
    except NotProven:
        _tell_not_proven(grid, report, place)
        return
    if gap is None:
        return
    where = describe(grid, gap, matter(grid, grid.rows), hits=False)
    text = Text(f"no row matches when {where.en}", f"当 {where.zh} 时没有任何行命中")
    report.error("R303", place, text, _HINT, grid, key=where.en)


def _by_search(grid: Grid, cover: Cover) -> Box | None:
    return cover.hole(grid.space(), (1 << len(grid.rows)) - 1)


def _tell_not_proven(grid: Grid, report: Report, place: Span) -> None:
    text = Text(
        "not proven: whether every case has a row; the search is too large",
        "未能证明：是否所有情况都有对应行；搜索规模过大",
    )
    report.warning("R304", place, text, _HINT, grid, key="gap")


def _by_counting(grid: Grid) -> Box | None:
    """Rows that never meet cover everything exactly when their sizes add up to the whole.

    Where they do not, the walk goes down the columns into an atom whose own sum is short.
    """
    dimensions = grid.dimensions
    if not dimensions:
        return None  # a table without inputs has rows, and each of them matches everything
    rows = list(grid.rows)
    found: list[int] = []
    for k, dimension in enumerate(dimensions):
        rest = dimensions[k + 1 :]
        whole = prod(d.axis.full.bit_count() for d in rest)
        short = _short_atoms(dimension, rest, rows, whole)
        if not short:
            return None
        found.append(_alike(dimension, short, rows))
        rows = [row for row in rows if dimension.must[row] & found[-1]]
    return tuple(found)


def _alike(dimension: Dimension, short: int, rows: list[int]) -> int:
    """The largest part of `short` on which the same rows live: one and the same hole goes on."""
    live = sum(1 << row for row in rows)
    classes: dict[int, int] = {}
    for atom in members(short):
        here = dimension.must_rows[atom] & live
        classes[here] = classes.get(here, 0) | 1 << atom
    return max(classes.values(), key=int.bit_count)


def _short_atoms(
    dimension: Dimension, rest: tuple[Dimension, ...], rows: list[int], whole: int
) -> int:
    """Atoms on which the sizes of `rows` in the remaining columns do not reach `whole`."""
    changes = [0] * (len(dimension.axis.atoms) + 1)
    for row in rows:
        size = prod(d.must[row].bit_count() for d in rest)
        for start, end in runs(dimension.must[row]):
            changes[start] += size
            changes[end] -= size
    short = here = 0
    for atom, change in enumerate(changes[:-1]):
        here += change
        if here < whole and dimension.axis.full >> atom & 1:
            short |= 1 << atom
    return short

"""Hypothesis strategies: whole tables from the catalogues, and facts around their cut points."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from engine.rules.model import HitPolicy
from tests.differential.cells import (
    ANY,
    ATOMS,
    CUTS,
    joined,
    near,
    negated,
    one_of,
    opposite,
    simple,
    when,
)
from tests.differential.outputs import NULL, OUTPUTS
from tests.differential.plain import Cell, Fact, Output, Plan, Row

COLUMNS = tuple(CUTS)
SIMPLE = {column: simple(column) for column in COLUMNS}
NEAR = {column: near(column) for column in COLUMNS}
POLICIES = tuple(one.value for one in HitPolicy)
RANKED = ("priority", "output order")


@st.composite
def cells(draw: st.DrawFn, column: str) -> Cell:
    """Any cell of a column."""
    if column == "when":
        return draw(conditions())
    shape = draw(st.integers(0, 7))
    one = st.sampled_from(SIMPLE[column])
    if shape <= 1:
        return ANY
    if shape <= 4:
        return draw(one)
    several = one_of(*draw(st.lists(one, min_size=1, max_size=3)))
    if shape == 5:
        return several
    turned = negated(column, several)
    return turned if shape == 6 else one_of(draw(one), turned)


@st.composite
def conditions(draw: st.DrawFn) -> Cell:
    """Any cell of the column `when`."""
    shape = draw(st.integers(0, 4))
    if shape == 0:
        return ANY
    first = draw(st.sampled_from(ATOMS))
    if shape >= 2:
        first = joined(draw(st.sampled_from(["and", "or"])), first, draw(st.sampled_from(ATOMS)))
    return when(opposite(first) if shape in {1, 4} else first)


@st.composite
def plans(draw: st.DrawFn, among: Sequence[str] = (*COLUMNS, "when")) -> Plan:
    """A whole ruleset over some of the columns `among`."""
    names = st.sampled_from(among)
    columns = tuple(draw(st.lists(names, min_size=1, max_size=4, unique=True)))
    policy = draw(st.sampled_from(POLICIES))
    more = draw(st.lists(st.sampled_from(sorted(OUTPUTS)), max_size=2, unique=True))
    outputs = tuple(dict.fromkeys(["level", *more]))
    given = {name: st.sampled_from(OUTPUTS[name]) for name in outputs}
    ranks = ("high", "low") if policy in RANKED else ()
    if ranks:
        # Every level that a table gives must have its rank.
        allowed = [one for one in OUTPUTS["level"] if one.text in {"-", *ranks}]
        given["level"] = st.sampled_from(allowed)
    rows = tuple(
        Row(
            f"R{at}",
            tuple(draw(cells(column)) for column in columns),
            tuple(draw(given[name]) for name in outputs),
        )
        for at in range(draw(st.integers(1, 6)))
    )
    otherwise: tuple[Output, ...] = ()
    if draw(st.booleans()):
        otherwise = tuple(draw(given[name]) for name in outputs)
        if all(one is NULL for one in otherwise):
            otherwise = ()
    return Plan(columns, outputs, rows, policy, ranks, otherwise)


def facts() -> st.SearchStrategy[dict[str, Fact]]:
    """One document's facts."""
    return st.fixed_dictionaries({column: st.sampled_from(NEAR[column]) for column in COLUMNS})

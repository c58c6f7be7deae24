"""The harness sees: evaluators that are wrong on purpose are found, each by random tables alone."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from engine.rules.model import (
    Cell,
    ColumnRef,
    Compare,
    Literal,
    Not,
    NullCell,
    OneOf,
    Operand,
    Range,
    Ruleset,
    TextTest,
)
from engine.rules.rete import unavailable
from tests.differential.evaluators import (
    EVALUATORS,
    NO_OPINION,
    Ask,
    by_compiled,
    by_reference,
    compare,
    params_of,
    ruleset_of,
)
from tests.differential.plain import Fact, Plan
from tests.differential.strategies import COLUMNS, facts, plans


def _open_ends(cell: Cell) -> Cell:
    """`>=` read as `>`: wrong at one value only."""
    return replace(cell, op=">") if isinstance(cell, Compare) and cell.op == ">=" else cell


def _open_ranges(cell: Cell) -> Cell:
    """`]` read as `)`."""
    return replace(cell, high_closed=False) if isinstance(cell, Range) else cell


def _null_passes(cell: Cell) -> Cell:
    """not(X) satisfied by null."""
    return OneOf((NullCell(), cell)) if isinstance(cell, Not) else cell


def _anywhere(cell: Cell) -> Cell:
    """starts read as contains."""
    if isinstance(cell, TextTest) and cell.function == "starts":
        return replace(cell, function="contains")
    return cell


def _other_way(cell: Cell) -> Cell:
    """`< column` read as `<= column`."""
    if isinstance(cell, Compare) and isinstance(cell.operand, ColumnRef) and cell.op == "<":
        return replace(cell, op="<=")
    return cell


def _rounded(operand: Operand) -> Operand:
    if isinstance(operand, Literal) and type(operand.value) is int:
        (single,) = struct.unpack("f", struct.pack("f", operand.value))
        return replace(operand, value=int(single))
    return operand


def _large(cell: Cell) -> Cell:
    """Amounts as floating-point numbers, which lose their last digits."""
    if isinstance(cell, Compare):
        return replace(cell, operand=_rounded(cell.operand))
    if isinstance(cell, Range):
        return replace(cell, low=_rounded(cell.low), high=_rounded(cell.high))
    return cell


def _changed(cell: Cell, change: Callable[[Cell], Cell]) -> Cell:
    if isinstance(cell, OneOf):
        return OneOf(tuple(_changed(item, change) for item in cell.items))
    if isinstance(cell, Not):
        return change(Not(_changed(cell.item, change)))
    return change(cell)


def _everywhere(change: Callable[[Cell], Cell]) -> Callable[[Ruleset], Ruleset]:
    def of(ruleset: Ruleset) -> Ruleset:
        rows = tuple(
            replace(row, cells=tuple(_changed(cell, change) for cell in row.cells))
            for row in ruleset.table.rows
        )
        return replace(ruleset, table=replace(ruleset.table, rows=rows))

    return of


def _last_row_lost(ruleset: Ruleset) -> Ruleset:
    table = ruleset.table
    return replace(ruleset, table=replace(table, rows=table.rows[:-1] or table.rows))


def _without_otherwise(ruleset: Ruleset) -> Ruleset:
    return replace(ruleset, otherwise=None)


BROKEN: Mapping[str, tuple[Sequence[str], Callable[[Ruleset], Ruleset]]] = {
    "open ends": (("amount", "days", "rate"), _everywhere(_open_ends)),
    "open ranges": (("amount", "due", "age"), _everywhere(_open_ranges)),
    "null passes not()": (("fee", "payee", "type"), _everywhere(_null_passes)),
    "starts is contains": (("payee", "bank"), _everywhere(_anywhere)),
    "column against column": (("due", "amount", "fee"), _everywhere(_other_way)),
    "large amounts": (("amount",), _everywhere(_large)),
    "last row lost": (COLUMNS, _last_row_lost),
    "otherwise forgotten": (COLUMNS, _without_otherwise),
}
"""Fault -> columns it shows in, and the ruleset it makes of another."""


def _found(ask: Ask, among: Sequence[str] = COLUMNS) -> None:
    @settings(
        max_examples=1_500,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(plans(among), st.lists(facts(), min_size=10, max_size=10))
    def search(plan: Plan, some: list[dict[str, Fact]]) -> None:
        ruleset = ruleset_of(plan)
        told = [by_reference(plan, one) for one in some]
        compare(ruleset, params_of(ruleset), some, told, {"the broken one": ask})

    with pytest.raises(AssertionError, match="the broken one disagrees"):
        search()


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_evaluator_is_found(fault: str) -> None:
    among, change = BROKEN[fault]
    _found(lambda ruleset, params, some: by_compiled(change(ruleset), params, some), among)


@pytest.mark.parametrize("name", EVALUATORS)
def test_a_fault_in_any_evaluator_is_found(name: str) -> None:
    if name == "rete" and unavailable() is not None:
        pytest.skip("NOT RUN: durable-rules is not on this machine")
    ask = EVALUATORS[name]
    _found(lambda ruleset, params, some: ask(_last_row_lost(ruleset), params, some))


def test_saying_nothing_is_no_agreement() -> None:
    if unavailable() is not None:
        pytest.skip("NOT RUN: durable-rules is not on this machine")
    _found(lambda ruleset, params, some: [NO_OPINION for _ in some])

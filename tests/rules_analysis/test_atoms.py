"""A cell holds on a whole atom or not at all, exactly as the compiled evaluator decides it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.rules import compile_ruleset, distinct_params
from engine.rules.analysis.atoms import Open, inside, is_empty
from engine.rules.analysis.grid import build_grid
from engine.rules.analysis.witness import atom_value
from engine.rules.model import Duration, Type
from tests.rules_analysis.support import findings, loaded, table

CONSTANTS = {
    "amount": ["-5", "0", "0.01", "49_999.99", "5万", "1.2亿"],
    "fee": ["0", "0.01", "3"],
    "count": ["0", "1", "2", "500"],
    "share": ["0%", "5%", "0.055", "100%"],
    "date": ["2026-01-01", "2026-01-02", "2026-12-31", "0001-01-01", "9999-12-31"],
    "at": ["00:00", "09:00", "16:30", "23:59:59"],
    "age": ["0min", "30min", "4h", "3d"],
    "currency": ["CNY", "USD", '"not"'],
    "creditor_type": ["staff", "agent"],
    "creditor_account": ["62", "621", '"a, b"'],
}
ORDERED = ("amount", "fee", "count", "share", "date", "at", "age")


def cell(column: str) -> st.SearchStrategy[str]:
    constant = st.sampled_from(CONSTANTS[column])
    tests = [st.just("-"), constant, st.builds("!= {}".format, constant)]
    if column in ORDERED:
        sign = st.sampled_from(["<", "<=", ">", ">="])
        tests.append(st.builds("{} {}".format, sign, constant))
    if column in {"creditor_account", "currency"}:
        function = st.sampled_from(["starts", "contains"])
        part = st.sampled_from(["6", "62", "2", "N", "CN", "a"])
        tests.append(st.builds('{}("{}")'.format, function, part))
    if column in {"age", "creditor_account"}:
        tests.append(st.just("null"))
    simple = st.one_of(tests[1:])
    several = st.builds("{}, {}".format, simple, simple)
    return st.one_of(*tests, several, st.builds("not({})".format, simple))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_atoms_and_the_evaluator_agree_on_every_cell(data: st.DataObject) -> None:
    column = data.draw(st.sampled_from(sorted(CONSTANTS)))
    cells = data.draw(st.lists(cell(column), min_size=1, max_size=5))
    rows = "\n".join(f"A{n} | {one} => cfo" for n, one in enumerate(cells))
    ruleset = loaded(table(f"id | {column} => approvers\n{rows}", policy="collect"))
    params = distinct_params(ruleset)[0][1]
    (dimension,) = build_grid(ruleset, params, None).dimensions
    evaluator = compile_ruleset(ruleset, params)
    for place, atom in enumerate(dimension.axis.atoms):
        if not dimension.axis.full >> place & 1:
            continue
        value = atom_value(atom, dimension.axis.column)
        assert not isinstance(value, tuple)
        for row in range(len(cells)):
            expected = evaluator.matches(row, 0, value)
            assert bool(dimension.must[row] >> place & 1) is expected, (atom, value, cells[row])
            assert bool(dimension.may[row] >> place & 1) is expected


@pytest.mark.parametrize(
    ("type_", "low", "high", "natural"),
    [
        (Type.MONEY, 30_000_000, 50_000_000, 40_000_000),
        (Type.MONEY, 50_000_000, None, 60_000_000),
        (Type.MONEY, None, 5_000_000, 2_500_000),
        (Type.MONEY, None, 0, -100),
        (Type.INT, 1, 3, 2),
        (Type.PERCENT, Decimal("0"), Decimal("1"), Decimal("0.5")),
        (Type.DATE, dt.date(2026, 12, 31), None, dt.date(2027, 1, 1)),
        (Type.TIME, None, dt.time(16, 30), dt.time(8)),
        (Type.DURATION, Duration(0, "0min"), None, Duration(86_400, "1d")),
    ],
)
def test_a_witness_is_a_round_value_inside(
    type_: Type, low: object, high: object, natural: object
) -> None:
    assert inside(Open(low, high), type_) == natural  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("type_", "low", "high"),
    [
        (Type.MONEY, 4_999_999, 5_000_000),
        (Type.INT, 1, 2),
        (Type.DATE, dt.date(2026, 1, 31), dt.date(2026, 2, 1)),
        (Type.TIME, None, dt.time(0)),
        (Type.DURATION, None, Duration(0, "0min")),
        (Type.DATE, dt.date.max, None),
    ],
)
def test_between_neighbours_there_is_nothing(type_: Type, low: object, high: object) -> None:
    assert is_empty(Open(low, high), type_)  # type: ignore[arg-type]


def test_a_table_without_inputs_has_no_gap() -> None:
    assert findings(table("id => approvers\nA1 => cfo")) == []
    assert findings(table("id => approvers\nA1 => cfo", policy="first")) == []

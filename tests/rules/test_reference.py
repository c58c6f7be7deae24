"""The compiled evaluator equals a slow interpreter on random tables and facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from engine.rules import DecisionRefused, compile_ruleset
from engine.rules.model import HitPolicy
from tests.rules import reference
from tests.rules.given import ruleset
from tests.rules.reference import Fact, Refused, Rule, Test

pytestmark = pytest.mark.long

LEVELS = ["low", "middle", "high"]
TEXTS = ["张三", "张", "62", "6222", "测试", "a, b", "-", "null", 'say "hi"', "x|y", "=> 1", "0102"]
AMOUNTS = [0, 1, 99, 100, 101, 5_000_000, 12_345_678_901_234_567_890, -1]
RATES = [Decimal(one) for one in ("0", "0.05", "0.0500000000000000000000000000001", "1", "-0.5")]
NEAR_RATES = [
    Decimal(one)
    for one in ("0.050", "0.04999999999999999999999999999999999999", "1e-40", "-1e-40", "1.0")
]
DATES = [dt.date.min, dt.date(2026, 2, 28), dt.date(2026, 3, 1), dt.date.max]
POOLS: Mapping[str, list[Fact]] = {
    "amount": list(AMOUNTS),
    "fee": [0, 1, 100, 101],
    "days": [0, 1, 7],
    "rate": list(RATES),
    "type": ["claim", "refund", "premium"],
    "payee": list(TEXTS),
    "urgent": [True, False],
    "due": list(DATES),
    "booked": list(DATES),
}
NULLABLE = {"fee", "payee", "booked"}
ORDERED = {"amount", "fee", "days", "rate", "due", "booked"}
SAME_TYPE = {"amount": "fee", "fee": "amount", "due": "booked", "booked": "due"}


def write_value(column: str, value: object) -> str:
    """Write a value as a person would."""
    if column in {"amount", "fee"} and isinstance(value, int):
        sign, digits = "-" if value < 0 else "", str(abs(value)).rjust(3, "0")
        return f"{sign}{digits[:-2]}.{digits[-2:]}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.date):
        return value.isoformat()
    if column == "payee":
        escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)


def write(column: str, test: Test) -> str:
    """Write a test as a cell."""
    name = test[0]
    if name == "any":
        return "-"
    if name == "null":
        return "null"
    if name == "cmp":
        return f"{test[1]} {write_value(column, test[2])}"
    if name == "range":
        low, high = write_value(column, test[1]), write_value(column, test[3])
        return f"{'[' if test[2] else '('}{low}..{high}{']' if test[4] else ')'}"
    if name == "or":
        return ", ".join(write(column, one) for one in test[1])  # type: ignore[attr-defined]
    if name == "not":
        return f"not({write(column, test[1])})"  # type: ignore[arg-type]
    if name == "text":
        return f"{test[1]}({write_value(column, test[2])})"
    return f"{test[1]} {test[2]}"


def simple_tests(column: str) -> st.SearchStrategy[Test]:
    """One test without commas."""
    values = st.sampled_from(POOLS[column])
    ops = ["=", "!=", "<", "<=", ">", ">="] if column in ORDERED else ["=", "!="]
    found: list[st.SearchStrategy[Test]] = [st.tuples(st.just("cmp"), st.sampled_from(ops), values)]
    if column in NULLABLE:
        found.append(st.just(("null",)))
    if column in ORDERED:
        found.append(st.builds(make_range, values, st.booleans(), values, st.booleans()))
    if column in SAME_TYPE:
        column_test = st.tuples(st.just("column"), st.sampled_from(ops), st.just(SAME_TYPE[column]))
        found.append(column_test)
    if column == "payee":
        functions = st.sampled_from(["starts", "contains"])
        found.append(st.tuples(st.just("text"), functions, values))
    return st.one_of(found)


def make_range(a: Fact, a_closed: bool, b: Fact, b_closed: bool) -> Test:
    """Two values as a range that is not empty by its ends."""
    low, high = (a, b) if a <= b else (b, a)  # type: ignore[operator]
    if low == high:
        return ("range", low, True, high, True)
    return ("range", low, a_closed, high, b_closed)


def cells_of(column: str) -> st.SearchStrategy[Test]:
    """Any cell of a column."""
    one = simple_tests(column)
    several = st.tuples(st.just("or"), st.lists(one, min_size=2, max_size=3).map(tuple))
    inner = st.one_of(one, several)
    negated = st.tuples(st.just("not"), inner)
    with_not = st.tuples(st.just("or"), st.lists(st.one_of(one, negated), min_size=2, max_size=3))
    return st.one_of(st.just(("any",)), st.just(("any",)), inner, negated, with_not)


def facts_near(column: str) -> st.SearchStrategy[Fact]:
    """Values at the cut points and one step beside them, and null where it may be."""
    found: list[Fact] = []
    for value in POOLS[column]:
        found.append(value)
        if type(value) is int:
            found += [value - 1, value + 1]
        if type(value) is dt.date and dt.date.min < value < dt.date.max:
            found += [value - dt.timedelta(1), value + dt.timedelta(1)]
    if column == "rate":
        found += NEAR_RATES
    if column == "payee":
        found += ["张三丰", "6", "试", " "]
    if column in NULLABLE:
        found.append(None)
    if column in {"fee", "days"}:
        found = [one for one in found if one is None or (isinstance(one, int) and one >= 0)]
    return st.sampled_from(found)


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[str], list[Rule], str, list[dict[str, Fact]]]:
    """Columns, rules, a hit policy and some facts."""
    columns = draw(st.lists(st.sampled_from(sorted(POOLS)), min_size=1, max_size=4, unique=True))
    rules = [
        Rule(
            f"R{index}",
            tuple(draw(cells_of(column)) for column in columns),
            draw(st.sampled_from([*LEVELS, None])),
            draw(st.booleans()),
        )
        for index in range(draw(st.integers(1, 6)))
    ]
    policy = draw(st.sampled_from([one.value for one in HitPolicy]))
    facts = [
        {column: draw(facts_near(column)) for column in POOLS}
        for _ in range(draw(st.integers(1, 6)))
    ]
    return columns, rules, policy, facts


RANKS = ["high", "low"]


def as_text(columns: list[str], rules: list[Rule]) -> str:
    """The table as a person would write it."""
    lines = [f"id | {' | '.join(columns)} => level | money"]
    for rule in rules:
        cells = [write(c, test) for c, test in zip(columns, rule.tests, strict=True)]
        level = rule.level or "-"
        lines.append(f"{rule.id} | {' | '.join(cells)} => {level} | {'= amount + fee' * rule.adds}")
    return "\n".join(lines)


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases())
@example((["payee"], [Rule("R0", (("not", ("null",)),), "low", False)], "first", [{"payee": ""}]))
def test_the_compiled_function_equals_the_reference(
    case: tuple[list[str], list[Rule], str, list[dict[str, Fact]]],
) -> None:
    columns, rules, policy, some_facts = case
    ranked = policy in {"priority", "output order"}
    if ranked:
        rules = [
            r if r.level in {*RANKS, None} else Rule(r.id, r.tests, "low", r.adds) for r in rules
        ]
    more = f"priority: {{level: [{', '.join(RANKS)}]}}" if ranked else ""
    found = ruleset(as_text(columns, rules), policy=policy, more=more)
    evaluator = compile_ruleset(found, {})
    for facts in some_facts:
        everything = dict.fromkeys(POOLS, None) | facts
        try:
            wanted = reference.decide(rules, columns, policy, RANKS, everything)
        except Refused:
            with pytest.raises(DecisionRefused):
                evaluator.decide(facts)
            continue
        decision = evaluator.decide(facts)
        outcomes = [(one["level"], one["money"]) for one in decision.outcomes]
        assert (decision.rows, outcomes) == wanted


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_one_cell_asked_alone_gives_the_same_answer(data: st.DataObject) -> None:
    column = data.draw(st.sampled_from(sorted(POOLS)))
    test = data.draw(cells_of(column))
    facts = {one: data.draw(facts_near(one)) for one in POOLS}
    found = ruleset(f"id | {column} => code\nA | {write(column, test)} => x")
    evaluator = compile_ruleset(found, {})
    wanted = reference.satisfies(test, facts[column], facts)
    assert evaluator.holds(0, 0, facts) is wanted
    assume("column" not in repr(test))
    assert evaluator.matches(0, 0, facts[column]) is wanted

"""The shipped rulesets, every branch's parameters, and facts around every constant they name."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from engine.rules import branch_params, distinct_params, load_ruleset, load_vocabulary
from engine.rules.model import Column, Duration, Literal, Ruleset, Type, Value
from engine.rules.rete import unavailable
from tests.differential.evaluators import NO_OPINION, by_compiled, by_rete, compare
from tests.differential.plain import Fact

RULESETS = Path(__file__).parents[2] / "rulesets"
FILES = sorted(RULESETS.glob("*/*.yaml"))
DOCUMENTS = 60

PLAIN: dict[Type, list[Fact]] = {
    Type.MONEY: [0, 1, -1, 5_000_000, 10**20],
    Type.INT: [0, 1, 2, 30],
    Type.PERCENT: [Decimal(0), Decimal("0.05"), Decimal(1), Decimal("1.2")],
    Type.CODE: ["CNY", "901", "其他"],
    Type.TEXT: ["张三", "退款 D1", "x"],
    Type.BOOL: [True, False],
    Type.DATE: [dt.date(2026, 2, 28), dt.date(2026, 10, 1), dt.date(2026, 11, 23)],
    Type.TIME: [dt.time(0), dt.time(16, 30), dt.time(23, 59)],
    Type.DURATION: [Duration(0, "0min"), Duration(86_400, "1d"), Duration(90_000, "25h")],
}


def _constants(node: object) -> Iterator[Value]:
    """Every constant in a table, wherever it stands."""
    if isinstance(node, Literal):
        yield node.value
    elif isinstance(node, tuple):
        for one in node:
            yield from _constants(one)
    elif is_dataclass(node) and not isinstance(node, type):
        for one in fields(node):
            yield from _constants(getattr(node, one.name))


def _beside(value: Value) -> Iterator[Fact]:
    if isinstance(value, tuple):
        return
    yield value
    if isinstance(value, Duration):
        yield from (Duration(value.seconds + way, "x") for way in (-1, 1))
    elif isinstance(value, Decimal):
        yield from (value + way * Decimal("0.0001") for way in (-1, 1))
    elif type(value) is int:
        yield from (value - 1, value + 1)
    elif type(value) is dt.date:
        yield from (value + way * dt.timedelta(days=1) for way in (-1, 1))


def _pool(column: Column, named: list[Value]) -> list[Fact]:
    """What a fact of this column may be."""
    if column.values is not None:
        found: list[Fact] = list(column.values)
    else:
        found = list(PLAIN[column.type])
        own = {type(one) for one in found}
        found += [near for one in named for near in _beside(one) if type(near) in own]
    least = column.minimum
    if least is not None:
        found = [one for one in found if one >= least]  # type: ignore[operator]
    return [*found, None, None] if column.nullable else found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_all_evaluators_agree_on_what_is_shipped(path: Path) -> None:
    vocabulary, _ = load_vocabulary(RULESETS / "vocabulary.yaml")
    assert vocabulary is not None
    ruleset = load_ruleset(str(path), path.read_text(encoding="utf-8"), vocabulary).ruleset
    assert ruleset is not None
    chance = random.Random(path.stem)
    for _, params in distinct_params(ruleset):
        named = [*_constants(ruleset.table), *params.values()]
        pools = {name: _pool(column, named) for name, column in ruleset.facts.items()}
        some = [
            {name: chance.choice(pool) for name, pool in pools.items()} for _ in range(DOCUMENTS)
        ]
        compare(ruleset, params, some, by_compiled(ruleset, params, some))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_their_own_examples_get_a_second_opinion(path: Path) -> None:
    vocabulary, _ = load_vocabulary(RULESETS / "vocabulary.yaml")
    assert vocabulary is not None
    ruleset = load_ruleset(str(path), path.read_text(encoding="utf-8"), vocabulary).ruleset
    assert ruleset is not None
    for example in ruleset.examples:
        params = _branch(ruleset, example.branch)
        facts: dict[str, Fact] = {
            name: _pool(column, [])[0] for name, column in ruleset.facts.items()
        }
        for name, value in example.given.items():
            assert not isinstance(value, tuple)
            facts[name] = value
        compare(ruleset, params, [facts], by_compiled(ruleset, params, [facts]))
        if unavailable() is not None:
            pytest.skip("NOT RUN: durable-rules is not on this machine")
        assert by_rete(ruleset, params, [facts]) != [NO_OPINION]


def _branch(ruleset: Ruleset, branch: str | None) -> dict[str, Value]:
    return branch_params(ruleset, (ruleset.scope_org, branch or ""))

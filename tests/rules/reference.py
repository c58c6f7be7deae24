"""A slow interpreter of the rule language, written from its description, for comparison.

Shares no code with the engine: tables are generated as plain data, written as text for the
engine, and interpreted here cell by cell.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Fact = int | Decimal | str | bool | dt.date | None
Test = tuple[object, ...]
"""("any",) ("null",) ("cmp", op, value) ("range", low, closed, high, closed) ("or", tests)
("not", test) ("text", function, argument) ("column", op, name)."""


class Refused(Exception):
    """The reference refuses the decision."""


@dataclass(frozen=True)
class Rule:
    """One row: id, a test per column, the level it gives, and whether it adds amount and fee."""

    id: str
    tests: tuple[Test, ...]
    level: str | None
    adds: bool


def order(op: str, a: Any, b: Any) -> bool:
    """Compare two values of one type."""
    if op == "=":
        return bool(a == b)
    if op == "!=":
        return bool(a != b)
    if op == "<":
        return bool(a < b)
    if op == "<=":
        return bool(a <= b)
    if op == ">":
        return bool(a > b)
    return bool(a >= b)


def satisfies(test: Test, value: Fact, facts: Mapping[str, Fact]) -> bool:
    """Whether a value satisfies a test; null satisfies only `null` and `-`."""
    name = test[0]
    if name == "any":
        return True
    if name == "null":
        return value is None
    if name == "or":
        return any(satisfies(one, value, facts) for one in test[1])  # type: ignore[attr-defined]
    if value is None:
        return False
    if name == "not":
        return not satisfies(test[1], value, facts)  # type: ignore[arg-type]
    if name == "cmp":
        return order(str(test[1]), value, test[2])
    if name == "range":
        low = order(">=" if test[2] else ">", value, test[1])
        return low and order("<=" if test[4] else "<", value, test[3])
    if name == "column":
        other = facts[str(test[2])]
        return other is not None and order(str(test[1]), value, other)
    text, argument = str(value), str(test[2])
    if test[1] == "starts":
        return text[: len(argument)] == argument
    return text.find(argument) >= 0


def decide(
    rules: list[Rule], columns: list[str], policy: str, ranks: list[str], facts: Mapping[str, Fact]
) -> tuple[tuple[str, ...], list[tuple[str | None, int | None]]]:
    """Return ids and (level, sum) of the rows that decide. Raises Refused."""
    hits = [
        rule
        for rule in rules
        if all(
            satisfies(test, facts[c], facts) for test, c in zip(rule.tests, columns, strict=True)
        )
    ]
    if policy == "unique" and len(hits) > 1:
        raise Refused
    if policy == "first":
        hits = hits[:1]
    outcomes = [(rule.level, _sum(rule, facts)) for rule in hits]
    if policy == "any":
        if len(set(outcomes)) > 1:
            raise Refused
        return tuple(rule.id for rule in hits), outcomes[:1]
    pairs = list(zip(hits, outcomes, strict=True))
    if policy in {"priority", "output order"}:
        worst = len(ranks)
        pairs.sort(key=lambda p: ranks.index(p[0].level) if p[0].level in ranks else worst)
    if policy == "priority":
        pairs = pairs[:1]
    return tuple(rule.id for rule, _ in pairs), [outcome for _, outcome in pairs]


def _sum(rule: Rule, facts: Mapping[str, Fact]) -> int | None:
    if not rule.adds:
        return None
    amount, fee = facts["amount"], facts["fee"]
    if not isinstance(amount, int) or not isinstance(fee, int):
        raise Refused
    return amount + fee

"""The conditions durable-rules is given: tests of one message's fields, and nothing else.

No joins, no arithmetic, no regular expressions, no counts. Fields hold text, true or false, or a
whole number; an absent field is null.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

Scalar = int | str | bool
Json: TypeAlias = "dict[str, Json] | list[Json] | int | str | bool"

_NAMES = {"!=": "$neq", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}


@dataclass(frozen=True, slots=True)
class Present:
    """The field has a value."""

    field: str


@dataclass(frozen=True, slots=True)
class Absent:
    """The field is null. Stands only behind the marker that every message of ours carries."""

    field: str


@dataclass(frozen=True, slots=True)
class Test:
    """field op constant; an absent field satisfies none."""

    op: str
    field: str
    value: Scalar


@dataclass(frozen=True, slots=True)
class Relation:
    """field op other field; stands behind the presence of both."""

    op: str
    field: str
    other: str


@dataclass(frozen=True, slots=True)
class All:
    """Every part; All(()) always holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Some part; Either(()) never holds."""

    parts: tuple[Condition, ...]


Condition = Present | Absent | Test | Relation | All | Either

ALWAYS = All(())
NEVER = Either(())


def both(*parts: Condition) -> Condition:
    """Return the conjunction, without what always holds and without inner brackets."""
    found: dict[Condition, None] = {}
    for part in parts:
        if part == NEVER:
            return NEVER
        found.update(dict.fromkeys(part.parts if isinstance(part, All) else (part,)))
    return next(iter(found)) if len(found) == 1 else All(tuple(found))


def either(*parts: Condition) -> Condition:
    """Return the disjunction, without what never holds and without inner brackets."""
    found: dict[Condition, None] = {}
    for part in parts:
        if part == ALWAYS:
            return ALWAYS
        found.update(dict.fromkeys(part.parts if isinstance(part, Either) else (part,)))
    return next(iter(found)) if len(found) == 1 else Either(tuple(found))


def fields(condition: Condition) -> Iterator[str]:
    """Yield the fields a condition reads."""
    if isinstance(condition, All | Either):
        for part in condition.parts:
            yield from fields(part)
        return
    yield condition.field
    if isinstance(condition, Relation):
        yield condition.other


def tests(condition: Condition) -> int:
    """Return the number of single tests, which the engine builds a node for."""
    if isinstance(condition, All | Either):
        return sum(tests(part) for part in condition.parts)
    return 1


def groups(condition: Condition) -> int:
    """Return the number of brackets; the engine keeps at most 15 for a rule."""
    if isinstance(condition, All | Either):
        return 1 + sum(groups(part) for part in condition.parts)
    return 0


def branches(condition: Condition) -> int:
    """Return how many ways through the condition the engine may have to remember at once."""
    if isinstance(condition, All):
        return 1 + sum(branches(part) - 1 for part in condition.parts)
    if isinstance(condition, Either) and not _exclusive(condition):
        return max(1, sum(branches(part) for part in condition.parts))
    return 1


def _exclusive(condition: Either) -> bool:
    """Whether at most one part holds, told from one look: constants of one field, or null."""
    if not all(
        isinstance(part, Absent) or (isinstance(part, Test) and part.op == "=")
        for part in condition.parts
    ):
        return False
    return len(set(fields(condition))) == 1


def to_json(condition: Condition) -> Json:
    """Write the condition as durable-rules reads it."""
    if isinstance(condition, All):
        return {"$and": [to_json(part) for part in condition.parts]}
    if isinstance(condition, Either):
        return {"$or": [to_json(part) for part in condition.parts]}
    if isinstance(condition, Present):
        return {"$ex": {condition.field: 1}}
    if isinstance(condition, Absent):
        return {"$nex": {condition.field: 1}}
    right: Json = {"$m": condition.other} if isinstance(condition, Relation) else condition.value
    test: Json = {condition.field: right}
    return test if condition.op == "=" else {_NAMES[condition.op]: test}

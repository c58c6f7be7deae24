"""Facts of many documents, column by column, as the columns evaluator reads them.

A column is `Whole` (numbers that count steps: minor units, days, seconds) or `Coded` (a code per
document into the distinct values). Both are exact; amounts beyond 64 bits are `Coded`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from engine.rules.arithmetic import duration
from engine.rules.kind import FactValue
from engine.rules.model import Duration, Ruleset, Type

Ints = npt.NDArray[np.signedinteger]
Flags = npt.NDArray[np.bool_]

LARGEST = 2**63 - 1
EPOCH = dt.date(1970, 1, 1).toordinal()


def _itself(number: int) -> FactValue:
    return number


VALUES: Mapping[Type, Callable[[int], FactValue]] = {
    Type.MONEY: _itself,
    Type.INT: _itself,
    Type.DATE: dt.date.fromordinal,
    Type.DURATION: duration,
}
"""Whole-step types and the value at a step (see engine.rules.masks.STEPS)."""


@dataclass(frozen=True, slots=True)
class Whole:
    """Numbers [N] of a whole-step column; a document's step is its number + `origin`.

    `nulls` is None when there are none; a null's number is any number of the column.
    """

    type: Type
    numbers: Ints
    nulls: Flags | None
    origin: int = 0

    def value(self, at: int) -> FactValue:
        """Return the fact of document `at`."""
        if self.nulls is not None and self.nulls[at]:
            return None
        return VALUES[self.type](int(self.numbers[at]) + self.origin)

    def identities(self, rows: Ints) -> tuple[Ints, ...]:
        """Return arrays that together are equal exactly where the facts of `rows` are."""
        found = self.numbers[rows].astype(np.int64)
        if self.nulls is None:
            return (found,)
        nulls = self.nulls[rows]
        return (np.where(nulls, 0, found), nulls.astype(np.int64))


@dataclass(frozen=True, slots=True)
class Coded:
    """Codes [N] into `values`, the distinct facts; null is one of them where it occurs."""

    codes: Ints
    values: Sequence[FactValue]

    def value(self, at: int) -> FactValue:
        """Return the fact of document `at`."""
        return self.values[int(self.codes[at])]

    def identities(self, rows: Ints) -> tuple[Ints, ...]:
        """Return arrays that together are equal exactly where the facts of `rows` are."""
        return (self.codes[rows].astype(np.int64),)


FactColumn = Whole | Coded


class FactColumns:
    """Facts of `rows` documents. A column that is not there is null in every document."""

    def __init__(self, rows: int, columns: Mapping[str, FactColumn]) -> None:
        self.rows = rows
        self.columns = columns
        self._null = Coded(np.zeros(rows, np.int8), (None,))

    def column(self, name: str) -> FactColumn:
        """Return the column of one fact."""
        return self.columns.get(name, self._null)

    def document(self, at: int) -> dict[str, FactValue]:
        """Return the facts of one document, as `Evaluator.decide` takes them."""
        return {name: column.value(at) for name, column in self.columns.items()}


def facts_of(ruleset: Ruleset, documents: Sequence[Mapping[str, FactValue]]) -> FactColumns:
    """Return documents (typed facts) as columns. Wrong values stay: deciding refuses them."""
    return FactColumns(
        len(documents),
        {
            name: _column(column.type, [one.get(name) for one in documents])
            for name, column in ruleset.facts.items()
        },
    )


def _column(type_: Type, values: list[FactValue]) -> FactColumn:
    if type_ in {Type.MONEY, Type.INT} and values and all(_fits(one) for one in values):
        return whole_of(type_, values)
    return coded_of(values)


def _fits(value: FactValue) -> bool:
    return value is None or (type(value) is int and -LARGEST <= value <= LARGEST)


def whole_of(type_: Type, values: Sequence[FactValue]) -> Whole:
    """Return whole numbers (or null) that fit 64 bits as a column."""
    nulls = np.fromiter((one is None for one in values), np.bool_, len(values))
    some = next((one for one in values if one is not None), 0)
    numbers = np.array([some if one is None else one for one in values], np.int64)
    return Whole(type_, numbers, nulls if nulls.any() else None)


def coded_of(values: Iterable[FactValue]) -> Coded:
    """Return any values as a column; values that can be told apart have codes of their own."""
    known: dict[object, int] = {}
    distinct: list[FactValue] = []
    codes: list[int] = []
    for value in values:
        key = distinction(value)
        code = known.get(key)
        if code is None:
            code = known[key] = len(distinct)
            distinct.append(value)
        codes.append(code)
    return Coded(np.array(codes, np.int32), tuple(distinct))


def distinction(value: FactValue) -> object:
    """Return a key that differs where a decision could: True is not 1, "1d" is not "24h"."""
    if isinstance(value, Duration):
        return (Duration, value.seconds, value.written)
    return (type(value), str(value) if isinstance(value, Decimal) else value)

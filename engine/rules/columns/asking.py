"""Cells that tables cannot answer: the compiled evaluator is asked once per distinct case.

A comparison with other columns and constants is settled by the signs of the differences; every
other cell (a formula, exact fractions) by the values of the columns it reads.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.rules.columns.facts import FactColumns, Flags, Ints, Whole
from engine.rules.columns.words import Words, tell_apart, words_of
from engine.rules.evaluator import Asked, Evaluator
from engine.rules.masks import STEPS, is_independent, operand_value
from engine.rules.model import (
    Cell,
    ColumnRef,
    Compare,
    Not,
    OneOf,
    Operand,
    Range,
    WhenCell,
)

_REMEMBERED = 1 << 18
_SIGNS = 28
"""Operands whose signs fit one 64-bit code, two bits each."""


def cell_of(evaluator: Evaluator, asked: Asked) -> Cell:
    """Return the cell that is asked."""
    return evaluator.ruleset.table.rows[asked.row].cells[asked.column]


def early_cells(evaluator: Evaluator) -> list[Asked]:
    """Return the cells that can be asked per value of their column, before all others."""
    return [one for one in evaluator.asked if is_independent(cell_of(evaluator, one))]


class Question:
    """One asked cell over the documents of one table of facts."""

    def __init__(self, evaluator: Evaluator, asked: Asked, facts: FactColumns, width: int) -> None:
        self._evaluator = evaluator
        self._asked = asked
        self._facts = facts
        self._rows = words_of([asked.rows], width)[0]
        self._words = np.flatnonzero(self._rows).tolist()
        self._signs = self._sign_operands()
        self._answers: dict[tuple[int, ...], bool] = {}

    def drop(self, words: Words, start: int, decidable: Flags | None) -> None:
        """Clear the rows whose cell the documents do not satisfy, in words [n, width]."""
        standing = np.zeros(len(words), np.bool_)
        for at in self._words:
            standing |= (words[:, at] & self._rows[at]) != 0
        if decidable is not None:
            standing &= decidable
        places = np.flatnonzero(standing)
        if not len(places):
            return
        fallen = places[~self._answer(places + start)]
        for at in self._words:
            words[fallen, at] &= ~self._rows[at]

    def _answer(self, documents: Ints) -> Flags:
        parts = self._parts(documents)
        codes, firsts = tell_apart(parts, len(documents))
        keys = zip(*(part[firsts].tolist() for part in parts), strict=True)
        found: Flags = np.empty(len(firsts), np.bool_)
        for at, key in enumerate(keys):
            answer = self._answers.get(key)
            if answer is None:
                answer = self._ask(int(documents[firsts[at]]))
                if len(self._answers) >= _REMEMBERED:
                    self._answers.clear()
                self._answers[key] = answer
            found[at] = answer
        return found[codes]

    def _ask(self, document: int) -> bool:
        facts = {name: self._facts.column(name).value(document) for name in self._asked.reads}
        return self._evaluator.holds(self._asked.row, self._asked.column, facts)

    def _parts(self, documents: Ints) -> list[Ints]:
        if self._signs is not None:
            return [self._sign_codes(documents, *self._signs)]
        parts = [
            part
            for name in self._asked.reads
            for part in self._facts.column(name).identities(documents)
        ]
        return parts or [np.zeros(len(documents), np.int64)]

    # --- signs

    def _sign_operands(self) -> tuple[Whole, list[Whole | int]] | None:
        """Return the column and what it is compared with, when signs settle the cell."""
        cell = cell_of(self._evaluator, self._asked)
        operands = list(_operands(cell))
        own = self._facts.column(self._asked.reads[0]) if self._asked.reads else None
        if None in operands or not isinstance(own, Whole) or len(operands) > _SIGNS:
            return None
        found: list[Whole | int] = []
        for operand in operands:
            if isinstance(operand, ColumnRef):
                other = self._facts.column(operand.name)
                if not isinstance(other, Whole) or other.origin != own.origin:
                    return None
                found.append(other)
            elif operand is not None:
                value = operand_value(operand, self._evaluator.params)
                found.append(STEPS[own.type](value) - own.origin)
        return own, found

    @staticmethod
    def _sign_codes(documents: Ints, own: Whole, operands: list[Whole | int]) -> Ints:
        numbers = own.numbers[documents]
        codes = np.zeros(len(documents), np.int64)
        if own.nulls is not None:
            codes += own.nulls[documents]
        for operand in operands:
            other = operand if isinstance(operand, int) else operand.numbers[documents]
            sign = np.where(numbers < other, 0, np.where(numbers > other, 2, 1))
            if isinstance(operand, Whole) and operand.nulls is not None:
                sign[operand.nulls[documents]] = 3
            codes = codes * 4 + sign
        return codes


def _operands(cell: Cell) -> Iterator[Operand | None]:
    """Yield what the cell compares its column with; None for what signs do not settle."""
    if isinstance(cell, Compare):
        yield cell.operand
    elif isinstance(cell, Range):
        yield cell.low
        yield cell.high
    elif isinstance(cell, OneOf):
        for item in cell.items:
            yield from _operands(item)
    elif isinstance(cell, Not):
        yield from _operands(cell.item)
    elif isinstance(cell, WhenCell):
        yield None

"""Decide many documents at once: bit tables over columns, equal to `Evaluator.decide` each.

Blocks of documents keep memory low: words of a block stay in the second cache. What tables
cannot settle is asked of the compiled evaluator, once per distinct case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.rules.columns.asking import Question, early_cells
from engine.rules.columns.decisions import Answer, Decisions
from engine.rules.columns.facts import FactColumns, Flags, Ints
from engine.rules.columns.groups import make_groups, wrong_documents
from engine.rules.columns.slots import SlotMaker
from engine.rules.columns.words import (
    Words,
    count_bits,
    lowest_bits,
    mask_of,
    tell_apart,
    together,
)
from engine.rules.evaluator import Asked, Evaluator, bits
from engine.rules.model import HitPolicy

_BLOCK_WORDS = 1 << 16
"""Words of one block, half a megabyte; documents per block follow from the rows' width."""
_NONE = -1


@dataclass(frozen=True)
class Decided:
    """Decisions of N documents.

    `codes` int32 [N] index into `decisions`, the distinct ones. `hits` counts per row id the
    documents whose every cell it satisfied, before the hit policy; documents whose facts are
    refused satisfy nothing.
    """

    codes: npt.NDArray[np.int32]
    decisions: tuple[Answer, ...]
    hits: Mapping[str, int]


class ColumnsEvaluator:
    """Decides columns of facts as `evaluator` decides one document."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._early = early_cells(evaluator)

    def decide(self, facts: FactColumns) -> Decided:
        """Return the decision of every document; a document that is refused has its refusal."""
        if not facts.rows:
            rows = self._evaluator.ruleset.table.rows
            return Decided(np.empty(0, np.int32), (), {row.id: 0 for row in rows})
        return _Run(self._evaluator, self._early, facts).decided()


class _Run:
    def __init__(self, evaluator: Evaluator, early: Sequence[Asked], facts: FactColumns) -> None:
        rows = evaluator.ruleset.table.rows
        self.evaluator = evaluator
        self.facts = facts
        self.ids = [row.id for row in rows]
        self.width = max(1, -(-len(rows) // 64))
        self.slots = [
            SlotMaker(evaluator, column, early).make(facts.column(column.name))
            for column in evaluator.reads
        ]
        self.live, self.groups = make_groups(self.slots, self.width, len(rows))
        self.questions = [
            Question(evaluator, asked, facts, self.width)
            for asked in evaluator.asked
            if asked not in early
        ]
        self.decisions = Decisions(evaluator, facts)
        self.codes = np.full(facts.rows, -1, np.int32)
        self.hits = np.zeros(self.width * 64, np.int64)
        self.first = evaluator.ruleset.hit_policy in {HitPolicy.FIRST, HitPolicy.UNIQUE}
        self.unique = evaluator.ruleset.hit_policy is HitPolicy.UNIQUE
        self.output_reads = [evaluator.output_reads(row) for row in range(len(rows))]
        self.other_reads = evaluator.output_reads(_NONE)
        self.row_codes = np.full(len(rows) + 1, -1, np.int32)
        """Number of the decision of one row (the last: of no row), where outputs are constant."""

    def decided(self) -> Decided:
        block = max(1024, _BLOCK_WORDS // self.width)
        for start in range(0, self.facts.rows, block):
            self._block(start, min(start + block, self.facts.rows))
        counts = self.hits.tolist()
        hits = {id_: counts[at] for at, id_ in enumerate(self.ids)}
        return Decided(self.codes, tuple(self.decisions.found), hits)

    # --- one block of documents

    def _block(self, start: int, stop: int) -> None:
        words, decidable = self._look_up(start, stop)
        if decidable is not None:
            self._refused_facts(start, np.flatnonzero(~decidable))
        for question in self.questions:
            question.drop(words, start, decidable)
        self.hits += count_bits(words)
        if self.first:
            self._first(words, start, decidable)
        else:
            places = np.arange(stop - start) if decidable is None else np.flatnonzero(decidable)
            self._by_mask(words, start, places)

    def _look_up(self, start: int, stop: int) -> tuple[Words, Flags | None]:
        words: Words | None = None
        decidable: Flags | None = None
        for group in self.groups:
            codes = group.codes(start, stop)
            found = group.table.take(codes, axis=0, mode="clip")
            words = found if words is None else np.bitwise_and(words, found, out=words)
            if group.wrong is not None:
                right = ~group.wrong.take(codes)
                decidable = right if decidable is None else decidable & right
        if words is None:
            words = np.tile(self.live, (stop - start, 1))
        # A value that is refused satisfies no row, so such documents have no bits.
        if decidable is not None and decidable.all():
            decidable = None
        return words, decidable

    def _refused_facts(self, start: int, places: Ints) -> None:
        for at, refused in wrong_documents(self.slots, start, places):
            column = self.evaluator.reads[at].name
            self._by_facts(("fact", at), start + refused, [column])

    # --- which decision

    def _first(self, words: Words, start: int, decidable: Flags | None) -> None:
        rows, more = lowest_bits(words)
        known = self.row_codes.take(rows, mode="wrap")
        if self.unique and more.any():
            self._by_mask(words, start, np.flatnonzero(more))
            known[more] = self.codes[start : start + len(rows)][more]
        if decidable is not None:
            refused = ~decidable
            known[refused] = self.codes[start : start + len(rows)][refused]
        open_ = np.flatnonzero(known < 0)
        self.codes[start : start + len(rows)] = known
        if len(open_):
            self._by_row(rows[open_], start + open_)

    def _by_row(self, rows: Ints, documents: Ints) -> None:
        """Decide documents by their one row, or by none (-1)."""
        distinct, codes = np.unique(rows, return_inverse=True)
        for row, places in zip(distinct.tolist(), together(codes), strict=True):
            here = documents[places]
            reads = self.other_reads if row == _NONE else self.output_reads[row]
            self._by_facts(("row", row), here, reads)
            if not reads:
                self.row_codes[row] = self.codes[here[0]]

    def _by_mask(self, words: Words, start: int, places: Ints) -> None:
        codes, firsts = tell_apart(words[places].T, len(places))
        numbers = np.full(len(firsts), -1, np.int32)
        differing: list[tuple[int, int, list[str]]] = []
        for at, place in enumerate(places[firsts].tolist()):
            mask = mask_of(words[place])
            reads = self._reads(mask)
            if reads:
                differing.append((at, mask, reads))
            else:
                numbers[at] = self.decisions.number(("mask", mask), start + place)
        self.codes[start + places] = numbers[codes]
        if differing:
            groups = together(codes)
            for at, mask, reads in differing:
                self._by_facts(("mask", mask), start + places[groups[at]], reads)

    def _reads(self, mask: int) -> list[str]:
        if not mask:
            return list(self.other_reads)
        if self.unique:
            return []  # a double hit is refused before any output is made
        return list(dict.fromkeys(_chain(self.output_reads[row] for row in bits(mask))))

    def _by_facts(self, key: tuple[object, ...], documents: Ints, reads: Sequence[str]) -> None:
        """Decide documents that differ, for this key, at most in the facts of `reads`."""
        parts = [part for name in reads for part in self.facts.column(name).identities(documents)]
        codes, firsts = tell_apart(parts, len(documents))
        told = [part[firsts].tolist() for part in parts]
        numbers = [
            self.decisions.number((*key, *(one[at] for one in told)), document)
            for at, document in enumerate(documents[firsts].tolist())
        ]
        self.codes[documents] = np.array(numbers, np.int32)[codes]


def _chain(parts: Iterator[tuple[str, ...]]) -> Iterator[str]:
    for part in parts:
        yield from part

"""Both sides of the documents that count, in numbers: pairs of answers, counts and sums."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from engine.rules.model import Ruleset
from engine.rules.preview import money
from engine.rules.preview.deciding import Side
from engine.rules.preview.documents import Documents, Index
from engine.rules.preview.outcomes import Answer, Outcomes


@dataclass(frozen=True)
class Compared:
    """Both sides of the documents that count; a pair is an answer before and one after."""

    draft: Ruleset
    replaced: Ruleset | None
    documents: Documents
    chosen: tuple[int, ...]
    """The branches whose documents count."""
    at: Index | None
    """The documents that count; None: all of the history."""
    before: Side
    after: Side
    outcomes: Outcomes
    amounts: money.Amounts | None

    # --- per document that counts

    def own(self, codes: money.Codes) -> money.Codes:
        """The codes of the documents that count."""
        return codes if self.at is None else codes[self.at]

    @cached_property
    def size(self) -> int:
        """How many documents count."""
        return self.documents.rows if self.at is None else len(self.at)

    @cached_property
    def own_amounts(self) -> money.Amounts:
        """Amount per document; zeros where there is no money."""
        if self.amounts is None:
            return np.zeros(self.size, dtype=np.int64)
        return self.amounts if self.at is None else self.amounts[self.at]

    @cached_property
    def pair(self) -> money.Codes:
        """Index into `pairs` per document."""
        return self._numbered[0]

    @cached_property
    def changed(self) -> npt.NDArray[np.bool_]:
        """Whether the outcome differs, per document."""
        return self.differs[self.pair]

    def money_by(self, codes: money.Codes, size: int) -> list[int]:
        """Sums of amounts per code."""
        if self.amounts is None:
            return [0] * size
        return money.sums(codes, self.own_amounts, size)

    # --- per pair

    @cached_property
    def _numbered(self) -> tuple[money.Codes, list[tuple[Answer, Answer]]]:
        width = len(self.after.answers)
        codes = self.own(self.before.codes) * width + self.own(self.after.codes)
        possible = len(self.before.answers) * width
        if possible <= max(self.size, 1 << 16):
            present = np.flatnonzero(np.bincount(codes, minlength=possible))
            place = np.zeros(possible, dtype=np.int64)
            place[present] = np.arange(len(present))
            numbers = place[codes]
        else:
            present, numbers = np.unique(codes, return_inverse=True)
        pairs = [
            (self.before.answers[one // width], self.after.answers[one % width])
            for one in present.tolist()
        ]
        return numbers, pairs

    @property
    def pairs(self) -> list[tuple[Answer, Answer]]:
        """The distinct pairs that occur."""
        return self._numbered[1]

    @cached_property
    def counts(self) -> npt.NDArray[np.int64]:
        """Documents per pair."""
        return np.bincount(self.pair, minlength=len(self.pairs))

    @cached_property
    def sums(self) -> list[int]:
        """Money per pair."""
        return self.money_by(self.pair, len(self.pairs))

    @cached_property
    def differs(self) -> npt.NDArray[np.bool_]:
        """Whether the outcome differs, per pair."""
        return np.array([one.outcome != other.outcome for one, other in self.pairs], dtype=bool)

    @cached_property
    def other_rows(self) -> npt.NDArray[np.bool_]:
        """Whether other rows decide, per pair."""
        return np.array([one.rows != other.rows for one, other in self.pairs], dtype=bool)

    @cached_property
    def best(self) -> list[int]:
        """Per pair the largest of its documents."""
        found = money.largest_per_code(self.pair, self.own_amounts, len(self.pairs))
        return [int(one) for one in found]

    # --- single documents

    def name(self, own: int) -> str:
        """The identifier of a document that counts."""
        return self.documents.name(self.place(own))

    def place(self, own: int) -> int:
        """Where a document that counts stands in the history."""
        return own if self.at is None else int(self.at[own])

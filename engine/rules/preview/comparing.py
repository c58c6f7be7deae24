"""Comparing two worlds over one history: outcomes, money, branches, rows, documents."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from engine.base.text import Text
from engine.rules.diff import diff_rulesets
from engine.rules.findings import Span
from engine.rules.kind import FactValue
from engine.rules.model import Column, Ruleset, Type
from engine.rules.preview import money
from engine.rules.preview.deciding import Side, decide_all
from engine.rules.preview.documents import Documents, Index
from engine.rules.preview.outcomes import Answer, Counted, Outcomes
from engine.rules.preview.result import (
    BranchChange,
    DocumentChange,
    OutcomeChange,
    ParamsChange,
    Preview,
    Refusals,
    RowHits,
    Version,
)
from engine.rules.preview.worlds import OrgPath, World
from engine.rules.values import value_text

AMOUNT = "amount"
LARGEST = 10
MOST_REASONS = 50
SHOWN_FACTS = 2
"""Facts beside the amount that a listed document is shown with."""


def compare(
    draft: Ruleset,
    live: World,
    new: World,
    documents: Documents,
    *,
    branches: Collection[int] | None = None,
    largest: int = LARGEST,
) -> Preview:
    """Decide the documents of `draft` in the world `new`, there and in `live`.

    Counted is what `draft` decides, and what rulesets decide that became others with it (its
    extensions). `branches` limits to some of `documents.branches`. Raises HistoryRefused when a
    ruleset needs a column the history lacks.
    """
    wanted = range(len(documents.branches)) if branches is None else sorted(branches)
    paths = [documents.branches[one].path for one in wanted]
    chosen = [
        one
        for one, path in zip(wanted, paths, strict=True)
        if path is None or _counts(path, draft, live, new)
    ]
    outcomes = Outcomes()
    before = decide_all(live, documents, chosen, outcomes)
    after = decide_all(new, documents, chosen, outcomes)
    fact = _money_fact(draft, documents)
    compared = _Compared(
        draft=draft,
        replaced=_replaced(draft, live, new, documents, chosen),
        documents=documents,
        at=documents.of(chosen),
        before=before,
        after=after,
        outcomes=outcomes,
        amounts=None if fact is None else documents.amounts(fact, draft),
    )
    seen = documents.count(wanted)
    return Preview(
        draft=_version(draft),
        live=None if compared.replaced is None else _version(compared.replaced),
        documents=compared.size,
        elsewhere=seen - compared.size,
        changed=int(compared.changed.sum()),
        changed_amount=sum(compared.money_by(compared.changed.astype(np.int64), 2)[1:]),
        rows_changed=int(compared.counts[compared.other_rows & ~compared.differs].sum()),
        currency=draft.currency,
        money=None if fact is None else fact.name,
        outcomes=compared.outcome_changes(),
        branches=compared.branch_changes(),
        params=compared.params_changes(),
        rows=compared.rows(),
        never_hit=tuple(row.id for row in draft.table.rows if not after.matched.get(row.id)),
        largest=compared.largest(largest),
        refused=compared.refusals(),
    )


def _counts(path: OrgPath, draft: Ruleset, live: World, new: World) -> bool:
    now = new.ruleset_for(path)
    return now is draft or now is not live.ruleset_for(path)


def _replaced(
    draft: Ruleset, live: World, new: World, documents: Documents, chosen: Sequence[int]
) -> Ruleset | None:
    """What decides now where the draft would: found at the first branch, else by its scope."""
    for one in chosen:
        path = documents.branches[one].path
        if path is not None and new.ruleset_for(path) is draft:
            return live.ruleset_for(path)
    return live.rulesets.get(draft.scope_org)


def _version(one: Ruleset) -> Version:
    return Version(one.name, one.version, one.hash, one.scope_org)


def _money_fact(draft: Ruleset, documents: Documents) -> Column | None:
    """What is summed: `amount` where the history has it, else a money fact the table reads."""
    there = documents.table.column_names
    own = draft.facts.get(AMOUNT)
    if AMOUNT in there and (own is None or own.type is Type.MONEY):
        return own or Column(AMOUNT, Type.MONEY, Text("amount", "金额"), Span(1, 1))
    facts = draft.facts.values()
    return next((one for one in facts if one.type is Type.MONEY and one.name in there), None)


@dataclass(frozen=True)
class _Compared:
    """Both sides of the documents that count; a pair is an answer before and one after."""

    draft: Ruleset
    replaced: Ruleset | None
    documents: Documents
    at: Index | None
    """The documents that count; None: all of the history."""
    before: Side
    after: Side
    outcomes: Outcomes
    amounts: money.Amounts | None

    # --- per document that counts

    def _own(self, codes: money.Codes) -> money.Codes:
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
        codes = self._own(self.before.codes) * width + self._own(self.after.codes)
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

    # --- what is told

    def name(self, own: int) -> str:
        """The identifier of a document that counts."""
        return self.documents.name(self._place(own))

    def _place(self, own: int) -> int:
        return own if self.at is None else int(self.at[own])

    def outcome_changes(self) -> tuple[OutcomeChange, ...]:
        """Outcomes that occur, the ones most documents have first."""
        size = len(self.outcomes.counted)
        live, new, delta = [0] * size, [0] * size, [0] * size
        for (one, other), count, amount in zip(self.pairs, self.counts, self.sums, strict=True):
            live[one.outcome] += int(count)
            new[other.outcome] += int(count)
            delta[one.outcome] -= amount
            delta[other.outcome] += amount
        found = [
            OutcomeChange(counted, live[at], new[at], delta[at])
            for at, counted in enumerate(self.outcomes.counted)
            if live[at] or new[at]
        ]
        return tuple(sorted(found, key=lambda one: -max(one.live, one.draft)))

    def branch_changes(self) -> tuple[BranchChange, ...]:
        """Documents, changes and refusals per organisation."""
        size = len(self.documents.branches)
        branch = self._own(self.documents.branch_at)
        waits = np.array([other.refused is not None for _, other in self.pairs], dtype=bool)
        counts = np.bincount(branch, minlength=size)
        changed = np.bincount(branch[self.changed], minlength=size)
        refused = np.bincount(branch[waits[self.pair]], minlength=size)
        amounts = self.money_by(branch * 2 + self.changed, size * 2)[1::2]
        found = [
            BranchChange(one.code, int(counts[at]), int(changed[at]), amounts[at], int(refused[at]))
            for at, one in enumerate(self.documents.branches)
            if counts[at]
        ]
        return tuple(sorted(found, key=lambda one: (one.branch is not None, one.branch or "")))

    def params_changes(self) -> tuple[ParamsChange, ...]:
        """What the draft's parameters are, and for whom."""
        by_branch = {one.branch: one for one in self.branch_changes()}
        found = []
        for part in self.after.parts:
            codes = [self.documents.branches[one].code for one in part.branches]
            own = [by_branch[code] for code in codes if code in by_branch]
            if part.ruleset is None or not own:
                continue
            ruleset = part.ruleset
            written = {
                name: value_text(value, ruleset.param_types[name], ruleset.currency)
                for name, value in part.params
            }
            found.append(
                ParamsChange(
                    ruleset.name,
                    written,
                    tuple(sorted(one.branch or "-" for one in own)),
                    sum(one.documents for one in own),
                    sum(one.changed for one in own),
                )
            )
        return tuple(found)

    def rows(self) -> tuple[RowHits, ...]:
        """Every row of both tables: the draft's in order, then those that are gone."""
        live, new = _ids(self.replaced), _ids(self.draft)
        touched = set(new if self.replaced is None else ())
        if self.replaced is not None:
            found = diff_rulesets(self.replaced, self.draft)
            touched = {*found.added, *found.removed, *found.changed}
        before, after = dict.fromkeys(live, 0), dict.fromkeys(new, 0)
        witness: dict[str, tuple[bool, int, int]] = {}
        for at, (one, other) in enumerate(self.pairs):
            count, largest = int(self.counts[at]), self.best[at]
            for row in one.rows:
                before[row] = before.get(row, 0) + count
            for row in other.rows:
                after[row] = after.get(row, 0) + count
                mine = (row not in one.rows, int(self.own_amounts[largest]), -largest)
                witness[row] = max(witness.get(row, mine), mine)
            touched |= set(one.rows) ^ set(other.rows)
        return tuple(
            RowHits(
                row=row,
                live=before.get(row),
                draft=after.get(row),
                satisfied=self.after.matched.get(row, 0) if row in after else None,
                touched=row in touched,
                witness=self.name(-witness[row][2]) if row in witness else None,
            )
            for row in [*after, *(row for row in before if row not in after)]
        )

    def largest(self, count: int) -> tuple[DocumentChange, ...]:
        """The largest documents that change."""
        at = money.largest(np.flatnonzero(self.changed), self.own_amounts, count)
        return tuple(self._change(one) for one in at.tolist())

    def _change(self, own: int) -> DocumentChange:
        one, other = self.pairs[int(self.pair[own])]
        place = self._place(own)
        return DocumentChange(
            document=self.name(own),
            branch=self.documents.branches[int(self.documents.branch_at[place])].code,
            amount=int(self.own_amounts[own]),
            shows=dict(self._shown(place)),
            live_rows=one.rows,
            draft_rows=other.rows,
            live=self._counted(one),
            draft=self._counted(other),
        )

    def _counted(self, answer: Answer) -> Counted:
        return self.outcomes.counted[answer.outcome]

    def _shown(self, place: int) -> list[tuple[str, str]]:
        facts = self.documents.facts(self.draft, range(len(self.documents.branches)))
        codes = [one for one in self.draft.table.inputs if one.type is Type.CODE]
        return [
            (column.name, _text(facts.column(column.name).value(place), column, self.draft))
            for column in codes[:SHOWN_FACTS]
        ]

    def refusals(self) -> tuple[Refusals, ...]:
        """Documents the draft cannot decide, by reason, most first."""
        found: dict[tuple[str, str], Refusals] = {}
        for at, (one, other) in enumerate(self.pairs):
            why = other.refused
            if why is None:
                continue
            key, count = (why.code, why.text.en), int(self.counts[at])
            same = one.refused is not None and one.refused.code == why.code
            known = found.get(key) or Refusals(
                why.code, why.text, 0, 0, 0, self.name(self.best[at])
            )
            found[key] = Refusals(
                known.code,
                known.message,
                known.documents + count,
                known.before + (count if same else 0),
                known.amount + self.sums[at],
                known.document,
            )
        most = sorted(found.values(), key=lambda one: -one.documents)
        return tuple(most[:MOST_REASONS])


def _ids(ruleset: Ruleset | None) -> Sequence[str]:
    return () if ruleset is None else [row.id for row in ruleset.table.rows]


def _text(value: FactValue, column: Column, ruleset: Ruleset) -> str:
    return "-" if value is None else value_text(value, column.type, ruleset.currency)

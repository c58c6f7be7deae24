"""What is told of two compared sides: outcomes, branches, parameters, rows, documents, refusals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.rules.diff import diff_rulesets
from engine.rules.kind import FactValue
from engine.rules.model import Column, Ruleset, Type
from engine.rules.preview import money
from engine.rules.preview.compared import Compared
from engine.rules.preview.outcomes import Answer, Counted
from engine.rules.preview.result import (
    BranchChange,
    DocumentChange,
    OutcomeChange,
    ParamsChange,
    Refusals,
    RowHits,
)
from engine.rules.values import value_text

MOST_REASONS = 50
SHOWN_FACTS = 2
"""Facts beside the amount that a listed document is shown with."""


def outcome_changes(of: Compared) -> tuple[OutcomeChange, ...]:
    """Outcomes that occur, the ones most documents have first."""
    size = len(of.outcomes.counted)
    live, new, delta = [0] * size, [0] * size, [0] * size
    for (one, other), count, amount in zip(of.pairs, of.counts, of.sums, strict=True):
        live[one.outcome] += int(count)
        new[other.outcome] += int(count)
        delta[one.outcome] -= amount
        delta[other.outcome] += amount
    found = [
        OutcomeChange(counted, live[at], new[at], delta[at])
        for at, counted in enumerate(of.outcomes.counted)
        if live[at] or new[at]
    ]
    return tuple(sorted(found, key=lambda one: -max(one.live, one.draft)))


def branch_changes(of: Compared) -> tuple[BranchChange, ...]:
    """Documents, changes and refusals per organisation."""
    size = len(of.documents.branches)
    branch = of.own(of.documents.branch_at)
    waits = np.array([other.refused is not None for _, other in of.pairs], dtype=bool)
    counts = np.bincount(branch, minlength=size)
    changed = np.bincount(branch[of.changed], minlength=size)
    refused = np.bincount(branch[waits[of.pair]], minlength=size)
    amounts = of.money_by(branch * 2 + of.changed, size * 2)[1::2]
    found = [
        BranchChange(one.code, int(counts[at]), int(changed[at]), amounts[at], int(refused[at]))
        for at, one in enumerate(of.documents.branches)
        if counts[at]
    ]
    return tuple(sorted(found, key=lambda one: (one.branch is not None, one.branch or "")))


def params_changes(of: Compared) -> tuple[ParamsChange, ...]:
    """What the draft's parameters are, and for whom."""
    by_branch = {one.branch: one for one in branch_changes(of)}
    found = []
    for part in of.after.parts:
        codes = [of.documents.branches[one].code for one in part.branches]
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


def rows(of: Compared) -> tuple[RowHits, ...]:
    """Every row of both tables: the draft's in order, then those that are gone."""
    live, new = _ids(of.replaced), _ids(of.draft)
    touched = set(new if of.replaced is None else ())
    if of.replaced is not None:
        found = diff_rulesets(of.replaced, of.draft)
        touched = {*found.added, *found.removed, *found.changed}
    before, after = dict.fromkeys(live, 0), dict.fromkeys(new, 0)
    witness: dict[str, tuple[bool, int, int]] = {}
    for at, (one, other) in enumerate(of.pairs):
        count, largest = int(of.counts[at]), of.best[at]
        for row in one.rows:
            before[row] = before.get(row, 0) + count
        for row in other.rows:
            after[row] = after.get(row, 0) + count
            mine = (row not in one.rows, int(of.own_amounts[largest]), -largest)
            witness[row] = max(witness.get(row, mine), mine)
        touched |= set(one.rows) ^ set(other.rows)
    return tuple(
        RowHits(
            row=row,
            live=before.get(row),
            draft=after.get(row),
            satisfied=of.after.matched.get(row, 0) if row in after else None,
            touched=row in touched,
            witness=of.name(-witness[row][2]) if row in witness else None,
        )
        for row in [*after, *(row for row in before if row not in after)]
    )


def largest(of: Compared, count: int) -> tuple[DocumentChange, ...]:
    """The largest documents that change."""
    at = money.largest(np.flatnonzero(of.changed), of.own_amounts, count)
    return tuple(_change(of, one) for one in at.tolist())


def _change(of: Compared, own: int) -> DocumentChange:
    one, other = of.pairs[int(of.pair[own])]
    place = of.place(own)
    return DocumentChange(
        document=of.name(own),
        branch=of.documents.branches[int(of.documents.branch_at[place])].code,
        amount=int(of.own_amounts[own]),
        shows=dict(_shown(of, own)),
        live_rows=one.rows,
        draft_rows=other.rows,
        live=_counted(of, one),
        draft=_counted(of, other),
    )


def _counted(of: Compared, answer: Answer) -> Counted:
    return of.outcomes.counted[answer.outcome]


def _shown(of: Compared, own: int) -> list[tuple[str, str]]:
    facts = of.documents.facts(of.draft, of.chosen)
    codes = [one for one in of.draft.table.inputs if one.type is Type.CODE]
    return [
        (column.name, _text(facts.column(column.name).value(own), column, of.draft))
        for column in codes[:SHOWN_FACTS]
    ]


def refusals(of: Compared) -> tuple[Refusals, ...]:
    """Documents the draft cannot decide, by reason, most first."""
    found: dict[tuple[str, str], Refusals] = {}
    for at, (one, other) in enumerate(of.pairs):
        why = other.refused
        if why is None:
            continue
        key, count = (why.code, why.text.en), int(of.counts[at])
        same = one.refused is not None and one.refused.code == why.code
        known = found.get(key) or Refusals(why.code, why.text, 0, 0, 0, of.name(of.best[at]))
        found[key] = Refusals(
            known.code,
            known.message,
            known.documents + count,
            known.before + (count if same else 0),
            known.amount + of.sums[at],
            known.document,
        )
    most = sorted(found.values(), key=lambda one: -one.documents)
    return tuple(most[:MOST_REASONS])


def _ids(ruleset: Ruleset | None) -> Sequence[str]:
    return () if ruleset is None else [row.id for row in ruleset.table.rows]


def _text(value: FactValue, column: Column, ruleset: Ruleset) -> str:
    return "-" if value is None else value_text(value, column.type, ruleset.currency)

"""Comparing two worlds over one history."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from engine.base.findings import Span
from engine.base.text import Text
from engine.rules.model import Column, Ruleset, Type
from engine.rules.preview import telling
from engine.rules.preview.compared import Compared
from engine.rules.preview.deciding import decide_all
from engine.rules.preview.documents import Documents
from engine.rules.preview.outcomes import Outcomes
from engine.rules.preview.result import Preview, Version
from engine.rules.preview.worlds import OrgPath, World

AMOUNT = "amount"
LARGEST = 10


def compare(
    draft: Ruleset,
    live: World,
    new: World,
    documents: Documents,
    *,
    branches: Collection[int] | None = None,
    largest: int = LARGEST,
    place: OrgPath = (),
) -> Preview:
    """Decide the documents of `draft` in the world `new`, there and in `live`.

    Counted is what `draft` decides, and what rulesets decide that became others with it (its
    extensions). `branches` limits to some of `documents.branches`; `place` is the path of the
    draft's organisation. Raises HistoryRefused when a ruleset needs a column the history lacks.
    """
    wanted = range(len(documents.branches)) if branches is None else sorted(branches)
    chosen = branches_that_count(draft, live, new, documents, wanted)
    documents.facts(draft, chosen)  # what the history lacks is told of all that count, at once
    outcomes = Outcomes()
    before = decide_all(live, documents, chosen, outcomes)
    after = decide_all(new, documents, chosen, outcomes)
    fact = _money_fact(draft, documents)
    compared = Compared(
        draft=draft,
        replaced=_replaced(draft, live, new, documents, chosen, place),
        documents=documents,
        chosen=tuple(chosen),
        at=documents.of(chosen),
        before=before,
        after=after,
        outcomes=outcomes,
        amounts=None if fact is None else documents.amounts(fact, draft, chosen),
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
        outcomes=telling.outcome_changes(compared),
        branches=telling.branch_changes(compared),
        params=telling.params_changes(compared),
        rows=telling.rows(compared),
        never_hit=tuple(row.id for row in draft.table.rows if not after.matched.get(row.id)),
        largest=telling.largest(compared, largest),
        refused=telling.refusals(compared),
    )


def branches_that_count(
    draft: Ruleset, live: World, new: World, documents: Documents, among: Sequence[int]
) -> list[int]:
    """Those of some branches whose documents the draft decides or changes; unknown ones too."""
    paths = [documents.branches[one].path for one in among]
    return [
        one
        for one, path in zip(among, paths, strict=True)
        if path is None or _counts(path, draft, live, new)
    ]


def _counts(path: OrgPath, draft: Ruleset, live: World, new: World) -> bool:
    now = new.ruleset_for(path)
    return now is draft or now is not live.ruleset_for(path)


def _replaced(
    draft: Ruleset,
    live: World,
    new: World,
    documents: Documents,
    chosen: Sequence[int],
    place: OrgPath,
) -> Ruleset | None:
    """What decides now where the draft would: found at the first branch, else by its place."""
    for one in chosen:
        path = documents.branches[one].path
        if path is not None and new.ruleset_for(path) is draft:
            return live.ruleset_for(path)
    return live.ruleset_for((*place, draft.scope_org))


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

"""Hits are what a plain count gives when the compiled evaluator decides each document."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.rulebook.history import LoadedHistories, row_hits
from engine.rulebook.history.previews import Draft
from engine.rules import DecisionRefused, branch_params, compile_ruleset, facts_from_json
from engine.rules.model import Ruleset
from engine.rules.preview import Documents, paths_in
from engine.rules.preview import World as Rules
from engine.rules.preview.hits import Decided, branches_decided
from tests.pages.world import World
from tests.preview.given import TREE, approval_text, paid, ruleset, table

AMOUNTS = st.sampled_from(["0.01", "49999.99", "50000", "299999.99", "300000.00", "500000", "-1"])
PAYEES = st.sampled_from(["claimant", "agent", "related_party", "nobody", ""])
TABLES = {
    "unique": """
  A1 | < $small | not(related_party) => reviewer | 4h
  A2 | >= $small | not(related_party) => reviewer > cfo | 4h
  A3 | -        | related_party      => cfo | 24h
""",
    "first": """
  A1 | < $small | - => reviewer | 4h
  A2 | < $large | - => reviewer > finance_manager | 8h
  A3 | -        | - => reviewer > cfo | 24h
""",
    "collect": """
  A1 | < $large  | -             => reviewer | 4h
  A2 | -         | related_party => finance_manager | 8h
  A3 | >= $small | -             => cfo | 24h
""",
}
SHANGHAI = "  A1 | - | - => reviewer > treasurer | 1h\n"


def _plain(one: Ruleset, documents: Sequence[dict[str, str | None]]) -> tuple[Counter[str], int]:
    """Row -> documents, and how many are refused, one decision after the other."""
    found: Counter[str] = Counter()
    refused = 0
    for document in documents:
        path = {"GROUP": ("GROUP",), "SH01": ("GROUP", "SH", "SH01")}
        branch = document["branch"] or ""
        params = branch_params(one, path.get(branch, ("GROUP", branch)))
        try:
            decision = compile_ruleset(one, params).decide(facts_from_json(one, document))
        except DecisionRefused:
            refused += 1
        else:
            found.update(decision.rows)
    return found, refused


@settings(max_examples=40, deadline=None)
@given(
    policy=st.sampled_from(list(TABLES)),
    given=st.lists(st.tuples(AMOUNTS, st.sampled_from(list(TREE)), PAYEES), max_size=12),
    own=st.booleans(),
)
def test_rows_are_hit_as_often_as_documents_decided_one_by_one_say(
    policy: str, given: list[tuple[str, str, str]], own: bool
) -> None:
    documents = [
        paid(at, amount, branch, payee) for at, (amount, branch, payee) in enumerate(given)
    ]
    group = ruleset(approval_text(policy=policy, table=TABLES[policy]))
    rules = Rules({"GROUP": group})
    mine = documents
    if own:
        text = approval_text(org="SH", branch=None, policy="first", table=SHANGHAI)
        rules = rules.with_draft(ruleset(text.replace("name: payment-approval", "name: sh")))
        mine = [one for one in documents if not (one["branch"] or "").startswith("SH")]
    if not documents:
        return
    held = Documents(table(documents), paths_in(TREE))
    counts = Decided(group, held, branches_decided(rules, group, held)).count()
    rows, refused = _plain(group, mine)
    assert {row: count for row, count in counts.rows.items() if count} == rows
    assert list(counts.rows) == [row.id for row in group.table.rows]
    assert (counts.documents, counts.refused) == (len(mine), refused)


def _history(world: World) -> LoadedHistories:
    histories = world.services.histories
    assert histories is not None
    return histories


@pytest.mark.parametrize("days", [7, 30, 90])
def test_a_period_counts_the_documents_of_its_days(kept: World, days: int) -> None:
    today = kept.clock.business_date()
    one = ruleset(approval_text(table=TABLES["first"], policy="first"))
    rules = Rules({"GROUP": one})
    draft = Draft(one, rules, rules, ("GROUP",))
    (found,) = row_hits(draft, _history(kept), today, days=[days], visible={"SH", "SH01"})
    first = today - dt.timedelta(days=days - 1)
    whole = _history(kept).since("approval", "payment", today - dt.timedelta(days=89)).history.table
    expected: Counter[str] = Counter()
    for row in whole.to_pylist():
        path = tuple(row["org_path"].split("/"))
        if path[-1] in {"SH", "SH01"} and row["business_date"] >= first:
            facts = {name: row.get(name) for name in one.facts}
            expected.update(compile_ruleset(one, branch_params(one, path)).decide(facts).rows)
    assert found.since == first
    assert {row: count for row, count in found.counts.rows.items() if count} == expected
    assert found.counts.documents == expected.total() > 0


def test_counts_are_made_once_while_the_history_is_the_same(kept: World) -> None:
    today = kept.clock.business_date()
    one = ruleset(approval_text())
    rules = Rules({"GROUP": one})
    draft = Draft(one, rules, rules, ("GROUP",))
    first, again = (row_hits(draft, _history(kept), today) for _ in range(2))
    fewer = row_hits(draft, _history(kept), today, visible={"BJ"})
    assert again[0] is first[0]
    assert fewer[1].counts.documents < first[1].counts.documents

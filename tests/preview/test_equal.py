"""Preview equals execution: every document comes out as the compiled evaluator decides it."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.rules import (
    DecisionRefused,
    branch_params,
    compile_ruleset,
    facts_from_json,
    outcome_to_json,
)
from engine.rules.model import Ruleset
from engine.rules.preview import Documents, Preview, World, compare, paths_in
from tests.preview.given import TREE, UNIQUE, approval_text, paid, ruleset, table

AMOUNTS = st.one_of(
    st.sampled_from(["0.01", "49999.99", "50000", "299999.99", "300000.00", "500000", "-1"]),
    st.decimals(-1000, 10**6, places=2).map(lambda one: f"{one:f}"),
    st.integers(10**18, 10**20).map(str),
)
PAYEES = st.sampled_from(["claimant", "agent", "related_party", "nobody", "", "ａｇｅｎｔ"])
BRANCHES = st.sampled_from(list(TREE))
THRESHOLDS = st.sampled_from([("5万", "50万"), ("5万", "30万"), ("1", "2"), ("4万", "50万")])
TABLES = {
    "unique": UNIQUE,
    "first": """
  A1 | < $small | -             => reviewer | 4h
  A2 | < $large | -             => reviewer > finance_manager | 8h
  A3 | -        | related_party => finance_manager > cfo | 24h
  A4 | -        | -             => reviewer > cfo | 24h
""",
    "collect": """
  A1 | < $small  | -             => reviewer | 4h
  A2 | -         | related_party => finance_manager | 8h
  A3 | >= $small | -             => cfo | 24h
""",
    "rule order": """
  A1 | <= $large | agent    => reviewer | 4h
  A2 | > $small  | -        => finance_manager | 1d
  A3 | -         | claimant => cfo | 24h
""",
}


def _ruleset(thresholds: tuple[str, str], branch: str | None, policy: str) -> Ruleset:
    small, large = thresholds
    return ruleset(
        approval_text(small=small, large=large, branch=branch, policy=policy, table=TABLES[policy])
    )


RULESETS = st.builds(
    _ruleset, THRESHOLDS, st.sampled_from([None, "30万", "6万"]), st.sampled_from(list(TABLES))
)


def _decided(one: Ruleset, document: dict[str, str | None]) -> tuple[tuple[str, ...], object]:
    """Rows and outcome of one document by the evaluator that decides payments."""
    path = {"GROUP": ("GROUP",), "SH01": ("GROUP", "SH", "SH01")}
    branch = document["branch"] or ""
    evaluator = compile_ruleset(one, branch_params(one, path.get(branch, ("GROUP", branch))))
    try:
        decision = evaluator.decide(facts_from_json(one, document))
    except DecisionRefused as refused:
        return (), f"refused {refused.code}"
    return decision.rows, _listed(outcome_to_json(one, decision)["outcome"])


def _listed(outcome: object) -> str:
    """One outcome is the same whether its policy allows several or not."""
    listed = [] if outcome is None else outcome if isinstance(outcome, list) else [outcome]
    return repr(listed)


def _counted(found: Preview, side: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for one in found.outcomes:
        label = one.outcome.label.en
        key = _same_length(_listed(one.outcome.values))
        if label.startswith("(refused: "):
            key = f"refused {label.removeprefix('(refused: ').removesuffix(')')}"
        counts[key] += getattr(one, side)
    return +counts


@settings(max_examples=60, deadline=None)
@given(
    draft=RULESETS,
    live=RULESETS,
    given=st.lists(st.tuples(AMOUNTS, BRANCHES, PAYEES), min_size=1, max_size=12),
)
def test_every_document_comes_out_as_it_would_be_decided(
    draft: Ruleset, live: Ruleset, given: list[tuple[str, str, str]]
) -> None:
    documents = [
        paid(number, amount, branch, payee) for number, (amount, branch, payee) in enumerate(given)
    ]
    world = World({"GROUP": live})
    held = Documents(table(documents), paths_in(TREE))
    found = compare(draft, world, world.with_draft(draft), held, largest=len(documents))
    before = [_decided(live, one) for one in documents]
    after = [_decided(draft, one) for one in documents]
    assert _counted(found, "live") == Counter(_same_length(one) for _, one in before)
    assert _counted(found, "draft") == Counter(_same_length(one) for _, one in after)
    moved = [
        at
        for at in range(len(documents))
        if _same_length(before[at][1]) != _same_length(after[at][1])
    ]
    assert found.changed == len(moved)
    amounts = [Decimal(one["amount"] or "0") for one in documents]
    assert Decimal(found.changed_amount) / 100 == sum(amounts[at] for at in moved)
    rows = {f"P{at}": (before[at][0], after[at][0]) for at in moved}
    assert {one.document: (one.live_rows, one.draft_rows) for one in found.largest} == rows
    hits = Counter(row for decided, _ in after for row in decided)
    assert {one.row: one.draft for one in found.rows if one.draft} == hits
    for one in found.branches:
        own = [at for at in moved if documents[at]["branch"] == one.branch]
        assert one.changed == len(own)
        assert Decimal(one.changed_amount) / 100 == sum(amounts[at] for at in own)


def _same_length(outcome: object) -> str:
    """A length of time written otherwise is the same one: the first form seen is shown."""
    return str(outcome).replace("1d", "24h")

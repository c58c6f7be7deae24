"""What a preview tells beyond counts: rows, witnesses, refusals, documents of other rulesets."""

from __future__ import annotations

import json

import pytest

from engine.rules.columns import HistoryRefused
from engine.rules.model import Ruleset
from engine.rules.preview import (
    Documents,
    Preview,
    PreviewRefused,
    World,
    compare,
    paths_in,
)
from engine.rules.preview.guard import comparable, refuse_other_windows, with_notes
from tests.preview.given import TREE, approval_text, paid, ruleset, table

LIVE = ruleset(approval_text())
LOWER = ruleset(approval_text(version=2, large="30万", branch=None))


def previewed(draft: Ruleset, *documents: dict[str, str | None], live: Ruleset = LIVE) -> Preview:
    """The draft against `live` on some documents of the tree."""
    world = World({live.scope_org: live})
    return compare(
        draft, world, world.with_draft(draft), Documents(table(documents), paths_in(TREE))
    )


def test_the_largest_documents_come_first_and_ties_in_file_order() -> None:
    found = previewed(
        LOWER,
        paid(1, "400000"),
        paid(2, "450000"),
        paid(3, "450000"),
        paid(4, "299999.99"),
        paid(5, "500000"),
    )
    assert [one.document for one in found.largest] == ["P2", "P3", "P1"]
    first = found.largest[0]
    assert (first.live_rows, first.draft_rows) == (("A2",), ("A3",))
    assert (first.branch, first.amount, dict(first.shows)) == (
        "BJ",
        450_000_00,
        {"creditor_type": "claimant"},
    )


def test_sums_are_exact_beyond_64_bits() -> None:
    large = ruleset(approval_text(version=2).replace("A3 | >= $large", "A3 | >= $large ", 1))
    moved = ruleset(
        approval_text(version=2).replace("finance_manager > cfo     | 24h", "cfo | 24h")
    )
    amount = "98765432109876543210.99"
    found = previewed(moved, paid(1, amount), paid(2, amount), paid(3, "9" * 17))
    assert found.changed == 3
    assert found.changed_amount == 2 * 9876543210987654321099 + int("9" * 17) * 100
    assert previewed(large, paid(1, amount)).changed == 0


def test_rows_count_before_and_after_and_name_a_witness() -> None:
    found = previewed(LOWER, paid(1, "1"), paid(2, "400000"), paid(3, "600000"), paid(4, "310000"))
    rows = {one.row: one for one in found.rows}
    assert (rows["A2"].live, rows["A2"].draft, rows["A2"].witness) == (2, 0, None)
    assert (rows["A3"].live, rows["A3"].draft) == (1, 3)
    # P3 is larger, but P2 is new to the row.
    assert rows["A3"].witness == "P2"
    assert rows["A1"].touched is False
    assert rows["A3"].touched
    assert found.never_hit == ("A2", "A4")


def test_rows_added_and_removed_are_told() -> None:
    draft = ruleset(approval_text(version=2).replace("A4 |", "A9 |"))
    found = previewed(draft, paid(1, "5", payee="related_party"))
    rows = {one.row: (one.live, one.draft) for one in found.rows}
    assert rows["A4"] == (1, None)
    assert rows["A9"] == (None, 1)
    assert (found.changed, found.rows_changed) == (0, 1)


def test_branches_with_their_own_parameters_are_told_apart() -> None:
    draft = ruleset(approval_text(version=2, large="40万"))
    found = previewed(draft, paid(1, "450000"), paid(2, "450000", "SH"), paid(3, "350000", "SH01"))
    assert [(one.branch, one.changed) for one in found.branches] == [
        ("BJ", 1),
        ("SH", 0),
        ("SH01", 0),
    ]
    sets = {one.branches: one.params["large"] for one in found.params}
    assert sets == {("BJ",): "400000.00", ("SH", "SH01"): "300000.00"}


def test_a_branch_nobody_knows_is_refused_by_name() -> None:
    found = previewed(LOWER, paid(1, "1", "XX"), paid(2, "2", None), paid(3, "400000"))
    assert (found.documents, found.changed) == (3, 1)
    told = {one.code: [two.message.en for two in found.refused] for one in found.refused}
    assert list(told) == ["BRANCH_UNKNOWN"]
    assert any("'XX'" in one for one in told["BRANCH_UNKNOWN"])
    assert any("without a branch" in one for one in told["BRANCH_UNKNOWN"])
    assert [one.documents for one in found.branches] == [1, 1, 1]


def test_what_the_draft_cannot_decide_is_grouped_by_reason() -> None:
    draft = ruleset(
        approval_text(version=2, policy="first").replace("not(related_party)", "claimant, agent")
        + "otherwise: {approvers: cfo}\n"
    )
    found = previewed(draft, paid(1, "1", payee="ghost"), paid(2, "2", payee=""), paid(3, "3"))
    reasons = {one.code: (one.documents, one.before) for one in found.refused}
    assert reasons == {"FACT_NOT_LISTED": (1, 1), "FACT_MISSING": (1, 1)}
    assert sum(one.refused for one in found.branches) == 2


def test_documents_of_a_nearer_ruleset_are_left_out() -> None:
    own = ruleset(approval_text(org="SH", branch=None))
    world = World({"GROUP": LIVE, "SH": own})
    documents = Documents(
        table([paid(1, "400000"), paid(2, "400000", "SH"), paid(3, "400000", "SH01")]),
        paths_in(TREE),
    )
    found = compare(LOWER, world, world.with_draft(LOWER), documents)
    assert (found.documents, found.elsewhere, found.changed) == (1, 2, 1)


def test_a_first_ruleset_of_a_branch_is_compared_with_the_groups() -> None:
    own = ruleset(approval_text(version=1, org="SH", large="20万", branch=None))
    world = World({"GROUP": LIVE})
    documents = Documents(table([paid(1, "250000"), paid(2, "250000", "SH01")]), paths_in(TREE))
    found = compare(own, world, world.with_draft(own), documents)
    assert (found.documents, found.elsewhere, found.changed) == (1, 1, 1)
    assert found.live is not None
    assert found.live.scope_org == "GROUP"


def test_a_ruleset_where_none_was_changes_every_document() -> None:
    world = World({})
    documents = Documents(table([paid(1, "1")]), paths_in(TREE))
    found = compare(LIVE, world, world.with_draft(LIVE), documents)
    assert (found.live, found.changed) == (None, 1)
    assert found.largest[0].live.label.en == "(no ruleset)"


def test_a_column_the_draft_needs_is_named_with_its_share() -> None:
    draft = ruleset(
        approval_text(version=2)
        .replace("amount | creditor_type", "amount | channel")
        .replace("not(related_party)", "not(cash)")
        .replace("related_party ", "cash ")
        .replace("claimant      ", "ebank ")
    )
    with pytest.raises(HistoryRefused, match=r"channel \(all 1 documents\)") as refused:
        previewed(draft, paid(1, "1"))
    assert refused.value.code == "HISTORY_COLUMN_MISSING"


def test_amounts_of_documents_without_money_are_not_made_up() -> None:
    text = approval_text().replace("amount", "extra_approver", 1)
    draft = ruleset(
        f"""{text.partition("rules:")[0].partition("params:")[0]}hit_policy: unique
rules: |
  id | extra_approver => approvers
  A1 | true  => cfo
  A2 | false => reviewer
"""
    )
    document: dict[str, str | None] = {"document": "P1", "branch": "BJ", "extra_approver": "true"}
    found = previewed(draft, document, live=draft)
    assert (found.money, found.documents, found.changed) == (None, 1, 0)


def test_rulesets_of_other_matters_are_not_compared() -> None:
    other = ruleset(
        approval_text()
        .replace("subject: payment", "subject: collection")
        .replace("creditor_type", "business_type")
        .replace("not(related_party)", "not(claim)")
        .replace("related_party ", "claim ")
        .replace("claimant", "refund")
    )
    with pytest.raises(PreviewRefused, match="OTHER_RULESET"):
        comparable(LIVE, other)


def _counting(within: str) -> Ruleset:
    """Rows by how often an account was paid within a window."""
    window = f"{{count: payment, same: [creditor_account], within: {within}, states: live}}"
    text = (
        approval_text()
        .partition("examples:")[0]
        .replace("hit_policy:", f"derive: {{repeats: {window}}}\nhit_policy:")
        .replace("id | amount | creditor_type", "id | amount | repeats")
        .replace("not(related_party)", "< 3")
        .replace("| related_party ", "| >= 3 ")
    )
    return ruleset(text)


def test_another_window_cannot_be_previewed_on_recorded_values() -> None:
    live, draft = _counting("3d"), _counting("7d")
    with pytest.raises(PreviewRefused, match="WINDOW_CHANGED"):
        refuse_other_windows(draft, live)
    refuse_other_windows(live, _counting("3d"))
    noted = with_notes(previewed(LIVE, paid(1, "1")), draft, live)
    assert "repeats" in noted.notes[0].en


def test_json_has_the_stable_keys_and_only_json_types() -> None:
    found = previewed(LOWER, paid(1, "400000.05")).to_json("en", 0.0123)
    again = json.loads(json.dumps(found))
    assert (again["documents"], again["changed"], again["amount_changed"]) == (1, 1, "400000.05")
    assert again["seconds"] == 0.012
    assert {"outcome", "live", "draft", "delta_amount"} <= set(again["outcomes"][0])
    assert again["largest"][0]["live_rows"] == ["A2"]
    assert again["largest"][0]["draft_rows"] == ["A3"]


def test_a_wrong_value_elsewhere_neither_stops_a_branch_nor_is_told_to_it() -> None:
    world = World({LIVE.scope_org: LIVE})
    rows = [paid(1, "400000"), paid(2, "secret", "SH"), paid(3, "10"), paid(4, "450000")]
    documents = Documents(table(rows), paths_in(TREE))
    own = [at for at, one in enumerate(documents.branches) if one.code == "BJ"]
    found = compare(LOWER, world, world.with_draft(LOWER), documents, branches=own)
    assert (found.documents, found.changed, found.changed_amount) == (3, 2, 85_000_000)
    assert [one.document for one in found.largest] == ["P4", "P1"]
    assert [one.shows for one in found.largest] == [{"creditor_type": "claimant"}] * 2
    with pytest.raises(HistoryRefused, match="secret"):
        compare(LOWER, world, world.with_draft(LOWER), documents)

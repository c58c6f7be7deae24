"""A composed ruleset is the ruleset a person would have written in full."""

from __future__ import annotations

from engine.base.findings import Span
from engine.rules import (
    branch_params,
    compile_ruleset,
    content_hash,
    distinct_params,
    load_ruleset,
)
from engine.rules.diff import cell_texts, diff_rulesets
from engine.rules.extending import composition, own_text, place_of, sources
from tests.extends.given import BRANCH, PARENT, TREE, composed, extension, found, parent, what
from tests.rules.given import KINDS, VOCABULARY

WHOLE = """\
kind: trial
name: branch
title: {en: Branch, zh: 分公司}
version: 1
effective: {from: 2026-06-01}
scope: {org: SH, subject: thing}
params: {small: 100, large: 5000, vip: 9000}
adjustable: {large: down}
overrides: {SH: {large: 3000}, BJ: {large: 10}}
hit_policy: unique
rules: |
  id | amount           | type       => code | level
  A1 | < $small         | -          => one  | low
  A2 | [$small..$large) | -          => two  | middle
  A3 | [$large..$vip)   | claim      => mine | middle
  A4 | >= $large        | not(claim) => five | high
  S1 | >= $vip          | claim      => vip  | high
examples: |
  branch | amount | type  => id | code
  -      | 3000   | claim => A3 | mine
  SH01   | 9000   | claim => S1 | vip
"""


def test_the_composed_ruleset_means_what_the_full_text_means() -> None:
    whole = load_ruleset("whole.yaml", WHOLE, VOCABULARY, kinds=KINDS).ruleset
    assert whole is not None
    mine = composed()
    assert what(mine) == what(whole)
    assert (mine.name, mine.version, mine.scope_org) == ("branch", 1, "SH")


def test_its_text_is_a_ruleset_by_itself() -> None:
    again = load_ruleset("again.yaml", composed().text, VOCABULARY, kinds=KINDS)
    assert again.findings == []
    assert again.ruleset is not None
    assert what(again.ruleset) == what(composed())


def test_its_hash_is_that_of_the_branch_s_own_text() -> None:
    mine = composed()
    assert mine.hash == content_hash(BRANCH)
    assert own_text(mine) == BRANCH
    assert sources(mine) == (("branch.yaml", BRANCH), ("group.yaml", PARENT))


def test_another_parent_is_another_composition_under_the_same_hash() -> None:
    one = composed()
    other = composed(of=parent(PARENT.replace("=> one", "=> uno")))
    assert one.hash == other.hash
    assert composition(one) != composition(other)
    assert composition(parent()) == parent().hash


def test_it_decides_under_its_own_organisation_s_parameters() -> None:
    mine = composed()
    for path in ((), ("SH",), ("GROUP", "SH", "SH01")):
        decision = compile_ruleset(mine, branch_params(mine, path)).decide(
            {"amount": 400_000, "type": "claim"}
        )
        assert decision.rows == ("A3",)


def test_checks_run_for_its_own_organisation_and_those_below_it_only() -> None:
    more = BRANCH.replace("params: {vip: 9000}", "params: {vip: 9000}\nadjustable: {vip: any}")
    more = more.replace("adjustable: {vip", "overrides: {SH01: {vip: 8000}}\nadjustable: {vip")
    loaded = extension(more, parent(), orgs=TREE)
    assert loaded.ruleset is not None, loaded.findings
    assert [org for org, _ in distinct_params(loaded.ruleset, TREE)] == [None, "SH01"]
    assert [org for org, _ in distinct_params(composed())] == [None]


def test_a_reversed_range_under_a_sub_branch_s_parameters_is_found() -> None:
    wrong = BRANCH.replace(
        "params: {vip: 9000}",
        "params: {vip: 9000}\nadjustable: {vip: any}\noverrides: {SH01: {vip: 2000}}",
    )
    # The whole of A3 is empty for SH01: what SH01 is given by the table is said with its values.
    told = found(wrong, orgs=TREE)
    assert any("SH01" in one and "vip = 2,000" in one for one in told)


def test_overrides_the_parent_has_for_sub_branches_count() -> None:
    above = parent(PARENT.replace("BJ: {large: 10}", "SH02: {large: 50}"))
    told = found(BRANCH, above, orgs=TREE)
    assert any("SH02" in one and "large = 50" in one for one in told)
    # Without the tree nobody knows that SH02 is below SH.
    assert found(BRANCH, above) == []


def test_every_cell_knows_where_it_was_written() -> None:
    mine = composed()
    own = {row.id: row for row in mine.table.rows}
    lines = {"branch.yaml": BRANCH.split("\n"), "group.yaml": PARENT.split("\n")}
    for row in mine.table.rows:
        for span, text in zip(row.cell_spans, _written(mine.text, row.cell_spans), strict=True):
            place = place_of(mine, span)
            line = lines[place.ruleset.file][place.span.line - 1]
            start = place.span.column - 1
            assert line[start : start + place.span.width] == text
    assert place_of(mine, own["S1"].span).ruleset is mine
    assert place_of(mine, own["A1"].span).ruleset.name == "group"


def _written(text: str, spans: tuple[Span, ...]) -> list[str]:
    lines = text.split("\n")
    return [lines[s.line - 1][s.column - 1 : s.column - 1 + s.width] for s in spans]


def test_diff_shows_what_the_branch_does() -> None:
    diff = diff_rulesets(parent(), composed())
    assert diff.added == ("S1",)
    assert set(diff.changed) == {"A3"}
    assert diff.envelope["extends"] == (None, "group")
    assert diff.envelope["params.vip"] == (None, "9000")
    assert cell_texts(composed(), composed().table.rows[2])["amount"] == "[$large..$vip)"


def test_diff_of_two_versions_shows_what_changed_above() -> None:
    one = composed()
    other = composed(of=parent(PARENT.replace("=> one ", "=> uno ")))
    assert diff_rulesets(one, other).changed == {"A1": {"code": ("one", "uno")}}


def test_a_sub_branch_extends_a_branch() -> None:
    middle = composed(BRANCH.replace("params:", "extensible: {replace: [S1], add: no}\nparams:"))
    leaf = (
        "kind: trial\nname: leaf\nextends: branch\ntitle: {en: Leaf, zh: 支公司}\nversion: 1\n"
        "effective: {from: 2026-06-01}\nscope: {org: SH01, subject: thing}\nrules: |\n"
        "  id | amount | type => code | level\n  S1 | >= $vip | claim => ours | high\n"
        "examples: |\n  branch | amount | type => id | code\n  - | 9000 | claim => S1 | ours\n"
        "  - | 3000 | claim => A3 | mine\n"
    )
    mine = composed(leaf, middle)
    assert [row.id for row in mine.table.rows] == ["A1", "A2", "A3", "A4", "S1"]
    assert [file for file, _ in sources(mine)] == ["branch.yaml", "branch.yaml", "group.yaml"]
    assert branch_params(mine, ())["large"] == 300_000
    row = {row.id: row for row in mine.table.rows}
    assert place_of(mine, row["A3"].span).ruleset.name == "branch"
    assert place_of(mine, row["A1"].span).ruleset.name == "group"
    told = found(leaf.replace("  S1 |", "  A3 |"), middle)
    assert told[0].startswith("10:3+2 [R605] branch does not let row A3 be replaced")


def test_only_parameters_may_be_added() -> None:
    only = "\n".join(BRANCH.split("\n")[:7]) + "\noverrides: {SH01: {large: 2000}}\n"
    mine = composed(only)
    assert [row.id for row in mine.table.rows] == ["A1", "A2", "A3", "A4"]
    assert branch_params(mine, ("GROUP", "SH", "SH01"))["large"] == 200_000
    assert mine.examples == ()


def test_a_sub_branch_s_override_keeps_the_direction_from_the_branch_above_it() -> None:
    wrong = "\n".join(BRANCH.split("\n")[:7]) + "\noverrides: {SH01: {large: 4000}}\n"
    assert found(wrong) == [
        "8:27+4 [R205] SH01 moves large from 3000 (SH) to 4000; only down is allowed"
    ]


def test_a_parent_may_be_indented_and_end_with_a_marker() -> None:
    moved = "---\n" + "".join(f"  {line}\n" if line else "\n" for line in PARENT.split("\n"))
    above = parent(moved + "...\n")
    assert what(composed(of=above)) == what(composed())

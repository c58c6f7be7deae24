"""What an extension may not do, each with its place in the file a person can correct."""

from __future__ import annotations

import pytest

from engine.base.collector import Problem
from engine.rules.check import check_ruleset
from tests.extends.given import BRANCH, PARENT, TREE, extension, found, parent, said

WRONG: list[tuple[str, str, str, str]] = [
    (
        "a row that may not be replaced",
        "  A3 |",
        "  A1 |",
        "11:3+2 [R605] group does not let row A1",
    ),
    ("a key of the parent", "params:", "hit_policy: first\nparams:", "8:1+10 [R609] an extension"),
    (
        "a derived column",
        "params:",
        "currency: USD\nparams:",
        "8:1+8 [R609] an extension has the cu",
    ),
    ("another kind", "kind: trial", "kind: narrow", "1:7+6 [R602] group has the kind trial"),
    ("another subject", "subject: thing", "subject: other", "7:27+5 [R602] group has the subject"),
    ("the parent's own scope", "org: SH", "org: GROUP", "7:14+5 [R603] GROUP is no organisation"),
    (
        "an unknown column",
        "id | type ",
        "id | typ  ",
        "10:8+3 [R607] group has no column 'typ' here",
    ),
    ("an output among inputs", "level  | code", "level  | amount", "10:45+6 [R607] group has no"),
    (
        "a parameter of the parent",
        "vip: 9000",
        "vip: 9000, small: 5",
        "8:21+5 [R610] group has param",
    ),
    ("the name of the parent", "name: branch", "name: group", "2:7+5 [R610] group has the name"),
    ("a row twice", "  S1 |", "  A3 |", "12:3+2 [R106] row id 'A3' is already used on line 11"),
    (
        "an unknown key",
        "params:",
        "parms:",
        "8:1+5 [R011] unknown key 'parms'; did you mean 'params'",
    ),
    ("a missing key", "version: 1\n", "", "1:1+1 [R012] key 'version' is missing"),
    (
        "a table that is no block",
        "rules: |\n  id",
        "rules: >\n  id",
        "9:1+5 [R014] rules must be a lit",
    ),
    ("a row too long", "=> high   | vip", "=> high | x | vip", "12:3+4"),
    ("an unknown value", "middle | mine", "midle  | mine", "11:36+5 [R112] "),
    ("an unknown parameter", ">= $vip ", ">= $vipp", "12:19+5 [R201] unknown parameter '$vipp'"),
    ("a failing example", "A3 | mine", "S1 | vip", "15:3+35 [R401]"),
    (
        "a gap the branch makes",
        "  S1 | claim | >= $vip ",
        "  S1 | claim | > $vip  ",
        "9:8+1 [R303]",
    ),
    (
        "an overlap with a row of its own",
        "[$large..$vip)",
        "[$large..$vip]",
        "12:3+2 [R301] A3 and S1 both match",
    ),
    (
        "another's branch",
        "rules: |",
        "overrides: {GROUP: {large: 9}}\nrules: |",
        "9:13+5 [R611] GROUP is not an organisation of this extension's scope",
    ),
    (
        "an override the parent has",
        "rules: |",
        "overrides: {SH: {large: 9}}\nrules: |",
        "9:18+5 [R610] group has large of SH already",
    ),
    (
        "more than it was given",
        "rules: |",
        "extensible: {replace: [A1]}\nrules: |",
        "9:24+2 [R612] group does not let row A1 be replaced",
    ),
    (
        "a row that is not there",
        "rules: |",
        "extensible: {replace: [A9]}\nrules: |",
        "9:24+2 [R608] the table has no row 'A9'; did you mean",
    ),
    (
        "yes written otherwise",
        "rules: |",
        "extensible: {add: maybe}\nrules: |",
        "9:19+5 [R013] 'maybe' cannot stand at extensible.add; write yes or no",
    ),
]


@pytest.mark.parametrize(("about", "old", "new", "told"), WRONG, ids=[one[0] for one in WRONG])
def test_one_mistake_is_found_at_its_place(about: str, old: str, new: str, told: str) -> None:
    assert old in BRANCH, about
    findings = found(BRANCH.replace(old, new, 1))
    assert any(one.startswith(told) for one in findings), findings
    # The examples of a wrong table fail as well, as in any ruleset.
    others = [one for one in findings if "[R40" not in one or "[R40" in told]
    assert len(others) == 1, findings


def test_rows_cannot_be_added_where_none_may() -> None:
    closed = parent(PARENT.replace(", add: yes", ""))
    assert found(BRANCH, closed) == [
        "12:3+2 [R606] group has no row S1 and does not let rows be added; "
        "delete it here, or have group say `extensible: {add: yes}`"
    ]


def test_a_slip_in_a_row_s_id_is_told_as_such() -> None:
    closed = parent(PARENT.replace(", add: yes", ""))
    assert "did you mean 'A3'?" in found(BRANCH.replace("  S1 |", "  a3 |"), closed)[0]


def test_a_parent_may_forbid_everything() -> None:
    closed = parent(PARENT.replace("extensible: {replace: [A2, A3], add: yes}\n", ""))
    assert [one[:13] for one in found(BRANCH, closed)] == ["11:3+2 [R605]", "12:3+2 [R606]"]


def test_a_missing_column_is_named() -> None:
    lines = BRANCH.split("\n")
    lines[9:12] = ["  id | amount => level | code", "  S1 | >= $vip => high | vip"]
    assert found("\n".join(lines)) == [
        "10:3+27 [R607] columns of group are missing; add type; write - where nothing is asked"
    ]


def test_what_the_parent_s_row_causes_is_told_at_extends() -> None:
    # The parent's A4 overlaps with what the branch wants; A4 stands in another file.
    told = found(BRANCH.replace("S1 | claim |", "S1 | -     |"))
    assert len(told) == 1, told
    assert told[0].startswith("12:3+")
    assert "A4" in told[0]


def test_a_use_in_the_parent_that_no_longer_fits_is_told_at_extends() -> None:
    above = parent(PARENT.replace("A4 | >= $large        | not(claim)", "A4 | >= $large | -"))
    told = found(BRANCH, above)
    assert told, "the parent's own rows overlap"
    assert all("group" in one or "A4" in one for one in told)


def test_with_the_tree_a_scope_must_be_below_the_parent_s() -> None:
    above = parent(PARENT.replace("org: GROUP", "org: BJ"))
    assert found(BRANCH, above, orgs=TREE)[0].startswith("7:14+2 [R603] SH is no organisation")
    nowhere = BRANCH.replace("org: SH,", "org: XX,")
    assert found(nowhere, orgs=TREE)[0].startswith("7:14+2 [R603] XX is no organisation below")


def test_with_the_tree_another_branch_s_override_is_refused() -> None:
    other = BRANCH.replace("rules: |", "overrides: {BJ: {large: 9}}\nrules: |", 1)
    other = other.replace("overrides: {BJ: {large", "overrides: {SH02: {large: 9}, BJ: {small")
    told = [one for one in found(other, orgs=TREE) if "[R611]" in one]
    assert told == [
        "9:31+2 [R611] BJ is not an organisation of this extension's scope; "
        "name the scope's own or one below it"
    ]


def test_without_its_parent_it_is_refused_with_the_reason() -> None:
    assert [said(one) for one in extension(BRANCH, None).findings] == [
        "3:10+5 [R601] this extends 'group', which is not at hand"
    ]
    reason = Problem("R604", parent().title)
    assert [one.code for one in extension(BRANCH, reason).findings] == ["R604"]


def test_the_findings_are_bilingual() -> None:
    for _, old, new, _ in WRONG:
        loaded = extension(BRANCH.replace(old, new, 1), parent())
        findings = list(loaded.findings)
        findings += check_ruleset(loaded.ruleset) if loaded.ruleset is not None else []
        for one in findings:
            assert one.message.zh != one.message.en


@pytest.mark.parametrize("text", ["extends: x", "extends: []\nkind: trial", "extends:\nkind: x\n"])
def test_little_more_than_the_key_gives_findings_and_never_an_exception(text: str) -> None:
    assert extension(text, parent()).ruleset is None
    assert extension(text, None).findings

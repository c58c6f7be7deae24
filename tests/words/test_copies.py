"""Head office's rulesets as branches' own: every shipped one, extended and whole."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from engine.base.text import Text
from engine.rulebook.checking import Checked, check_text, failed
from engine.rules import branch_params
from engine.rules.model import Ruleset
from engine.rules.starting.copies import (
    Copying,
    extension_text,
    full_text,
    proposed_name,
    proposed_way,
)
from tests.kinds.pages import RULESETS, vocabulary

TODAY = dt.date(2026, 11, 23)
TREE = {"GROUP": None, "BJ": "GROUP", "SH": "GROUP", "SH01": "SH", "SH02": "SH"}
FILES = sorted(RULESETS.glob("*/*.yaml"))
APPROVAL = RULESETS / "approval" / "payment-approval.yaml"


def check(text: str, *above: Path, more: tuple[tuple[str, str], ...] = ()) -> Checked:
    among = [*more, *((str(one), one.read_text("utf-8")) for one in above)]
    return check_text("own.yaml", text, vocabulary(), among=among, orgs=TREE)


def shipped(path: Path) -> Ruleset:
    found = check(path.read_text("utf-8")).ruleset
    assert found is not None
    return found


def copying(path: Path, org: str) -> Copying:
    ruleset = shipped(path)
    name = proposed_name(ruleset, org)
    return Copying(ruleset, org, name, Text(f"Own of {org}", f"{org}：自有"), TODAY, TREE)


@pytest.mark.parametrize("org", ["BJ", "SH", "SH01"])
@pytest.mark.parametrize("path", FILES, ids=lambda one: one.stem)
def test_an_extension_of_a_shipped_ruleset_has_no_finding(path: Path, org: str) -> None:
    text = extension_text(copying(path, org), ("zh", "en"))
    checked = check(text, path)
    assert checked.findings == ()
    assert checked.ruleset is not None
    assert checked.ruleset.scope_org == org


@pytest.mark.parametrize("org", ["BJ", "SH", "SH01"])
@pytest.mark.parametrize("path", FILES, ids=lambda one: one.stem)
def test_a_whole_copy_of_a_shipped_ruleset_checks_and_has_the_branch_s_parameters(
    path: Path, org: str
) -> None:
    chosen = copying(path, org)
    checked = check(full_text(chosen, vocabulary()))
    assert not failed(checked.findings), checked.findings
    own, group = checked.ruleset, chosen.ruleset
    assert own is not None
    path_down = ("GROUP", "SH", "SH01") if org == "SH01" else ("GROUP", org)
    assert branch_params(own, (org,)) == branch_params(group, path_down)
    assert (own.name, own.version, own.scope_org) == (chosen.name, 1, org)
    assert [row.id for row in own.table.rows] == [row.id for row in group.table.rows]


def test_a_whole_copy_keeps_overrides_only_of_what_is_below() -> None:
    text = APPROVAL.read_text("utf-8").replace(
        "overrides: {SH: {large: 30万}}",
        "overrides: {SH: {large: 30万}, SH01: {large: 20万}, BJ: {small: 4万}}",
    )
    ruleset = check(text).ruleset
    assert ruleset is not None
    made = full_text(Copying(ruleset, "SH", "sh-own", Text("a", "b"), TODAY, TREE), vocabulary())
    own = check(made).ruleset
    assert own is not None
    assert list(own.overrides) == ["SH01"]
    assert own.params["large"].written == "30万"
    assert "# checked: no overlap" in made


def test_a_branch_s_extension_can_be_copied_to_its_sub_branch() -> None:
    parent = (str(APPROVAL), APPROVAL.read_text("utf-8"))
    own = extension_text(copying(APPROVAL, "SH"))
    composed = check(own, APPROVAL).ruleset
    assert composed is not None
    assert proposed_way(composed) == "full"
    for text in (
        extension_text(Copying(composed, "SH01", "sh-zero-one", Text("a", "b"), TODAY, TREE)),
        full_text(
            Copying(composed, "SH01", "sh-zero-one", Text("a", "b"), TODAY, TREE), vocabulary()
        ),
    ):
        found = check(text, more=(("sh.yaml", own), parent))
        assert not failed(found.findings), found.findings


def test_the_commented_rows_of_an_extension_are_rows_the_parent_lets_it_write() -> None:
    text = extension_text(copying(APPROVAL, "BJ"))
    written = text.replace("# rules: |", "rules: |").replace("#   ", "  ")
    written = written.replace("# overrides", "overrides")
    checked = check(written, APPROVAL)
    assert not failed(checked.findings), checked.findings
    assert proposed_way(shipped(APPROVAL)) == "extends"


def test_a_copy_does_not_begin_before_what_it_copies() -> None:
    text = APPROVAL.read_text("utf-8").replace("{from: 2020-01-01}", "{from: 2027-03-01}")
    ruleset = check(text).ruleset
    assert ruleset is not None
    chosen = Copying(ruleset, "BJ", "bj-own", Text("a", "b"), TODAY, TREE)
    assert "{from: 2027-03-01}" in extension_text(chosen)
    assert "{from: 2027-03-01}" in full_text(chosen, vocabulary())


@pytest.mark.parametrize(("org", "name"), [("BJ", "x-bj"), ("SH_01", "x-sh-01"), ("沪", "x")])
def test_a_proposed_name_is_one_a_ruleset_can_have(org: str, name: str) -> None:
    text = APPROVAL.read_text("utf-8").replace("name: payment-approval", "name: x")
    ruleset = check(text).ruleset
    assert ruleset is not None
    assert proposed_name(ruleset, org) == name

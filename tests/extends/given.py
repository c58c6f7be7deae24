"""A small parent of the trial kind, an extension of it, and shortcuts to load and compare them."""

from __future__ import annotations

from collections.abc import Mapping

from engine.base.collector import Problem
from engine.rules import Finding, Loaded, load_ruleset
from engine.rules.check import check_ruleset
from engine.rules.meaning import meaning
from engine.rules.model import Ruleset
from tests.rules.given import KINDS, VOCABULARY

PARENT = """\
kind: trial
name: group
title: {en: Group, zh: 集团}
version: 3
effective: {from: 2026-01-01}
scope: {org: GROUP, subject: thing}
params: {small: 100, large: 5000}
adjustable: {large: down}
overrides: {SH: {large: 3000}, BJ: {large: 10}}
extensible: {replace: [A2, A3], add: yes}
hit_policy: unique
rules: |
  id | amount           | type   => code | level
  # the small ones
  A1 | < $small         | -      => one  | low
  A2 | [$small..$large) | -      => two  | middle
  A3 | >= $large        | claim  => four | high
  A4 | >= $large        | not(claim) => five | high

# what the rows promise
examples: |
  branch | amount | type   => id | code
  BJ     | 1      | claim  => A1 | one
  BJ     | 50     | claim  => none | -
  -      | 100    | refund => A2 | two
  -      | 5000   | claim  => A3 | four
  SH     | 3000   | refund => A4 | five
"""

BRANCH = """\
kind: trial
name: branch
extends: group
title: {en: Branch, zh: 分公司}
version: 1
effective: {from: 2026-06-01}
scope: {org: SH, subject: thing}
params: {vip: 9000}
rules: |
  id | type  | amount           => level  | code
  A3 | claim | [$large..$vip)   => middle | mine
  S1 | claim | >= $vip          => high   | vip
examples: |
  branch | amount | type  => id | code
  -      | 3000   | claim => A3 | mine
  SH01   | 9000   | claim => S1 | vip
"""

TREE: Mapping[str, str | None] = {
    "GROUP": None,
    "SH": "GROUP",
    "SH01": "SH",
    "SH02": "SH",
    "BJ": "GROUP",
}


def parent(text: str = PARENT) -> Ruleset:
    """The parent, which must load."""
    loaded = load_ruleset("group.yaml", text, VOCABULARY, kinds=KINDS)
    assert loaded.ruleset is not None, loaded.findings
    return loaded.ruleset


def extension(
    text: str,
    of: Ruleset | Problem | None,
    *,
    orgs: Mapping[str, str | None] | None = None,
    file: str = "branch.yaml",
) -> Loaded:
    """Load an extension."""
    return load_ruleset(file, text, VOCABULARY, kinds=KINDS, orgs=orgs, parent=of)


def composed(text: str = BRANCH, of: Ruleset | None = None) -> Ruleset:
    """The extension composed with its parent; it must be without findings."""
    loaded = extension(text, of or parent())
    assert loaded.ruleset is not None, [said(one) for one in loaded.findings]
    assert [said(one) for one in loaded.findings] == []
    return loaded.ruleset


def found(
    text: str, of: Ruleset | None = None, *, orgs: Mapping[str, str | None] | None = None
) -> list[str]:
    """All that is found in the extension `text`, loading and analysis, as `said` writes it."""
    loaded = extension(text, of or parent(), orgs=orgs)
    findings = list(loaded.findings)
    if loaded.ruleset is not None:
        findings += check_ruleset(loaded.ruleset, orgs)
    return [said(one) for one in findings if one.code != "R403"]


def said(finding: Finding) -> str:
    """A finding as line:column+width, code and sentence."""
    place = f"{finding.span.line}:{finding.span.column}+{finding.span.width}"
    return f"{place} [{finding.code}] {finding.message.en}"


def what(ruleset: Ruleset) -> object:
    """All that a ruleset means, apart from how it was written and from its envelope's names."""
    table = ruleset.table
    return {
        "inputs": [column.name for column in table.inputs],
        "outputs": [column.name for column in table.outputs],
        "rows": [
            (row.id, [meaning(c) for c in row.cells], [meaning(o) for o in row.outputs], row.basis)
            for row in table.rows
        ],
        "params": {name: meaning(one) for name, one in ruleset.params.items()},
        "adjustable": dict(ruleset.adjustable),
        "overrides": {
            org: {name: meaning(one) for name, one in values.items()}
            for org, values in ruleset.overrides.items()
        },
        "otherwise": meaning(tuple((ruleset.otherwise or {}).items())),
        "examples": [
            (one.branch, tuple(one.given.items()), one.want_rows, tuple(one.want.items()))
            for one in ruleset.examples
        ],
        "facts": {name: column.type for name, column in ruleset.facts.items()},
        "policy": ruleset.hit_policy,
        "types": dict(ruleset.param_types),
        "extensible": ruleset.extensible,
    }

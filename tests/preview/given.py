"""Rulesets and documents for previews."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from engine.rules import Finding, load_ruleset, load_vocabulary
from engine.rules.model import Ruleset, Vocabulary

SHIPPED = Path(__file__).parents[2] / "rulesets"
TREE = {"GROUP": None, "BJ": "GROUP", "SH": "GROUP", "SH01": "SH", "GD": "GROUP"}


def _words() -> Vocabulary:
    vocabulary, findings = load_vocabulary(SHIPPED / "vocabulary.yaml")
    assert vocabulary is not None, findings
    return vocabulary


WORDS = _words()


UNIQUE = """
  A1 | < $small         | not(related_party) => reviewer                             | 4h
  A2 | [$small..$large) | not(related_party) => reviewer > finance_manager           | 8h
  A3 | >= $large        | not(related_party) => reviewer > finance_manager > cfo     | 24h
  A4 | -                | related_party      => finance_manager > cfo                | 48h
"""


def approval_text(
    *,
    version: int = 1,
    small: str = "5万",
    large: str = "50万",
    branch: str | None = "30万",
    org: str = "GROUP",
    policy: str = "unique",
    table: str = UNIQUE,
) -> str:
    """A payment approval by amount; SH has its own `large` where `branch` is given."""
    overrides = "" if branch is None else f"overrides: {{SH: {{large: {branch}}}}}\n"
    return f"""kind: approval
name: payment-approval
title: {{en: Payment approval, zh: 付款审批}}
version: {version}
effective: {{from: 2020-01-01}}
scope: {{org: {org}, subject: payment}}
params: {{small: {small}, large: {large}}}
adjustable: {{small: any, large: any}}
{overrides}hit_policy: {policy}
rules: |
  id | amount | creditor_type => approvers | sla
{table.strip(chr(10))}
examples: |
  amount | creditor_type => id
  1      | claimant      => A1
"""


def ruleset(text: str) -> Ruleset:
    """The ruleset in `text`."""
    loaded = load_ruleset("approval/payment-approval.yaml", text, WORDS)
    assert loaded.ruleset is not None, [_said(one) for one in loaded.findings]
    return loaded.ruleset


def _said(one: Finding) -> str:
    return f"{one.span.line}: [{one.code}] {one.message.en}"


def table(documents: Sequence[Mapping[str, str | None]]) -> pa.Table:
    """A user's table of documents: every value as text."""
    names = list(dict.fromkeys(name for one in documents for name in one))
    return pa.table(
        {name: pa.array([one.get(name) for one in documents], pa.string()) for name in names}
    )


def paid(
    number: int, amount: str, branch: str | None = "BJ", payee: str = "claimant"
) -> dict[str, str | None]:
    """One document."""
    return {
        "document": f"P{number}",
        "branch": branch,
        "amount": amount,
        "creditor_type": payee,
    }

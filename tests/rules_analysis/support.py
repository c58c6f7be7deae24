"""Rulesets for tests: loaded from text with a small vocabulary of their own."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from engine.rules import Finding, load_ruleset, load_vocabulary
from engine.rules.check import check_ruleset
from engine.rules.model import Ruleset, Vocabulary

FIXTURES = Path(__file__).parent / "fixtures"


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary of the fixtures."""
    found, findings = load_vocabulary(FIXTURES / "vocabulary.yaml")
    assert found is not None, findings
    return found


def loaded(text: str, file: str = "ruleset.yaml") -> Ruleset:
    """The ruleset of `text`, which must load without errors."""
    found = load_ruleset(file, text, vocabulary())
    assert found.ruleset is not None, [f.message.en for f in found.findings]
    return found.ruleset


def findings(text: str) -> list[Finding]:
    """Everything that is found about `text`, but not that rows have no example."""
    found = load_ruleset("ruleset.yaml", text, vocabulary())
    assert found.ruleset is not None, [f.message.en for f in found.findings]
    return [f for f in [*found.findings, *check_ruleset(found.ruleset)] if f.code != "R403"]


def table(
    rows: str,
    *,
    policy: str = "unique",
    kind: str = "approval",
    subject: str = "payment",
    envelope: str = "",
    examples: str = "",
) -> str:
    """The text of a ruleset with these rows (and examples), indented as they should be."""
    blocks = f"rules: |\n{_indented(rows)}"
    if examples:
        blocks += f"examples: |\n{_indented(examples)}"
    return (
        f"kind: {kind}\nname: test\ntitle: {{en: Test, zh: 测试}}\nversion: 1\n"
        f"effective: {{from: 2020-01-01}}\nscope: {{org: GROUP, subject: {subject}}}\n"
        f"{envelope}hit_policy: {policy}\n{blocks}"
    )


def _indented(block: str) -> str:
    return "".join(f"  {line.strip()}\n" for line in block.strip().splitlines())

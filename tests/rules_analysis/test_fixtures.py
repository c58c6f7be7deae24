"""Every check with a wrong ruleset and exactly what is said about it.

A fixture is a ruleset, a line of `=====`, and the findings as `sluice check` prints them in
English and Chinese. Rows without examples are left out, except where they are the subject.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.rules import load_ruleset
from engine.rules.check import check_ruleset
from engine.rules.render import finding_sentence, finding_text
from tests.rules_analysis.support import FIXTURES, vocabulary

CASES = sorted(FIXTURES.glob("R*.txt"))


def said_about(case: Path) -> str:
    text = case.read_text(encoding="utf-8").split("=====\n")[0]
    loaded = load_ruleset("ruleset.yaml", text, vocabulary())
    assert loaded.ruleset is not None, [f.message.en for f in loaded.findings]
    found = [*loaded.findings, *check_ruleset(loaded.ruleset)]
    return "".join(
        f"{finding_text(one, text, 'en', colour=False)}\n    {finding_sentence(one, 'zh')}\n"
        for one in found
        if one.code != "R403" or case.name.startswith("R403")
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_wrong_ruleset_gets_exactly_these_findings(case: Path) -> None:
    expected = case.read_text(encoding="utf-8").split("=====\n")[1]
    assert said_about(case) == expected


def test_every_fixture_expects_the_finding_it_is_named_after() -> None:
    for case in CASES:
        assert f"[{case.name[:4]}]" in case.read_text(encoding="utf-8").split("=====\n")[1]

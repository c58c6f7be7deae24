"""Every code a person can meet is explained on docs/rule-findings.md."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "rule-findings.md").read_text("utf-8")
SOURCES = [
    path.read_text("utf-8")
    for folder in ("rules", "base")
    for path in (ROOT / "engine" / folder).rglob("*.py")
]


def explained() -> set[str]:
    """The codes on the page, ranges written out."""
    codes = set(re.findall(r"\bR\d{3}\b", PAGE))
    for first, last in re.findall(r"R(\d{3}) – R(\d{3})", PAGE):
        codes |= {f"R{code:03}" for code in range(int(first), int(last) + 1)}
    return codes


def test_every_finding_code_is_explained() -> None:
    used = {code for source in SOURCES for code in re.findall(r'"(R\d{3})"', source)}
    assert used - explained() == set()
    assert explained() - used == set()


def test_every_refusal_is_explained() -> None:
    used = {code for source in SOURCES for code in re.findall(r'refuse\(\s*"([A-Z_]+)"', source)}
    assert {code for code in used if code not in PAGE} == set()

"""`sluice decide --engine columns` says what the compiled engine says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from api.cli import decide
from tests.cli_rules.test_commands import GOOD, VOCABULARY, put, sluice

FACTS = """{"amount": "49999.99", "creditor_type": "agent"}
{"amount": "40万", "creditor_type": "staff", "branch": "SH"}
{"amount": "40万", "creditor_type": "staff", "branch": "BJ"}

not json
{"amount": 1.5, "creditor_type": "staff"}
{"amount": "1", "creditor_type": "boss"}
{"creditor_type": "staff"}
{"amount": "99999999999999999999", "creditor_type": " staff "}
{"amount": "1", "creditor_type": "staff", "branch": 7}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "vocabulary.yaml").write_text(VOCABULARY, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    put("a.yaml", GOOD)


@pytest.mark.parametrize(
    "options", [[], ["--branch", "SH"], ["--lang", "zh"], ["--on", "2031-01-01"]]
)
@pytest.mark.parametrize("batch", [1, 2, 20_000])
def test_both_engines_write_the_same_lines(
    options: list[str], batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decide, "BATCH", batch)
    compiled, columns = (
        sluice("decide", "a.yaml", "--facts", "-", "--engine", engine, *options, given=FACTS)
        for engine in ("compiled", "columns")
    )
    assert columns.stdout == compiled.stdout
    assert columns.exit_code == compiled.exit_code == 1
    assert len([json.loads(line) for line in columns.stdout.splitlines()]) == 9


def test_nothing_to_decide_is_no_output() -> None:
    result = sluice("decide", "a.yaml", "--facts", "-", "--engine", "columns", given="\n")
    assert (result.exit_code, result.stdout) == (0, "")

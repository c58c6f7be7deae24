"""`sluice diff` on files, on what a workspace stores, and on one of each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from api.cli import diff
from api.demo.playing import shipped_rulesets
from tests.explain.commands import run
from tests.pages.world import World

Sluice = Callable[..., Result]
LIVE = "live:payment-approval"


@pytest.fixture
def sluice(read_only: World, monkeypatch: pytest.MonkeyPatch) -> Sluice:
    def called(*arguments: str) -> Result:
        return run(read_only, monkeypatch, diff, "diff", *arguments)

    return called


@pytest.fixture
def draft(tmp_path: Path) -> str:
    text = (shipped_rulesets() / "approval/payment-approval.yaml").read_text("utf-8")
    folder = tmp_path / "approval"
    folder.mkdir()
    path = folder / "payment-approval.yaml"
    path.write_text(text.replace("| 48h", "| 36h"), "utf-8")
    words = (shipped_rulesets() / "vocabulary.yaml").read_text("utf-8")
    (tmp_path / "vocabulary.yaml").write_text(words, "utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("lang", "first", "last"),
    [
        ("en", "A7: time for a step: now 36 hours instead of 48 hours.", "1 changed"),
        ("zh", "A7：每步时限由“48小时”改为“36小时”。", "改动 1 行"),
    ],
)
def test_a_stored_version_against_a_file_in_sentences(
    sluice: Sluice, draft: str, lang: str, first: str, last: str
) -> None:
    result = sluice(LIVE, draft, "--sentences", "--lang", lang)
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == first
    assert last in lines[-1]


def test_json_has_the_sentences_where_they_are_asked_for(sluice: Sluice, draft: str) -> None:
    plain = json.loads(sluice(LIVE, draft, "--format", "json").stdout)
    assert set(plain) == {"added", "removed", "changed", "moved", "envelope"}
    asked = json.loads(sluice(LIVE, draft, "--format", "json", "--sentences").stdout)
    assert asked["sentences"] == ["A7: time for a step: now 36 hours instead of 48 hours."]


def test_a_version_is_found_by_number_and_by_hash(read_only: World, sluice: Sluice) -> None:
    query = "SELECT {} FROM ruleset_version WHERE name = 'payment-approval'"
    number, hash = (read_only.one(query.format(one)) for one in ("version", "hash"))
    for reference in (
        f"payment-approval@{number}",
        f"approval/payment-approval@{number}",
        hash[:8],
    ):
        result = sluice(LIVE, reference, "--sentences")
        assert result.stdout.splitlines()[0] == "Nothing differs in meaning.", result.stderr


def test_two_rulesets_of_different_names_are_compared_with_a_note(sluice: Sluice) -> None:
    result = sluice(LIVE, "live:collection-approval")
    assert result.exit_code == 0
    assert re.search("note: these are two rulesets, approval/payment-approval", result.stderr)


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ("nothing", "UNKNOWN_RULESET"),
        ("live:nothing", "UNKNOWN_RULESET"),
        ("payment-approval@99", "UNKNOWN_RULESET"),
        ("0123456789ab", "UNKNOWN_RULESET"),
        ("draft:7", "DRAFT_UNKNOWN"),
    ],
)
def test_an_unknown_reference_exits_two(sluice: Sluice, reference: str, code: str) -> None:
    result = sluice(LIVE, reference)
    assert result.exit_code == 2
    assert f"error[{code}]" in result.stderr

"""`sluice explain`: a stored decision, row by row; and under another ruleset."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from api.cli import explain
from api.demo.playing import shipped_rulesets
from tests.explain.commands import data, run
from tests.pages.world import World

Sluice = Callable[..., Result]
DOCUMENT = (
    "SELECT d.document_no FROM document d JOIN decision c ON c.matter_kind = 'document' "
    "AND c.matter_id = d.id::text WHERE c.kind = 'approval' AND c.rows @> :row "
    "AND d.direction = 'pay' AND c.org_path LIKE :org ORDER BY d.id LIMIT 1"
)


def document(world: World, row: str, org: str = "GROUP/BJ%") -> str:
    return world.one(DOCUMENT, row=f'["{row}"]', org=org)


@pytest.fixture
def sluice(read_only: World, monkeypatch: pytest.MonkeyPatch) -> Sluice:
    def called(*arguments: str) -> Result:
        return run(read_only, monkeypatch, explain, "explain", *arguments)

    return called


def draft(tmp_path: Path, *changes: tuple[str, str]) -> str:
    text = (shipped_rulesets() / "approval/payment-approval.yaml").read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "draft.yaml"
    path.write_text(text, "utf-8")
    return str(path)


def test_every_decision_of_a_document_is_explained_in_order(
    read_only: World, sluice: Sluice
) -> None:
    result = sluice(document(read_only, "A2"), "--format", "json")
    found = data(result)["decisions"]
    assert isinstance(found, list)
    approval = next(one for one in found if one["kind"] == "approval")
    assert approval["fired"] == ["A2"]
    assert approval["rows"][0]["row"] == "A2"
    assert [one["decides"] for one in approval["rows"]].count(True) == 1
    assert approval["author"] != approval["reviewer"]
    for one in found:
        decided = [row["row"] for row in one["rows"] if row["decides"]]
        assert sorted(decided) == sorted(one["fired"])
        assert all(row["missed"] > 0 for row in one["rows"] if not row["hit"])


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_text_ends_with_the_count(read_only: World, sluice: Sluice, lang: str) -> None:
    result = sluice(document(read_only, "A2"), "--kind", "approval", "--lang", lang)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == {"en": "1 decision", "zh": "1 个决策"}[lang]
    assert "A2" in result.stdout


def test_under_a_draft_it_says_what_would_differ(
    read_only: World,
    sluice: Sluice,
    tmp_path: Path,
) -> None:
    name = draft(
        tmp_path, ("large: 50万}", "large: 6万}"), ("SH: {large: 30万}", "SH: {large: 6万}")
    )
    number = document(read_only, "A2")
    result = sluice(number, "--under", name, "--format", "json")
    found = data(result)["decisions"]
    assert isinstance(found, list)
    (one,) = found
    assert one["kind"] == "approval"
    assert one["under"]["fired"] in (["A2"], ["A3"])
    assert one["under"]["differs"] == (one["under"]["fired"] == ["A3"])
    text = sluice(number, "--under", name).stdout
    assert "would differ" in text.splitlines()[-1]


def test_under_the_live_version_nothing_differs(read_only: World, sluice: Sluice) -> None:
    result = sluice(document(read_only, "A2"), "--under", "live:payment-approval")
    assert "nothing differs: A2 again" in result.stdout
    assert result.stdout.splitlines()[-1] == "1 decision, 0 would differ"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("nothing",), "NOTHING_FOUND"),
        (("{}", "--kind", "sweep"), "NOTHING_FOUND"),
        (("{}", "--decision", "1"), "NOTHING_FOUND"),
        (("{}", "--under", "live:nothing"), "UNKNOWN_RULESET"),
        (("{}", "--under", "payment-approval@99"), "UNKNOWN_RULESET"),
        (("{}", "--under", "draft:99"), "DRAFT_UNKNOWN"),
        (("{}", "--under", "no such file"), "UNKNOWN_RULESET"),
        (("{}", "--under", "live:premium-sweep"), "NOT_DECIDED_SO"),
        (("{}", "--under", "{broken}"), "RULESET_REFUSED"),
    ],
)
def test_what_does_not_exist_or_does_not_fit_is_named(
    read_only: World,
    sluice: Sluice,
    tmp_path: Path,
    arguments: tuple[str, ...],
    code: str,
) -> None:
    places = {"{}": document(read_only, "A2"), "{broken}": draft(tmp_path, ("$small", "$smal"))}
    result = sluice(*(places.get(one, one) for one in arguments))
    assert result.exit_code == 2
    assert f"error[{code}]" in result.stderr

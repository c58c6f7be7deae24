"""`sluice preview` with a workspace: its tree, its drafts and versions, what is live in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from api.cli.main import build
from api.demo.state import clock_for
from engine.rulebook.drafts import create_draft
from engine.rulebook.history import LoadedHistories, write_made_up
from engine.rulebook.versions import publish
from engine.runtime.db import transaction
from engine.runtime.workspace import Workspace
from tests.preview.test_impact import kept, place, plan
from tests.rulebook.support import NOW, approval_text
from tests.versions.conftest import ruled, web
from tests.versions.support import branch_text

__all__ = ["kept", "place", "ruled", "web"]

DRAFT = approval_text(version=2, large="40万")


def ask(*words: str | Path, code: int = 0) -> str:
    """What `sluice preview` prints."""
    found = CliRunner().invoke(build("preview"), ["preview", *map(str, words)])
    assert found.exit_code == code, (found.output, found.exception)
    return found.output


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    """A lower threshold, as a file."""
    path = tmp_path / "draft.yaml"
    path.write_text(DRAFT, "utf-8")
    return path


def _csv(path: Path, head: str, *rows: str) -> Path:
    path.write_text("\n".join((f"document,{head},amount", *rows)) + "\n", "utf-8")
    return path


@pytest.mark.parametrize(
    ("head", "known", "unknown"),
    [("branch", "BJ", "XX"), ("org_path", "GROUP/BJ", "GROUP/XX")],
)
def test_documents_of_an_unknown_branch_are_refused_by_name(
    place: Workspace, draft: Path, tmp_path: Path, head: str, known: str, unknown: str
) -> None:
    rows = [f"1,{known},450000", f"2,{unknown},450000", "3,,450000"]
    history = _csv(tmp_path / "h.csv", head, *rows)
    said = ask(draft, "--history", history)
    assert "on 3 documents" in said
    assert "2 documents (66.7%) cannot be decided under the draft" in said
    assert "[BRANCH_UNKNOWN] unknown organisation 'XX'" in said
    assert "documents without a branch" in said
    found = json.loads(ask(draft, "--history", history, "--format", "json"))
    assert [(one["code"], one["documents"]) for one in found["refused"]] == [
        ("BRANCH_UNKNOWN", 1),
        ("BRANCH_UNKNOWN", 1),
    ]
    assert (
        json.loads(ask(draft, "--history", history, "--branch", "BJ", "--format", "json"))[
            "refused"
        ]
        == []
    )


def test_what_is_live_for_the_branch_of_a_draft_is_named(place: Workspace, tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(branch_text("SH", name="sh-approval"), "utf-8")
    history = _csv(tmp_path / "h.csv", "branch", "1,BJ,450000")
    said = ask(own, "--history", history)
    assert "against payment-approval 1 (GROUP) on 0 documents" in said
    assert "1 more document is decided by another ruleset" in said


def test_a_draft_with_errors_ends_with_1_and_all_its_findings(
    kept: LoadedHistories, draft: Path
) -> None:
    draft.write_text(DRAFT.replace("A2 | >= $large", "A2 | > $large").replace("cfo", "cf"), "utf-8")
    found = json.loads(ask(draft, "--history", "live:90d", "--format", "json", code=1))
    assert found["error"]["code"] == "DRAFT_HAS_ERRORS"
    assert len(found["findings"]) > 1
    said = ask(draft, "--history", "live:90d", code=1)
    assert said.count("draft.yaml:") >= len(found["findings"])
    assert "DRAFT_HAS_ERRORS" in said


def test_a_stored_draft_and_a_version_are_previewed(
    kept: LoadedHistories, ruled: sa.Engine
) -> None:
    with transaction(ruled) as session:
        number = create_draft(session, DRAFT, author="ann", now=NOW).id
        text = approval_text(version=3, large="40万")
        hash = publish(
            session, text, "approval/a.yaml", author="ann", reviewer="tom", reason="x", now=NOW
        ).hash
    for name, version in ((f"draft:{number}", 2), (hash[:12], 3), ("payment-approval@3", 3)):
        found = json.loads(ask(name, "--history", "live:90d", "--format", "json"))
        assert (found["ruleset"]["version"], found["documents"], found["changed"]) == (
            version,
            3,
            1,
        )
    assert "DRAFT_UNKNOWN" in ask("draft:999", "--history", "live:90d", code=2)


def test_made_up_documents_are_counted_among_those_previewed(
    kept: LoadedHistories, place: Workspace, draft: Path, tmp_path: Path
) -> None:
    today = clock_for(place).business_date()
    paths = [("GROUP", "BJ"), ("GROUP", "SH", "SH01")]
    assert write_made_up(kept.folder, paths, last=today, documents=500)
    whole = json.loads(ask(draft, "--history", "live:90d", "--format", "json"))
    assert (whole["documents"], whole["made_up"]) == (503, 500)
    own = tmp_path / "own.yaml"
    own.write_text(branch_text("SH", name="sh-approval"), "utf-8")
    found = json.loads(ask(own, "--history", "live:90d", "--format", "json"))
    assert 0 < found["made_up"] == found["documents"] - 1 < 500
    assert any(f"{found['made_up']:,} of the documents are made up" in n for n in found["notes"])
    assert "; 500 of the documents are made up (demo)" in plan()
    assert "；其中 500 笔为演示用虚构单据（demo）" in plan("--lang", "zh")
    [change] = json.loads(plan("--format", "json"))["changes"]
    assert change["impact"]["made_up"] == 500

"""Extensions on files: their parents are found in the folder tree; a synced folder holds both."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
import typer
from typer.testing import CliRunner

from api.cli import decide, rules
from engine.rulebook import sync_folder
from engine.rules.check import Library, check_paths
from engine.runtime import db
from tests.extends.test_rulebook import FILE, PARENT_FILE, branch_text, parent_text
from tests.rulebook.support import NOW, SHIPPED
from tests.rulebook.test_folder import edit, sync


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with vocabulary, head office's approval and Shanghai's extension of it."""
    place = tmp_path / "rulesets"
    (place / "approval").mkdir(parents=True)
    shutil.copy(SHIPPED / "vocabulary.yaml", place)
    (place / PARENT_FILE).write_text(parent_text(), "utf-8")
    (place / FILE).write_text(branch_text(), "utf-8")
    return place


APP = typer.Typer()
rules.register(APP)
decide.register(APP)


def codes(*paths: Path) -> list[tuple[str, str, int]]:
    return [
        (one.code, Path(one.file).name, one.span.line)
        for one in check_paths(paths).findings
        if one.code != "R403"
    ]


def test_the_parent_is_found_whether_or_not_it_is_named(folder: Path) -> None:
    assert codes(folder) == []
    assert codes(folder / FILE) == []


def test_the_parent_may_stand_in_another_folder_below_the_vocabulary(folder: Path) -> None:
    (folder / "branches/sh").mkdir(parents=True)
    (folder / FILE).rename(folder / "branches/sh/approval.yaml")
    assert codes(folder / "branches") == []


def test_without_a_vocabulary_above_it_is_looked_for_beside_and_among_the_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "vocabulary.yaml").unlink()
    monkeypatch.setattr("engine.rules.check.VOCABULARY", "no-such.yaml")
    assert codes(folder / FILE) == []
    (tmp_path / "else").mkdir()
    (folder / FILE).rename(tmp_path / "else/sh.yaml")
    assert codes(tmp_path / "else") == [("R601", "sh.yaml", 3)]
    assert codes(tmp_path / "else", folder) == []


def test_a_broken_parent_is_told_once_in_each_file(folder: Path) -> None:
    edit(folder, ("=> approvers", "=> aprovers"), file=PARENT_FILE)
    name = "payment-approval.yaml"
    found = codes(folder)
    assert found[0] == ("R601", "payment-approval-sh.yaml", 3)
    assert {one[:2] for one in found[1:]} == {("R104", name)}


def test_rulesets_that_extend_one_another_are_refused(folder: Path) -> None:
    edit(
        folder,
        ("name: payment-approval\n", "name: payment-approval\nextends: x-sh\n"),
        file=PARENT_FILE,
    )
    edit(folder, ("name: payment-approval-sh", "name: x-sh"), file=FILE)
    found = check_paths([folder]).findings
    assert [one.code for one in found] == ["R604", "R604"]
    assert "x-sh > payment-approval > x-sh" in found[0].message.en


def test_a_name_of_several_scopes_is_no_parent(folder: Path) -> None:
    other = parent_text(version=2).replace("org: GROUP", "org: BJ")
    (folder / "approval/other.yaml").write_text(other, "utf-8")
    assert ("R603", "payment-approval-sh.yaml", 3) in codes(folder)


def test_every_version_of_the_parent_is_checked(folder: Path) -> None:
    edit(folder, ("{from: 2020-01-01}", "{from: 2020-01-01, to: 2026-12-31}"), file=PARENT_FILE)
    second = parent_text(version=2, effective="{from: 2027-01-01}").replace("[A2]", "[A1]")
    (folder / "approval/next.yaml").write_text(second, "utf-8")
    assert codes(folder) == [("R605", "payment-approval-sh.yaml", 11)]


def test_decide_takes_the_parent_s_version_of_the_day(folder: Path) -> None:
    edit(folder, ("{from: 2020-01-01}", "{from: 2020-01-01, to: 2026-12-31}"), file=PARENT_FILE)
    second = parent_text(version=2, large="20万", effective="{from: 2027-01-01}")
    (folder / "approval/next.yaml").write_text(second, "utf-8")
    rows = []
    for day in ("2026-12-31", "2027-01-01"):
        shown = CliRunner().invoke(
            APP,
            ["decide", str(folder / FILE), "--facts", "-", "--on", day],
            input='{"amount": "250000"}\n',
        )
        rows.append(json.loads(shown.stdout)["rows"])
    assert rows == [["A1"], ["A2"]]


def test_examples_failed_are_told_at_the_branch_s_own_line(folder: Path) -> None:
    edit(folder, ("1000万 => S1", "1000万 => A2"), file=FILE)
    shown = CliRunner().invoke(APP, ["test", str(folder / FILE), "--format", "json"])
    report = json.loads(shown.stdout)
    assert [one["line"] for one in report["failed"]] == [16]
    # A1 is the parent's: it has its example there.
    assert report["unhit"] == []


def test_formatting_keeps_an_extension_an_extension(folder: Path) -> None:
    assert CliRunner().invoke(APP, ["fmt", str(folder / FILE)]).exit_code == 0
    assert codes(folder) == []
    text = (folder / FILE).read_text("utf-8")
    assert "extends: payment-approval\n" in text
    assert "  S1 | >= $vip        => reviewer" in text


def test_a_library_reads_the_tree_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library()
    assert library.load(folder / FILE) is not None
    monkeypatch.setattr("engine.rules.check._headings", lambda paths: pytest.fail("read again"))
    assert library.load(folder / FILE) is not None


def test_a_synced_folder_makes_both_live_and_looks_again_when_the_parent_changes(
    engine: sa.Engine, folder: Path
) -> None:
    first = sync(engine, folder)
    assert [one for one in first.findings if one.code != "R403"] == []
    assert {one.name for one in first.activated} == {"payment-approval", "payment-approval-sh"}
    edit(folder, ("version: 1", "version: 2"), ("replace: [A2]", "replace: [A1]"), file=PARENT_FILE)
    second = sync(engine, folder)
    assert second.revision == first.revision
    assert [(one.code, one.file) for one in second.findings if one.code != "R403"] == [
        ("R605", FILE)
    ]
    edit(folder, ("replace: [A1]", "replace: [A1, A2]"), file=PARENT_FILE)
    third = sync(engine, folder)
    assert [(one.name, one.version) for one in third.activated] == [("payment-approval", 2)]
    assert sync(engine, folder).revision == third.revision


def test_a_parent_whose_file_is_lost_stays_the_parent(engine: sa.Engine, folder: Path) -> None:
    first = sync(engine, folder)
    (folder / PARENT_FILE).unlink()
    edit(folder, ("version: 1", "version: 2"), ("vip: 1000万", "vip: 2000万"), file=FILE)
    edit(folder, ("1000万 =>", "2000万 =>"), file=FILE)
    with db.transaction(engine) as session:
        synced = sync_folder(session, folder, author="ana", approver="rex", reason="file", now=NOW)
    assert [one.code for one in synced.findings if one.code != "R403"] == ["B105"]
    assert synced.revision != first.revision

"""Checks over files and folders: vocabularies, versions, dates."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from engine.base.findings import Severity
from engine.rules.check import PathError, check_paths
from tests.rules_analysis.support import FIXTURES, table

GOOD = table(
    "id | amount => approvers\nA1 | - => cfo",
    examples="branch | amount => id\nBJ | 1 => A1",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(FIXTURES / "vocabulary.yaml", tmp_path / "vocabulary.yaml")
    return tmp_path


def write(folder: Path, name: str, text: str) -> Path:
    place = folder / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")
    return place


def codes(*paths: Path) -> list[str]:
    return [one.code for one in check_paths(paths).findings]


def test_a_good_file_has_no_findings(folder: Path) -> None:
    assert codes(write(folder, "one.yaml", GOOD)) == []


def test_the_vocabulary_is_the_nearest_above(folder: Path) -> None:
    below = write(folder, "deep/er/one.yaml", GOOD.replace("amount", "height"))
    assert "R102" in codes(below)
    write(folder, "deep/vocabulary.yaml", "height: {type: money, en: height, zh: 高}\n")
    assert codes(below) == []


def test_without_a_vocabulary_above_the_shipped_one_holds(tmp_path: Path) -> None:
    assert codes(write(tmp_path, "one.yaml", GOOD)) == []


def test_a_broken_vocabulary_is_said_once_and_nothing_else(folder: Path) -> None:
    write(folder, "vocabulary.yaml", "amount: {type: money}\n")
    write(folder, "one.yaml", GOOD)
    write(folder, "two.yaml", GOOD.replace("name: test", "name: two"))
    assert codes(folder) == ["R012", "R012"]


def test_two_open_versions_are_in_force_on_the_same_days(folder: Path) -> None:
    write(folder, "a.yaml", GOOD)
    new = GOOD.replace("version: 1", "version: 2").replace("2020-01-01", "2026-12-01")
    write(folder, "b.yaml", new)
    (found,) = check_paths([folder]).findings
    assert found.code == "R501"
    assert found.file.endswith("b.yaml")
    assert "both in force from 2026-12-01" in found.message.en


def test_versions_that_follow_each_other_are_fine(folder: Path) -> None:
    write(folder, "a.yaml", GOOD.replace("2020-01-01}", "2020-01-01, to: 2026-11-30}"))
    new = GOOD.replace("version: 1", "version: 2").replace("2020-01-01", "2026-12-01")
    write(folder, "b.yaml", new)
    assert codes(folder) == []


def test_the_last_day_is_inclusive(folder: Path) -> None:
    write(folder, "a.yaml", GOOD.replace("2020-01-01}", "2020-01-01, to: 2026-12-01}"))
    new = GOOD.replace("version: 1", "version: 2").replace("2020-01-01", "2026-12-01")
    write(folder, "b.yaml", new)
    assert codes(folder) == ["R501"]


def test_one_version_has_one_content(folder: Path) -> None:
    write(folder, "a.yaml", GOOD)
    write(folder, "b.yaml", GOOD.replace("=> cfo", "=> treasurer"))
    assert codes(folder) == ["R502"]


def test_the_same_content_in_two_files_is_no_conflict(folder: Path) -> None:
    write(folder, "a.yaml", GOOD)
    write(folder, "b.yaml", GOOD)
    assert codes(folder) == []


def test_other_scopes_and_subjects_do_not_conflict(folder: Path) -> None:
    write(folder, "a.yaml", GOOD)
    write(folder, "b.yaml", GOOD.replace("org: GROUP", "org: SH"))
    assert codes(folder) == []


def test_a_ruleset_about_to_end_is_warned_of_thirty_days_ahead(folder: Path) -> None:
    place = write(folder, "a.yaml", GOOD.replace("2020-01-01}", "2020-01-01, to: 2026-12-20}"))
    assert check_paths([place], on=dt.date(2026, 11, 19)).findings == ()
    (found,) = check_paths([place], on=dt.date(2026, 11, 20)).findings
    assert (found.code, found.severity) == ("R503", Severity.WARNING)


def test_a_missing_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PathError, match="does not exist"):
        check_paths([tmp_path / "nothing"])


def test_a_folder_without_rulesets_is_refused(folder: Path) -> None:
    with pytest.raises(PathError, match="holds no rulesets"):
        check_paths([folder])


def test_an_unreadable_file_does_not_hide_the_others(folder: Path) -> None:
    (folder / "a.yaml").write_bytes(b"kind: \xff\xfe")
    write(folder, "b.yaml", GOOD.replace("=> cfo", "=> "))
    checked = check_paths([folder])
    assert checked.unreadable
    assert checked.findings[0].code == "R001"
    assert len(checked.findings) > 1

"""`sluice edit` as people and programs call it: lines, JSON, exit codes, the file itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.cli.main import build
from tests.edit.given import SHIPPED

APPROVAL = next(path for path in SHIPPED if path.name == "payment-approval.yaml")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A copy of a shipped ruleset, with CRLF."""
    path = tmp_path / "approval.yaml"
    path.write_bytes(APPROVAL.read_bytes().replace(b"\n", b"\r\n"))
    return path


def sluice(*words: object) -> Result:
    return CliRunner().invoke(build(), ["edit", *(str(word) for word in words)])


def test_a_cell_is_written_and_its_line_is_shown(file: Path) -> None:
    before = file.read_bytes().split(b"\r\n")
    ran = sluice(file, "set", "A4", "sla", "12h")
    assert ran.exit_code == 0, ran.output
    lines = ran.stdout.splitlines()
    assert [line[:1] for line in lines[:3]] == ["@", "-", "+"]
    assert "12h" in lines[2]
    after = file.read_bytes().split(b"\r\n")
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 1


def test_a_dry_run_writes_nothing(file: Path) -> None:
    before = file.read_bytes()
    ran = sluice(file, "row", "remove", "A4", "--dry-run", "--format", "json")
    told = json.loads(ran.stdout)
    assert (told["written"], len(told["spans"])) == (False, 1)
    assert told["lines"][1].startswith("-  A4")
    assert file.read_bytes() == before


def test_what_the_loader_finds_in_the_new_text_ends_with_1_and_is_kept(file: Path) -> None:
    ran = sluice(file, "set", "A2", "amount", "oops")
    assert ran.exit_code == 1
    assert "error[R" in ran.stderr
    assert "| oops " in file.read_text(encoding="utf-8")


def test_rows_columns_and_values(file: Path) -> None:
    old = file.read_bytes()
    for words in (
        ("row", "add", "sla=1h", "approvers=cfo", "--id", "A9", "--before", "A2"),
        ("row", "move", "A9", "--after", "A7"),
        ("row", "rename", "A9", "B1"),
        ("row", "copy", "B1", "B2"),
        ("row", "remove", "B1"),
        ("row", "remove", "B2"),
        ("column", "add", "currency", "--side", "input"),
        ("column", "remove", "currency"),
        ("add-value", "params.mid", "20万"),
        ("set-value", "params.mid", "21万"),
        ("remove-value", "params.mid"),
        ("row", "remove", "1", "--table", "examples"),
    ):
        assert sluice(file, *words).exit_code in {0, 1}, words
    removed = [line for line in old.split(b"\r\n") if b"9_999.99" not in line]
    assert file.read_bytes().split(b"\r\n") == removed


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("set", "A22", "amount", "1"), "EDIT_NO_ROW"),
        (("row", "add", "amount", "--id", "A9"), "CELL_FORM"),
        (("set-value", "params.large", "1", "2"), "VALUE_FORM"),
        (("set-value", "params.larg", "1", "--lang", "zh"), "是否指 'params.large'"),
    ],
)
def test_bad_usage_ends_with_2(file: Path, words: tuple[str, ...], said: str) -> None:
    before = file.read_bytes()
    ran = sluice(file, *words)
    assert ran.exit_code == 2
    assert said in ran.stderr
    assert file.read_bytes() == before


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    ran = sluice(tmp_path / "none.yaml", "row", "remove", "A1")
    assert (ran.exit_code, "PATH_MISSING" in ran.stderr) == (2, True)

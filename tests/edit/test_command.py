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
    return CliRunner().invoke(build("edit"), ["edit", *(str(word) for word in words)])


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


def test_examples_and_column_names(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    file.write_text(text[: text.index("examples:")], encoding="utf-8")
    assert sluice(file, "examples", "add", "--input", "amount", "--output", "id").exit_code == 0
    assert file.read_text(encoding="utf-8").endswith("examples: |\n  amount => id\n")
    added = sluice(file, "row", "add", "amount=1", "id=A1", "--table", "examples")
    assert added.exit_code == 0, added.output
    ran = sluice(file, "column", "rename", "creditor_type", "creditor", "--lang", "zh")
    assert (ran.exit_code, "R103" in ran.stderr or "R1" in ran.stderr) == (1, True)


PARENT = """kind: approval
name: base
title: {en: Base, zh: 基础}
version: 1
effective: {from: 2020-01-01}
scope: {org: GROUP, subject: payment}
extensible: {replace: [A2]}
hit_policy: unique
rules: |
  id | amount => approvers | sla
  A1 | < 5万  => reviewer  | 4h
  A2 | >= 5万 => cfo       | 24h
"""
CHILD = """kind: approval
extends: base
name: sh
title: {en: Shanghai, zh: 上海}
version: 1
effective: {from: 2020-01-01}
scope: {org: SH, subject: payment}
rules: |
  id | amount => approvers | sla
  A2 | >= 5万 => cfo       | 12h
"""


@pytest.mark.parametrize("folder", ["", "sh"])
def test_an_extension_is_read_beside_its_parent(tmp_path: Path, folder: str) -> None:
    (tmp_path / "vocabulary.yaml").write_bytes(
        (APPROVAL.parents[1] / "vocabulary.yaml").read_bytes()
    )
    (tmp_path / "approval" / folder).mkdir(parents=True, exist_ok=True)
    (tmp_path / "approval" / "base.yaml").write_text(PARENT, encoding="utf-8")
    child = tmp_path / "approval" / folder / "sh.yaml"
    child.write_text(CHILD, encoding="utf-8")
    ran = sluice(child, "set", "A2", "sla", "8h")
    assert (ran.exit_code, ran.stderr) == (0, ""), ran.output
    excel = CliRunner()
    book = tmp_path / "sh.xlsx"
    out = excel.invoke(build("excel"), ["excel", "out", str(child), "-o", str(book)])
    assert out.exit_code == 0, out.output
    back = excel.invoke(build("excel"), ["excel", "in", str(book), "--onto", str(child)])
    assert (back.exit_code, back.stderr) == (0, ""), back.output
    wrong = sluice(child, "set-value", "extends", "bass")
    assert (wrong.exit_code, "error[" in wrong.stderr) == (1, True)

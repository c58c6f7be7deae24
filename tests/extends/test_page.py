"""The walk-through of docs/branches.md, command by command."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from api.cli import decide, diff, rules
from tests.rulebook.support import SHIPPED

PAGE = (Path(__file__).parents[2] / "docs" / "branches.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the shipped rulesets, the page's extension and the page's facts."""
    (tmp_path / "rulesets/approval").mkdir(parents=True)
    shutil.copy(SHIPPED / "vocabulary.yaml", tmp_path / "rulesets")
    for file in (SHIPPED / "approval").glob("*.yaml"):
        shutil.copy(file, tmp_path / "rulesets/approval")
    (branch,) = blocks("yaml")
    (tmp_path / "rulesets/approval/payment-approval-sh.yaml").write_text(branch, "utf-8")
    (facts,) = blocks("json")
    (tmp_path / "facts.jsonl").write_text(facts, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(command: str) -> str:
    program, *arguments = shlex.split(command)
    if program == "sed":
        subprocess.run([program, *arguments], check=True)
        return ""
    app = typer.Typer()
    for one in (rules, decide, diff):
        one.register(app)
    return CliRunner().invoke(app, arguments).stdout


@pytest.mark.usefixtures("place")
def test_every_command_prints_what_the_page_shows() -> None:
    for block in blocks("console"):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = step.partition("\n")
            # The shipped file's version goes up with its content; the page need not follow.
            printed = re.sub(r"^payment-approval \d+ ", "payment-approval 1 ", run(command))
            if shown.endswith("...\n"):
                assert printed.startswith(shown.removesuffix("...\n"))
            else:
                assert printed == shown


def test_what_head_office_allows_is_what_the_page_says(place: Path) -> None:
    text = (place / "rulesets/approval/payment-approval.yaml").read_text("utf-8")
    (line,) = re.findall(r"^extensible: \{.*?\}", text, re.MULTILINE)
    assert f"```\n{line}\n```" in PAGE

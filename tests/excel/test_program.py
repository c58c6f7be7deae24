"""`sluice excel` and the API: out, back with a diff, and what is refused."""

from __future__ import annotations

import io
import json
from pathlib import Path

import openpyxl
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from api.cli.main import build
from engine.rulebook import publish
from engine.runtime.db import transaction
from tests.edit.given import changed_lines
from tests.edit.program import client
from tests.excel.test_round_trip import APPROVAL
from tests.rulebook.support import NOW


def sluice(*words: object) -> Result:
    return CliRunner().invoke(build("excel"), ["excel", *(str(word) for word in words)])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A copy of a shipped ruleset."""
    path = tmp_path / "approval.yaml"
    path.write_text(APPROVAL, encoding="utf-8")
    return path


def test_a_change_is_shown_and_kept_only_with_write(file: Path, tmp_path: Path) -> None:
    place = tmp_path / "a.xlsx"
    assert sluice("out", file, "-o", place).exit_code == 0
    assert sluice("out", file, "-o", place).exit_code == 2
    book = openpyxl.load_workbook(place)
    book["Rules"]["F6"] = "12h"
    book.save(place)
    shown = sluice("in", place, "--onto", file)
    assert (shown.exit_code, "24h → 12h" in shown.stdout) == (0, True), shown.output
    assert file.read_text(encoding="utf-8") == APPROVAL
    told = json.loads(sluice("in", place, "--onto", file, "--write", "--format", "json").stdout)
    assert told["diff"]["changed"] == {"A4": {"sla": ["24h", "12h"]}}
    assert len(changed_lines(APPROVAL, file.read_text(encoding="utf-8"))) == 1
    again = sluice("in", place, "--onto", file, "--lang", "zh")
    assert (again.exit_code, "EXCEL_BASE" in again.stderr) == (2, True)


def test_the_api_gives_a_workbook_and_takes_it_back(engine: sa.Engine) -> None:
    http = client(engine, "analyst")
    with transaction(engine) as session:
        version = publish(
            session, APPROVAL, "a.yaml", author="a", reviewer="b", reason="first", now=NOW
        )
        sha = version.hash
    got = http.get(f"/api/v1/rulesets/{sha}/xlsx")
    assert got.status_code == 200, got.text
    book = openpyxl.load_workbook(io.BytesIO(got.content))
    book["Parameters"]["B4"] = "40万"
    changed = io.BytesIO()
    book.save(changed)
    took = http.post(
        "/api/v1/rulesets/xlsx", files={"file": changed.getvalue()}, data={"base": sha}
    )
    assert took.status_code == 200, took.text
    assert took.json()["diff"]["envelope"] == {"params.large": ["50万", "40万"]}
    broken = http.post("/api/v1/rulesets/xlsx", files={"file": b"x"}, data={"base": sha})
    assert (broken.status_code, broken.json()["code"]) == (422, "EXCEL_FILE")
    assert http.get(f"/api/v1/rulesets/{'0' * 64}/xlsx").status_code == 404

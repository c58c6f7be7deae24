"""Limits of a ruleset's text: the same everywhere, and named as such."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path

import httpx
import openpyxl
import pytest
from openpyxl import Workbook
from typer.testing import CliRunner

from api.cli.main import build
from engine.base.yaml_marks import MAX_BYTES
from engine.rules.check import Library
from engine.rules.excel import to_xlsx
from engine.rules.excel.reading import MAX_ROWS as MAX_SHEET_ROWS
from engine.rules.lexer import MAX_CELL
from engine.rules.table import MAX_ROWS
from tests.rulebook.support import approval_text
from tests.versions.support import SHIPPED, said

GOOD = approval_text(version=2)
ROWS = "".join(f"  B{n} | {n} => reviewer | 4h\n" for n in range(MAX_ROWS))
MANY = GOOD.replace("examples:", f"{ROWS}examples:")
LONG = GOOD.replace("reviewer | 4h", f"reviewer | {'4' * (MAX_CELL + 1)}h")


@pytest.mark.parametrize(("text", "limit"), [(MANY, "5,000"), (LONG, "10,000")])
def test_rows_and_cells_of_a_file(tmp_path: Path, text: str, limit: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(text, "utf-8")
    ran = CliRunner().invoke(build("check"), ["check", str(file), "--format", "json"])
    assert ran.exit_code == 1
    found = [one for one in json.loads(ran.stdout)["findings"] if one["code"] == "R115"]
    assert found
    assert any(limit in json.dumps(one) for one in found)


@pytest.mark.parametrize(("text", "limit"), [(MANY, "5,000"), (LONG, "10,000")])
def test_rows_and_cells_of_a_draft(web: httpx.Client, text: str, limit: str) -> None:
    made = web.post("/api/v1/drafts", json={"text": text}, headers=said("ann")).json()
    found = [one for one in made["findings"] if one["code"] == "R115"]
    assert any(limit in json.dumps(one) for one in found)
    path = f"/api/v1/drafts/{made['id']}/submit"
    body = {"seen": made["hash"], "reason": "much"}
    refused = web.post(path, json=body, headers=said("ann"))
    assert (refused.status_code, refused.json()["code"]) == (422, "RULESET_REFUSED")


def test_rows_and_cells_of_an_edit(web: httpx.Client) -> None:
    def asked(text: str, edit: Mapping[str, object]) -> httpx.Response:
        body = {"text": text, "edits": [edit]}
        return web.post("/api/v1/rulesets/edit", json=body, headers=said("ann"))

    cell = {"do": "set_cell", "row": "A1", "column": "sla", "text": "4" * (MAX_CELL + 1)}
    long = asked(GOOD, cell)
    assert (long.status_code, long.json()["code"]) == (422, "EDIT_TOO_LONG")
    assert "10,000" in long.json()["message_zh"]
    many = asked(MANY, {"do": "add_row", "id": "C1", "cells": {"sla": "4h"}}).json()
    assert "R115" in {one["code"] for one in many["findings"]}


def workbook(text: str) -> Workbook:
    """The text as a workbook."""
    words = Library().vocabulary(SHIPPED / "vocabulary.yaml")
    assert words is not None
    return openpyxl.load_workbook(io.BytesIO(to_xlsx(text, words)))


def taken(book: Workbook, tmp_path: Path) -> tuple[int, str]:
    """Exit code of `sluice excel in` and what it said."""
    file, place = tmp_path / "a.yaml", tmp_path / "a.xlsx"
    file.write_text(GOOD, "utf-8")
    book.save(place)
    ran = CliRunner().invoke(build("excel"), ["excel", "in", str(place), "--onto", str(file)])
    assert file.read_text("utf-8") == GOOD
    return ran.exit_code, ran.stderr


def test_rows_and_cells_of_a_workbook(tmp_path: Path) -> None:
    book = workbook(GOOD)
    book["Rules"]["D3"] = "4" * (MAX_CELL + 1)
    code, told = taken(book, tmp_path)
    assert (code, "EDIT_TOO_LONG" in told, "Rules!D3" in told) == (2, True, True)
    book = workbook(GOOD)
    for number in range(MAX_ROWS):
        book["Rules"].append([f"B{number}", str(number), "reviewer", "4h"])
    code, told = taken(book, tmp_path)
    assert (code, "R115" in told) == (1, True)
    book["Rules"].cell(MAX_SHEET_ROWS + 1, 1).value = "C1"
    code, told = taken(book, tmp_path)
    assert (code, "EXCEL_TOO_LARGE" in told) == (2, True)


@pytest.mark.parametrize("filling", ["#", "款", "\U0001f4b0"])
@pytest.mark.parametrize("escaped", [False, True])
def test_a_text_of_two_mebibytes_arrives_and_one_byte_more_is_named(
    web: httpx.Client, filling: str, escaped: bool
) -> None:
    def post(text: str) -> httpx.Response:
        body = json.dumps({"text": text}, ensure_ascii=escaped).encode()
        headers = {**said("ann"), "Content-Type": "application/json"}
        return web.post("/api/v1/drafts", content=body, headers=headers)

    size = len(filling.encode())
    full = "#" + filling * ((MAX_BYTES - 1) // size)
    full += "#" * (MAX_BYTES - len(full.encode()))
    kept = post(full)
    assert kept.status_code == 201, kept.text[:300]
    over = post(full + "#")
    assert (over.status_code, over.json()["code"]) == (413, "DRAFT_TOO_LARGE")
    assert f"{MAX_BYTES:,}" in over.json()["message_zh"]


def test_a_request_far_beyond_it_is_refused_by_the_same_limit(web: httpx.Client) -> None:
    body = {"text": "#" * (4 * MAX_BYTES)}
    answer = web.post("/api/v1/drafts", json=body, headers=said("ann"))
    assert (answer.status_code, answer.json()["code"]) == (413, "BODY_TOO_LARGE")
    assert f"{MAX_BYTES:,}" in answer.json()["message_en"]

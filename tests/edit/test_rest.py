"""POST /api/v1/rulesets/edit as an editor in a browser uses it."""

from __future__ import annotations

import hashlib

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from tests.edit.given import SHIPPED
from tests.edit.program import client

TEXT = next(p for p in SHIPPED if p.name == "payment-approval.yaml").read_text(encoding="utf-8")
SET = {"do": "set_cell", "row": "A4", "column": "sla", "text": "12h"}


@pytest.fixture(scope="module")
def program(module_engine: sa.Engine) -> TestClient:
    """A technical user who may edit."""
    return client(module_engine, "analyst")


def test_the_new_text_comes_back_with_spans_findings_and_what_differs(program: TestClient) -> None:
    sha = hashlib.sha256(TEXT.encode()).hexdigest()
    asked = {"text": TEXT, "text_hash": sha, "edits": [SET]}
    answer = program.post("/api/v1/rulesets/edit", json=asked)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    [[start, end, fresh]] = told["spans"]
    assert TEXT[:start] + fresh + TEXT[end:] == told["text"]
    assert told["diff"]["changed"] == {"A4": {"sla": ["24h", "12h"]}}
    assert told["lines"][2].startswith("+  A4")


def test_a_text_with_errors_is_edited_and_its_findings_are_told(program: TestClient) -> None:
    wrong = SET | {"column": "amount", "text": "oops"}
    asked = {"text": TEXT.replace("\n", "\r\n"), "edits": [wrong], "offsets": "utf16"}
    told = program.post("/api/v1/rulesets/edit", json=asked).json()
    assert told["diff"] is None
    assert [one["code"] for one in told["findings"]] == ["R111"]
    [[start, end, fresh]] = told["spans"]
    assert TEXT[:start] + fresh + TEXT[end:] == told["text"].replace("\r\n", "\n")


def test_what_cannot_be_done_says_which_edit_and_where(program: TestClient) -> None:
    edits = [SET, {"do": "remove_row", "row": "A44"}]
    answer = program.post("/api/v1/rulesets/edit", json={"text": TEXT, "edits": edits})
    assert (answer.status_code, answer.json()["code"]) == (422, "EDIT_NO_ROW")
    assert (answer.json()["edit"], "A4" in answer.json()["message_en"]) == (1, True)
    broken = program.post("/api/v1/rulesets/edit", json={"text": "a: [", "edits": edits})
    assert (broken.json()["code"], broken.json()["line"]) == ("EDIT_NOT_YAML", 1)


def test_edits_for_another_text_are_a_conflict(program: TestClient) -> None:
    asked = {"text": TEXT, "text_hash": "0" * 64, "edits": [SET]}
    answer = program.post("/api/v1/rulesets/edit", json=asked)
    assert (answer.status_code, answer.json()["code"]) == (409, "EDIT_TEXT_MOVED")


def test_unknown_edits_and_keys_are_refused(program: TestClient) -> None:
    for edit in ({"do": "explode"}, SET | {"colour": "red"}, {"row": "A4"}, SET | {"text": 1}):
        answer = program.post("/api/v1/rulesets/edit", json={"text": TEXT, "edits": [edit]})
        assert (answer.status_code, answer.json()["code"]) == (422, "REQUEST_INVALID"), edit


def test_who_may_not_edit_is_refused(engine: sa.Engine) -> None:
    asked = {"text": TEXT, "edits": [SET]}
    answer = client(engine, "audit").post("/api/v1/rulesets/edit", json=asked)
    assert answer.status_code == 403

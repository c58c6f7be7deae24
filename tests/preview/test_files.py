"""History files and the command on them: three formats, one answer; bad files are named."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from api.cli.main import build
from engine.rulebook.history.sample import as_user_file, make_sample
from engine.rules.preview.files import HistoryFileError, read_history
from tests.preview.given import SHIPPED, approval_text, paid, table

DOCUMENTS = [
    paid(1, "400000.00"),
    paid(2, "400000", "SH"),
    paid(3, "10"),
    paid(4, "350000.5", None, "agent"),
]
APP = build()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a live ruleset, a draft, the vocabulary and a history in three formats."""
    (tmp_path / "vocabulary.yaml").write_text((SHIPPED / "vocabulary.yaml").read_text("utf-8"))
    (tmp_path / "live.yaml").write_text(approval_text())
    (tmp_path / "draft.yaml").write_text(approval_text(version=2, large="30万"))
    held = table(DOCUMENTS)
    pq.write_table(held, tmp_path / "h.parquet")
    pa_csv.write_csv(held, tmp_path / "h.csv")
    lines = [json.dumps(one, ensure_ascii=False) for one in DOCUMENTS]
    (tmp_path / "h.jsonl").write_text("\n\n".join(lines))
    return tmp_path


def run(place: Path, *words: str, history: str = "h.parquet", code: int = 0) -> str:
    """What `sluice preview` prints."""
    asked = ["preview", str(place / "draft.yaml"), "--against", str(place / "live.yaml")]
    found = CliRunner().invoke(APP, [*asked, "--history", str(place / history), *words])
    assert found.exit_code == code, found.output
    return found.output


@pytest.mark.parametrize("history", ["h.parquet", "h.csv", "h.jsonl"])
def test_every_format_gives_the_same_answer(place: Path, history: str) -> None:
    found = json.loads(run(place, "--format", "json", history=history))
    assert (found["documents"], found["changed"]) == (4, 2)
    assert found["amount_changed"] == "750000.50"
    assert [one["document"] for one in found["largest"]] == ["P1", "P4"]


def test_the_text_says_what_changes_in_both_languages(place: Path) -> None:
    said = run(place)
    assert "Preview payment-approval 2 (draft) against 1 on 4 documents" in said
    assert "2 documents change outcome (CNY 750,000.50); largest:" in said
    assert "A2 reviewer > finance_manager · 8h  →  A3 reviewer > finance_manager > cfo" in said
    assert "−2" in said
    said = run(place, "--lang", "zh")
    assert "预览 payment-approval 2（草案）对比 1，4 笔单据" in said
    assert "2 笔单据的结果发生变化" in said


def test_one_branch_and_fewer_documents(place: Path) -> None:
    found = json.loads(run(place, "--format", "json", "--branch", "SH", "--largest", "0"))
    assert (found["documents"], found["changed"], found["largest"]) == (1, 0, [])
    assert "NO_DOCUMENTS" in run(place, "--branch", "XX", code=2)


def test_a_draft_with_errors_is_refused_with_its_findings(place: Path) -> None:
    text = (place / "draft.yaml").read_text().replace("A3 | >= $large", "A3 | > $large ")
    (place / "draft.yaml").write_text(text)
    said = run(place, code=1)
    assert "draft.yaml:" in said
    assert "DRAFT_HAS_ERRORS" in said
    found = json.loads(run(place, "--format", "json", code=1))
    assert found["error"]["code"] == "DRAFT_HAS_ERRORS"
    assert found["findings"]


def test_a_missing_column_is_named_with_its_share(place: Path) -> None:
    held = pq.read_table(place / "h.parquet").drop_columns(["creditor_type"])
    pq.write_table(held, place / "h.parquet")
    said = run(place, code=1)
    assert "HISTORY_COLUMN_MISSING" in said
    assert "creditor_type (all 4 documents)" in said
    found = json.loads(run(place, "--format", "json", code=1))
    assert found["problems"][0]["documents"] == 4


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("none.parquet", None, "HISTORY_FILE"),
        ("h.xlsx", b"", "HISTORY_FORMAT"),
        ("bad.parquet", b"PAR1 no", "HISTORY_FILE"),
        ("bad.csv", b"", "HISTORY_FILE"),
        ("bad.csv", b"document,amount\nP1\n", "HISTORY_FILE"),
        ("bad.csv", "document,amount\nP1,金".encode("gbk"), "HISTORY_FILE"),
        ("bad.csv", b"amount,amount\n1,2\n", "HISTORY_COLUMN_TWICE"),
        ("bad.jsonl", b'{"amount": 1.5}\n', "HISTORY_FLOAT"),
        ("bad.jsonl", b'{"amount": 1e3}\n', "HISTORY_FLOAT"),
        ("bad.jsonl", b'{"amount": NaN}\n', "HISTORY_LINE"),
        ("bad.jsonl", b'{"amount": "1", "amount": "2"}\n', "HISTORY_LINE"),
        ("bad.jsonl", b'{"amount": ["1"]}\n', "HISTORY_LINE"),
        ("bad.jsonl", b"[1]\n", "HISTORY_LINE"),
        ("bad.jsonl", b"\xff\xfe\n", "HISTORY_LINE"),
        ("bad.jsonl", b"[" * 100_000, "HISTORY_LINE"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, name: str, content: bytes | None, code: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(HistoryFileError) as refused:
        read_history(path, {"amount"})
    assert refused.value.code == code, refused.value


@pytest.mark.parametrize("name", ["none.parquet", "none.csv", "none.jsonl"])
def test_a_history_without_documents_is_refused(place: Path, name: str) -> None:
    pq.write_table(table(DOCUMENTS).slice(0, 0), place / "none.parquet")
    (place / "none.csv").write_text("document,branch,amount,creditor_type\n")
    (place / "none.jsonl").write_text("\n")
    said = run(place, history=name, code=1)
    assert "HISTORY_EMPTY" in said
    assert "No document changes" not in said
    found = json.loads(run(place, "--format", "json", history=name, code=1))
    assert found["error"]["code"] == "HISTORY_EMPTY"


def test_a_history_without_a_known_column_is_not_empty(place: Path) -> None:
    other = pa.table({"other": ["1", "2"]})
    pq.write_table(other, place / "other.parquet")
    (place / "other.csv").write_text("other\n1\n2\n")
    for name in ("other.parquet", "other.csv"):
        assert "HISTORY_COLUMN_MISSING" in run(place, history=name, code=1)


def test_floats_in_parquet_are_refused_by_name(place: Path) -> None:
    held = pq.read_table(place / "h.parquet")
    at = held.column_names.index("amount")
    floats = pa.array([float(one or 0) for one in held.column("amount").to_pylist()])
    pq.write_table(held.set_column(at, "amount", floats), place / "h.parquet")
    assert "HISTORY_FLOAT" in run(place, code=1)


def test_columns_appearing_late_in_json_lines_are_null_before(tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    path.write_text('{"document": "1"}\n{"document": "2", "amount": 5, "other": true}\n')
    assert read_history(path, {"amount"}).to_pylist() == [
        {"document": "1", "amount": None},
        {"document": "2", "amount": "5"},
    ]


def test_a_sample_is_the_same_for_the_same_seed() -> None:
    paths = [("GROUP",), ("GROUP", "SH"), ("GROUP", "SH", "SH01")]
    made = as_user_file(make_sample(500, 1, paths, last=dt.date(2026, 11, 20)))
    again = as_user_file(make_sample(500, 1, paths, last=dt.date(2026, 11, 20)))
    other = as_user_file(make_sample(500, 2, paths, last=dt.date(2026, 11, 20)))
    assert made.equals(again)
    assert not made.equals(other)
    first = made.slice(0, 1).to_pylist()[0]
    assert first["amount"] == "30844.31"
    assert made.column("amount").type == pa.string()


def test_a_sample_is_written_and_previewed(place: Path) -> None:
    path = place / "sample.parquet"
    made = CliRunner().invoke(APP, ["history", "sample", str(path), "--documents", "2000"])
    assert made.exit_code == 0, made.output
    found = json.loads(run(place, "--format", "json", history="sample.parquet"))
    assert found["documents"] == 2000
    assert found["changed"] > 0
    assert {one["branch"] for one in found["branches"]} >= {"SH01", "BJ", "GROUP"}
    refused = CliRunner().invoke(APP, ["history", "sample", str(place / "sample.csv")])
    assert refused.exit_code == 2

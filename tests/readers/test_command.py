"""`sluice bank read`: what files hold, and why they are refused."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from api.cli.main import build
from tests.readers.test_mt940 import WHOLE
from tests.readers.test_others import BAI2


def test_files_are_told_one_by_one(tmp_path: Path) -> None:
    made = {
        "good.sta": WHOLE,
        "wrong.sta": WHOLE.replace(b"60,00", b"61,00"),
        "bank.bai": BAI2.encode(),
        "order.xml": b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"/>',
        "other.txt": b"hello",
    }
    for name, content in made.items():
        (tmp_path / name).write_bytes(content)
    paths = [str(tmp_path / name) for name in made]
    done = CliRunner().invoke(build("bank"), ["bank", "read", *paths, "--format", "json"])
    assert done.exit_code == 1
    rows = {row["file"]: row for row in json.loads(done.stdout)}
    assert (rows["good.sta"]["format"], rows["good.sta"]["balanced"]) == ("mt940", 1)
    assert rows["good.sta"]["refused"] is None
    assert "closing balance" in rows["wrong.sta"]["refused"]["en"]
    assert (rows["bank.bai"]["statements"], rows["bank.bai"]["lines"]) == (1, 2)
    assert "payment order" in rows["order.xml"]["refused"]["en"]
    assert "none of" in rows["other.txt"]["refused"]["en"]
    done = CliRunner().invoke(build("bank"), ["bank", "read", paths[0], "--lang", "zh"])
    assert done.exit_code == 0
    assert "余额相符" in done.stdout


def test_a_layout_reads_what_no_format_knows(tmp_path: Path) -> None:
    layout = tmp_path / "x.yaml"
    layout.write_text(
        """\
kind: bank_layout
name: own
title: {en: Own, zh: 自有}
version: 1
use: statement
bank: x
scope: {org: GROUP}
effective: {from: 2026-01-01}
file: {form: csv, encoding: auto}
footer: ["合计*"]
dates: ["%Y-%m-%d"]
amount: {rule: debit_credit}
records:
  detail: |
    field        | type | column | check
    booking_date | date | 日期   | required
    credit       | yuan | 收入   | -
    debit        | yuan | 支出   | -
    balance      | yuan | 余额   | -
""",
        "utf-8",
    )
    content = (
        "明细\n日期,摘要,收入,支出,余额\n2026-11-23,a,5.00,,105.00\n"
        "2026-11-24,b,,4.00,101.00\n合计,,5.00,4.00,\n"
    )
    for name, raw in (("utf8.csv", content.encode()), ("gb.csv", content.encode("gb18030"))):
        (tmp_path / name).write_bytes(raw)
        done = CliRunner().invoke(
            build("bank"),
            ["bank", "read", str(tmp_path / name), "--layout", str(layout), "--account", "1"],
        )
        assert done.exit_code == 0, done.output
        assert "1 statements, 2 lines, 1 balanced" in done.stdout
        assert "1 lines left out" in done.stdout

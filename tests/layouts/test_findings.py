"""Mistakes in a layout: all at once, each with its code and place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.formats.layouts import LayoutRefused, check, load
from tests.layouts.given import BARS, CSV, FIXED

ROOT = Path(__file__).parents[2]

CASES = [
    ("encoding: gb18030", "encodding: gb18030", "B001"),
    ("version: 1\n", "", "B002"),
    ("name: bars\n", "name: Bars Layout\n", "B003"),
    ("use: payment_order", "use: payment", "B003"),
    ("from: 2026-01-01", "from: 2026-13-01", "B003"),
    ("version: 1\n", "version: 1\nversion: 2\n", "R003"),
    ("version: 1\n", "version: &a 1\n", "R004"),
    ("| text   | 35    | -     | required, unique", "| text   | 35    | -    ", "B011"),
    (
        "field      | type | width | value         | check",
        "field | kind | width | value | check",
        "B011",
    ),
    ('"H"  ', '"H   ', "B012"),
    ("instruction_id         | text ", "instruction_id         | string ", "B013"),
    ("instruction_id         | text ", "reference              | text ", "B014"),
    ("| digits | 32 ", "| digits | wide ", "B015"),
    (
        "counterparty_bank_code | digits | 12    | -     | cnaps",
        "amount | digits | 12 | - | -",
        "B016",
    ),
    ('"D"  ', '"D|"  ', "B017"),
    ("= count()      ", "= average(row) ", "B018"),
    ("| 35    | -             | required", "| 35    | map ways | required", "B019"),
    ("required, overflow error", "required, must rhyme", "B021"),
    ("counterparty_account   | digits", "counterparty_account   | ignored", "B030"),
    ("= sum(amount)", "= sum(fees)", "B032"),
    ('dates: ["%Y%m%d"]\n', "", "B033"),
    ('"T"', '"TT"', "B034"),
    ("use: payment_order", 'use: payment_order\ncodes: {"0": paid, else: unknown}', "B035"),
]


@pytest.mark.parametrize(("old", "new", "code"), CASES)
def test_a_mistake_is_a_finding_at_its_place(old: str, new: str, code: str) -> None:
    text = BARS.replace("= count()     ", "= count()      ")
    assert old in text
    changed = text.replace(old, new, 1)
    found = [one for one in check(changed, "x.yaml") if one.code == code]
    assert found, [(one.code, one.message.en) for one in check(changed, "x.yaml")]
    assert found[0].span.line <= changed.count("\n")
    assert found[0].message.en != found[0].message.zh
    with pytest.raises(LayoutRefused) as caught:
        load(changed, "x.yaml")
    assert "x.yaml:" in caught.value.text.en


@pytest.mark.parametrize("text", [BARS, FIXED, CSV])
def test_a_good_layout_has_no_finding(text: str) -> None:
    assert check(text, "x.yaml") == []


def test_all_mistakes_are_told_at_once() -> None:
    bad = BARS.replace("| digits | 32 ", "| digits | wide ").replace("> 0", "> zero")
    bad = bad.replace("eol: crlf", "eol: cr").replace("use: payment_order", "use: order", 1)
    assert {one.code for one in check(bad, "x.yaml")} >= {"B003"}
    bad = bad.replace("use: order", "use: payment_order", 1)
    assert {one.code for one in check(bad, "x.yaml")} >= {"B003", "B015", "B021"}


RETURN = """\
kind: bank_layout
name: answers
title: {en: Answers, zh: 回盘}
version: 1
use: payment_return
bank: bank_d
scope: {org: GROUP}
effective: {from: 2026-01-01}
file: {form: delimited, encoding: gb18030}
records:
  detail: |
    field          | type
    instruction_id | text
    amount         | yuan
    code           | text
codes: {"0000": paid, "E1": failed, else: unknown}
"""


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (", else: unknown", "", "B019"),
        ("else: unknown", "else: failed", "B022"),
        ('"E1": failed', '"E1": refused', "B022"),
        ('codes: {"0000": paid, "E1": failed, else: unknown}\n', "", "B035"),
    ],
)
def test_what_a_code_means_is_never_left_open(old: str, new: str, code: str) -> None:
    assert check(RETURN, "x.yaml") == []
    assert code in {one.code for one in check(RETURN.replace(old, new), "x.yaml")}


def test_every_code_is_explained() -> None:
    page = (ROOT / "docs" / "layouts.md").read_text("utf-8")
    explained = set(re.findall(r"\bB\d{3}\b", page))
    for first, last in re.findall(r"B(\d{3}) – B(\d{3})", page):
        explained |= {f"B{code:03}" for code in range(int(first), int(last) + 1)}
    sources = (ROOT / "engine" / "formats" / "layouts").glob("*.py")
    used = {c for one in sources for c in re.findall(r'"(B\d{3})"', one.read_text("utf-8"))}
    assert used <= explained

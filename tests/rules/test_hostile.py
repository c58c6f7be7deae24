"""Hostile text: the loader answers with findings, at once, and never raises."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.rules import Severity, compile_ruleset, distinct_params, load_ruleset, parse_vocabulary
from tests.rules.given import KINDS, VOCABULARY, WORDS, text

SEED = text(
    "id | amount | type | payee | when => code | money | text | chain\n"
    'A | [$a..$b) | claim, not(refund) | starts("6"), null | amount > fee => x | '
    "= floor_to(amount * 5%, 0.01) | 付 {payee} | a > b\n"
    "B | -        | -    | -            | -            => - | 5万 | - | -",
    policy="collect",
    more="params: {a: 5万, b: 1.5m}\nadjustable: {a: down}\noverrides: {SH: {a: 1万}}\n"
    "derive: {n: {count: thing, same: [payee], within: 3d, states: live}}\n"
    "otherwise: {money: = amount}",
    examples='amount | payee | type => id | code\n5万 | "6" | claim => A | x',
)
PIECES = [
    *"|=>\"\\-$[]()<>!,;:{}&*#%.0189akm万亿＞＝（，｜ \n\t'\r",
    *(
        "=>",
        "..",
        "not(",
        "null",
        "!!python/object:os.system ",
        "&a ",
        "*a",
        "1e999999",
        "9" * 5000,
    ),
    *('matches("(((', "= ", "/0", "2026-02-30", "\u2028", "\ud800", "\x00", "[[[[", "? ", "--- "),
    *("min(", "kind:", "rules: |\n", "!!binary ", "<<: ", "0x1f", "~", "\ufeff", "“", "\U0001f600"),
]


def check(source: str) -> None:
    """Load a text; a ruleset without errors can be compiled and decides or refuses."""
    loaded = load_ruleset("t.yaml", source, VOCABULARY, kinds=KINDS)
    errors = [f for f in loaded.findings if f.severity is Severity.ERROR]
    assert (loaded.ruleset is None) is bool(errors)
    lines = source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for finding in loaded.findings:
        span = finding.span
        assert 1 <= span.line <= len(lines)
        assert 1 <= span.column <= len(lines[span.line - 1]) + 2
        assert span.width >= 1
    if loaded.ruleset is not None:
        for _, params in distinct_params(loaded.ruleset):
            compile_ruleset(loaded.ruleset, params)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_file_gives_findings(data: st.DataObject) -> None:
    source = SEED
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(source)))
        cut = data.draw(st.integers(0, 8))
        source = source[:at] + data.draw(st.sampled_from(["", *PIECES])) + source[at + cut :]
    check(source)


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_any_text_gives_findings(source: str) -> None:
    check(source)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["amount", "type", "payee", "when", "due", "age"]), st.text(min_size=1))
def test_any_cell_gives_findings(column: str, cell: str) -> None:
    check(text(f"id | {column} => text\nA | {cell} => {cell}"))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_damaged_vocabulary_gives_findings(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(WORDS)))
    damaged = WORDS[:at] + data.draw(st.sampled_from(PIECES)) + WORDS[at + 1 :]
    vocabulary, findings = parse_vocabulary("v.yaml", damaged)
    assert (vocabulary is None) is any(f.severity is Severity.ERROR for f in findings)


SIZE = 2_000_000
HEAD = text("id | amount => code")
BOMBS = {
    "brackets": "[" * SIZE,
    "braces": "{" * SIZE,
    "question marks": "? " * (SIZE // 2),
    "dashes": "- " * (SIZE // 2),
    "quotes": '"' * SIZE,
    "blanks": " " * SIZE,
    "keys": "".join(f"k{n}: 1\n" for n in range(150_000)),
    "one key again and again": "k: 1\n" * 300_000,
    "aliases": "a: &a [x]\n" + "".join(f"b{n}: [*a,*a]\n" for n in range(100)),
    "quotes in a cell": HEAD + '  A | "' + '"' * SIZE + " => x\n",
    "quoted bars in a cell": HEAD + "  A " + '|"' * (SIZE // 2) + " => x\n",
    "quotes and blanks in a cell": HEAD + "  A | " + '" ' * (SIZE // 2) + " => x\n",
    "cells": HEAD + "  A" + " | -" * 400_000 + " => x\n",
    "digits": HEAD + "  A | " + "9" * 9_999 + " => x\n",
    "nots": HEAD + "  A | " + "not(" * 2_400 + " => x\n",
    "minus signs": HEAD.replace("code", "money") + "  A | - => = " + "-" * 9_000 + "1\n",
    "brackets in a formula": HEAD.replace("code", "money") + "  A | - => = " + "(" * 9_000 + "\n",
    "wrong rows": HEAD + "".join(f"  A{n} | amuont => x\n" for n in range(40_000)),
    "a large version": HEAD.replace("version: 1", "version: " + "9" * 100_000),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_answered_soon(name: str) -> None:
    began = time.process_time()
    check(BOMBS[name])
    assert time.process_time() - began < 10


def test_divisors_in_divisors_compile_soon() -> None:
    formula = "amount / (" * 28 + "amount" + ")" * 28
    source = text(f"id | when => code\nA | {formula} >= 1 => x", policy="collect")
    loaded = load_ruleset("t.yaml", source, VOCABULARY, kinds=KINDS)
    assert loaded.ruleset is not None, loaded.findings
    began = time.process_time()
    decide = compile_ruleset(loaded.ruleset, {}).decide
    assert time.process_time() - began < 1
    assert [decide({"amount": amount}).rows for amount in (500, 0)] == [("A",), ()]


def test_user_text_never_becomes_code() -> None:
    evil = '__import__(\\"os\\").abort()'
    source = text(
        f'id | payee => text\nA | "{evil}" => "{evil} {{payee}}"\nB | contains("{evil}") => x',
        policy="collect",
    )
    loaded = load_ruleset("t.yaml", source, VOCABULARY, kinds=KINDS)
    assert loaded.ruleset is not None
    plain = evil.replace("\\", "")
    decision = compile_ruleset(loaded.ruleset, {}).decide({"payee": plain})
    assert decision.rows == ("A", "B")
    assert decision.outcomes[0]["text"] == f"{plain} {plain}"

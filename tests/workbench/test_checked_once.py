"""A text that is looked at, previewed and saved within moments is checked once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest

from engine.rulebook.check_once import Checks, check_once
from engine.rulebook.checking import Checked, check_text
from engine.rules import branch_params
from engine.rules.model import Vocabulary
from engine.rules.preview.compiled import Compiled
from tests.kinds.pages import RULESETS
from tests.workbench.desk import Desk

WORDS = (RULESETS / "vocabulary.yaml").read_text("utf-8")
APPROVAL = (RULESETS / "approval" / "payment-approval.yaml").read_text("utf-8")
BRANCH = """kind: approval
name: own-approval
extends: payment-approval
title: {en: Own, zh: 自有}
version: 1
effective: {from: 2020-01-01}
scope: {org: BJ, subject: payment}
"""
NOTHING = Checked(None, ())


def test_who_asks_while_a_text_is_checked_waits_for_that_check() -> None:
    checks, together, made = Checks(), Barrier(4), list[str]()

    def make() -> Checked:
        made.append("once")
        return NOTHING

    def ask(_number: int) -> Checked:
        together.wait()
        return checks.get(b"text", make)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(ask, range(4)))
    assert found == [NOTHING] * 4
    assert made == ["once"]


def test_a_check_that_failed_is_made_again() -> None:
    checks = Checks()

    def broken() -> Checked:
        raise LookupError

    with pytest.raises(LookupError):
        checks.get(b"text", broken)
    assert checks.get(b"text", lambda: NOTHING) is NOTHING


def test_only_the_last_checks_are_kept() -> None:
    checks, made = Checks(kept=2), list[bytes]()

    def ask(key: bytes) -> None:
        def make() -> Checked:
            made.append(key)
            return NOTHING

        checks.get(key, make)

    for key in (b"a", b"b", b"a", b"c", b"a", b"b"):
        ask(key)
    assert made == [b"a", b"b", b"c", b"b"]


def test_a_large_text_takes_the_place_of_several() -> None:
    checks, made = Checks(kept=10), list[bytes]()

    def ask(key: bytes, size: int) -> None:
        def make() -> Checked:
            made.append(key)
            return NOTHING

        checks.get(key, make, size)

    ask(b"a", 4)
    ask(b"b", 4)
    ask(b"large", 20)
    ask(b"large", 20)
    ask(b"a", 4)
    ask(b"b", 4)
    assert made == [b"a", b"b", b"large", b"a", b"b"]


def test_a_parent_that_one_may_read_is_not_known_to_another_who_may_not() -> None:
    among = [("payment-approval.yaml", APPROVAL)]
    orgs = {"GROUP": None, "BJ": "GROUP", "SH": "GROUP"}
    reader = check_once("own.yaml", BRANCH, WORDS, among=among, orgs=orgs)
    other = check_once("own.yaml", BRANCH, WORDS, orgs=orgs)
    assert "R601" not in {one.code for one in reader.findings}
    assert "R601" in {one.code for one in other.findings}


def test_a_text_that_is_looked_at_previewed_and_saved_is_checked_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    def counted(file: str, text: str, vocabulary: Vocabulary, **more: Any) -> Checked:
        checked.append(text)
        return check_text(file, text, vocabulary, **more)

    monkeypatch.setattr("engine.rulebook.check_once.check_text", counted)
    bench = desk.at(desk.draft())
    bench.write(1, "sla", "6h")
    bench.settled()
    bench.saved()
    assert checked.count(bench.text()) == 1


def test_compiled_rulesets_are_kept_up_to_so_many_rows() -> None:
    ruleset = check_once("payment-approval.yaml", APPROVAL, WORDS).ruleset
    assert ruleset is not None
    rows = len(ruleset.table.rows)
    compiled = Compiled(most_rows=2 * rows)
    copies = [replace(ruleset) for _ in range(3)]
    params = tuple(sorted(branch_params(ruleset, ("GROUP",)).items()))
    made = [compiled.evaluator(one, params) for one in copies]
    assert len(compiled) == 2
    assert compiled.evaluator(copies[2], params) is made[2]
    assert compiled.evaluator(copies[0], params) is not made[0]

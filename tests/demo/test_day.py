"""A whole day through the command: what it promises, and that a broken promise is seen."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys

import pytest

from api.demo.report import Open, Report
from api.demo.second_opinion import SecondOpinion

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def played() -> dict[str, object]:
    """`sluice demo` in a process of its own, as its users run it."""
    done = subprocess.run(
        [sys.executable, "-m", "api.cli.main", "demo", "--documents", "80", "--format", "json"],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_everything_instructed_was_executed_once_and_nothing_is_lost(
    played: dict[str, object],
) -> None:
    assert played["instructed"] == played["bank_executed"]
    assert played["double_paid"] == 0
    assert played["lost"] == 0
    assert played["ledger_balanced"] is True


def test_ten_tasks_wait_and_every_other_open_document_is_a_named_hold(
    played: dict[str, object],
) -> None:
    waiting = played["waiting"]
    assert isinstance(waiting, dict)
    assert waiting["tasks"] == 10
    assert waiting["held"] >= 1
    assert waiting["unexplained"] == 0


def test_the_day_had_every_trouble(played: dict[str, object]) -> None:
    troubles = played["troubles"]
    assert isinstance(troubles, dict)
    assert all(count > 0 for count in troubles.values()), troubles


def test_every_decision_is_decided_again_without_a_disagreement(
    played: dict[str, object],
) -> None:
    again = played["second_opinion"]
    assert isinstance(again, dict)
    assert again["decisions"] > 0
    assert again["disagreements"] == 0


def test_every_paid_document_is_matched_and_every_invariant_holds(
    played: dict[str, object],
) -> None:
    assert played["matched"] == played["instructed"]
    invariants = played["invariants"]
    assert isinstance(invariants, dict)
    assert len(invariants) >= 16
    assert set(invariants.values()) == {"ok"}


GOOD = Report(
    documents=1,
    by_state={"CONFIRMED": 1},
    refused_rows=0,
    instructed=1,
    bank_executed=1,
    double_paid=0,
    lost=0,
    matched=1,
    vouchers=1,
    ledger_balanced=True,
    troubles={},
    open=(Open("D1", "IN_APPROVAL", "TASK"),),
    invariants={"I1": "ok"},
    messages_acknowledged=True,
    again=SecondOpinion(alerts=0, decisions=1, by_rete=1, disagreements=0),
    seconds=1.0,
)


def test_a_good_report_is_good() -> None:
    assert GOOD.good


@pytest.mark.parametrize(
    "broken",
    [
        {"bank_executed": 2},
        {"double_paid": 1},
        {"lost": 1},
        {"ledger_balanced": False},
        {"invariants": {"I1": "voucher 7 does not balance"}},
        {"messages_acknowledged": False},
        {"again": SecondOpinion(alerts=1, decisions=1, by_rete=1, disagreements=1)},
        {"open": (Open("D1", "UNKNOWN", None),)},
    ],
)
def test_one_broken_promise_makes_the_day_bad(broken: dict[str, object]) -> None:
    assert not dataclasses.replace(GOOD, **broken).good  # type: ignore[arg-type]

"""Acts on a hundred documents at once: each has its own result, and none stops the others."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlmodel import Session

from engine.base.text import SluiceError
from engine.rulebook import Rulebook
from engine.runtime.clock import ManualClock
from engine.treasury import bulk
from engine.treasury.approvals import desk
from engine.treasury.intake import ending
from tests.treasury_intake.support import bring_in, documents, row, states, steps_open


def _hundred(live: Session, rulebook: Rulebook, clock: ManualClock) -> list[str]:
    rows = [row(n, counterparty_name=f"演示客户{n}") for n in range(1, 101)]
    bring_in(live, rulebook, clock, rows)
    return [one.document_no for one in documents(live)]


def _codes(items: list[bulk.Item]) -> dict[str | None, int]:
    return Counter(one.error.code if one.error else None for one in items)


def test_of_a_hundred_rejected_documents_97_are_submitted_again_and_3_say_why_not(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    numbers = _hundred(live, rulebook, clock)
    steps = steps_open(live)
    with pytest.raises(SluiceError, match="REASON_MISSING"):
        desk.decide(live, "bj-reviewer", steps, "reject", " ", clock.now())
    results = desk.decide(live, "bj-reviewer", steps[:99], "reject", "no invoice", clock.now())
    assert all(one.error is None for one in results)
    ending.void(live, "maker", [documents(live)[0].id or 0], "typing error", clock.now())
    items = bulk.submit(live, rulebook, "maker", [*numbers[:99], "D-0", numbers[99]], clock.now())
    assert _codes(items) == {None: 98, "NOT_RESUBMITTABLE": 2, "DOCUMENT_UNKNOWN": 1}
    assert [one.document_no for one in items] == [*numbers[:99], "D-0", numbers[99]]
    assert Counter(states(live).values()) == {"IN_APPROVAL": 99, "VOID": 1}
    again = desk.rounds_of(live, documents(live)[1].id or 0)
    assert [view.request.round for view in again] == [1, 2]
    assert {step.step.state for step in again[1].steps} == {"OPEN"}


def test_of_a_hundred_steps_97_are_approved_and_3_say_why_not(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    _hundred(live, rulebook, clock)
    steps = steps_open(live)
    desk.decide(live, "bj-reviewer", steps[:2], "reject", "no invoice", clock.now())
    results = desk.decide(live, "bj-reviewer", [*steps, 0], "approve", None, clock.now())
    codes = Counter(one.error.code if one.error else None for one in results)
    assert codes == {None: 98, "STEP_NOT_OPEN": 2, "STEP_UNKNOWN": 1}
    assert Counter(states(live).values()) == {"UNPAID": 98, "REJECTED": 2}


def test_of_a_hundred_unpaid_documents_97_are_paid_and_3_say_why_not(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    numbers = _hundred(live, rulebook, clock)
    steps = steps_open(live)
    desk.decide(live, "bj-reviewer", steps[:97], "approve", None, clock.now())
    items = bulk.pay(live, rulebook, "cashier", numbers, clock.now()).items
    assert _codes(items) == {None: 97, "NOT_UNPAID": 3}
    assert _codes(bulk.pay(live, rulebook, "cashier", numbers[:97], clock.now()).items) == {
        "ALREADY_LIVE": 97
    }


def test_of_a_hundred_documents_99_holds_are_released_and_two_say_why_not(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    twin = {"counterparty_account": "6222021001", "amount": "100.00"}
    bring_in(live, rulebook, clock, [row(n, **twin) for n in range(1, 101)])
    numbers = [one.document_no for one in documents(live)]
    wanted = [*numbers, "D-0"]
    items = bulk.release_holds(live, rulebook, "treasurer", wanted, "instalments", clock.now())
    assert _codes(items) == {None: 99, "NOT_HELD": 1, "DOCUMENT_UNKNOWN": 1}
    assert Counter(states(live).values()) == {"IN_APPROVAL": 100}


def test_holds_are_released_together_but_never_by_who_made_the_document(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    twin = {"counterparty_account": "6222021001", "amount": "100.00"}
    bring_in(live, rulebook, clock, [row(n, **twin) for n in range(1, 5)])
    numbers = [one.document_no for one in documents(live)]
    with pytest.raises(SluiceError, match="REASON_MISSING"):
        bulk.release_holds(live, rulebook, "treasurer", numbers, " ", clock.now())
    items = bulk.release_holds(live, rulebook, "treasurer", numbers, "instalments", clock.now())
    assert _codes(items) == {"NOT_HELD": 1, None: 3}
    assert set(states(live).values()) == {"IN_APPROVAL"}
    bring_in(live, rulebook, clock, [row(5, **twin)])
    late = documents(live)[4].document_no
    refused = bulk.release_holds(live, rulebook, "cashier", [late], "mine", clock.now())
    assert _codes(refused) == {"NOT_PERMITTED": 1}


def test_what_is_held_when_submitted_again_says_so(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    twin = {"counterparty_account": "6222021001", "amount": "100.00"}
    bring_in(live, rulebook, clock, [row(1, **twin)])
    desk.decide(live, "bj-reviewer", steps_open(live), "reject", "no invoice", clock.now())
    bring_in(live, rulebook, clock, [row(2, **twin)])
    items = bulk.submit(live, rulebook, "maker", [documents(live)[0].document_no], clock.now())
    assert [(one.state, one.error.code if one.error else None) for one in items] == [
        ("REJECTED", "HELD")
    ]

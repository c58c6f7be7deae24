"""Large amounts: one alert from the threshold on, to the fen, and what it does to the approval."""

from __future__ import annotations

import pytest
from sqlmodel import Session

from engine.rulebook import Rulebook
from engine.runtime.clock import ManualClock
from engine.treasury.alerts import board
from engine.treasury.approvals import desk
from tests.treasury_intake.support import bring_in, documents, row


@pytest.mark.parametrize(
    ("organisation", "amount", "told"),
    [
        ("BJ01", "499999.99", 0),
        ("BJ01", "500000.00", 1),
        ("SH", "299999.99", 0),  # its own threshold is 300,000
        ("SH", "300000.00", 1),
    ],
)
def test_a_large_payment_is_told_of_and_approved_once_more_from_the_threshold_on(
    live: Session,
    rulebook: Rulebook,
    clock: ManualClock,
    organisation: str,
    amount: str,
    told: int,
) -> None:
    bring_in(live, rulebook, clock, [row(1, organisation=organisation, amount=amount)])
    [document] = documents(live)
    large = [a for a in board.of_subject(live, "document", str(document.id)) if a.code == "W2"]
    assert [(a.action, a.notify, a.raised_at) for a in large] == [
        ("extra_approver", ["treasurer"], clock.now())
    ] * told
    [view] = desk.rounds_of(live, document.id or 0)
    assert ("treasurer" in [s.step.role for s in view.steps]) is bool(told)


@pytest.mark.parametrize(("second", "held"), [("249999.99", False), ("250000.00", True)])
def test_payments_to_one_account_that_add_up_to_a_large_amount_are_held_from_the_threshold_on(
    live: Session, rulebook: Rulebook, clock: ManualClock, second: str, held: bool
) -> None:
    account = {"counterparty_account": "6222021001"}
    bring_in(live, rulebook, clock, [row(1, amount="250000.00", **account)])
    bring_in(live, rulebook, clock, [row(2, amount=second, business_reference="other", **account)])
    document = documents(live)[1]
    codes = {a.code for a in board.of_subject(live, "document", str(document.id))}
    assert ("W3" in codes) is held

"""The way of documents from a file to the approvers."""

from __future__ import annotations

from sqlmodel import Session

from engine.rulebook import Rulebook
from engine.runtime.clock import ManualClock
from engine.treasury.approvals import desk
from tests.treasury_intake.support import bring_in, documents, row, states, steps_open


def test_a_good_row_becomes_a_document_in_approval(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    answer = bring_in(live, rulebook, clock, [row(1)])
    assert answer.status == 201, answer.body
    [document] = documents(live)
    assert (document.state, document.waiting_code) == ("IN_APPROVAL", None), document.waiting_text
    assert document.channel == "bank_direct"
    assert document.content_hash is not None


def test_the_last_approval_makes_a_document_payable(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    bring_in(live, rulebook, clock, [row(1)])
    [result] = desk.decide(live, "bj-reviewer", steps_open(live), "approve", None, clock.now())
    assert result.error is None
    assert states(live) == {"CL-00001": "UNPAID"}

"""Unclear payments are ended by two persons with proof, and by nobody else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from engine.base.text import SluiceError
from engine.machines.instruction.confirm import Verdict
from engine.runtime import db
from engine.treasury.organisations.models import RoleGrant, UserAccount
from engine.treasury.payments import reviewing
from engine.treasury.payments.listener import PaymentListener
from engine.treasury.payments.reviewing import Proof
from tests.payments.stage import Stage
from tests.payments.world import Draft

RECEIPT = Proof("回单.pdf", b"%PDF receipt of the bank")
INSTRUCTION = "D20261123-000001-1"


@pytest.fixture
def unclear(stage: Stage) -> Stage:
    """One payment the bank took without answering."""
    stage.make(Draft(1, account=stage.world.pay_account))
    stage.banks["bank_a"].fault("reset_after")
    stage.release()
    stage.work()
    assert state(stage) == ("UNKNOWN", "UNKNOWN")
    with db.transaction(stage.engine) as session:
        session.add(UserAccount(id="both", org_id="GROUP", name="both"))
        session.flush()
        for role in ("accountant", "reviewer"):
            session.add(RoleGrant(user_id="both", role=role, org_id="GROUP"))
    return stage


def state(stage: Stage) -> tuple[object, object]:
    """State of the attempt and of its document."""
    return stage.value("SELECT state FROM attempt"), stage.value("SELECT state FROM document")


def propose(
    stage: Stage, user: str = "accountant", verdict: Verdict = Verdict.PAID, proof: Proof = RECEIPT
) -> int:
    with db.transaction(stage.engine) as session:
        return reviewing.propose(
            session, user, INSTRUCTION, verdict, proof, "e-receipt", stage.clock.now()
        )


def confirm(stage: Stage, proposal: int, user: str = "boss") -> None:
    listener = PaymentListener(stage.rulebook, stage.clock)
    with db.transaction(stage.engine) as session:
        reviewing.confirm(session, listener, user, proposal, stage.clock.now())


def turn_down(stage: Stage, proposal: int, user: str, reason: str = "not ours") -> None:
    with db.transaction(stage.engine) as session:
        reviewing.turn_down(session, user, proposal, reason, stage.clock.now())


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(SluiceError) as error:
        yield
    assert error.value.code == code


def test_a_proposal_moves_nothing_and_its_confirmation_everything(unclear: Stage) -> None:
    proposal = propose(unclear)
    assert state(unclear) == ("UNKNOWN", "UNKNOWN")
    confirm(unclear, proposal)
    assert state(unclear) == ("PAID", "PAID")
    kept = unclear.value("SELECT payload FROM bank_message WHERE kind = 'manual'")
    assert bytes(kept) == RECEIPT.content  # type: ignore[call-overload]
    assert unclear.column("SELECT action FROM audit_entry WHERE action LIKE 'review.%'") == [
        "review.proposed",
        "review.confirmed",
    ]


def test_nobody_confirms_what_he_proposed_and_the_database_says_so_too(unclear: Stage) -> None:
    proposal = propose(unclear, "both")
    with refused("FOUR_EYES_PROPOSER"):
        confirm(unclear, proposal, "both")
    for outcome in ("confirmed", "refused"):
        with (
            pytest.raises(sa.exc.IntegrityError, match="review_proposal_two_persons"),
            unclear.engine.begin() as connection,
        ):
            connection.execute(
                sa.text(
                    "UPDATE review_proposal SET outcome = :outcome, decided_by = proposed_by, "
                    "decided_at = now(), reason = 'x'"
                ),
                {"outcome": outcome},
            )
    assert state(unclear) == ("UNKNOWN", "UNKNOWN")


@pytest.mark.parametrize(
    ("user", "code"), [("boss", "NOT_PERMITTED"), ("cashier", "INSTRUCTION_UNKNOWN")]
)
def test_only_who_reconciles_proposes(unclear: Stage, user: str, code: str) -> None:
    with refused(code):
        propose(unclear, user)


@pytest.mark.parametrize("user", ["accountant", "auditor", "cashier"])
def test_only_who_approves_confirms(unclear: Stage, user: str) -> None:
    proposal = propose(unclear)
    with pytest.raises(SluiceError):
        confirm(unclear, proposal, user)
    assert state(unclear) == ("UNKNOWN", "UNKNOWN")


def test_not_received_is_said_only_past_the_horizon(unclear: Stage) -> None:
    with refused("REVIEW_NOT_POSSIBLE"):
        propose(unclear, verdict=Verdict.NOT_RECEIVED)


def test_what_was_not_received_fails_and_may_then_go_again_as_a_new_attempt(
    stage: Stage,
) -> None:
    documents = stage.make(Draft(1, account=stage.world.pay_account))
    stage.banks["bank_a"].fault("reset_before")
    stage.release()
    stage.work()
    for _ in range(34):
        stage.later(hours=1)
    assert state(stage) == ("REVIEW", "UNKNOWN")
    assert [item.sent for item in stage.release(*documents).items] == [False]
    confirm(stage, propose(stage, verdict=Verdict.NOT_RECEIVED))
    assert state(stage) == ("FAILED", "FAILED")
    stage.later(hours=14)  # the next morning
    assert [item.sent for item in stage.release(*documents).items] == [True]
    stage.settle()
    assert len(stage.banks["bank_a"].executions()) == 1


@pytest.mark.parametrize(
    ("proof", "code"),
    [
        (Proof("x.pdf", b""), "NO_EVIDENCE"),
        (Proof("x.pdf", b"0" * (reviewing.MAX_PROOF + 1)), "PROOF_TOO_LARGE"),
    ],
    ids=["empty", "too large"],
)
def test_nothing_is_proposed_without_a_proof_of_a_sane_size(
    unclear: Stage, proof: Proof, code: str
) -> None:
    with refused(code):
        propose(unclear, proof=proof)


def test_one_proposal_waits_at_a_time(unclear: Stage) -> None:
    first = propose(unclear)
    with refused("REVIEW_PROPOSED"):
        propose(unclear, "auditor")
    turn_down(unclear, first, "accountant")
    second = propose(unclear, "auditor")
    turn_down(unclear, second, "boss")
    assert unclear.column("SELECT outcome FROM review_proposal ORDER BY id") == [
        "withdrawn",
        "refused",
    ]
    assert state(unclear) == ("UNKNOWN", "UNKNOWN")
    with refused("REVIEW_DECIDED"):
        confirm(unclear, second)


def test_the_bank_s_word_comes_first(unclear: Stage) -> None:
    proposal = propose(unclear)
    unclear.later(minutes=2)
    assert state(unclear)[0] == "PAID"
    with refused("NOT_IN_REVIEW"):
        confirm(unclear, proposal)
    assert unclear.column("SELECT outcome FROM review_proposal") == [None]


def test_two_who_confirm_at_once_move_it_once(unclear: Stage) -> None:
    with db.transaction(unclear.engine) as session:
        session.add(RoleGrant(user_id="auditor", role="reviewer", org_id="GROUP"))
    proposal = propose(unclear)
    start = threading.Barrier(2)
    said: list[str] = []

    def one(user: str) -> None:
        start.wait()
        try:
            confirm(unclear, proposal, user)
            said.append("moved")
        except SluiceError as error:
            said.append(error.code)

    threads = [threading.Thread(target=one, args=(user,)) for user in ("boss", "auditor")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["REVIEW_DECIDED", "moved"]
    assert unclear.value("SELECT count(*) FROM attempt_resolution") == 1

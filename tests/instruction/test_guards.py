"""What the database itself refuses, whatever the code above it does."""

from __future__ import annotations

import itertools

import pytest
import sqlalchemy as sa

from engine.base.money import MoneyError
from engine.machines.instruction.errors import InstructionError
from engine.machines.instruction.states import (
    LIVE,
    TRANSITIONS,
    AttemptState,
    derive_batch_state,
)
from tests.instruction.running import House

REFUSED = sa.exc.DBAPIError


def test_the_transition_table_is_the_same_in_code_and_database(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        for old, new in itertools.product(AttemptState, AttemptState):
            allowed = connection.execute(
                sa.text("SELECT attempt_transition_allowed(:old, :new)"),
                {"old": old.value, "new": new.value},
            ).scalar()
            assert allowed == (new in TRANSITIONS[old]), (old, new)


def test_the_one_live_index_covers_exactly_the_live_states(at_a: House) -> None:
    predicate = at_a.scalar(
        "SELECT pg_get_expr(indpred, indrelid) FROM pg_index "
        "WHERE indexrelid = 'attempt_one_live'::regclass"
    )
    assert isinstance(predicate, str)
    named = {state for state in AttemptState if f"'{state.value}'::" in predicate}
    assert named == LIVE


def test_the_derived_batch_state_is_the_same_in_code_and_database(at_a: House) -> None:
    """Every pair of states of two items, written past the guards by switching them off."""
    batch = at_a.batch(1, 2)
    for first, second in itertools.combinations_with_replacement(AttemptState, 2):
        with at_a.engine.connect() as connection, connection.begin() as undone:
            connection.execute(sa.text("ALTER TABLE attempt DISABLE TRIGGER USER"))
            for document, state in ((1, first), (2, second)):
                connection.execute(
                    sa.text("UPDATE attempt SET state = :state WHERE document_id = :document"),
                    {"state": state.value, "document": document},
                )
            found = connection.execute(
                sa.text("SELECT state FROM payment_batch_state WHERE batch_id = :id"),
                {"id": batch},
            ).scalar()
            undone.rollback()
        assert found == derive_batch_state([first, second]).value, (first, second)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE attempt SET state = 'PAID'",
        "UPDATE attempt SET amount = amount + 1",
        "UPDATE attempt SET counterparty_account = 'mine'",
        "DELETE FROM attempt",
        "TRUNCATE attempt CASCADE",
        "UPDATE payment_batch SET total = 1",
        "UPDATE payment_batch SET request_sha256 = 'other'",
        "UPDATE payment_batch SET sent_at = sent_at + interval '1 day'",
        "DELETE FROM payment_batch",
        "UPDATE bank_message SET payload = 'x'",
        "DELETE FROM bank_message",
        "UPDATE attempt_event SET to_state = 'PAID'",
    ],
)
def test_history_and_content_cannot_be_changed(at_a: House, change: str) -> None:
    at_a.owner.hashes[2] = "changed"
    at_a.batch(1, 2)
    at_a.work()
    with pytest.raises(REFUSED), at_a.engine.begin() as connection:
        connection.execute(sa.text(change))


def test_unknown_is_not_left_without_new_evidence(at_a: House) -> None:
    at_a.bank.client.fault("reset_before")
    at_a.batch(1)
    at_a.work()
    for state in ("PAID", "FAILED", "REVIEW", "PROCESSING"):
        with pytest.raises(REFUSED, match="new evidence"), at_a.engine.begin() as connection:
            connection.execute(sa.text("UPDATE attempt SET state = :state"), {"state": state})


def test_an_attempt_cannot_be_born_paid(at_a: House) -> None:
    at_a.batch(1)
    with pytest.raises(REFUSED, match="begins READY"), at_a.engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO attempt (org_id, batch_id, document_id, document_no, attempt_no, "
                "instruction_id, content_hash, amount, counterparty_name, counterparty_account, "
                "remittance, changed_at, state) VALUES ('BJ', 1, 9, 'D9', 1, 'D9-1', 'h', 1, "
                "'n', 'a', 'r', now(), 'PAID')"
            )
        )


def test_every_transition_is_written_down(at_a: House) -> None:
    at_a.batch(1)
    at_a.work()
    with at_a.engine.connect() as connection:
        events = connection.execute(
            sa.text("SELECT from_state, to_state, evidence_id FROM attempt_event ORDER BY id")
        ).all()
    assert [tuple(event)[:2] for event in events] == [
        ("READY", "SENDING"),
        ("SENDING", "PROCESSING"),
    ]
    assert all(event.evidence_id for event in events)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"direction": "gift"}, "DIRECTION"),
        ({"amount": 0}, "AMOUNT_NOT_POSITIVE"),
        ({"amount": -100}, "AMOUNT_NOT_POSITIVE"),
        ({"currency": "XXX"}, "UNKNOWN_CURRENCY"),
    ],
)
def test_a_batch_that_makes_no_sense_is_refused(
    at_a: House, change: dict[str, object], code: str
) -> None:
    with pytest.raises((InstructionError, MoneyError)) as refused:
        at_a.batch(1, **change)
    assert refused.value.code == code
    assert at_a.scalar("SELECT count(*) FROM payment_batch") == 0


def test_an_empty_batch_and_a_document_twice_are_refused(at_a: House) -> None:
    for documents, code in (((), "EMPTY_BATCH"), ((1, 1), "DOCUMENT_TWICE")):
        with pytest.raises(InstructionError) as refused:
            at_a.batch(*documents)
        assert refused.value.code == code

"""A worker that dies, sleeps or loses its action: never a second sending, never a lost answer."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
import sqlalchemy as sa

from engine.banks.contract import Submitted
from engine.machines.instruction import create, send
from engine.machines.instruction.send import prepare, settle_submission, submit
from engine.runtime.actions import ActionContext, LeaseLost, Services
from tests.instruction.running import House, classify

MINUTE = dt.timedelta(minutes=1)


def _claimed(house: House) -> ActionContext:
    """The send action in the hands of a worker that will die."""
    with house.engine.begin() as connection:
        row = connection.execute(
            sa.text(
                "UPDATE action SET state = 'leased', epoch = epoch + 1, attempts = attempts + 1, "
                "worker = 'doomed', lease_until = clock_timestamp() + interval '1 hour' "
                "WHERE kind = 'payment_batch.send' AND state = 'ready' RETURNING id, epoch, key"
            )
        ).one()
    return ActionContext(
        house.engine, house.clock, Services(), row.id, create.SEND, row.key, row.epoch, 1
    )


def _dies(house: House) -> None:
    """The doomed worker's lease runs out."""
    with house.engine.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE action SET lease_until = clock_timestamp() - interval '1 second' "
                "WHERE state = 'leased'"
            )
        )


def test_death_between_commit_and_first_byte_is_asked_about_and_never_resent(
    at_bank: House,
) -> None:
    batch = at_bank.batch(1)
    prepared = prepare(_claimed(at_bank), batch, at_bank.bank.connector, at_bank.owner)
    assert prepared is not None
    assert at_bank.states(batch) == {1: "SENDING"}
    _dies(at_bank)
    at_bank.work()
    assert at_bank.states(batch) == {1: "UNKNOWN"}
    for _ in range(40):
        at_bank.later(dt.timedelta(hours=1))
    assert at_bank.states(batch) == {1: "REVIEW"}
    assert at_bank.executed() == []


def test_death_after_the_bank_accepted_is_found_paid_by_asking(at_bank: House) -> None:
    batch = at_bank.batch(1)
    prepared = prepare(_claimed(at_bank), batch, at_bank.bank.connector, at_bank.owner)
    assert prepared is not None
    assert submit(at_bank.bank.connector, prepared).outcome is Submitted.ACCEPTED
    _dies(at_bank)
    at_bank.work()
    assert at_bank.states(batch) == {1: "UNKNOWN"}
    at_bank.later(MINUTE)
    assert at_bank.states(batch) == {1: "PAID"}
    assert at_bank.executed() == ["D20261123-000001-1"]


def test_death_before_the_commit_leaves_everything_to_the_next_worker(at_bank: House) -> None:
    batch = at_bank.batch(1)
    _claimed(at_bank)
    _dies(at_bank)
    at_bank.work()
    at_bank.later(MINUTE)
    assert at_bank.states(batch) == {1: "PAID"}
    assert at_bank.executed() == ["D20261123-000001-1"]


def test_a_sender_that_lost_its_action_keeps_the_answer_and_changes_nothing(at_a: House) -> None:
    batch = at_a.batch(1)
    context = _claimed(at_a)
    prepared = prepare(context, batch, at_a.bank.connector, at_a.owner)
    assert prepared is not None
    _dies(at_a)
    at_a.work()
    answer = submit(at_a.bank.connector, prepared)
    with pytest.raises(LeaseLost):
        settle_submission(context, batch, answer, at_a.owner, classify)
    assert at_a.states(batch) == {1: "UNKNOWN"}
    assert at_a.scalar("SELECT count(*) FROM bank_message WHERE kind = 'submit_answer'") == 1
    at_a.later(MINUTE)
    assert at_a.states(batch) == {1: "PAID"}


def test_a_worker_that_lost_its_action_prepares_nothing(at_a: House) -> None:
    batch = at_a.batch(1)
    context = _claimed(at_a)
    _dies(at_a)
    at_a.work()
    with pytest.raises(LeaseLost):
        prepare(context, batch, at_a.bank.connector, at_a.owner)
    at_a.later(MINUTE)
    assert at_a.executed() == ["D20261123-000001-1"]


def test_a_worker_paused_after_the_commit_does_not_send_late(at_a: House) -> None:
    batch = at_a.batch(1)
    context = _claimed(at_a)
    prepared = prepare(context, batch, at_a.bank.connector, at_a.owner)
    assert prepared is not None
    late = replace(prepared, until=prepared.until - 2 * send.SEND_BUDGET)
    answer = submit(at_a.bank.connector, late)
    assert answer.outcome is Submitted.NOT_SENT
    settle_submission(context, batch, answer, at_a.owner, classify)
    assert at_a.states(batch) == {1: "FAILED"}
    assert at_a.executed() == []


def test_a_prepared_batch_is_never_prepared_again(at_a: House) -> None:
    batch = at_a.batch(1)
    context = _claimed(at_a)
    assert prepare(context, batch, at_a.bank.connector, at_a.owner) is not None
    assert prepare(context, batch, at_a.bank.connector, at_a.owner) is None
    assert at_a.states(batch) == {1: "UNKNOWN"}


def test_a_sender_nobody_took_over_is_given_up_by_the_query(at_a: House) -> None:
    batch = at_a.batch(1)
    assert prepare(_claimed(at_a), batch, at_a.bank.connector, at_a.owner) is not None
    at_a.later(MINUTE)
    assert at_a.states(batch) == {1: "SENDING"}
    at_a.later(dt.timedelta(minutes=10))
    assert at_a.states(batch) == {1: "UNKNOWN"}

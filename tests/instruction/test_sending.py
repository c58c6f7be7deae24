"""A batch leaves at most once, and nothing is called failed by doubt."""

from __future__ import annotations

import datetime as dt
import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.banks.connect import Banks, open_bank
from engine.base.text import Text
from engine.machines.instruction.errors import InstructionError
from engine.machines.instruction.machine import InstructionMachine
from engine.machines.instruction.ports import Handling, Refusal
from engine.machines.instruction.states import BatchState
from engine.machines.instruction.store import batch_states
from engine.runtime.actions import Registry, Worker
from engine.runtime.clock import ManualClock
from engine.runtime.db import transaction
from tests.instruction.running import House, classify, house

MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)


@pytest.mark.parametrize("direction", ["pay", "collect"])
def test_a_batch_is_sent_asked_about_and_paid(at_bank: House, direction: str) -> None:
    batch = at_bank.batch(1, 2, 3, direction=direction)
    at_bank.work()
    assert set(at_bank.states(batch).values()) == {"PROCESSING"}
    at_bank.later(MINUTE)
    assert set(at_bank.states(batch).values()) == {"PAID"}
    assert at_bank.owner.course() == ["SENDING", "PROCESSING", "PAID"]
    assert len(at_bank.executed()) == 3
    assert at_bank.scalar("SELECT count(*) FROM action WHERE state <> 'done'") == 0


@pytest.mark.parametrize(
    "fault", ["hang_after_accept", "reset_after", "error_500_after", "garbage"]
)
def test_doubt_becomes_unknown_and_the_query_resolves_it_without_resending(
    at_bank: House, fault: str
) -> None:
    at_bank.bank.client.fault(fault)
    batch = at_bank.batch(1, 2)
    at_bank.work()
    assert set(at_bank.states(batch).values()) == {"UNKNOWN"}
    at_bank.later(MINUTE)
    assert set(at_bank.states(batch).values()) == {"PAID"}
    assert at_bank.owner.course() == ["SENDING", "UNKNOWN", "PAID"]
    assert sorted(at_bank.executed()) == ["D20261123-000001-1", "D20261123-000002-1"]


def test_a_partly_refused_batch_is_settled_item_by_item(at_bank: House) -> None:
    at_bank.bank.client.accounts(
        {"number": "6222000000000002", "kind": "external", "state": "closed"},
    )
    batch = at_bank.batch(1, 2, 3)
    at_bank.work()
    at_bank.later(MINUTE)
    assert at_bank.states(batch) == {1: "PAID", 2: "FAILED", 3: "PAID"}
    failed = at_bank.owner.changes[-2:]
    assert Handling.RETURN_TO_SOURCE in [change.handling for change in failed]
    with transaction(at_bank.engine) as session:
        assert batch_states(session, [batch]) == {batch: BatchState.PARTIAL}


def test_insufficient_funds_of_a_payer_fail_and_can_be_collected_again_by_a_new_attempt(
    at_bank: House,
) -> None:
    payer = {"number": "6222000000000001", "kind": "external", "balance": "1.00"}
    at_bank.bank.client.accounts(payer)
    first = at_bank.batch(1, direction="collect")
    at_bank.work()
    at_bank.later(MINUTE)
    assert at_bank.states(first) == {1: "FAILED"}
    assert at_bank.owner.changes[-1].handling is Handling.RETRY_INSIDE
    second = at_bank.batch(1, direction="collect", amount=100)
    at_bank.work()
    at_bank.later(MINUTE)
    assert at_bank.states(second) == {1: "PAID"}
    assert at_bank.executed() == ["D20261123-000001-2"]


def test_a_message_the_bank_refuses_fails_all_its_items(at_bank: House) -> None:
    batch = at_bank.batch(1, 2, account_number="9010000000009999")
    at_bank.work()
    assert at_bank.states(batch) == {1: "FAILED", 2: "FAILED"}
    assert at_bank.owner.course() == ["SENDING", "FAILED"]


def test_a_refused_connection_is_not_sent_and_may_be_tried_anew(at_a: House) -> None:
    profile = at_a.bank.connector.profile
    gone = open_bank(
        profile, {profile.url_key: "http://127.0.0.1:9", profile.token_key: "t"}, at_a.clock
    )
    at_a.bank.connector = gone
    batch = at_a.batch(1)
    at_a.work()
    assert at_a.states(batch) == {1: "FAILED"}
    change = at_a.owner.changes[-1]
    assert (change.bank_code, change.handling) == ("NOT_SENT", Handling.RETRY_INSIDE)


def test_refused_items_leave_the_batch_and_the_rest_is_sent(at_bank: House) -> None:
    at_bank.owner.refuse[2] = Refusal("HELD", Text("held by an alert", "已被预警扣留"))
    batch = at_bank.batch(1, 2)
    at_bank.work()
    assert at_bank.states(batch) == {1: "PROCESSING", 2: "WITHDRAWN"}
    at_bank.later(MINUTE)
    assert at_bank.executed() == ["D20261123-000001-1"]
    again = at_bank.batch(3)
    assert again != batch


def test_a_changed_content_hash_is_refused_before_sending(at_a: House) -> None:
    at_a.owner.hashes[1] = "another"
    batch = at_a.batch(1)
    at_a.work()
    assert at_a.states(batch) == {1: "WITHDRAWN"}
    assert at_a.owner.changes[-1].bank_code == "HASH_CHANGED"
    assert at_a.scalar("SELECT sent_at FROM payment_batch") is None
    at_a.later(DAY)
    assert at_a.executed() == []


def test_an_item_the_format_cannot_carry_is_taken_out_with_its_field_named(at_bank: House) -> None:
    bad = at_bank.batch(1, name="张\x07三")
    at_bank.work()
    assert at_bank.states(bad) == {1: "WITHDRAWN"}
    change = at_bank.owner.changes[-1]
    assert change.bank_code == "CHARACTER_REFUSED"
    assert "counterparty_name" in (change.bank_text or "")
    assert at_bank.scalar("SELECT bank_text_zh FROM attempt") == change.bank_text_zh
    assert any("\u4e00" <= sign <= "\u9fff" for sign in change.bank_text_zh or "")


def test_the_bytes_sent_are_kept_once_with_their_hash(at_bank: House) -> None:
    batch = at_bank.batch(1)
    at_bank.work()
    with at_bank.engine.connect() as connection:
        row = connection.execute(
            sa.text(
                "SELECT m.payload, m.sha256, b.request_sha256 FROM bank_message m "
                "JOIN payment_batch b ON b.id = m.batch_id WHERE m.kind = 'request'"
            )
        ).one()
    assert hashlib.sha256(row.payload).hexdigest() == row.sha256 == row.request_sha256
    assert b"D20261123-000001-1" in row.payload
    assert at_bank.scalar("SELECT outcome FROM bank_message WHERE kind = 'submit_answer'") == (
        "ACCEPTED"
    )
    assert batch == 1


def test_a_document_has_one_live_attempt_under_twenty_parallel_batches(at_a: House) -> None:
    def one(_: int) -> str:
        try:
            at_a.batch(1, 2)
        except InstructionError as error:
            return error.code
        return "made"

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(one, range(20)))
    assert sorted(outcomes) == ["ALREADY_LIVE"] * 19 + ["made"]
    assert at_a.scalar("SELECT count(*) FROM attempt") == 2
    at_a.work()
    at_a.later(MINUTE)
    assert len(at_a.executed()) == 2


def test_a_paid_document_cannot_be_instructed_again(at_a: House) -> None:
    at_a.batch(1)
    at_a.work()
    at_a.later(MINUTE)
    with pytest.raises(InstructionError) as refused:
        at_a.batch(1)
    assert refused.value.code == "ALREADY_LIVE"


def test_five_hundred_items_go_in_one_message_and_few_statements(at_a: House) -> None:
    statements: list[str] = []
    sa.event.listen(
        at_a.engine, "before_cursor_execute", lambda *args: statements.append(str(args[2]))
    )
    batch = at_a.batch(*range(1, 501), amount=100)
    at_a.work()
    at_a.later(MINUTE)
    assert set(at_a.states(batch).values()) == {"PAID"}
    assert len(at_a.executed()) == 500
    assert len(statements) < 80


def test_a_batch_of_a_bank_that_is_not_set_up_waits(
    engine: sa.Engine, tmp_path: Path, clock: ManualClock
) -> None:
    with house(engine, tmp_path, clock) as here:
        registry = Registry()
        InstructionMachine(Banks({}, clock), here.owner, classify).register(registry)
        batch = here.batch(1)
        assert Worker(engine, clock, registry, "w2").run_once() == 1
        assert here.states(batch) == {1: "READY"}
        here.later(dt.timedelta(minutes=5))
        assert here.states(batch) == {1: "PROCESSING"}

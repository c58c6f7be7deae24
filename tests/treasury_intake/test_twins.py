"""Suspected twins: what counts as one, at which moments it is asked, and what is remembered."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from engine.rulebook import Rulebook
from engine.runtime.clock import ManualClock
from engine.runtime.db import constraint, transaction
from engine.treasury.alerts import board, twins
from engine.treasury.approvals import desk
from engine.treasury.documents.course import transition as move
from engine.treasury.documents.models import Document
from engine.treasury.documents.states import State
from engine.treasury.intake import course
from engine.treasury.intake.run import start
from tests.treasury_intake.support import bring_in, documents, row, states, steps_open

FIRST = {
    "counterparty_account": "A6222021001",
    "business_type": "refund",
    "counterparty_name": "Zhang (San) 公司",
    "amount": "1000.00",
    "business_reference": "C-1",
}
SAME = {**FIRST, "business_reference": None}


def second(
    live: Session, rulebook: Rulebook, clock: ManualClock, **changes: str | None
) -> dict[str, str]:
    """Code and action of every alert about the second of two payments."""
    bring_in(live, rulebook, clock, [row(1, **FIRST)])
    bring_in(live, rulebook, clock, [row(2, **{**FIRST, **changes})])
    told = board.of_subject(live, "document", str(documents(live)[1].id))
    return {a.code: a.action for a in told}


CASES: list[tuple[dict[str, str | None], dict[str, str]]] = [
    ({}, {"W1": "hold"}),
    ({"business_reference": None}, {"W1": "hold"}),
    ({"counterparty_account": "6222021001"}, {"W1": "hold"}),
    ({"organisation": "SH"}, {"W1": "hold"}),
    ({"business_reference": "C-2"}, {"W5": "hold"}),
    ({"business_reference": "C-2", "business_type": "commission"}, {"W6": "hint"}),
    ({"amount": "2000.00"}, {"W7": "hint"}),
    ({"amount": "2000.00", "counterparty_name": "zhang san公司"}, {"W7": "hint"}),
    ({"counterparty_account": "777777", "business_reference": "C-2"}, {"W8": "hint"}),
    (
        {
            "counterparty_account": "777777",
            "business_reference": "C-2",
            "counterparty_name": "ＺＨＡＮＧ（ＳＡＮ）【公司】",
        },
        {"W8": "hint"},
    ),
    ({"amount": "1010.00", "business_reference": "C-2"}, {"W9": "hint"}),
    ({"amount": "990.10", "business_reference": "C-2"}, {"W9": "hint"}),
    ({"amount": "1010.11", "business_reference": "C-2"}, {}),
    ({"counterparty_name": "Li Si", "amount": "2000.00"}, {"W4": "hint"}),
    (
        {"counterparty_account": "777777", "business_reference": "C-2", "amount": "200000.00"},
        {"N1": "extra_approver"},
    ),
    (
        {
            "counterparty_account": "777777",
            "business_reference": "C-2",
            "counterparty_name": "Li Si",
            "amount": "200000.00",
        },
        {"N2": "hint"},
    ),
    ({"counterparty_account": "777777", "business_reference": "C-2", "amount": "199999.99"}, {}),
]


@pytest.mark.parametrize(
    ("function", "one", "other", "same"),
    [
        ("account_key", "6222 0210-01", "６２２２０２１００１", True),
        ("account_key", "CN6222021001", "6222021001", True),
        ("account_key", "6222021001", "6222021010", False),
        ("account_key", "wallet of Li", "WALLET OF LI", True),
        ("account_key", "wallet", "purse", False),
        ("name_key", "演示（北京）公司", "演示(北京) 公司", True),
        ("name_key", "【演示】　公司", "演示公司", True),
        ("name_key", "ＡＣＭＥ Ltd", "acme LTD", True),
        ("name_key", "演示北京公司", "演示上海公司", False),
    ],
)
def test_names_and_numbers_are_compared_as_people_mean_them(
    group: Session, function: str, one: str, other: str, same: bool
) -> None:
    keys = sa.text(f"SELECT {function}(:one) = {function}(:other)")
    assert group.execute(keys, {"one": one, "other": other}).scalar_one() is same


@pytest.mark.parametrize(("changes", "alerts"), CASES)
def test_what_makes_two_payments_look_alike(
    live: Session,
    rulebook: Rulebook,
    clock: ManualClock,
    changes: dict[str, str | None],
    alerts: dict[str, str],
) -> None:
    assert second(live, rulebook, clock, **changes) == alerts


@pytest.mark.parametrize(("seconds", "held"), [(3 * 86_400, True), (3 * 86_400 + 1, False)])
def test_a_window_ends_to_the_second(
    live: Session, rulebook: Rulebook, clock: ManualClock, seconds: int, held: bool
) -> None:
    bring_in(live, rulebook, clock, [row(1, **FIRST)])
    clock.advance(dt.timedelta(seconds=seconds))
    bring_in(live, rulebook, clock, [row(2, **SAME)])
    assert (documents(live)[1].waiting_code == "HELD") is held


@pytest.mark.parametrize(
    ("way", "held"),
    [
        ([State.SENDING, State.UNKNOWN], True),
        ([State.SENDING, State.PAID], True),
        ([State.SENDING, State.FAILED], True),
        ([State.SENDING, State.FAILED, State.RETURNED], False),
        ([State.SENDING, State.PAID, State.BOUNCED], False),
    ],
)
def test_an_unknown_payment_counts_and_an_ended_one_does_not(
    live: Session, rulebook: Rulebook, clock: ManualClock, way: list[State], held: bool
) -> None:
    bring_in(live, rulebook, clock, [row(1, **FIRST)])
    [first] = documents(live)
    desk.decide(live, "bj-reviewer", steps_open(live), "approve", None, clock.now())
    for state in way:
        move(live, first.id or 0, state, actor="test", now=clock.now())
    bring_in(live, rulebook, clock, [row(2, **SAME)])
    assert (documents(live)[1].waiting_code == "HELD") is held


ATTEMPT = """
WITH batch AS (
  INSERT INTO payment_batch (org_id, message_id, bank_id, channel, direction, account_id,
    account_number, account_name, account_bank_code, currency, value_date, item_count, total,
    created_at)
  SELECT org_id, 'PB1', 'bank_a', 'bank_direct', 'pay', account_id, '1', 'A', '1', 'CNY', due_date,
    1, amount, :now FROM document WHERE id = :id RETURNING id)
INSERT INTO attempt (org_id, batch_id, document_id, document_no, attempt_no, instruction_id,
  content_hash, amount, counterparty_name, counterparty_account, remittance, changed_at)
SELECT d.org_id, batch.id, d.id, d.document_no, 1, 'I1', d.content_hash, d.amount, 'Z', '6', '',
  :now
FROM document d, batch WHERE d.id = :id
"""


def test_a_returned_payment_that_was_done_after_all_counts(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    bring_in(live, rulebook, clock, [row(1, **FIRST)])
    [first] = documents(live)
    desk.decide(live, "bj-reviewer", steps_open(live), "approve", None, clock.now())
    live.execute(sa.text(ATTEMPT), {"id": first.id, "now": clock.now()})
    for state in ("SENDING", "FAILED", "LATE_SUCCESS"):
        live.execute(sa.text("UPDATE attempt SET state = :state"), {"state": state})
    for after in (State.SENDING, State.FAILED, State.RETURNED):
        move(live, first.id or 0, after, actor="test", now=clock.now())
    bring_in(live, rulebook, clock, [row(2, **SAME)])
    assert documents(live)[1].waiting_code == "HELD"


def test_of_two_rejected_twins_submitted_at_once_exactly_one_goes_on(
    live: Session, engine: sa.Engine, rulebook: Rulebook, clock: ManualClock
) -> None:
    for number in (1, 2):
        bring_in(live, rulebook, clock, [row(number, **FIRST)])
        desk.decide(live, "bj-reviewer", steps_open(live), "reject", "no invoice", clock.now())
    ids = [one.id or 0 for one in documents(live)]
    assert set(states(live).values()) == {"REJECTED"}
    live.commit()
    together = threading.Barrier(2)

    def submit(one: int) -> None:
        with transaction(engine) as session:
            session.get_one(Document, one)
            together.wait()
            course.resubmit(session, rulebook, "maker", [one], clock.now())

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(submit, ids))
    assert Counter(d.waiting_code for d in documents(live)) == {None: 1, "HELD": 1}
    assert Counter(states(live).values()) == {"IN_APPROVAL": 1, "REJECTED": 1}


def test_a_cleared_pair_is_not_held_again_but_a_third_twin_is(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    bring_in(live, rulebook, clock, [row(1, **FIRST), row(2, **FIRST)])
    first, held = (one.id or 0 for one in documents(live))
    said = documents(live)[1].waiting
    assert said is not None
    assert "重复" in said.zh
    assert said.en != said.zh
    course.release(live, rulebook, "treasurer", held, "two instalments", clock.now())
    [twin] = twins.of_document(live, held)
    assert (twin.other_id, twin.cleared_by, twin.reason) == (first, "treasurer", "two instalments")
    for one in (first, held):
        desk.withdraw(live, "maker", [one], "again", clock.now())
        course.resubmit(live, rulebook, "maker", [one], clock.now())
    assert set(states(live).values()) == {"IN_APPROVAL"}

    bring_in(live, rulebook, clock, [row(3, **FIRST)])
    third = documents(live)[2]
    assert third.waiting_code == "HELD"
    assert [t.other_id for t in twins.of_document(live, third.id or 0)] == [first, held]
    course.release(live, rulebook, "treasurer", third.id or 0, "third one", clock.now())
    assert set(states(live).values()) == {"IN_APPROVAL"}


def test_a_twin_that_came_after_the_release_holds_the_released_one_when_submitted_again(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    bring_in(live, rulebook, clock, [row(1, **FIRST), row(2, **FIRST)])
    second_id = documents(live)[1].id or 0
    course.release(live, rulebook, "treasurer", second_id, "two instalments", clock.now())
    desk.withdraw(live, "maker", [second_id], "later", clock.now())
    bring_in(live, rulebook, clock, [row(3, **FIRST)])
    third_id = documents(live)[2].id or 0
    course.release(live, rulebook, "treasurer", third_id, "no twin of the first two", clock.now())
    bring_in(live, rulebook, clock, [row(4, **FIRST)])
    fourth_id = documents(live)[3].id or 0
    live.execute(
        sa.text(
            "UPDATE document_hold SET released_by = 'cfo', released_at = now(), "
            "release_reason = 'not cleared as a pair' WHERE document_id = :one"
        ),
        {"one": fourth_id},
    )
    course.advance(start(live, rulebook, clock.now()), [fourth_id])
    course.resubmit(live, rulebook, "maker", [second_id], clock.now())
    assert documents(live)[1].waiting_code == "HELD"
    assert {t.other_id for t in twins.of_document(live, second_id) if t.cleared_by is None} == {
        fourth_id
    }


def test_the_database_takes_no_cleared_pair_without_a_released_hold(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    bring_in(live, rulebook, clock, [row(1, **FIRST), row(2, **FIRST)])
    with pytest.raises(DBAPIError) as refused:
        live.execute(
            sa.text(
                "INSERT INTO cleared_pair (org_id, document_id, other_id, cleared_by, cleared_at, "
                "reason) SELECT org_id, least(document_id, other_id), "
                "greatest(document_id, other_id), 'maker', now(), 'mine' FROM suspected_twin"
            )
        )
    assert constraint(refused.value) == "cleared_pair_released"

"""Voiding, paying in another way, cheques: what ends with a document, and that only one is paid."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from engine.base.text import SluiceError, Text
from engine.runtime import db
from engine.treasury import cheques
from engine.treasury.alerts.board import AlertDraft, raise_alerts
from engine.treasury.alerts.holds import HoldDraft, place
from engine.treasury.documents.models import Document
from engine.treasury.documents.results import ItemResult
from engine.treasury.documents.states import TRANSITIONS, State
from engine.treasury.intake.ending import void_each
from engine.treasury.intake.replacing import Change, replace_document
from engine.treasury.invariants.checking import check_invariants
from tests.channels.support import hand_out, make_file
from tests.payments.stage import Stage
from tests.payments.world import Draft

STATES_OF_ATTEMPTS = "SELECT state FROM attempt ORDER BY id"


def void(stage: Stage, *documents: int, user: str = "cashier") -> list[ItemResult]:
    """Void documents."""
    return db.run_in_transaction(
        stage.engine,
        lambda session: void_each(session, user, list(documents), "mistake", stage.clock.now()),
    )


def replace(stage: Stage, document: int, change: Change, user: str = "accountant") -> Document:
    """Pay a document in another way."""
    with db.transaction(stage.engine) as session:
        # The stage numbers its documents itself.
        session.execute(
            sa.text("SELECT setval('document_serial', 1000 + last_value) FROM document_serial")
        )
        return replace_document(
            session, stage.rulebook, user, document, change, "asked by payee", stage.clock.now()
        )


def ask(stage: Stage, *documents: int, user: str = "cashier") -> list[ItemResult]:
    """Ask for cheques."""
    return db.run_in_transaction(
        stage.engine,
        lambda session: cheques.request(session, user, list(documents), stage.clock.now()),
    )


def codes(results: list[ItemResult]) -> list[str | None]:
    """The code per document."""
    return [one.code for one in results]


def sound(stage: Stage) -> None:
    """No invariant is broken."""
    with db.transaction(stage.engine) as session:
        assert {k: v for k, v in check_invariants(session).items() if v != "ok"} == {}


def forced(stage: Stage, document: int, state: str) -> None:
    """Put a document into a state, by the steps there are."""
    steps = {
        "REJECTED": ["BATCHED", "IN_APPROVAL", "REJECTED"],
        "IN_APPROVAL": ["BATCHED", "IN_APPROVAL"],
        "BATCHED": ["BATCHED"],
        "UNPAID": [],
        "FAILED": ["SENDING", "FAILED"],
        "PROCESSING": ["SENDING", "PROCESSING"],
        "UNKNOWN": ["SENDING", "UNKNOWN"],
        "PAID": ["SENDING", "PAID"],
        "CONFIRMED": ["SENDING", "PAID", "CONFIRMED"],
    }[state]
    with stage.engine.begin() as connection:
        for step in steps:
            connection.execute(
                sa.text("UPDATE document SET state = :state WHERE id = :id"),
                {"state": step, "id": document},
            )


@pytest.mark.parametrize(
    "state",
    [
        "BATCHED",
        "REJECTED",
        "UNPAID",
        "FAILED",
        "IN_APPROVAL",
        "PROCESSING",
        "UNKNOWN",
        "PAID",
        "CONFIRMED",
    ],
)
def test_a_document_is_voided_exactly_where_the_table_allows_it(stage: Stage, state: str) -> None:
    (one,) = stage.make(Draft(1, account=stage.world.pay_account))
    forced(stage, one, state)
    allowed = State.VOID in TRANSITIONS[State(state)]
    assert codes(void(stage, one)) == [None if allowed else "DOCUMENT_TRANSITION"]
    assert stage.states([one]) == ["VOID" if allowed else state]
    told = stage.column("SELECT body->>'status' FROM outbox_message")
    assert told == (["VOID"] if allowed else [])


def test_many_are_voided_each_with_its_own_result(stage: Stage) -> None:
    one, two, three = stage.make(*(Draft(n, account=stage.world.pay_account) for n in (1, 2, 3)))
    forced(stage, two, "PROCESSING")
    assert codes(void(stage, one, two, three)) == [None, "DOCUMENT_TRANSITION", None]
    assert stage.states([one, two, three]) == ["VOID", "PROCESSING", "VOID"]


def test_voiding_needs_reason_and_permission(stage: Stage) -> None:
    (one,) = stage.make(Draft(1, account=stage.world.pay_account))
    with pytest.raises(SluiceError) as caught, db.transaction(stage.engine) as session:
        void_each(session, "cashier", [one], "  ", stage.clock.now())
    assert caught.value.code == "REASON_MISSING"
    assert codes(void(stage, one, user="claims")) == ["NOT_PERMITTED"]


def test_voiding_ends_the_hold_the_approval_and_the_place_in_a_batch(stage: Stage) -> None:
    documents, message_id = make_file(stage, 1, 2)
    with db.transaction(stage.engine) as session:
        draft = AlertDraft(
            org_id="BJ",
            dedupe_key="t",
            code="duplicate-payment",
            severity="high",
            action="hold",
            subject_kind="document",
            subject_id=str(documents[0]),
            text=Text("twin", "重复"),
        )
        (alert,) = raise_alerts(session, [draft], stage.clock.now()).values()
        place(session, [HoldDraft("BJ", documents[0], alert)], "system", stage.clock.now())
    assert codes(void(stage, documents[0])) == [None]
    assert stage.column(STATES_OF_ATTEMPTS) == ["WITHDRAWN", "READY"]
    assert stage.column("SELECT state FROM alert") == ["resolved"]
    assert stage.column("SELECT state FROM approval_request ORDER BY subject_id") == [
        "WITHDRAWN",
        "APPROVED",
    ]
    assert len(hand_out(stage, message_id).content.splitlines()) == 3
    sound(stage)


def test_voiding_while_the_batch_begins_to_leave_pays_or_voids_never_both(stage: Stage) -> None:
    """Void and hand-out at once, many times: a document that is VOID never left."""
    for number in range(1, 13):
        (document,), message_id = make_file(stage, number)
        with ThreadPoolExecutor(2) as pool:
            left = pool.submit(hand_out, stage, message_id)
            voided = pool.submit(void, stage, document)
            gone = bool(left.result().content)
            ended = codes(voided.result()) == [None]
        assert gone != ended
        assert stage.states([document]) == ["SENDING" if gone else "VOID"]
    sound(stage)


def test_the_database_lets_no_document_under_way_become_void(stage: Stage) -> None:
    documents, _ = make_file(stage, 1)
    with pytest.raises(sa.exc.DBAPIError) as caught, stage.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE document SET state = 'VOID' WHERE id = :id"), {"id": documents[0]}
        )
    assert "cannot become void" in str(caught.value)


# --- another way


def test_another_method_makes_a_linked_document_and_the_old_one_void(stage: Stage) -> None:
    (old,) = stage.make(Draft(1, account=stage.world.pay_account, business_type="expense"))
    new = replace(stage, old, Change(payment_method="cash"))
    assert (new.replaces_id, new.channel, new.payment_method) == (old, "cash", "cash")
    assert (new.source_document_no, new.created_by) == ("C1-R1", "accountant")
    assert stage.states([old, new.id or 0]) == ["VOID", "IN_APPROVAL"]
    assert stage.value("SELECT count(*) FROM approval_request WHERE state = 'APPROVED'") == 0
    sound(stage)


def test_the_source_is_told_once_that_it_was_replaced_by_which(stage: Stage) -> None:
    (old,) = stage.make(Draft(1, account=stage.world.pay_account, business_type="expense"))
    new = replace(stage, old, Change(counterparty_account="6222021001000009"))
    assert stage.column("SELECT body->>'status' FROM outbox_message") == ["REPLACED"]
    assert stage.column("SELECT body->>'replaced_by' FROM outbox_message") == [new.document_no]


def test_a_replacement_is_replaced_again_under_the_next_number(stage: Stage) -> None:
    (old,) = stage.make(Draft(1, account=stage.world.pay_account, business_type="expense"))
    first = replace(stage, old, Change(payment_method="cash"))
    second = replace(stage, first.id or 0, Change(payment_method="transfer"))
    assert (second.source_document_no, second.replaces_id) == ("C1-R2", first.id)
    assert stage.states([old, first.id or 0, second.id or 0]) == ["VOID", "VOID", "IN_APPROVAL"]


def test_a_document_in_a_file_nobody_took_is_replaced_and_leaves_the_file(stage: Stage) -> None:
    (old,), message_id = make_file(stage, 1, business_type="expense")
    replace(stage, old, Change(payment_method="cash"))
    assert stage.column(STATES_OF_ATTEMPTS) == ["WITHDRAWN"]
    assert hand_out(stage, message_id).content == b""


@pytest.mark.parametrize("state", ["PROCESSING", "UNKNOWN", "PAID", "CONFIRMED"])
def test_once_an_attempt_is_live_nothing_is_replaced(stage: Stage, state: str) -> None:
    (old,) = stage.make(Draft(1, account=stage.world.pay_account, business_type="expense"))
    forced(stage, old, state)
    with pytest.raises(SluiceError) as caught:
        replace(stage, old, Change(payment_method="cash"))
    assert caught.value.code == "DOCUMENT_TRANSITION"
    assert stage.value("SELECT count(*) FROM document") == 1


@pytest.mark.parametrize(
    ("change", "user", "code"),
    [
        (Change(), "accountant", "NOTHING_CHANGED"),
        (Change(payment_method="transfer"), "accountant", "NOTHING_CHANGED"),
        (Change(payment_method="barter"), "accountant", "REPLACEMENT_REFUSED"),
        (Change(counterparty_bank_code="12"), "accountant", "REPLACEMENT_REFUSED"),
        (Change(payment_method="cash"), "boss", "NOT_PERMITTED"),
    ],
)
def test_what_cannot_be_replaced_stays_payable_as_it_is(
    stage: Stage, change: Change, user: str, code: str
) -> None:
    (old,) = stage.make(Draft(1, account=stage.world.pay_account, business_type="expense"))
    with pytest.raises(SluiceError) as caught:
        replace(stage, old, change, user)
    assert caught.value.code == code
    assert stage.states([old]) == ["UNPAID"]
    assert stage.value("SELECT count(*) FROM document") == 1


def test_two_replacements_at_once_make_one_document(stage: Stage) -> None:
    (old,) = stage.make(Draft(1, account=stage.world.pay_account, business_type="expense"))

    def one(method: str) -> str:
        try:
            return str(replace(stage, old, Change(payment_method=method)).state)
        except SluiceError as error:
            return error.code

    with ThreadPoolExecutor(4) as pool:
        found = sorted(pool.map(one, ["cash"] * 4))
    assert found == ["DOCUMENT_TRANSITION"] * 3 + ["IN_APPROVAL"]
    assert stage.value("SELECT count(*) FROM document WHERE replaces_id IS NOT NULL") == 1


def test_the_database_takes_no_replacement_of_a_document_that_is_not_void(stage: Stage) -> None:
    (old,) = stage.make(Draft(1, account=stage.world.pay_account, business_type="expense"))
    copied = (
        "INSERT INTO document (document_no, org_id, document_batch_id, direction, source_system, "
        "source_document_no, payload_hash, business_type, amount, currency, payment_method, "
        "due_date, created_by, created_at, business_date, replaces_id) SELECT 'D-X', org_id, "
        "document_batch_id, direction, source_system, 'X', payload_hash, business_type, amount, "
        "currency, payment_method, due_date, created_by, created_at, business_date, id "
        "FROM document"
    )
    with pytest.raises(sa.exc.DBAPIError) as caught, stage.engine.begin() as connection:
        connection.execute(sa.text(copied))
    assert "replaces one that is not void" in str(caught.value)
    assert stage.states([old]) == ["UNPAID"]


# --- cheques


def _cheque(stage: Stage, *numbers: int) -> list[int]:
    drafts = (
        Draft(n, account=stage.world.pay_account, channel="cheque", business_type="expense")
        for n in numbers
    )
    return stage.make(*drafts)


def test_a_cheque_document_is_handed_over_to_one_cheque_and_no_bank(stage: Stage) -> None:
    one, two = _cheque(stage, 1, 2)
    (direct,) = stage.make(Draft(3, account=stage.world.pay_account))
    assert codes(ask(stage, one, two, direct)) == [None, None, "NOT_CHEQUE"]
    assert codes(ask(stage, one)) == ["CHEQUE_LIVE"]
    assert [item.code for item in stage.release(one).items] == ["NOT_DIRECT"]
    with db.transaction(stage.engine) as session:
        (made,) = cheques.of_document(session, one)
    assert (made.payee, made.amount, made.state) == ("王伟", 10_000, "REQUESTED")
    assert stage.column("SELECT waiting_code FROM document ORDER BY id") == [
        "CHEQUE_REQUESTED",
        "CHEQUE_REQUESTED",
        None,
    ]


def test_cheques_asked_for_at_once_are_one(stage: Stage) -> None:
    (one,) = _cheque(stage, 1)
    with ThreadPoolExecutor(6) as pool:
        found = [codes(results)[0] for results in pool.map(lambda _: ask(stage, one), range(6))]
    assert found.count(None) == 1
    assert set(found) == {None, "CHEQUE_LIVE"}
    assert stage.value("SELECT count(*) FROM cheque") == 1


def test_voiding_and_replacing_cancel_the_cheque(stage: Stage) -> None:
    one, two = _cheque(stage, 1, 2)
    ask(stage, one, two)
    assert codes(void(stage, one)) == [None]
    replace(stage, two, Change(payment_method="cash"))
    assert stage.column("SELECT state FROM cheque") == ["CANCELLED", "CANCELLED"]


def test_no_approver_asks_for_a_cheque(stage: Stage) -> None:
    (one,) = _cheque(stage, 1)
    with db.transaction(stage.engine) as session:
        session.execute(
            sa.text("INSERT INTO role_grant (user_id, role, org_id) VALUES ('boss','cashier','BJ')")
        )
    assert codes(ask(stage, one, user="boss")) == ["FOUR_EYES"]


# --- one document, one message


def test_one_document_paid_alone_is_one_message_with_one_item(stage: Stage) -> None:
    """The grouping rules decide: urgent payments, and large ones, travel alone."""
    documents = stage.make(
        *(Draft(n, account=stage.world.pay_account, urgency="urgent") for n in (1, 2)),
        *(Draft(n, account=stage.world.pay_account, amount=100_000_000) for n in (3, 4)),
        *(Draft(n, account=stage.world.pay_account) for n in (5, 6)),
    )
    released = stage.release(*documents)
    assert len(released.batch_ids) == 5
    assert stage.column("SELECT item_count FROM payment_batch ORDER BY id") == [1, 1, 1, 1, 2]
    alone = stage.release(*stage.make(Draft(7, account=stage.world.pay_account)))
    assert (
        stage.value("SELECT item_count FROM payment_batch WHERE id=:b", b=alone.batch_ids[0]) == 1
    )
    stage.work()
    assert stage.value("SELECT count(*) FROM bank_message WHERE kind = 'request'") == 6

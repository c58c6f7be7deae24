"""Releasing, slots, and what must not leave."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import Text
from engine.machines.instruction.states import AttemptState
from engine.runtime import db
from engine.runtime.clock import BUSINESS_ZONE
from engine.runtime.schedules import fire_due
from engine.treasury import payments
from engine.treasury.accounts.book import set_state
from engine.treasury.alerts.board import AlertDraft, raise_alerts
from engine.treasury.alerts.holds import HoldDraft, place
from tests.payments.stage import Stage
from tests.payments.world import Draft


def _codes(released: payments.Released) -> list[str | None]:
    return [item.code for item in released.items]


def _hold(stage: Stage, document: int) -> None:
    with db.transaction(stage.engine) as session:
        ids = raise_alerts(
            session,
            [
                AlertDraft(
                    org_id="BJ",
                    dedupe_key=f"test:{document}",
                    code="duplicate-payment",
                    severity="high",
                    action="hold",
                    subject_kind="document",
                    subject_id=str(document),
                    text=Text("twin", "重复"),
                )
            ],
            stage.clock.now(),
        )
        alert_id = next(iter(ids.values()))
        place(session, [HoldDraft("BJ", document, alert_id)], "system", stage.clock.now())


def test_documents_of_one_account_travel_in_one_message(stage: Stage) -> None:
    documents = stage.make(*(Draft(n, account=stage.world.pay_account) for n in (1, 2, 3)))
    released = stage.release()
    assert len(released.batch_ids) == 1
    stage.work()
    assert stage.states(documents) == ["PROCESSING"] * 3


def test_a_release_that_waited_for_another_one_sends_the_rest_and_names_what_is_under_way(
    stage: Stage,
) -> None:
    first, second = stage.make(*(Draft(n, account=stage.world.pay_account) for n in (1, 2)))
    with ThreadPoolExecutor(1) as other:
        with db.transaction(stage.engine) as session:
            payments.release(
                session, stage.rulebook, "cashier", stage.clock.now(), document_ids=[first]
            )
            waiting = other.submit(stage.release, first, second)
            while not stage.value("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                assert not waiting.done(), waiting.result()
        released = waiting.result(30)
    assert _codes(released) == ["ALREADY_LIVE", None]


def test_releasing_twice_sends_once(stage: Stage) -> None:
    documents = stage.make(Draft(1, account=stage.world.pay_account))
    stage.release(*documents)
    assert _codes(stage.release(*documents)) == ["ALREADY_LIVE"]
    stage.settle()
    assert _codes(stage.release(*documents)) == ["ALREADY_LIVE"]
    assert len(stage.banks["bank_a"].executions()) == 1


def test_the_maker_or_an_approver_does_not_release(stage: Stage) -> None:
    documents = stage.make(Draft(1, account=stage.world.pay_account))
    with db.transaction(stage.engine) as session:
        for user in ("boss", "claims"):
            session.execute(
                sa.text(
                    "INSERT INTO user_account (id, org_id, name, language, active) "
                    "SELECT :id, 'GROUP', 'x', 'zh', true ON CONFLICT DO NOTHING"
                ),
                {"id": user},
            )
            session.execute(
                sa.text(
                    "INSERT INTO role_grant (user_id, role, org_id) VALUES (:id, 'cashier', 'BJ')"
                ),
                {"id": user},
            )
    assert _codes(stage.release(*documents, user="boss")) == ["FOUR_EYES"]
    assert _codes(stage.release(*documents, user="claims")) == ["FOUR_EYES"]


def test_releasing_needs_the_permission(stage: Stage) -> None:
    stage.make(Draft(1, account=stage.world.pay_account))
    with pytest.raises(payments.ReleaseError) as caught:
        stage.release(user="auditor")
    assert caught.value.code == "NOT_PERMITTED"


def test_a_release_stands_in_the_audit_log(stage: Stage) -> None:
    stage.make(Draft(1, account=stage.world.pay_account))
    stage.release()
    assert stage.value("SELECT actor FROM audit_entry WHERE action = 'payments.release'") == (
        "cashier"
    )


def test_a_held_document_stays_behind(stage: Stage) -> None:
    one, two = stage.make(*(Draft(n, account=stage.world.pay_account) for n in (1, 2)))
    _hold(stage, one)
    assert _codes(stage.release(one, two)) == ["HELD", None]


def test_a_hold_placed_after_release_stops_the_item_before_sending(stage: Stage) -> None:
    one, two = stage.make(*(Draft(n, account=stage.world.pay_account) for n in (1, 2)))
    stage.release(one, two)
    _hold(stage, one)
    stage.work()
    assert stage.states([one, two]) == ["UNPAID", "PROCESSING"]
    assert stage.value("SELECT waiting_code FROM document WHERE id = :id", id=one) == "HELD"
    waits = stage.value("SELECT waiting_zh FROM document WHERE id = :id", id=one)
    assert waits == stage.value("SELECT bank_text_zh FROM attempt WHERE state = 'WITHDRAWN'")
    assert "单据" in str(waits)


def test_changed_content_goes_back_for_approval(stage: Stage, superuser_url: str) -> None:
    one, two = stage.make(*(Draft(n, account=stage.world.pay_account) for n in (1, 2)))
    stage.release(one, two)
    tamper = db.make_engine(superuser_url, pooled=False)
    with tamper.begin() as connection:
        connection.execute(sa.text("SET session_replication_role = replica"))
        connection.execute(sa.text("UPDATE document SET amount = 99 WHERE id = :id"), {"id": one})
    stage.work()
    assert stage.states([one, two]) == ["BATCHED", "PROCESSING"]
    assert stage.column("SELECT state FROM approval_request ORDER BY id") == [
        "WITHDRAWN",
        "APPROVED",
    ]
    reasons = stage.column(
        "SELECT unnest(ARRAY[reason, reason_zh]) FROM document_event "
        "WHERE reason_code = 'HASH_CHANGED'"
    )
    assert [("approv" in str(one), "审批" in str(one)) for one in reasons] == [
        (True, False),
        (False, True),
    ]


def test_a_frozen_account_sends_nothing(stage: Stage) -> None:
    documents = stage.make(Draft(1, account=stage.world.pay_account))
    stage.release(*documents)
    with db.transaction(stage.engine) as session:
        set_state(
            session,
            stage.world.pay_account,
            "frozen",
            actor="boss",
            reason="court order",
            now=stage.clock.now(),
        )
    stage.work()
    assert stage.states(documents) == ["UNPAID"]
    assert stage.value("SELECT waiting_code FROM document") == "ACCOUNT_FROZEN"
    assert stage.value("SELECT state FROM attempt") == AttemptState.WITHDRAWN


def test_a_collection_account_never_pays(stage: Stage) -> None:
    documents = stage.make(Draft(1, account=stage.world.collect_account))
    stage.release(*documents)
    stage.work()
    assert stage.states(documents) == ["UNPAID"]
    assert stage.value("SELECT waiting_code FROM document") == "NATURE_BARRED"


@pytest.mark.parametrize(
    ("day", "hour", "code"),
    [(22, 10, "HOLIDAY"), (23, 17, "AFTER_CUT_OFF"), (23, 23, "AFTER_CUT_OFF")],
)
def test_outside_business_hours_nothing_leaves(
    stage: Stage, day: int, hour: int, code: str
) -> None:
    documents = stage.make(Draft(1, account=stage.world.pay_account))
    stage.clock.set(dt.datetime(2026, 11, day, hour, tzinfo=BUSINESS_ZONE))
    stage.release(*documents)
    stage.work()
    assert stage.states(documents) == ["UNPAID"]
    assert stage.value("SELECT waiting_code FROM document") == code
    assert stage.banks["bank_a"].executions() == []


def _fire(stage: Stage) -> int:
    slots = payments.slot_schedules(stage.rulebook, [dt.time(15, 0)])

    def fire(session: Session) -> int:
        return len(fire_due(session, slots, stage.clock.now()))

    return db.run_in_transaction(stage.engine, fire)


def test_a_slot_sends_what_is_unpaid_once(stage: Stage) -> None:
    _fire(stage)  # the schedule is seen for the first time
    documents = stage.make(Draft(1, account=stage.world.pay_account))
    stage.clock.set(dt.datetime(2026, 11, 23, 14, 59, tzinfo=BUSINESS_ZONE))
    assert _fire(stage) == 0
    stage.clock.set(dt.datetime(2026, 11, 23, 15, 0, 30, tzinfo=BUSINESS_ZONE))
    assert [_fire(stage), _fire(stage)] == [1, 0]
    stage.work()
    assert stage.states(documents) == ["PROCESSING"]


def test_a_slot_skips_the_week_end(stage: Stage) -> None:
    stage.clock.set(dt.datetime(2026, 11, 27, 16, 0, tzinfo=BUSINESS_ZONE))
    _fire(stage)
    stage.clock.set(dt.datetime(2026, 11, 29, 23, 0, tzinfo=BUSINESS_ZONE))
    assert _fire(stage) == 0
    stage.clock.set(dt.datetime(2026, 11, 30, 15, 0, tzinfo=BUSINESS_ZONE))
    assert _fire(stage) == 1


def test_preview_shows_what_sending_does(stage: Stage) -> None:
    stage.make(
        *(Draft(n, account=stage.world.pay_account) for n in (1, 2, 3)),
        Draft(4, account=stage.world.pay_account, urgency="urgent"),
        Draft(5, account=stage.world.second_account),
        Draft(6, account=stage.world.collect_account, direction="collect", business_type="premium"),
    )
    with db.transaction(stage.engine) as session:
        shown = payments.preview(session, stage.rulebook, stage.clock.now())
    stage.release()
    made: dict[object, list[str]] = {}
    with stage.engine.connect() as connection:
        for batch, number in connection.execute(
            sa.text("SELECT batch_id, document_no FROM attempt ORDER BY document_no")
        ):
            made.setdefault(batch, []).append(number)
    assert sorted([one.document_no for one in batch.items] for batch in shown.batches) == sorted(
        made.values()
    )
    assert [len(batch.items) for batch in shown.batches] == [3, 1, 1, 1]


def test_without_a_live_ruleset_documents_wait(stage: Stage) -> None:
    documents = stage.make(Draft(1, account=stage.world.pay_account))
    stage.clock.set(dt.datetime(2019, 12, 31, 10, tzinfo=BUSINESS_ZONE))  # before every ruleset
    assert _codes(stage.release(*documents)) == ["NO_RULESET"]
    assert stage.states(documents) == ["UNPAID"]

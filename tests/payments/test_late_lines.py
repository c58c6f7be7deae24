"""Lines that come late or do not fit: failed payments shown, returns, fees, undone matches."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from engine.base.text import SluiceError
from engine.formats.statement import Statement, StatementLine
from engine.runtime import db
from engine.treasury import arrivals, statements
from engine.treasury.approvals import desk
from engine.treasury.arrivals import confirming
from engine.treasury.intake.replacing import Change, replace_document
from tests.payments.stage import Stage
from tests.payments.world import CNAPS_A, Draft, day

BAD = "6222009999"
FIRST = "D20261123-000001-1"
OPEN_STEP = (
    "SELECT s.id FROM approval_step s JOIN approval_request r ON r.id = s.request_id "
    "WHERE r.subject_id = :id AND s.state = 'OPEN'"
)
REVIEWER = "INSERT INTO role_grant (user_id, role, org_id) VALUES ('boss', 'reviewer', 'GROUP')"
NUMBERS = {"pay_account": "6100000001", "second_account": "6200000001"}


def _refuse(stage: Stage, code: str | None) -> None:
    stage.banks["bank_a"].accounts(
        {
            "number": BAD,
            "name": "王伟",
            "kind": "external",
            "bank_code": CNAPS_A,
            "refuse": code or "",
            "balance": "0.00",
        }
    )


def _show(
    stage: Stage,
    signed: int,
    reference: str | None = FIRST,
    text: str | None = None,
    *,
    account: str = "pay_account",
    reason: str | None = None,
    payee: str | None = BAD,
    payee_name: str = "王伟",
) -> arrivals.Run:
    """The next statement of an account, one line of it, and what confirming brings."""
    account_id = getattr(stage.world, account)
    with db.transaction(stage.engine) as session:
        opening = session.execute(
            sa.text(
                "SELECT coalesce((SELECT closing FROM statement WHERE account_id = :account "
                "ORDER BY id DESC LIMIT 1), 500000000)"
            ),
            {"account": account_id},
        ).scalar_one()
        line = StatementLine(
            booking_date=day(23),
            value_date=day(23),
            amount=abs(signed),
            direction="credit" if signed > 0 else "debit",
            balance=None,
            bank_reference=f"X{opening}",
            our_reference=reference,
            message_reference=None,
            counterparty_name=payee_name,
            counterparty_account=payee,
            remittance=text,
            return_reason=reason,
        )
        made = Statement(
            NUMBERS[account], "CNY", "S", None, day(23), opening, opening + signed, (line,)
        )
        found = statements.import_statement(
            session, account_id, made, source="manual", actor="x", now=stage.clock.now()
        )
        assert found.state == "accepted", found.reasons
    return arrivals.confirm_account(stage.engine, stage.confirming, account_id)


def _failed(stage: Stage, code: str, business_type: str = "claim") -> int:
    _refuse(stage, code)
    (document,) = stage.make(
        Draft(
            1,
            account=stage.world.pay_account,
            counterparty_account=BAD,
            business_type=business_type,
        ),
    )
    stage.release(document)
    stage.settle()
    return document


def _alerts(stage: Stage, code: str) -> int:
    return int(str(stage.value("SELECT count(*) FROM alert WHERE code = :code", code=code)))


def _open(stage: Stage, account: str = "pay_account") -> int:
    with db.transaction(stage.engine) as session:
        lines = arrivals.open_lines(session, getattr(stage.world, account), arrivals.NO_WORDS)
        return len(lines)


def _again(stage: Stage) -> None:
    arrivals.confirm_account(stage.engine, stage.confirming, stage.world.pay_account)


def test_a_late_line_pays_the_document_that_waits_to_be_sent_again(stage: Stage) -> None:
    document = _failed(stage, "FF01")
    stage.later(hours=10)
    stage.release(document)
    stage.work()
    assert stage.states([document]) == ["UNPAID"]
    assert len(_show(stage, -10_000).confirmed) == 1
    assert stage.states([document]) == ["CONFIRMED"]
    assert _alerts(stage, "LATE_SUCCESS") == 1
    _refuse(stage, None)
    stage.later(hours=14)
    assert [one.sent for one in stage.release(document).items] in ([], [False])
    stage.settle()
    assert stage.banks["bank_a"].executions() == []
    assert stage.states([document]) == ["CONFIRMED"]


def test_a_newer_attempt_that_has_not_left_is_stopped_by_a_late_line(stage: Stage) -> None:
    document = _failed(stage, "FF01")
    _refuse(stage, None)
    stage.release(document)
    _show(stage, -10_000)
    assert stage.states([document]) == ["CONFIRMED"]
    stage.settle()
    assert stage.column("SELECT state FROM attempt ORDER BY id") == ["LATE_SUCCESS", "WITHDRAWN"]
    assert stage.banks["bank_a"].executions() == []
    assert stage.states([document]) == ["CONFIRMED"]


def test_a_late_line_of_a_returned_document_is_told_once_and_stays_open(stage: Stage) -> None:
    document = _failed(stage, "AC04")
    assert stage.states([document]) == ["RETURNED"]
    _show(stage, -10_000)
    _again(stage)
    assert _alerts(stage, "DUPLICATE_PAYMENT") == 1
    assert _open(stage) == 1
    assert stage.states([document]) == ["RETURNED"]
    assert stage.value("SELECT message_en FROM alert WHERE code = 'DUPLICATE_PAYMENT'") == (
        "line X500000000 shows CNY 100.00 of D20261123-000001-1, called failed, while document "
        "D20261123-000001 is RETURNED: money may have moved twice; stop what is under way, ask "
        "the bank to recall it and tell the source system"
    )


def _instead(stage: Stage, failed: int) -> int:
    """An approved document to another account instead of one whose payment failed."""
    with db.transaction(stage.engine) as session:
        session.execute(
            sa.text("SELECT setval('document_serial', 1000 + last_value) FROM document_serial")
        )
        session.execute(sa.text(REVIEWER))
        change = Change(counterparty_account="6222021001000009")
        new = replace_document(
            session, stage.rulebook, "accountant", failed, change, "account", stage.clock.now()
        )
        number = new.id or 0
    while step := stage.column(OPEN_STEP, id=number):
        with db.transaction(stage.engine) as session:
            desk.decide(session, "boss", [int(str(step[0]))], "approve", None, stage.clock.now())
    return number


def test_what_replaces_a_payment_that_was_done_after_all_is_not_released(stage: Stage) -> None:
    new = _instead(stage, _failed(stage, "FF01", "expense"))
    _show(stage, -10_000)
    assert [one.code for one in stage.release(new).items] == ["ALREADY_LIVE"]
    assert _alerts(stage, "DUPLICATE_PAYMENT") == 1


def test_what_replaces_a_payment_that_was_done_after_all_is_stopped_in_its_batch(
    stage: Stage,
) -> None:
    new = _instead(stage, _failed(stage, "FF01", "expense"))
    assert [one.code for one in stage.release(new).items] == [None]
    _show(stage, -10_000)
    stage.settle()
    assert stage.column("SELECT bank_code FROM attempt WHERE state = 'WITHDRAWN'") == ["PAID_LATE"]
    assert stage.banks["bank_a"].executions() == []


def test_the_source_is_told_of_a_late_success(stage: Stage) -> None:
    _failed(stage, "FF01")
    _show(stage, -10_000)
    told = stage.column("SELECT body->>'status' FROM outbox_message ORDER BY id")
    assert told == ["PAID", "CONFIRMED"]


def test_a_late_line_is_not_lent_to_the_attempt_that_was_paid_instead(stage: Stage) -> None:
    document = _failed(stage, "FF01")
    _refuse(stage, None)
    stage.release(document)
    stage.settle()
    assert stage.states([document]) == ["PAID"]
    _show(stage, -10_000)
    assert stage.states([document]) == ["PAID"]
    assert (_alerts(stage, "DUPLICATE_PAYMENT"), _open(stage)) == (1, 1)
    _show(stage, -10_000, "D20261123-000001-2")
    assert stage.states([document]) == ["CONFIRMED"]
    assert (_alerts(stage, "DUPLICATE_PAYMENT"), _open(stage)) == (1, 1)


def test_a_late_line_of_another_amount_is_told(stage: Stage) -> None:
    document = _failed(stage, "FF01")
    _show(stage, -9_000)
    assert stage.states([document]) == ["FAILED"]
    assert (_alerts(stage, "DUPLICATE_PAYMENT"), _open(stage)) == (1, 1)


def _paid(stage: Stage) -> int:
    (document,) = stage.make(Draft(1, account=stage.world.second_account))
    stage.release(document)
    stage.settle()
    return document


def test_a_payment_for_a_refunded_ticket_is_an_ordinary_arrival(stage: Stage) -> None:
    document = _paid(stage)
    _show(stage, -10_000, text="航班退票理赔", account="second_account")
    assert stage.states([document]) == ["CONFIRMED"]


@pytest.mark.parametrize(
    ("signed", "reason"),
    [(9_000, None), (-10_000, "AC04"), (-10_000, None)],
    ids=["partly", "wrong way", "second debit"],
)
def test_a_return_that_fits_nothing_is_told(stage: Stage, signed: int, reason: str | None) -> None:
    document = _paid(stage)
    _show(stage, -10_000, account="second_account")
    reference, text = (None, f"{FIRST} 退票") if signed < 0 and not reason else (FIRST, "退票")
    for _ in range(2):
        _show(stage, signed, reference, text, account="second_account", reason=reason)
    assert stage.states([document]) == ["CONFIRMED"]
    assert (_alerts(stage, "RETURN_UNCLEAR"), _open(stage, "second_account")) == (2, 2)


@pytest.mark.parametrize(
    ("amount", "payee", "name", "posted"),
    [
        (500_00, None, "", True),
        (12_00, "9010000", "演示银行甲", True),
        (500_01, None, "", False),
        (3_000_000_00, "6222555", "某贸易公司", False),
        (12_00, "6222555", "某贸易公司", False),
    ],
)
def test_only_a_small_fee_of_the_bank_is_posted(
    stage: Stage, amount: int, payee: str | None, name: str, posted: bool
) -> None:
    _show(stage, -amount, None, "手续费", payee=payee, payee_name=name)
    _again(stage)
    assert stage.value("SELECT count(*) FROM voucher") == int(posted)
    assert (_alerts(stage, "FEE_UNUSUAL"), _open(stage)) == ((0, 0) if posted else (1, 1))


def test_a_match_by_late_success_is_not_undone_by_halves(stage: Stage) -> None:
    document = _failed(stage, "FF01")
    _show(stage, -10_000)
    number = str(stage.value("SELECT match_no FROM match_group"))
    proof, now = arrivals.Proof("letter.txt", b"wrong"), stage.clock.now()
    with pytest.raises(SluiceError) as caught, db.transaction(stage.engine) as session:
        arrivals.propose_reversal(session, "accountant", number, "wrong", proof, now)
    assert caught.value.code == "CANNOT_UNDO"
    assert stage.states([document]) == ["CONFIRMED"]
    assert stage.value("SELECT state FROM match_group") == "live"
    assert stage.value("SELECT match_no FROM document") == number


def _constrain(stage: Stage, superuser_url: str, document: int) -> None:
    made = db.make_engine(superuser_url, pooled=False)
    with made.begin() as connection:
        connection.execute(
            sa.text(
                "ALTER TABLE document ADD CONSTRAINT not_this_one "
                f"CHECK (id <> {document} OR match_no IS NULL)"
            )
        )


def test_a_constraint_stops_its_own_group_only(stage: Stage, superuser_url: str) -> None:
    documents = stage.make(*(Draft(n, 100 * n, account=stage.world.pay_account) for n in (1, 2, 3)))
    stage.release(*documents)
    stage.settle()
    _constrain(stage, superuser_url, documents[1])
    stage.cut()
    assert stage.states(documents) == ["CONFIRMED", "PAID", "CONFIRMED"]
    assert _alerts(stage, "ARRIVAL_NOT_CONFIRMED") == 1
    assert "not_this_one" in str(
        stage.value("SELECT message_en FROM alert WHERE code = 'ARRIVAL_NOT_CONFIRMED'")
    )


def test_a_lost_connection_is_no_fault_of_a_group(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    _paid(stage)

    def lost(*_: object) -> None:
        raise sa.exc.OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(confirming, "confirm", lost)
    with pytest.raises(sa.exc.OperationalError):
        _show(stage, -10_000, account="second_account")
    assert _alerts(stage, "ARRIVAL_NOT_CONFIRMED") == 0

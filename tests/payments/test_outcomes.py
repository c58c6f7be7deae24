"""What becomes of payments and collections at the bank, and what the source hears."""

from __future__ import annotations

import pytest

from tests.payments.stage import Stage
from tests.payments.world import CNAPS_A, Draft

BAD = "6222009999"


def _refuse(stage: Stage, code: str, bank: str = "bank_a") -> None:
    stage.banks[bank].accounts(
        {"number": BAD, "name": "x", "kind": "external", "bank_code": CNAPS_A, "refuse": code}
    )


def _messages(stage: Stage) -> list[object]:
    return stage.column("SELECT body ->> 'status' FROM outbox_message ORDER BY id")


def test_a_refused_payee_is_returned_to_the_source_once(stage: Stage) -> None:
    _refuse(stage, "AC04")
    good, bad = stage.make(
        Draft(1, account=stage.world.pay_account),
        Draft(2, account=stage.world.pay_account, counterparty_account=BAD),
    )
    stage.release(good, bad)
    stage.settle()
    stage.settle()
    assert stage.states([good, bad]) == ["PAID", "RETURNED"]
    assert sorted(map(str, _messages(stage))) == ["PAID", "RETURNED"]


def test_insufficient_funds_are_kept_for_a_new_attempt_when_ordered(stage: Stage) -> None:
    documents = stage.make(Draft(1, 900_000_000_00, account=stage.world.pay_account))
    stage.release(*documents)
    stage.settle()
    assert stage.states(documents) == ["FAILED"]
    assert stage.value("SELECT waiting_code FROM document") == "RETRY_INSIDE"
    released = stage.release(*documents)
    assert [item.sent for item in released.items] == [True]
    assert stage.column("SELECT attempt_no FROM attempt ORDER BY id") == [1, 2]


def test_a_failure_under_review_goes_again_only_when_a_person_names_it(stage: Stage) -> None:
    _refuse(stage, "FF01")
    documents = stage.make(
        Draft(1, account=stage.world.pay_account, counterparty_account=BAD),
    )
    stage.release(*documents)
    stage.settle()
    assert stage.states(documents) == ["FAILED"]
    assert stage.value("SELECT code FROM alert") == "PAYMENT_REVIEW"
    assert stage.release().items == ()
    assert [item.sent for item in stage.release(*documents).items] == [True]


def _premium(stage: Stage, payer: str | None = None) -> list[int]:
    return stage.make(
        Draft(
            1,
            account=stage.world.collect_account,
            direction="collect",
            business_type="premium",
            counterparty_account=payer,
        )
    )


def test_a_collection_is_confirmed_with_a_receipt_voucher(stage: Stage) -> None:
    documents = _premium(stage)
    stage.release()
    stage.settle()
    stage.cut()
    assert stage.states(documents) == ["CONFIRMED"]
    assert stage.value("SELECT voucher_type FROM voucher") == "receipt"


def test_a_collection_without_funds_is_collected_again_only_as_a_new_attempt(
    stage: Stage,
) -> None:
    payer = {"number": "6222000042", "name": "王伟", "kind": "external", "balance": "50.00"}
    stage.banks["bank_a"].accounts(payer | {"bank_code": CNAPS_A})
    documents = _premium(stage, "6222000042")
    for _ in range(2):
        stage.release()
        stage.settle()
        assert stage.states(documents) == ["FAILED"]
        stage.settle()  # nothing happens by itself
    stage.release()
    stage.settle()
    assert stage.states(documents) == ["RETURNED"]  # the ruleset allows three tries
    assert stage.column("SELECT instruction_id FROM attempt ORDER BY id") == [
        f"D20261123-000001-{n}" for n in (1, 2, 3)
    ]


@pytest.mark.parametrize("fault", ["reset_after", "error_500_after", "garbage"])
def test_a_doubtful_submission_is_unknown_and_found_by_query(stage: Stage, fault: str) -> None:
    stage.banks["bank_a"].fault(fault)
    documents = stage.make(Draft(1, account=stage.world.pay_account))
    stage.release(*documents)
    stage.work()
    assert stage.states(documents) == ["UNKNOWN"]
    stage.settle()
    assert stage.states(documents) == ["PAID"]
    assert len(stage.banks["bank_a"].executions()) == 1


def test_a_statement_line_resolves_an_unknown_payment(stage: Stage) -> None:
    bank = stage.banks["bank_a"]
    bank.fault("reset_after")
    bank.fault("garbage", on="query", times=20)
    documents = stage.make(Draft(1, account=stage.world.pay_account))
    stage.release(*documents)
    stage.settle()
    assert stage.states(documents) == ["UNKNOWN"]
    stage.cut()
    assert stage.states(documents) == ["CONFIRMED"]
    assert _messages(stage) == ["PAID", "CONFIRMED"]
    assert (
        stage.value(
            "SELECT count(*) FROM attempt_event "
            "WHERE from_state = 'UNKNOWN' AND evidence_id IS NULL"
        )
        == 0
    )


def test_a_payment_through_the_second_bank_is_confirmed_too(stage: Stage) -> None:
    documents = stage.make(*(Draft(n, account=stage.world.second_account) for n in (1, 2)))
    stage.release(*documents)
    stage.settle()
    stage.cut()
    assert stage.states(documents) == ["CONFIRMED"] * 2


def test_the_source_hears_number_date_and_voucher(stage: Stage) -> None:
    stage.make(Draft(1, account=stage.world.pay_account))
    stage.release()
    stage.settle()
    stage.cut()
    assert _messages(stage) == ["PAID", "CONFIRMED"]
    said = stage.value("SELECT body FROM outbox_message WHERE body ->> 'status' = 'CONFIRMED'")
    assert isinstance(said, dict)
    assert said["match_no"] == stage.value("SELECT match_no FROM match_group")
    assert said["booking_date"] == "2026-11-23"
    assert said["voucher_no"] == stage.value("SELECT number FROM voucher")

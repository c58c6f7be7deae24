"""What every connector must do, against the simulated banks over real HTTP."""

from __future__ import annotations

import datetime as dt
import socket
from dataclasses import replace

import pytest

from engine.banks.connect import open_bank
from engine.banks.contract import FetchedStatements, NoAnswer, Queried, Submitted
from engine.formats.reading import FormatError
from engine.formats.statement import BalanceReport, Previous, continuity
from tests.banks.connecting import Bank, item, message
from tests.simulators.running import OURS

PROCESSED = dt.timedelta(seconds=30)


def _submit(bank: Bank, direction: str = "pay") -> Submitted:
    sent = message(direction=direction)
    return bank.connector.submit(sent.message_id, bank.connector.render(sent)).outcome


@pytest.mark.parametrize("direction", ["pay", "collect"])
def test_an_accepted_message_is_carried_out_once_per_item(bank: Bank, direction: str) -> None:
    assert _submit(bank, direction) is Submitted.ACCEPTED
    assert set(bank.statuses("PB20261123-000001").values()) == {"pending"}
    bank.advance(PROCESSED)
    assert bank.statuses("PB20261123-000001") == {
        "D20261123-000001-1": "paid",
        "D20261123-000002-1": "paid",
    }
    executed = bank.client.executions()
    assert [(e["instruction_id"], e["direction"], e["amount"]) for e in executed] == [
        ("D20261123-000001-1", direction, "100.00"),
        ("D20261123-000002-1", direction, "100.00"),
    ]


def test_a_refused_item_carries_the_banks_code(bank: Bank) -> None:
    bad = item(2)
    bank.client.accounts(
        {"number": bad.counterparty_account, "kind": "external", "state": "closed"}
    )
    assert _submit(bank) is Submitted.ACCEPTED
    bank.advance(PROCESSED)
    answer = bank.connector.query("PB20261123-000001")
    refused = next(one for one in answer.items if one.instruction_id == bad.instruction_id)
    assert refused.reading.value == "rejected"
    assert (refused.reason or refused.status) in ("AC04", "E102")


def test_a_message_about_an_unknown_account_is_definitely_rejected(bank: Bank) -> None:
    sent = replace(message(), account_number="9010000000009999")
    answer = bank.connector.submit(sent.message_id, bank.connector.render(sent))
    assert answer.outcome is Submitted.REJECTED
    assert (answer.reason or answer.status) in ("AC02", "E003")
    assert bank.client.executions() == []


def test_an_id_the_bank_never_saw_is_not_found(bank: Bank) -> None:
    assert bank.connector.query("PB20261123-999999").outcome is Queried.NOT_FOUND


@pytest.mark.parametrize(
    "fault", ["hang_after_accept", "reset_before", "reset_after", "error_500_after", "garbage"]
)
def test_a_submission_without_a_clear_answer_is_unknown(bank: Bank, fault: str) -> None:
    bank.client.fault(fault)
    assert _submit(bank) is Submitted.UNKNOWN


def test_busy_is_unknown_too(bank: Bank) -> None:
    bank.client.fault("error_503_before")
    assert _submit(bank) is Submitted.UNKNOWN


def test_only_a_refused_connection_is_not_sent(bank: Bank) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    profile = bank.connector.profile
    settings = {profile.url_key: f"http://127.0.0.1:{port}", profile.token_key: "t"}
    elsewhere = open_bank(profile, settings, bank.clock)
    sent = message()
    answer = elsewhere.submit(sent.message_id, elsewhere.render(sent))
    assert answer.outcome is Submitted.NOT_SENT
    assert elsewhere.query(sent.message_id).outcome is Queried.NO_ANSWER
    elsewhere.close()


def test_a_wrong_token_is_no_answer_about_the_message(bank: Bank) -> None:
    profile = bank.connector.profile
    settings = {profile.url_key: str(bank.client.http.base_url), profile.token_key: "wrong"}
    stranger = open_bank(profile, settings, bank.clock)
    sent = message()
    assert stranger.submit(sent.message_id, stranger.render(sent)).outcome is Submitted.UNKNOWN
    assert stranger.query(sent.message_id).outcome is Queried.NO_ANSWER
    assert isinstance(stranger.balance(OURS), NoAnswer)
    stranger.close()


@pytest.mark.parametrize("fault", ["hang_after_accept", "garbage", "error_503_before"])
def test_a_query_without_a_clear_answer_is_no_answer(bank: Bank, fault: str) -> None:
    _submit(bank)
    bank.client.fault(fault, on="query")
    assert bank.connector.query("PB20261123-000001").outcome is Queried.NO_ANSWER


def test_a_balance_has_book_available_and_as_of(bank: Bank) -> None:
    _submit(bank)
    report = bank.connector.balance(OURS)
    assert isinstance(report, BalanceReport)
    assert (report.account, report.currency) == (OURS, "CNY")
    assert (report.booked, report.available) == (100_000_000, 99_980_000)
    assert report.as_of == bank.clock.now()


def test_a_balance_of_a_foreign_account_is_no_answer(bank: Bank) -> None:
    assert isinstance(bank.connector.balance("9010000000009999"), NoAnswer)


def test_statements_continue_each_other_and_carry_our_references(bank: Bank) -> None:
    _submit(bank)
    bank.advance(PROCESSED)
    assert bank.client.admin("cut", {}).status_code == 200
    bank.client.admin(
        "credit",
        {
            "account": OURS,
            "amount": "12.34",
            "counterparty_name": "客户",
            "counterparty_account": "6222999",
            "remittance": "保费",
        },
    )
    assert bank.client.admin("cut", {}).status_code == 200
    fetched = bank.connector.statements(OURS, 0)
    assert isinstance(fetched, FetchedStatements)
    assert fetched.findings == ()
    first, second = (one.statement for one in fetched.statements)
    assert continuity(first, None) == ()
    assert first.closing is not None
    before = Previous(OURS, "CNY", first.sequence, first.closing)
    assert continuity(second, before) == ()
    assert [(line.our_reference, line.signed) for line in first.lines] == [
        ("D20261123-000001-1", -10_000),
        ("D20261123-000002-1", -10_000),
    ]
    assert first.lines[0].counterparty_name == "张三1"
    assert first.lines[0].counterparty_account == item(1).counterparty_account
    credit = second.lines[0]
    assert (credit.signed, credit.counterparty_name, credit.our_reference) == (1234, "客户", None)
    assert len({line.bank_reference for line in (*first.lines, *second.lines)}) == 3


def test_statements_are_asked_for_after_a_sequence(bank: Bank) -> None:
    for amount in ("1.00", "2.00"):
        bank.client.admin("debit", {"account": OURS, "amount": amount, "remittance": "手续费"})
        bank.client.admin("cut", {})
    fetched = bank.connector.statements(OURS, 1)
    assert isinstance(fetched, FetchedStatements)
    assert [one.statement.sequence for one in fetched.statements] == [2]


def test_many_statements_come_in_portions(bank: Bank) -> None:
    for _ in range(23):
        bank.client.admin("debit", {"account": OURS, "amount": "1.00", "remittance": "手续费"})
        bank.client.admin("cut", {})
    first = bank.connector.statements(OURS, 0)
    assert isinstance(first, FetchedStatements)
    assert (len(first.statements), first.more) == (20, True)
    rest = bank.connector.statements(OURS, 20)
    assert isinstance(rest, FetchedStatements)
    assert ([one.statement.sequence for one in rest.statements], rest.more) == ([21, 22, 23], False)


def test_a_returned_payment_is_a_credit_with_the_original_reference(bank: Bank) -> None:
    _submit(bank)
    bank.advance(PROCESSED)
    bank.client.admin("bounce", {"instruction_id": "D20261123-000001-1", "reason": "AC04"})
    bank.advance(PROCESSED)
    bank.client.admin("cut", {})
    fetched = bank.connector.statements(OURS, 0)
    assert isinstance(fetched, FetchedStatements)
    credits = [
        line
        for one in fetched.statements
        for line in one.statement.lines
        if line.direction == "credit"
    ]
    assert [(line.our_reference, line.signed) for line in credits] == [
        ("D20261123-000001-1", 10_000)
    ]
    assert credits[0].counterparty_account == item(1).counterparty_account


def test_faulty_items_are_named_before_anything_is_rendered(bank: Bank) -> None:
    sent = message(item(1), item(2, counterparty_name="张\x07三"), item(3, counterparty_account=""))
    found = [(f.row, f.field, f.code) for f in bank.connector.check(sent)]
    assert found == [
        (2, "counterparty_name", "CHARACTER_REFUSED"),
        (3, "counterparty_account", "FIELD_EMPTY"),
    ]
    with pytest.raises(FormatError):
        bank.connector.render(sent)


def test_rendering_twice_gives_the_same_bytes(bank: Bank) -> None:
    assert bank.connector.render(message()) == bank.connector.render(message())


def test_rare_characters_reach_the_bank_unchanged(bank: Bank) -> None:
    sent = message(item(1, counterparty_name="䶮𠮷&<李>·€"))
    bank.connector.submit(sent.message_id, bank.connector.render(sent))
    bank.advance(PROCESSED)
    bank.client.admin("cut", {})
    fetched = bank.connector.statements(OURS, 0)
    assert isinstance(fetched, FetchedStatements)
    assert fetched.statements[0].statement.lines[0].counterparty_name == "䶮𠮷&<李>·€"


def test_the_second_time_the_bank_is_never_trusted_to_notice(bank: Bank) -> None:
    """Why nothing is ever sent twice: bank_b carries a repeated message out again."""
    _submit(bank)
    _submit(bank)
    bank.advance(PROCESSED)
    executed = len(bank.client.executions())
    assert executed == (2 if bank.connector.profile.deduplicates else 4)

"""bank_a: payments and collections in, statuses out."""

import time
from pathlib import Path

import pytest

from tests.simulators.messages import Line, element_texts, pain001, pain008, parse
from tests.simulators.running import OURS, BankClient, running_bank

LATER = "2026-11-23T09:00:20+08:00"


def test_an_accepted_payment_is_processed_after_twenty_seconds(bank_a: BankClient) -> None:
    answer = bank_a.pay(pain001("M1", [Line("I1", "100.00")]))
    assert (answer.status_code, element_texts(parse(answer.content), "GrpSts")) == (202, ["ACTC"])
    assert bank_a.item_statuses("M1") == {"I1": ("ACSP", "")}
    bank_a.clock("2026-11-23T09:00:19+08:00")
    assert bank_a.executions() == []
    bank_a.clock(LATER)
    assert bank_a.item_statuses("M1") == {"I1": ("ACSC", "")}
    assert bank_a.balance_of(OURS) == "999900.00"
    assert bank_a.executions() == [
        {
            "message_id": "M1",
            "instruction_id": "I1",
            "direction": "pay",
            "account": OURS,
            "amount": "100.00",
            "currency": "CNY",
            "counterparty_account": "6222020000000001",
            "executed_at": LATER,
        }
    ]


def test_the_newer_message_version_is_taken_too(bank_a: BankClient) -> None:
    answer = bank_a.pay(pain001("M1", [Line("I1", "100.00")], version="09"))
    assert answer.status_code == 202


def test_each_bad_counterparty_has_its_reason(bank_a: BankClient) -> None:
    bank_a.accounts(
        {"number": "1", "kind": "external", "refuse": "AC01"},
        {"number": "2", "kind": "external", "state": "closed"},
        {"number": "3", "kind": "external", "state": "frozen"},
        {"number": "4", "kind": "external", "name": "李四"},
        {"number": "5", "kind": "external", "name": "张三"},
    )
    lines = [Line(f"I{n}", "1.00", account=str(n)) for n in range(1, 6)]
    bank_a.pay(pain001("M1", lines))
    bank_a.clock(LATER)
    assert bank_a.item_statuses("M1") == {
        "I1": ("RJCT", "AC01"),
        "I2": ("RJCT", "AC04"),
        "I3": ("RJCT", "AC06"),
        "I4": ("RJCT", "BE01"),
        "I5": ("ACSC", ""),
    }
    assert bank_a.group_status("M1") == "PART"
    assert [e["instruction_id"] for e in bank_a.executions()] == ["I5"]


def test_money_runs_out_in_the_order_of_the_items(bank_a: BankClient) -> None:
    lines = [Line("I1", "600000.00"), Line("I2", "500000.00"), Line("I3", "400000.00")]
    bank_a.pay(pain001("M1", lines))
    bank_a.clock(LATER)
    assert bank_a.item_statuses("M1") == {
        "I1": ("ACSC", ""),
        "I2": ("RJCT", "AM04"),
        "I3": ("ACSC", ""),
    }
    assert bank_a.balance_of(OURS) == "0.00"


def test_an_overdraft_may_be_used_to_its_last_cent(bank_a: BankClient) -> None:
    bank_a.accounts({"number": OURS, "overdraft": "0.01"})
    bank_a.pay(pain001("M1", [Line("I1", "1000000.01"), Line("I2", "0.01")]))
    bank_a.clock(LATER)
    assert bank_a.item_statuses("M1") == {"I1": ("ACSC", ""), "I2": ("RJCT", "AM04")}
    assert bank_a.balance_of(OURS) == "-0.01"


def test_a_collection_takes_what_the_payer_has_and_no_more(bank_a: BankClient) -> None:
    bank_a.accounts({"number": "7", "kind": "external", "name": "张三", "balance": "150.00"})
    lines = [Line("C1", "100.00", account="7"), Line("C2", "100.00", account="7")]
    answer = bank_a.pay(pain008("M1", [*lines, Line("C3", "70.00", account="8")]))
    assert answer.status_code == 202
    bank_a.clock(LATER)
    assert bank_a.item_statuses("M1") == {
        "C1": ("ACSC", ""),
        "C2": ("RJCT", "AM04"),
        "C3": ("ACSC", ""),
    }
    assert bank_a.balance_of(OURS) == "1000170.00"
    assert bank_a.balance_of("7") == "50.00"
    assert {e["direction"] for e in bank_a.executions()} == {"collect"}


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"<Document", "FF01"),
        (b"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:pain.001.001.03'/>", "FF01"),
        (pain001("M1", [Line("I1", "100.00")], account="404"), "AC02"),
        (pain008("M1", [Line("I1", "100.00")], account="404"), "AC03"),
        (pain001("M1", [Line("I1", "100.00")], count=2), "AM18"),
        (pain001("M1", [Line("I1", "100.00")], control="99.99"), "AM10"),
        (pain001("M1", [Line("I1", "100.001")]), "AM12"),
        (pain001("M1", [Line("I1", "0.00")]), "AM01"),
        (pain001("M1", [Line("I1", "1.00")], currency="USD"), "AM03"),
        (pain001("M1", [Line("I1", "1.00"), Line("I1", "1.00")]), "AM05"),
    ],
)
def test_a_message_that_is_wrong_is_refused_whole(
    bank_a: BankClient, message: bytes, code: str
) -> None:
    answer = bank_a.pay(message)
    root = parse(answer.content)
    assert answer.status_code == 400
    assert element_texts(root, "GrpSts") == ["RJCT"]
    assert element_texts(root, "Cd") == [code]
    bank_a.clock("2026-11-24T09:00:00+08:00")
    assert bank_a.executions() == []


def test_entities_and_document_types_are_refused(bank_a: BankClient) -> None:
    text = pain001("M1", [Line("I1", "100.00")]).decode()
    head, rest = text.split("?>", 1)
    for declaration in ('<!DOCTYPE Document [<!ENTITY x "1">]>', '<!DOCTYPE Document SYSTEM "x">'):
        answer = bank_a.pay(f"{head}?>{declaration}{rest}".encode())
        assert (answer.status_code, element_texts(parse(answer.content), "Cd")) == (400, ["FF01"])


def test_a_refused_message_is_known_when_asked_for(bank_a: BankClient) -> None:
    bank_a.pay(pain001("M1", [Line("I1", "100.00")], account="404"))
    root = parse(bank_a.http.get("/iso/payments/M1").content)
    assert (element_texts(root, "GrpSts"), element_texts(root, "Cd")) == (["RJCT"], ["AC02"])


def test_an_id_never_seen_is_404_with_an_empty_body(bank_a: BankClient) -> None:
    answer = bank_a.http.get("/iso/payments/M404")
    assert (answer.status_code, answer.content) == (404, b"")


def test_the_same_bytes_again_get_the_first_answer_and_move_nothing(bank_a: BankClient) -> None:
    message = pain001("M1", [Line("I1", "100.00")])
    first, again = bank_a.pay(message), bank_a.pay(message)
    assert (again.status_code, again.content) == (202, first.content)
    assert bank_a.pay(pain001("M1", [Line("I1", "200.00")])).status_code == 409
    bank_a.clock(LATER)
    assert len(bank_a.executions()) == 1


def test_an_instruction_id_used_before_is_refused_as_an_item(bank_a: BankClient) -> None:
    bank_a.pay(pain001("M1", [Line("I1", "100.00")]))
    bank_a.pay(pain001("M2", [Line("I1", "100.00"), Line("I2", "100.00")]))
    bank_a.clock(LATER)
    assert bank_a.item_statuses("M2") == {"I1": ("RJCT", "AM05"), "I2": ("ACSC", "")}
    assert len(bank_a.executions()) == 2


def test_after_the_cut_off_an_item_waits_for_the_next_working_day(tmp_path: Path) -> None:
    options: dict[str, object] = {"cut_off": "17:00", "weekend_days": [6, 7]}
    with running_bank(tmp_path / "a.sqlite", options=options) as bank:
        bank.clock("2026-11-27T17:00:00+08:00")
        bank.pay(pain001("M1", [Line("I1", "1.00")]))
        bank.clock("2026-11-27T17:00:01+08:00")
        bank.pay(pain001("M2", [Line("I2", "1.00")]))
        bank.clock("2026-11-30T08:30:19+08:00")
        assert bank.item_statuses("M1") == {"I1": ("ACSC", "")}
        assert bank.item_statuses("M2") == {"I2": ("PDNG", "")}
        bank.clock("2026-11-30T08:30:20+08:00")
        assert bank.group_status("M2") == "ACSC"
        assert bank.executions()[1]["executed_at"] == "2026-11-30T08:30:20+08:00"


def test_a_requested_date_in_the_future_is_waited_for(bank_a: BankClient) -> None:
    bank_a.pay(pain001("M1", [Line("I1", "1.00")], requested="2026-11-25"))
    bank_a.clock("2026-11-24T23:59:59+08:00")
    assert bank_a.group_status("M1") == "PDNG"
    bank_a.clock("2026-11-25T08:30:20+08:00")
    assert bank_a.group_status("M1") == "ACSC"


def test_paying_another_own_account_books_both_sides(bank_a: BankClient) -> None:
    bank_a.accounts({"number": "9010000000000002", "name": "张三", "kind": "own"})
    bank_a.pay(pain001("M1", [Line("I1", "100.00", account="9010000000000002")]))
    bank_a.clock(LATER)
    assert bank_a.balance_of(OURS) == "999900.00"
    assert bank_a.balance_of("9010000000000002") == "100.00"
    assert len(bank_a.executions()) == 1


def test_five_hundred_items_are_accepted_within_a_second(bank_a: BankClient) -> None:
    message = pain001("M1", [Line(f"I{n}", "1.00") for n in range(500)])
    bank_a.http.get("/iso/payments/warm-up")
    began = time.perf_counter()
    assert bank_a.pay(message).status_code == 202
    assert time.perf_counter() - began < 1
    bank_a.clock(LATER)
    assert len(bank_a.executions()) == 500

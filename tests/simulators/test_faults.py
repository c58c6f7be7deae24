"""Faults on demand: what the customer sees, and what the bank has done all the same."""

from pathlib import Path

import httpx
import pytest
from lxml import etree

from tests.simulators.messages import Line, batch_body, cms, pain001, parse
from tests.simulators.running import OURS, BankClient, running_bank

LATER = "2026-11-23T09:00:20+08:00"
MESSAGE = pain001("M1", [Line("I1", "100.00")])


def _executed(bank: BankClient) -> int:
    bank.clock(LATER)
    return len(bank.executions())


def test_without_faults_the_bank_behaves(bank_a: BankClient) -> None:
    assert bank_a.pay(MESSAGE).status_code == 202


def test_a_bank_that_hangs_has_accepted(bank_a: BankClient) -> None:
    bank_a.fault("hang_after_accept")
    with pytest.raises(httpx.ReadTimeout):
        bank_a.http.post("/iso/payments", content=MESSAGE, timeout=0.3)
    assert _executed(bank_a) == 1


def test_a_hanging_bank_closes_in_the_end(tmp_path: Path) -> None:
    with running_bank(tmp_path / "a.sqlite", options={"hang_seconds": 0}) as bank:
        bank.fault("hang_after_accept")
        with pytest.raises(httpx.RemoteProtocolError):
            bank.pay(MESSAGE)
        assert _executed(bank) == 1


def test_a_reset_before_has_done_nothing(bank_a: BankClient) -> None:
    bank_a.fault("reset_before")
    with pytest.raises(httpx.NetworkError):
        bank_a.pay(MESSAGE)
    assert bank_a.http.get("/iso/payments/M1").status_code == 404
    assert _executed(bank_a) == 0


def test_a_reset_after_has_accepted(bank_a: BankClient) -> None:
    bank_a.fault("reset_after")
    with pytest.raises(httpx.NetworkError):
        bank_a.pay(MESSAGE)
    assert _executed(bank_a) == 1


def test_an_error_500_hides_an_acceptance(bank_a: BankClient) -> None:
    bank_a.fault("error_500_after")
    assert bank_a.pay(MESSAGE).status_code == 500
    assert _executed(bank_a) == 1


def test_an_error_503_has_done_nothing(bank_a: BankClient) -> None:
    bank_a.fault("error_503_before")
    assert bank_a.pay(MESSAGE).status_code == 503
    assert _executed(bank_a) == 0


def test_garbage_hides_an_acceptance(bank_a: BankClient) -> None:
    bank_a.fault("garbage")
    answer = bank_a.pay(MESSAGE)
    assert answer.status_code == 202
    with pytest.raises(etree.XMLSyntaxError):
        parse(answer.content)
    assert _executed(bank_a) == 1


def test_not_found_once_denies_a_message_once(bank_a: BankClient) -> None:
    bank_a.pay(MESSAGE)
    bank_a.fault("not_found_once", "query")
    assert bank_a.http.get("/iso/payments/M1").status_code == 404
    assert bank_a.http.get("/iso/payments/M1").status_code == 200


def test_bank_b_denies_a_batch_in_its_own_words(bank_b: BankClient) -> None:
    bank_b.cms("PAYBAT", batch_body("B1", [Line("I1", "1.00")]))
    bank_b.fault("not_found_once", "query")
    codes = [bank_b.cms("QRYBAT", "<BATNO>B1</BATNO>").findtext("HEAD/RETCODE") for _ in range(2)]
    assert codes == ["E404", "0000"]


def test_bank_b_is_broken_over_http(bank_b: BankClient) -> None:
    bank_b.fault("error_500_after")
    answer = bank_b.http.post(
        "/cgi/gateway", content=cms("PAYBAT", batch_body("B1", [Line("I1", "1.00")]))
    )
    assert answer.status_code == 500
    assert _executed(bank_b) == 1


def test_a_fault_waits_for_the_message_it_is_meant_for(bank_a: BankClient) -> None:
    bank_a.fault("error_503_before", match={"message_id": "M2"})
    bank_a.fault("error_503_before", match={"contains": "I3"}, times=2)
    assert bank_a.pay(MESSAGE).status_code == 202
    assert bank_a.pay(pain001("M2", [Line("I2", "1.00")])).status_code == 503
    assert bank_a.pay(pain001("M2", [Line("I2", "1.00")])).status_code == 202
    third = pain001("M3", [Line("I3", "1.00")])
    assert [bank_a.pay(third).status_code for _ in range(3)] == [503, 503, 202]


def test_statements_and_balances_can_fail_too(bank_a: BankClient) -> None:
    bank_a.fault("error_503_before", "statement")
    bank_a.fault("error_500_after", "balance")
    assert bank_a.http.get(f"/iso/accounts/{OURS}/statements").status_code == 503
    assert bank_a.http.get(f"/iso/accounts/{OURS}/balance").status_code == 500
    assert bank_a.http.get(f"/iso/accounts/{OURS}/balance").status_code == 200


def test_waiting_faults_outlive_a_restart_and_can_be_cleared(tmp_path: Path) -> None:
    with running_bank(tmp_path / "a.sqlite") as bank:
        bank.fault("garbage")
    with running_bank(tmp_path / "a.sqlite") as bank:
        waiting = bank.get("/admin/faults")
        assert isinstance(waiting, dict)
        assert [fault["fault"] for fault in waiting["waiting"]] == ["garbage"]
        assert bank.admin("faults", {"clear": True}).json() == {"waiting": []}


@pytest.mark.parametrize(
    "fault",
    [
        {"on": "submit", "fault": "earthquake"},
        {"on": "lunch", "fault": "garbage"},
        {"on": "submit", "fault": "not_found_once"},
        {"on": "submit", "fault": "garbage", "tmies": 2},
        {"on": "submit", "fault": "garbage", "match": {"msg": "M1"}},
    ],
)
def test_a_fault_nobody_knows_is_refused_and_none_is_taken(
    bank_a: BankClient, fault: dict[str, object]
) -> None:
    good = {"on": "submit", "fault": "garbage"}
    assert bank_a.admin("faults", {"next": [good, fault]}).status_code == 400
    assert bank_a.get("/admin/faults") == {"waiting": []}

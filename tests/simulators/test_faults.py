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


def test_a_late_bank_answers_an_error_and_takes_the_message_minutes_later(
    bank_a: BankClient,
) -> None:
    bank_a.fault("late_accept", seconds=300)
    assert bank_a.pay(MESSAGE).status_code == 500
    assert _executed(bank_a) == 0
    assert bank_a.http.get("/iso/payments/M1").status_code == 404
    bank_a.clock("2026-11-23T09:05:00+08:00")
    assert bank_a.group_status("M1") == "ACSP"
    bank_a.clock("2026-11-23T09:05:20+08:00")
    assert len(bank_a.executions()) == 1


def test_a_bank_denies_a_message_for_a_while(bank_a: BankClient) -> None:
    bank_a.pay(MESSAGE)
    bank_a.fault("not_found_for", on="query", seconds=600)
    for time in ("09:01:00", "09:05:00", "09:10:59"):
        bank_a.clock(f"2026-11-23T{time}+08:00")
        assert bank_a.http.get("/iso/payments/M1").status_code == 404
    bank_a.clock("2026-11-23T09:11:00+08:00")
    assert bank_a.group_status("M1") == "ACSC"
    assert bank_a.get("/admin/faults") == {"waiting": []}


@pytest.mark.parametrize(
    ("says", "status"), [("refused", "RJCT"), ("executed", "ACSC"), ("pending", "ACSP")]
)
def test_a_wrong_status_is_told_once_and_then_the_right_one(
    bank_a: BankClient, says: str, status: str
) -> None:
    bank_a.pay(MESSAGE)
    bank_a.clock(LATER)
    bank_a.fault("wrong_status", on="query", says=says)
    assert bank_a.item_statuses("M1")["I1"][0] == status
    assert bank_a.item_statuses("M1")["I1"][0] == "ACSC"


def test_a_partial_batch_refuses_some_items_and_does_others_later(bank_a: BankClient) -> None:
    bank_a.fault("partial", seconds=3600)
    lines = [Line(f"I{n}", "100.00") for n in (1, 2, 3)]
    assert bank_a.pay(pain001("M1", lines)).status_code == 202
    bank_a.clock(LATER)
    assert bank_a.item_statuses("M1") == {
        "I1": ("ACSC", ""),
        "I2": ("RJCT", "AC04"),
        "I3": ("ACSP", ""),
    }
    bank_a.clock("2026-11-23T10:00:20+08:00")
    assert bank_a.item_statuses("M1")["I3"] == ("ACSC", "")


def test_payments_come_back_days_later_by_seed(tmp_path: Path) -> None:
    options = {"bounce_percent": 50, "bounce_days": 3}
    with running_bank(tmp_path / "a.sqlite", options=options) as bank:
        lines = [Line(f"I{n}", "100.00") for n in range(1, 21)]
        bank.pay(pain001("M1", lines))
        bank.clock("2026-11-26T08:29:59+08:00")
        assert bank.balance_of(OURS) == "998000.00"
        bank.clock("2026-11-26T08:30:00+08:00")
        stats = bank.get("/admin/stats")
        assert isinstance(stats, dict)
        assert 0 < stats["bounced"] < 20
        assert bank.balance_of(OURS) == f"{998000 + 100 * stats['bounced']}.00"


def test_a_statement_shows_a_booking_twice_and_the_next_time_once(bank_a: BankClient) -> None:
    bank_a.pay(MESSAGE)
    bank_a.clock(LATER)
    bank_a.admin("cut", {})
    bank_a.fault("duplicate_line", on="statement")
    assert [len(list(s.iter("{*}Ntry"))) for s in bank_a.statements()] == [2]
    assert [len(list(s.iter("{*}Ntry"))) for s in bank_a.statements()] == [1]


def test_a_statement_is_left_out_and_delivered_the_next_time(bank_a: BankClient) -> None:
    for number in (1, 2):
        bank_a.pay(pain001(f"M{number}", [Line(f"I{number}", "100.00")]))
        bank_a.clock(f"2026-11-23T09:0{number}:00+08:00")
        bank_a.admin("cut", {})
    bank_a.fault("statement_gap", on="statement")
    assert len(bank_a.statements()) == 1
    assert len(bank_a.statements()) == 2


def test_the_chinese_gateway_has_the_same_faults(bank_b: BankClient) -> None:
    assert (
        bank_b.http.post(
            "/cgi/gateway", content=cms("PAYBAT", batch_body("B1", [Line("I1", "100.00")]))
        ).status_code
        == 200
    )
    bank_b.clock(LATER)
    bank_b.fault("wrong_status", on="query", says="refused")
    query = "<BATNO>B1</BATNO>"
    assert bank_b.cms("QRYBAT", query).findtext("BODY/LIST/ITEM/STAT") == "E102"
    assert bank_b.cms("QRYBAT", query).findtext("BODY/LIST/ITEM/STAT") == "0000"
    bank_b.admin("cut", {})
    bank_b.fault("duplicate_line", on="statement")
    ask = f"<ACCNO>{OURS}</ACCNO><AFTERSEQ>0</AFTERSEQ>"
    assert len(bank_b.cms("QRYSTM", ask).findall("BODY/LIST/STM/DETAIL/ROW")) == 2
    bank_b.fault("statement_gap", on="statement")
    assert bank_b.cms("QRYSTM", ask).findall("BODY/LIST/STM") == []

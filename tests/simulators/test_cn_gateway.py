"""bank_b: GB18030 messages of its own kind."""

from pathlib import Path

import pytest

from tests.simulators.messages import Line, batch_body, cms, parse
from tests.simulators.running import OURS, BankClient, running_bank

LATER = "2026-11-23T09:00:20+08:00"


def _code(bank: BankClient, code: str, body: str) -> str:
    return bank.cms(code, body).findtext("HEAD/RETCODE") or ""


def _statuses(bank: BankClient, batch: str) -> list[tuple[str, str]]:
    root = bank.cms("QRYBAT", f"<BATNO>{batch}</BATNO>")
    return [(i.findtext("REFNO") or "", i.findtext("STAT") or "") for i in root.iter("ITEM")]


def test_an_answer_is_gb18030_and_repeats_the_serial(bank_b: BankClient) -> None:
    body = batch_body("B1", [Line("I1", "100.00", name="䶮喆€")])
    answer = bank_b.http.post("/cgi/gateway", content=cms("PAYBAT", body))
    assert answer.headers["Content-Type"] == "application/xml; charset=GB18030"
    assert answer.content.startswith(b'<?xml version="1.0" encoding="GB18030"?>')
    assert "已受理".encode("gb18030") in answer.content
    root = parse(answer.content)
    head = {child.tag: child.text for child in root[0]}
    assert head == {
        "TRCODE": "PAYBAT",
        "REQSN": "R1",
        "TRDATE": "20261123",
        "TRTIME": "090000",
        "RETCODE": "0001",
        "RETMSG": "已受理",
    }
    assert root.findtext("BODY/BATNO") == "B1"


def test_a_rare_name_survives_to_the_statement(bank_b: BankClient) -> None:
    bank_b.cms("PAYBAT", batch_body("B1", [Line("I1", "100.00", name="䶮喆€")]))
    bank_b.clock(LATER)
    bank_b.admin("cut", {})
    root = bank_b.cms("QRYSTM", f"<ACCNO>{OURS}</ACCNO><AFTERSEQ>0</AFTERSEQ>")
    (row,) = root.iter("ROW")
    assert {child.tag: child.text for child in row} == {
        "BANKSEQ": "B202611230000000001",
        "TXDATE": "20261123",
        "VALDATE": "20261123",
        "DCFLAG": "D",
        "AMT": "100.00",
        "BAL": "999900.00",
        "OPPACC": "6222020000000001",
        "OPPNAME": "䶮喆€",
        "REFNO": "I1",
        "SUMMARY": "D-0001 理赔款",
    }


def test_each_item_has_its_code(bank_b: BankClient) -> None:
    bank_b.accounts(
        {"number": "100001", "kind": "external", "refuse": "AC01"},
        {"number": "100002", "kind": "external", "state": "closed"},
        {"number": "100003", "kind": "external", "name": "李四"},
    )
    lines = [
        Line("I1", "1.00", account="100001"),
        Line("I2", "1.00", account="100002"),
        Line("I3", "1.00", account="100003"),
        Line("I4", "2000000.00"),
        Line("I5", "1.00"),
    ]
    assert _code(bank_b, "PAYBAT", batch_body("B1", lines)) == "0001"
    assert {stat for _, stat in _statuses(bank_b, "B1")} == {"0002"}
    bank_b.clock(LATER)
    assert _statuses(bank_b, "B1") == [
        ("I1", "E101"),
        ("I2", "E102"),
        ("I3", "E103"),
        ("I4", "E201"),
        ("I5", "0000"),
    ]


def test_a_collection_without_cover_is_e201(bank_b: BankClient) -> None:
    bank_b.accounts({"number": "100007", "kind": "external", "balance": "5.00"})
    lines = [Line("C1", "5.01", account="100007"), Line("C2", "5.00", account="100007")]
    assert _code(bank_b, "COLBAT", batch_body("B1", lines)) == "0001"
    bank_b.clock(LATER)
    assert _statuses(bank_b, "B1") == [("C1", "E201"), ("C2", "0000")]
    assert bank_b.balance_of(OURS) == "1000005.00"


LINE = Line("I1", "100.00")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (batch_body("B1", []), "E001"),
        (batch_body("B 1", [LINE]), "E001"),
        (batch_body("B1", [Line("I1", "100.001")]), "E001"),
        (batch_body("B1", [Line("I1", "100")]), "E001"),
        (batch_body("B1", [Line("I1", "0.00")]), "E001"),
        (batch_body("B1", [Line("I1", "1.00", remittance="款" * 31)]), "E001"),
        (batch_body("B1", [Line("I1", "1.00", name="")]), "E001"),
        (batch_body("B1", [LINE]).replace("902000000001", "902"), "E001"),
        (batch_body("B1", [LINE], total="100.01"), "E002"),
        (batch_body("B1", [LINE], hash_total=2), "E002"),
        (batch_body("B1", [LINE], account="404"), "E003"),
    ],
)
def test_a_batch_that_is_wrong_is_refused_whole_and_forgotten(
    bank_b: BankClient, body: str, code: str
) -> None:
    assert _code(bank_b, "PAYBAT", body) == code
    assert _code(bank_b, "QRYBAT", "<BATNO>B1</BATNO>") == "E404"
    assert _code(bank_b, "PAYBAT", batch_body("B1", [LINE])) == "0001"


def test_a_purpose_of_sixty_bytes_fits(bank_b: BankClient) -> None:
    line = Line("I1", "1.00", remittance="款" * 30)
    assert _code(bank_b, "PAYBAT", batch_body("B1", [line])) == "0001"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<CMS/>",
        cms("PAYBAT", "")[:-3],
        cms("PAYBAT", "").replace(b"GB18030", b"UTF-8"),
        cms("PAYBAT", "").replace(b"?><CMS>", b'?><!DOCTYPE CMS [<!ENTITY x "1">]><CMS>'),
        b'<?xml version="1.0" encoding="GB18030"?><CMS>' + b"\x81</CMS>",
    ],
)
def test_bytes_that_are_no_message_get_400(bank_b: BankClient, body: bytes) -> None:
    answer = bank_b.http.post("/cgi/gateway", content=body)
    assert answer.status_code == 400
    assert parse(answer.content).findtext("HEAD/RETCODE") == "E001"


def test_an_account_at_this_bank_needs_no_bank_code(bank_b: BankClient) -> None:
    body = batch_body("B1", [LINE]).replace("902000000001", "")
    assert _code(bank_b, "PAYBAT", body) == "0001"


def test_an_unknown_transaction_code_is_e009(bank_b: BankClient) -> None:
    assert _code(bank_b, "XXX", "") == "E009"


def test_this_bank_executes_a_repeated_batch_again(bank_b: BankClient) -> None:
    for _ in range(2):
        assert _code(bank_b, "PAYBAT", batch_body("B1", [LINE])) == "0001"
    bank_b.clock(LATER)
    assert [e["instruction_id"] for e in bank_b.executions()] == ["I1", "I1"]
    assert _statuses(bank_b, "B1") == [("I1", "0000"), ("I1", "0000")]


def test_it_refuses_a_repeated_batch_when_it_deduplicates(tmp_path: Path) -> None:
    with running_bank(tmp_path / "b.sqlite", "bank_b", options={"deduplicates": True}) as bank:
        assert _code(bank, "PAYBAT", batch_body("B1", [LINE])) == "0001"
        assert _code(bank, "PAYBAT", batch_body("B1", [LINE])) == "E004"
        assert _code(bank, "PAYBAT", batch_body("B2", [LINE])) == "E004"
        bank.clock(LATER)
        assert len(bank.executions()) == 1


def test_a_bank_that_cannot_be_queried_says_so(tmp_path: Path) -> None:
    with running_bank(tmp_path / "b.sqlite", "bank_b", options={"queryable": False}) as bank:
        bank.cms("PAYBAT", batch_body("B1", [LINE]))
        assert _code(bank, "QRYBAT", "<BATNO>B1</BATNO>") == "E009"


def test_the_balance_shows_book_and_usable(bank_b: BankClient) -> None:
    bank_b.cms("PAYBAT", batch_body("B1", [LINE]))
    root = bank_b.cms("QRYBAL", f"<ACCNO>{OURS}</ACCNO>")
    assert {child.tag: child.text for child in root[1]} == {
        "ACCNO": OURS,
        "CCY": "CNY",
        "BOOKBAL": "1000000.00",
        "USEBAL": "999900.00",
        "BALTIME": "20261123090000",
    }
    assert _code(bank_b, "QRYBAL", "<ACCNO>404</ACCNO>") == "E003"


def test_twenty_statements_come_at_once_and_the_rest_is_announced(bank_b: BankClient) -> None:
    for _ in range(25):
        bank_b.admin("cut", {"empty": True})
    first = bank_b.cms("QRYSTM", f"<ACCNO>{OURS}</ACCNO><AFTERSEQ>0</AFTERSEQ>")
    rest = bank_b.cms("QRYSTM", f"<ACCNO>{OURS}</ACCNO><AFTERSEQ>20</AFTERSEQ>")
    assert [s.text for s in first.iter("SEQ")] == [str(n) for n in range(1, 21)]
    assert [s.text for s in rest.iter("SEQ")] == [str(n) for n in range(21, 26)]
    assert (first.findtext("BODY/MORE"), rest.findtext("BODY/MORE")) == ("1", None)


def test_a_lost_reference_is_empty_and_a_bounce_has_one(tmp_path: Path) -> None:
    with running_bank(
        tmp_path / "b.sqlite", "bank_b", options={"lose_reference_percent": 100}
    ) as bank:
        bank.cms("PAYBAT", batch_body("B1", [LINE]))
        bank.clock(LATER)
        bank.admin("bounce", {"instruction_id": "I1", "reason": "户名不符"})
        bank.admin("cut", {})
        root = bank.cms("QRYSTM", f"<ACCNO>{OURS}</ACCNO><AFTERSEQ/>")
        assert [row.findtext("REFNO") for row in root.iter("ROW")] == ["", "I1"]
        assert root.findtext(".//ROW[2]/SUMMARY") == "退票 NARR 户名不符 D-0001 理赔款"


def test_a_batch_booked_as_one_shows_its_number(tmp_path: Path) -> None:
    with running_bank(tmp_path / "b.sqlite", "bank_b", options={"batch_booking": True}) as bank:
        bank.cms("PAYBAT", batch_body("B1", [LINE, Line("I2", "1.00")]))
        bank.clock(LATER)
        bank.admin("cut", {})
        root = bank.cms("QRYSTM", f"<ACCNO>{OURS}</ACCNO><AFTERSEQ>0</AFTERSEQ>")
        (row,) = root.iter("ROW")
        assert (row.findtext("REFNO"), row.findtext("AMT")) == ("B1", "101.00")

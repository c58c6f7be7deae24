"""bank_a: balances, camt.053, day end, bounces, lost references."""

import time
from decimal import Decimal
from pathlib import Path

from lxml import etree

from tests.simulators.messages import Line, element_texts, pain001, parse
from tests.simulators.running import MORNING, OURS, BankClient, running_bank

LATER = "2026-11-23T09:00:20+08:00"


def _entries(root: etree._Element) -> list[etree._Element]:
    return list(root.iter("{*}Ntry"))


def _balances(root: etree._Element) -> dict[str, Decimal]:
    return {
        balance.findtext("{*}Tp/{*}CdOrPrtry/{*}Cd") or "": Decimal(
            balance.findtext("{*}Amt") or ""
        )
        * (-1 if balance.findtext("{*}CdtDbtInd") == "DBIT" else 1)
        for balance in root.iter("{*}Bal")
    }


def test_a_statement_line_carries_our_ids_and_the_counterparty(bank_a: BankClient) -> None:
    bank_a.pay(pain001("M1", [Line("I1", "100.00")]))
    bank_a.clock(LATER)
    assert bank_a.admin("cut", {}).json()[0]["closing"] == "999900.00"
    root = bank_a.statements()[0]
    line = _entries(root)[0]
    shown = {
        tag: element_texts(line, tag)[0]
        for tag in ("Amt", "CdtDbtInd", "Sts", "MsgId", "InstrId", "EndToEndId", "Nm", "Ustrd")
    }
    assert shown == {
        "Amt": "100.00",
        "CdtDbtInd": "DBIT",
        "Sts": "BOOK",
        "MsgId": "M1",
        "InstrId": "I1",
        "EndToEndId": "I1",
        "Nm": "张三",
        "Ustrd": "D-0001 理赔款",
    }
    assert line.findtext("{*}BookgDt/{*}Dt") == "2026-11-23"
    assert line.findtext(".//{*}CdtrAcct/{*}Id/{*}Othr/{*}Id") == "6222020000000001"
    assert etree.QName(root).namespace == "urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"
    assert _balances(root) == {
        "OPBD": Decimal("1000000.00"),
        "CLBD": Decimal("999900.00"),
        "CLAV": Decimal("999900.00"),
    }


def test_refused_items_are_not_on_the_statement(bank_a: BankClient) -> None:
    bank_a.accounts({"number": "1", "kind": "external", "refuse": "AC01"})
    bank_a.pay(pain001("M1", [Line("I1", "1.00", account="1"), Line("I2", "2.00")]))
    bank_a.clock(LATER)
    bank_a.admin("cut", {})
    assert element_texts(bank_a.statements()[0], "InstrId") == ["I2"]


def test_available_is_book_less_what_is_on_its_way(bank_a: BankClient) -> None:
    bank_a.pay(pain001("M1", [Line("I1", "100.00")]))
    answer = bank_a.http.get(f"/iso/accounts/{OURS}/balance")
    assert _balances(parse(answer.content)) == {
        "ITBD": Decimal("1000000.00"),
        "ITAV": Decimal("999900.00"),
    }
    assert bank_a.http.get("/iso/accounts/404/balance").status_code == 404


def test_six_in_the_evening_cuts_accounts_with_bookings(bank_a: BankClient) -> None:
    bank_a.accounts({"number": "9010000000000002", "kind": "own"})
    bank_a.admin("credit", {"account": OURS, "amount": "5.00"})
    bank_a.clock("2026-11-23T18:00:00+08:00")
    assert len(bank_a.statements()) == 1
    assert bank_a.statements("9010000000000002") == []


def test_a_clock_put_forward_cuts_each_day_by_itself(bank_a: BankClient) -> None:
    bank_a.admin("credit", {"account": OURS, "amount": "5.00"})
    bank_a.pay(pain001("M1", [Line("I1", "1.00")], requested="2026-11-25"))
    bank_a.clock("2026-11-28T09:00:00+08:00")
    listed = bank_a.get(f"/iso/accounts/{OURS}/statements")
    assert isinstance(listed, list)
    assert [found["date"] for found in listed] == ["2026-11-23", "2026-11-25"]
    assert bank_a.get(f"/iso/accounts/{OURS}/statements?after=1") == listed[1:]


def test_an_empty_statement_is_cut_when_asked_for(bank_a: BankClient) -> None:
    assert bank_a.admin("cut", {}).json() == []
    assert bank_a.admin("cut", {"account": OURS, "empty": True}).json()[0]["sequence"] == 1
    assert _entries(bank_a.statements()[0]) == []


def test_statements_appear_by_themselves_when_asked_to(tmp_path: Path) -> None:
    with running_bank(tmp_path / "a.sqlite", options={"auto_cut_seconds": 0}) as bank:
        bank.admin("credit", {"account": OURS, "amount": "5.00"})
        assert len(bank.statements()) == 1


def test_a_bounce_comes_back_as_a_credit_with_the_original_reference(bank_a: BankClient) -> None:
    bank_a.pay(pain001("M1", [Line("I1", "100.00")]))
    assert bank_a.admin("bounce", {"instruction_id": "I1", "reason": "AC04"}).status_code == 409
    bank_a.clock("2026-11-24T09:00:00+08:00")
    assert bank_a.admin("bounce", {"instruction_id": "I1", "reason": "AC04"}).status_code == 201
    assert bank_a.admin("bounce", {"instruction_id": "I1", "reason": "AC04"}).status_code == 409
    assert bank_a.admin("bounce", {"instruction_id": "I9", "reason": "AC04"}).status_code == 404
    bank_a.admin("cut", {})
    line = _entries(bank_a.statements()[1])[0]
    assert line.findtext("{*}CdtDbtInd") == "CRDT"
    assert element_texts(line, "EndToEndId") == ["I1"]
    assert line.findtext(".//{*}RtrInf/{*}Rsn/{*}Cd") == "AC04"
    assert line.findtext(".//{*}CdtrAcct/{*}Id/{*}Othr/{*}Id") == "6222020000000001"
    assert bank_a.balance_of(OURS) == "1000000.00"


def test_a_batch_booked_as_one_names_the_message_only(tmp_path: Path) -> None:
    with running_bank(tmp_path / "a.sqlite", options={"batch_booking": True}) as bank:
        bank.accounts({"number": "1", "kind": "external", "refuse": "AC01"})
        lines = [Line("I1", "1.00"), Line("I2", "2.00", account="1"), Line("I3", "4.00")]
        bank.pay(pain001("M1", lines))
        bank.clock(LATER)
        bank.admin("cut", {})
        (line,) = _entries(bank.statements()[0])
        assert element_texts(line, "NbOfTxs") == ["2"]
        assert element_texts(line, "TtlAmt") == ["5.00"]
        assert element_texts(line, "MsgId") == ["M1"]
        assert element_texts(line, "EndToEndId") == []
        assert len(bank.executions()) == 2


def _lost(store: Path, seed: int) -> list[bool]:
    with running_bank(store, seed=seed, options={"lose_reference_percent": 30}) as bank:
        bank.pay(pain001("M1", [Line(f"I{n}", "1.00") for n in range(100)]))
        bank.clock(LATER)
        bank.admin("cut", {})
        return [not element_texts(line, "InstrId") for line in _entries(bank.statements()[0])]


def test_the_seed_decides_which_references_are_lost(tmp_path: Path) -> None:
    first = _lost(tmp_path / "1.sqlite", 1)
    assert 15 <= sum(first) <= 45
    assert _lost(tmp_path / "2.sqlite", 1) == first
    assert _lost(tmp_path / "3.sqlite", 2) != first


def test_ten_times_the_lines_take_no_more_than_thirty_times_as_long(bank_a: BankClient) -> None:
    took = []
    for day, count in enumerate((100, 1000), start=1):
        for part in range(0, count, 100):
            lines = [Line(f"M{day}-{part + n}", "1.00") for n in range(100)]
            bank_a.pay(pain001(f"M{day}-{part}", lines))
        bank_a.clock(f"2026-11-{22 + day}T09:00:20+08:00")
        bank_a.admin("cut", {})
        times = []
        for _ in range(3):
            began = time.perf_counter()
            answer = bank_a.http.get(f"/iso/accounts/{OURS}/statements/{day}")
            times.append(time.perf_counter() - began)
        assert len(_entries(parse(answer.content))) == count
        took.append(min(times))
    assert took[1] < 30 * took[0]


def test_the_clock_does_not_go_back_behind_what_is_written(bank_a: BankClient) -> None:
    bank_a.admin("credit", {"account": OURS, "amount": "5.00"})
    refused = bank_a.admin("clock", {"now": "2026-11-23T08:59:59+08:00"})
    assert refused.status_code == 409
    shown = bank_a.get("/admin/clock")
    assert shown == {"now": MORNING.replace("+", ".000+"), "frozen": True}


def test_a_silenced_counterpartys_line_has_neither_reference_nor_text(bank_a: BankClient) -> None:
    bank_a.admin("silence", {"counterparty_account": "6222020000000001"})
    bank_a.pay(pain001("M1", [Line("I1", "100.00")]))
    bank_a.clock(LATER)
    bank_a.admin("cut", {})
    line = _entries(bank_a.statements()[0])[0]
    assert element_texts(line, "EndToEndId") == []
    assert element_texts(line, "Ustrd") == []
    assert line.findtext(".//{*}CdtrAcct/{*}Id/{*}Othr/{*}Id") == "6222020000000001"

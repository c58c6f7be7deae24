"""Administration of a bank: who may, and what is refused."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from simulators.common.fields import Refused
from tests.simulators.messages import Line, pain001
from tests.simulators.running import OURS, BankClient, running_bank

LATER = "2026-11-23T09:00:20+08:00"


@pytest.mark.parametrize("path", ["/admin/stats", "/iso/payments/M1", "/nowhere"])
def test_nobody_gets_in_without_the_token(bank_a: BankClient, path: str) -> None:
    for given in ("", "Bearer wrong", "Bearer", "Basic x"):
        answer = httpx.get(f"{bank_a.http.base_url}{path}", headers={"Authorization": given})
        assert answer.status_code == 401


def test_registering_again_changes_the_state_but_not_the_balance(bank_a: BankClient) -> None:
    bank_a.accounts({"number": OURS, "state": "frozen", "balance": "1.00"})
    assert bank_a.balance_of(OURS) == "1000000.00"
    bank_a.pay(pain001("M1", [Line("I1", "1.00")]))
    bank_a.clock(LATER)
    assert bank_a.item_statuses("M1") == {"I1": ("RJCT", "AC06")}


@pytest.mark.parametrize(
    "account",
    [
        {"number": OURS, "currency": "USD"},
        {"number": OURS, "kind": "external"},
        {"number": "1", "state": "asleep"},
        {"number": "1", "balance": 5},
        {"number": "1", "balance": "0.001"},
        {"number": "1", "name": "a\u0000b"},
        {"number": ""},
        {"nubmer": "1"},
        "1",
    ],
)
def test_a_bad_account_is_refused_with_all_that_came_with_it(
    bank_a: BankClient, account: object
) -> None:
    before = bank_a.get("/admin/accounts")
    answer = bank_a.admin("accounts", [{"number": "good"}, account])
    assert answer.status_code in (400, 409)
    assert bank_a.get("/admin/accounts") == before


@pytest.mark.parametrize(
    ("path", "value", "status"),
    [
        ("credit", {"account": "404", "amount": "1.00"}, 404),
        ("credit", {"account": OURS, "amount": "-1.00"}, 400),
        ("credit", {"account": OURS, "amount": "0.00"}, 400),
        ("debit", {"account": OURS, "amount": "1e3"}, 400),
        ("clock", {"now": "2026-11-24T09:00:00"}, 400),
        ("clock", {"now": "tomorrow"}, 400),
        ("cut", {"account": "404"}, 404),
        ("nothing", {}, 404),
    ],
)
def test_a_bad_request_is_refused(
    bank_a: BankClient, path: str, value: object, status: int
) -> None:
    answer = bank_a.admin(path, value)
    assert (answer.status_code, list(answer.json())) == (status, ["error"])


def test_a_body_that_is_not_json_is_refused(bank_a: BankClient) -> None:
    assert bank_a.http.post("/admin/credit", content=b"\xff{").status_code == 400


def test_a_chunked_body_is_refused(bank_a: BankClient) -> None:
    assert bank_a.http.post("/iso/payments", content=iter([b"<a/>"])).status_code == 411


@pytest.mark.parametrize(
    "options",
    [
        {"procesing_seconds": 1},
        {"processing_seconds": -1},
        {"processing_seconds": "20"},
        {"cut_off": "5 pm"},
        {"weekend_days": [1, 2, 3, 4, 5, 6, 7]},
        {"weekend_days": ["Sunday"]},
        {"weekend_days": [0]},
        {"lose_reference_percent": 101},
        {"batch_booking": 1},
    ],
)
def test_bad_options_are_refused(tmp_path: Path, options: dict[str, object]) -> None:
    with pytest.raises(Refused), running_bank(tmp_path / "a.sqlite", options=options):
        pass


def test_a_running_clock_runs(tmp_path: Path) -> None:
    with running_bank(tmp_path / "a.sqlite", options={"processing_seconds": 0}) as bank:
        bank.clock("2026-11-23T10:00:00+08:00", frozen=False)
        bank.pay(pain001("M1", [Line("I1", "1.00")]))
        assert bank.group_status("M1") == "ACSC"


def test_fifty_callers_at_once_are_one_acceptance(bank_a: BankClient) -> None:
    message = pain001("M1", [Line("I1", "100.00")])
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: bank_a.pay(message), range(50)))
    assert {(a.status_code, a.content) for a in answers} == {(202, answers[0].content)}
    bank_a.clock(LATER)
    assert len(bank_a.executions()) == 1


def test_the_statistics_count_what_happened(bank_a: BankClient) -> None:
    bank_a.fault("error_503_before")
    bank_a.pay(pain001("M1", [Line("I1", "1.00")]))
    bank_a.pay(pain001("M1", [Line("I1", "1.00")]))
    bank_a.pay(pain001("M2", [Line("I2", "1.00")], account="404"))
    stats = bank_a.get("/admin/stats")
    assert isinstance(stats, dict)
    assert (stats["messages"], stats["messages_refused"], stats["items_pending"]) == (1, 1, 1)
    assert stats["calls"]["fault error_503_before"] == 1


def test_only_a_counterparty_of_known_balance_can_be_funded(bank_a: BankClient) -> None:
    bank_a.accounts({"number": "7", "kind": "external", "balance": "1.00"})
    assert bank_a.admin("fund", {"account": "7", "amount": "9.00"}).status_code == 200
    rows = bank_a.get("/admin/accounts")
    assert isinstance(rows, list)
    assert {row["number"]: row["balance"] for row in rows}["7"] == "10.00"
    assert bank_a.admin("fund", {"account": OURS, "amount": "9.00"}).status_code == 404

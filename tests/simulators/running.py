"""Simulators running in this process behind real HTTP, and clients that speak with them."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from lxml import etree

from engine.runtime.https import trusted
from simulators.bank.core import Bank
from simulators.bank.profiles import PROFILES, read_options
from simulators.bank.schema import SCHEMA
from simulators.bank.server import bank_application
from simulators.common.fields import Fields
from simulators.common.http import Application, SimulatorServer
from simulators.common.store import Store
from tests.simulators.messages import cms, element_texts, parse

TOKEN = "token-of-the-tests"
MORNING = "2026-11-23T09:00:00+08:00"
OURS = "9010000000000001"


@contextmanager
def listening(application: Application) -> Iterator[int]:
    """Serve an application on a free port; yields the port."""
    server = SimulatorServer(0, application)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.port
    finally:
        server.stopping.set()
        server.shutdown()
        server.server_close()


@dataclass
class BankClient:
    """A customer and administrator of one bank."""

    http: httpx.Client
    bank: Bank

    def admin(self, path: str, value: object) -> httpx.Response:
        return self.http.post(f"/admin/{path}", json=value)

    def get(self, path: str) -> object:
        response = self.http.get(path)
        assert response.status_code == 200, response.text
        return response.json()

    def accounts(self, *accounts: dict[str, str]) -> None:
        assert self.admin("accounts", list(accounts)).status_code == 200

    def clock(self, now: str, frozen: bool = True) -> None:
        response = self.admin("clock", {"now": now, "frozen": frozen})
        assert response.status_code == 200, response.text

    def fault(self, fault: str, on: str = "submit", **more: object) -> None:
        response = self.admin("faults", {"next": [{"on": on, "fault": fault} | more]})
        assert response.status_code == 200, response.text

    def pay(self, message: bytes) -> httpx.Response:
        return self.http.post(
            "/iso/payments", content=message, headers={"Content-Type": "application/xml"}
        )

    def item_statuses(self, message_id: str) -> dict[str, tuple[str, str]]:
        """Instruction id → (status, reason code) as the bank reports them."""
        root = parse(self.http.get(f"/iso/payments/{message_id}").content)
        return {
            item.findtext("{*}OrgnlInstrId") or "": (
                item.findtext("{*}TxSts") or "",
                item.findtext("{*}StsRsnInf/{*}Rsn/{*}Cd") or "",
            )
            for item in root.iter("{*}TxInfAndSts")
        }

    def group_status(self, message_id: str) -> str:
        root = parse(self.http.get(f"/iso/payments/{message_id}").content)
        return element_texts(root, "GrpSts")[0]

    def cms(self, code: str, body: str) -> etree._Element:
        """One call at bank_b's gateway; the answer's root."""
        response = self.http.post("/cgi/gateway", content=cms(code, body))
        assert response.status_code == 200
        return parse(response.content)

    def executions(self) -> list[dict[str, str]]:
        found = self.get("/admin/executions")
        assert isinstance(found, list)
        return found

    def balance_of(self, number: str) -> str:
        accounts = self.get("/admin/accounts")
        assert isinstance(accounts, list)
        return str(next(a["balance"] for a in accounts if a["number"] == number))

    def statements(self, number: str = OURS, after: int = 0) -> list[etree._Element]:
        """The camt.053 documents of an account."""
        listed = self.get(f"/iso/accounts/{number}/statements?after={after}")
        assert isinstance(listed, list)
        return [parse(self.http.get(found["href"]).content) for found in listed]


@contextmanager
def running_bank(
    store: Path,
    profile: str = "bank_a",
    seed: int = 1,
    options: Mapping[str, object] | None = None,
) -> Iterator[BankClient]:
    """A bank with one own account of 1,000,000.00 yuan, its clock standing at nine o'clock."""
    known = PROFILES[profile]
    opened = Store(store, SCHEMA)
    read = read_options(Fields(dict(options or {}), "options"), known.options)
    bank = Bank(known, read, opened, seed)
    with listening(bank_application(bank, TOKEN)) as port:
        base = f"http://127.0.0.1:{port}"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        with httpx.Client(base_url=base, headers=headers, verify=trusted()) as http:
            client = BankClient(http, bank)
            if opened.remembered("owner") is None:
                opened.remember("owner", f"bank {profile}")
                client.clock(MORNING)
                client.accounts(
                    {"number": OURS, "name": "示例保险", "balance": "1000000.00", "kind": "own"}
                )
            yield client
    opened.close()

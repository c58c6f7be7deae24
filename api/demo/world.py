"""The simulated world of the demo: two banks and a source system, spoken to over HTTP only."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from api.processes import Child
from engine.base.money import format_major
from engine.runtime.https import trusted
from engine.runtime.jsontypes import JsonObject, JsonValue

BANKS = ("bank_a", "bank_b")

MAILBOX = "mailbox"

LOSE_PERCENT = 10
"""Share of messages the source system receives and forgets; they must be sent again."""


@dataclass(frozen=True)
class OwnAccount:
    """An account of the group at a simulated bank; `balance` in minor units at opening."""

    bank_id: str
    number: str
    name: str
    currency: str
    cnaps: str
    balance: int


class Simulator:
    """One running simulator and its admin interface."""

    def __init__(self, name: str, child: Child, port: int, token: str) -> None:
        self.name = name
        self.child = child
        self.url = f"http://127.0.0.1:{port}"
        self.token = token
        self._client = httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
            verify=trusted(),
        )

    def admin(self, path: str, body: JsonValue) -> JsonValue:
        """POST an admin call; httpx.HTTPStatusError when the simulator refuses it."""
        answer = self._client.post(f"/admin/{path}", json=body)
        answer.raise_for_status()
        value: JsonValue = answer.json() if answer.content else None
        return value

    def look(self, path: str) -> JsonValue:
        """GET an admin view."""
        answer = self._client.get(f"/admin/{path}")
        answer.raise_for_status()
        value: JsonValue = answer.json()
        return value

    def set_clock(self, now: dt.datetime, *, frozen: bool) -> None:
        """Give the simulator's business clock its time."""
        self.admin("clock", {"now": now.isoformat(), "frozen": frozen})

    def stop(self) -> None:
        """End the process."""
        self._client.close()
        self.child.stop()


def start_bank(
    profile: str, folder: Path, *, seed: int, token: str, options: Path | None = None
) -> Simulator:
    """Start the simulated bank `profile` on a free port; its books are in `folder`."""
    arguments = ["--profile", profile, "--port", "0", "--seed", str(seed)]
    arguments += ["--store", str(folder / f"{profile}.sqlite")]
    if options is not None:
        arguments += ["--options", str(options)]
    child = Child(
        profile,
        "simulators.bank",
        arguments,
        log=folder / f"{profile}.log",
        environment={"SIM_TOKEN": token},
    )
    return Simulator(profile, child, int(child.wait_ready()), token)


def start_source(
    folder: Path, *, seed: int, token: str, product_url: str, product_token: str
) -> Simulator:
    """Start the simulated source system, which sends documents to `product_url`."""
    arguments = ["--port", "0", "--seed", str(seed)]
    arguments += ["--store", str(folder / "source.sqlite")]
    arguments += ["--product-url", product_url]
    options = folder / "source.json"
    options.write_text(json.dumps({"lose_percent": LOSE_PERCENT}))
    arguments += ["--options", str(options)]
    child = Child(
        "source",
        "simulators.source",
        arguments,
        log=folder / "source.log",
        environment={"SIM_TOKEN": token, "SIM_PRODUCT_TOKEN": product_token},
    )
    return Simulator("source", child, int(child.wait_ready()), token)


def start_mailbox(folder: Path, *, token: str, secret: str) -> Simulator:
    """Start the simulated mailbox, which takes e-mail over SMTP and SMS signed with `secret`."""
    child = Child(
        MAILBOX,
        "simulators.mailbox",
        ["--port", "0", "--store", str(folder / "mailbox.sqlite")],
        log=folder / "mailbox.log",
        environment={"SIM_TOKEN": token, "SIM_SMS_SECRET": secret},
    )
    return Simulator(MAILBOX, child, int(child.wait_ready()), token)


def new_token() -> str:
    """A fresh secret for one simulator."""
    return secrets.token_urlsafe(24)


def open_accounts(bank: Simulator, accounts: Iterable[OwnAccount]) -> None:
    """Open the group's accounts at the bank (again: no effect)."""
    rows: list[JsonValue] = [
        {
            "number": account.number,
            "name": account.name,
            "currency": account.currency,
            "balance": format_major(account.balance, account.currency),
            "bank_code": account.cnaps,
            "kind": "own",
            "state": "active",
        }
        for account in accounts
        if account.bank_id == bank.name
    ]
    bank.admin("accounts", rows)


def executions(banks: Sequence[Simulator]) -> list[JsonObject]:
    """Every movement of money the banks executed for the group: the truth to count against."""
    found: list[JsonObject] = []
    for bank in banks:
        rows = bank.look("executions")
        assert isinstance(rows, list)
        found += [row for row in rows if isinstance(row, dict)]
    return found

"""A simulated bank over real HTTP and the connector that speaks to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from engine.banks.connect import open_bank
from engine.banks.contract import Connector
from engine.banks.profile import BankProfile, load_profile
from engine.formats.payment import PaymentItem, PaymentMessage
from engine.runtime.clock import BUSINESS_ZONE, ManualClock
from tests.simulators.running import OURS, TOKEN, BankClient, running_bank

MORNING = dt.datetime(2026, 11, 23, 9, 0, tzinfo=BUSINESS_ZONE)
OWN_NAME = "示例保险"
OWN_CODE = "901290000012"


@dataclass
class Bank:
    """The bank's own side (`client`), our side (`connector`) and one clock for both."""

    client: BankClient
    connector: Connector
    clock: ManualClock

    def advance(self, by: dt.timedelta) -> None:
        """Let `by` go by on both sides."""
        now = self.clock.advance(by)
        self.client.clock(now.astimezone(BUSINESS_ZONE).isoformat())

    def statuses(self, message_id: str) -> dict[str, str]:
        """Instruction id → reading of the bank's word."""
        answer = self.connector.query(message_id)
        return {item.instruction_id: item.reading.value for item in answer.items}


@contextmanager
def connected(folder: Path, bank_id: str, clock: ManualClock, **options: object) -> Iterator[Bank]:
    """A running bank and a connector to it with short time-outs."""
    profile = quick(load_profile(bank_id))
    with running_bank(folder / f"{bank_id}.sqlite", bank_id, options=options) as client:
        settings = {profile.url_key: str(client.http.base_url), profile.token_key: TOKEN}
        connector = open_bank(profile, settings, clock)
        bank = Bank(client, connector, clock)
        bank.advance(dt.timedelta(0))
        yield bank
        connector.close()


def quick(profile: BankProfile) -> BankProfile:
    """The profile with one-second time-outs: a hanging bank is noticed soon."""
    return replace(profile, connect_seconds=1, read_seconds=1)


def item(number: int, amount: int = 10_000, **changes: str | None) -> PaymentItem:
    """Item `number`, 100.00 yuan unless said otherwise."""
    values: dict[str, str | None] = {
        "counterparty_name": f"张三{number}",
        "counterparty_account": f"62220000{number:08d}",
        "counterparty_bank_code": "901290000020",
        "remittance": f"D20261123-{number:06d} 理赔款",
    }
    values.update(changes)
    return PaymentItem(
        f"D20261123-{number:06d}-1",
        amount,
        values["counterparty_name"] or "",
        values["counterparty_account"] or "",
        values["counterparty_bank_code"],
        values["remittance"] or "",
    )


def message(
    *items: PaymentItem, message_id: str = "PB20261123-000001", direction: str = "pay"
) -> PaymentMessage:
    """A message about our own account at the simulated bank."""
    return PaymentMessage(
        message_id,
        direction,
        OURS,
        OWN_NAME,
        OWN_CODE,
        "CNY",
        MORNING.date(),
        MORNING,
        items or (item(1), item(2)),
    )

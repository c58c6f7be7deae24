"""A bank's XML messages tried out on sample payments; nothing is sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from engine.banks.connect import open_bank
from engine.banks.profile import BankProfile
from engine.base.text import SluiceError, Text
from engine.formats.payment import PaymentItem, PaymentMessage
from engine.formats.safe_xml import parse_whole
from engine.runtime.clock import Clock

_SAMPLE = (
    (10_001, "王小明", "6222000011112222", True),
    (1, "A&B <Re> \"Group\" 'AG'", "0001", False),
    (99_999_999_99, "示例再保险股份有限公司北京分公司", "DE89370400440532013000", True),
)
"""Amount, name, account, whether the bank code is known: what templates get wrong."""


@dataclass(frozen=True, slots=True)
class Proved:
    """One direction: the bytes, or why there are none."""

    direction: str
    message: str
    content: bytes
    error: SluiceError | None

    @property
    def text(self) -> str:
        """The bytes read in the encoding they declare."""
        encoding = parse_whole(self.content).getroottree().docinfo.encoding
        return self.content.decode(encoding or "utf-8")


def prove_messages(profile: BankProfile, clock: Clock) -> Iterator[Proved]:
    """Every XML message the profile names; ProfileError or BankError when there is no connector.

    Nothing is sent: the connector writes and checks the sample as it would a batch.
    """
    nowhere = {profile.url_key: "http://127.0.0.1:9", profile.token_key: "none"}
    connector = open_bank(profile, nowhere, clock)
    try:
        for direction, name in (("pay", profile.pay_format), ("collect", profile.collect_format)):
            if not name:
                continue
            sample = _sample(profile, direction, clock.now())
            try:
                for fault in connector.check(sample):
                    raise SluiceError(fault.code, fault.text)
                yield Proved(direction, name, connector.render(sample), None)
            except SluiceError as error:
                yield Proved(direction, name, b"", error)
    finally:
        connector.close()


def refused(found: Proved) -> Text:
    """Why a message cannot be written, with its code."""
    assert found.error is not None
    code, text = found.error.code, found.error.text
    return Text(
        f"{found.direction} {found.message} {code}: {text.en}",
        f"{found.direction} {found.message} {code}：{text.zh}",
    )


def _sample(profile: BankProfile, direction: str, now: dt.datetime) -> PaymentMessage:
    local = now.astimezone(profile.zone)
    return PaymentMessage(
        "PB20260101-000001",
        direction,
        "9010000000000001",
        "示例保险 & Co",
        f"{profile.cnaps}290000012",
        "CNY",
        local.date(),
        local,
        tuple(
            PaymentItem(
                f"D20260101-{number:06d}-1",
                amount,
                name,
                account,
                f"{profile.cnaps}290000020" if coded else None,
                f"D20260101-{number:06d} 理赔款 <1> & 2",
            )
            for number, (amount, name, account, coded) in enumerate(_SAMPLE, 1)
        ),
    )

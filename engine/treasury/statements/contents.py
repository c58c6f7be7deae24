"""Statements as JSON and back: what is kept of each, and what its hash is taken of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import cast

from engine.base.money import format_major, parse_major
from engine.base.text import Text
from engine.formats.statement import Statement, StatementLine
from engine.runtime.jsontypes import JsonValue


def content_of(statement: Statement, unread: Sequence[Text]) -> dict[str, JsonValue]:
    """The whole statement as JSON, amounts as decimal text: what its hash is taken of."""

    def money(minor: int | None) -> str | None:
        return None if minor is None else format_major(minor, statement.currency)

    lines: list[JsonValue] = [
        {
            "booking_date": line.booking_date.isoformat(),
            "value_date": line.value_date.isoformat(),
            "amount": money(line.amount),
            "direction": line.direction,
            "balance": money(line.balance),
            "bank_reference": line.bank_reference,
            "our_reference": line.our_reference,
            "message_reference": line.message_reference,
            "counterparty_name": line.counterparty_name,
            "counterparty_account": line.counterparty_account,
            "remittance": line.remittance,
            "return_reason": line.return_reason,
        }
        for line in statement.lines
    ]
    content: dict[str, JsonValue] = {
        "account": statement.account,
        "currency": statement.currency,
        "identification": statement.identification,
        "sequence": statement.sequence,
        "date": statement.date.isoformat(),
        "opening": money(statement.opening),
        "closing": money(statement.closing),
        "lines": lines,
    }
    if unread:
        content["unread"] = [{"en": one.en, "zh": one.zh} for one in unread]
    return content


def unread_of(content: Mapping[str, object]) -> tuple[Text, ...]:
    """What could not be read of the statement that was kept as `content`."""
    said = cast("list[Mapping[str, str]]", content.get("unread", []))
    return tuple(Text(one["en"], one["zh"]) for one in said)


def from_content(content: Mapping[str, object]) -> Statement:
    """The statement that was kept as `content`: what a quarantined one is tried again by."""
    currency = str(content["currency"])

    def money(value: object) -> int | None:
        return None if value is None else parse_major(str(value), currency)

    def text(line: Mapping[str, object], name: str) -> str | None:
        value = line[name]
        return None if value is None else str(value)

    lines = []
    for line in cast("list[Mapping[str, object]]", content["lines"]):
        lines.append(
            StatementLine(
                booking_date=dt.date.fromisoformat(str(line["booking_date"])),
                value_date=dt.date.fromisoformat(str(line["value_date"])),
                amount=money(line["amount"]) or 0,
                direction="credit" if line["direction"] == "credit" else "debit",
                balance=money(line["balance"]),
                bank_reference=text(line, "bank_reference"),
                our_reference=text(line, "our_reference"),
                message_reference=text(line, "message_reference"),
                counterparty_name=text(line, "counterparty_name"),
                counterparty_account=text(line, "counterparty_account"),
                remittance=text(line, "remittance"),
                return_reason=text(line, "return_reason"),
            )
        )
    sequence = content["sequence"]
    return Statement(
        account=str(content["account"]),
        currency=currency,
        identification=str(content["identification"]),
        sequence=sequence if isinstance(sequence, int) else None,
        date=dt.date.fromisoformat(str(content["date"])),
        opening=money(content["opening"]),
        closing=money(content["closing"]),
        lines=tuple(lines),
    )

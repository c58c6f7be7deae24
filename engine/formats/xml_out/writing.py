"""Writing a message: checked, rendered, validated and read back before anybody gets the bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from engine.base.money import decimals, format_major
from engine.base.text import Text
from engine.formats.payment import ItemFault, PaymentMessage, cut, faults, refuse_faults
from engine.formats.reading import FormatError
from engine.formats.xml_out.definition import ITEM_VALUES, XmlMessage
from engine.formats.xml_out.proof import Proof, Row
from engine.formats.xml_out.rendering import Job, Template, Value

_NOTHING: Mapping[str, Value] = {}


class Renderer(Protocol):
    """Turns a template and values into bytes."""

    def render(self, job: Job) -> Iterator[bytes]:
        """The bytes piece by piece; FormatError when the template cannot be rendered."""
        ...


def message_faults(message: PaymentMessage, definition: XmlMessage) -> tuple[ItemFault, ...]:
    """Why `message` cannot be written; empty when it can."""
    return faults(message, definition.limits)


def write_message(
    message: PaymentMessage,
    definition: XmlMessage,
    template: Template,
    renderer: Renderer,
    more: Mapping[str, Value] = _NOTHING,
) -> bytes:
    """`message` in the definition's encoding; `more` are values a connector adds.

    Bad content is refused before rendering. While the bytes come they are validated against the
    schema and read back: head values, control sum, number, and every item's id, amount, account
    and whatever else the definition places must be the message's own, once and in order (I20).

    FormatError XML_DIRECTION, XML_FORBIDDEN, XML_BROKEN, XML_INVALID, XML_DIFFERS, TEMPLATE_… (see
    `LimitedRenderer`) or the code of the message's first fault.
    """
    if message.direction not in definition.directions:
        raise FormatError(
            "XML_DIRECTION",
            Text(
                f"{definition.name} cannot carry direction {message.direction}; correct the bank "
                "profile",
                f"{definition.name} 不能用于方向 {message.direction}；请更正银行配置",
            ),
        )
    refuse_faults(message, definition.limits)
    head = {**message_values(message), **more}
    rows = message_rows(message, definition)
    proof = Proof(definition, template.name, head, rows)
    pieces = []
    for piece in renderer.render(
        Job(template, definition.encoding, head, "items", ITEM_VALUES, rows)
    ):
        proof.feed(piece)
        pieces.append(piece)
    content = b"".join(pieces)
    proof.close(content)
    return content


def hash_total(message: PaymentMessage) -> int:
    """Sum of the last six digits of each counterparty account, as integers."""
    return sum(_last_six(item.counterparty_account) for item in message.items)


def message_values(message: PaymentMessage) -> dict[str, Value]:
    """What a template is given once: HEAD_VALUES."""
    return {
        "message_id": message.message_id,
        "direction": message.direction,
        "created_at": message.created_at.isoformat(timespec="seconds"),
        "value_date": message.value_date.isoformat(),
        "count": len(message.items),
        "total": format_major(message.total, message.currency),
        "total_minor": message.total,
        "hash_total": hash_total(message),
        "currency": message.currency,
        "account_number": message.account_number,
        "account_name": message.account_name,
        "account_bank_code": message.account_bank_code,
    }


def message_rows(message: PaymentMessage, definition: XmlMessage) -> list[Row]:
    """What a template is given for each item, in the order of ITEM_VALUES."""
    places, limits = decimals(message.currency), definition.limits
    unit = 10**places
    return [
        (
            place,
            item.instruction_id,
            f"{item.amount // unit}.{item.amount % unit:0{places}d}" if places else item.amount,
            item.amount,
            item.counterparty_name,
            item.counterparty_account,
            item.counterparty_bank_code,
            cut(item.remittance, limits),
        )
        for place, item in enumerate(message.items, 1)
    ]


def _last_six(account: str) -> int:
    tail = account[-6:]
    if not (tail.isascii() and tail.isdigit()):
        tail = "".join(c for c in account if c in "0123456789")[-6:] or "0"
    return int(tail)

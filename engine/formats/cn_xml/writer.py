"""Requests in GB18030 XML: batch payment, batch collection, queries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from engine.base.money import format_major
from engine.base.text import Text
from engine.formats.cn_xml.reader import read_message
from engine.formats.payment import ItemFault, Limits, PaymentMessage, cut, faults, refuse_faults
from engine.formats.reading import FormatError
from engine.formats.templates import Plain, Renderer

ENCODING = "gb18030"

LIMITS = Limits(name=120, account=34, bank_code=12, remittance=60, encoding=ENCODING)
"""Lengths in GB18030 bytes."""

PAY, COLLECT = "PAYBAT", "COLBAT"


def batch_faults(message: PaymentMessage) -> tuple[ItemFault, ...]:
    """Why `message` cannot be written; empty when it can."""
    return faults(message, LIMITS)


def hash_total(message: PaymentMessage) -> int:
    """Sum of the last six digits of each counterparty account, as integers."""
    return sum(_last_six(item.counterparty_account) for item in message.items)


def write_batch(message: PaymentMessage, renderer: Renderer) -> bytes:
    """`message` as the bytes of a PAYBAT or COLBAT; read back and compared before use.

    FormatError with the first fault's code, or BATCH_DIFFERS when the template does not say
    what was asked for.
    """
    refuse_faults(message, LIMITS)
    currency = message.currency
    values: Mapping[str, Plain] = {
        "trcode": PAY if message.direction == "pay" else COLLECT,
        "serial": message.message_id,
        "date": f"{message.created_at:%Y%m%d}",
        "time": f"{message.created_at:%H%M%S}",
        "message_id": message.message_id,
        "account_number": message.account_number,
        "currency": currency,
        "count": len(message.items),
        "total": format_major(message.total, currency),
        "hash_total": hash_total(message),
        "items": [
            {
                "place": place,
                "instruction_id": item.instruction_id,
                "account": item.counterparty_account,
                "name": item.counterparty_name,
                "bank_code": item.counterparty_bank_code,
                "amount": format_major(item.amount, currency),
                "remittance": cut(item.remittance, LIMITS),
            }
            for place, item in enumerate(message.items, 1)
        ],
    }
    content = renderer.render("cn_xml/batch.xml.j2", values).encode(ENCODING)
    _verify(content, message)
    return content


def write_query(
    renderer: Renderer, trcode: str, serial: str, now: dt.datetime, fields: Mapping[str, str]
) -> bytes:
    """The bytes of a query `trcode` (QRYBAT, QRYBAL, QRYSTM) with its body `fields` in order."""
    return renderer.render(
        "cn_xml/query.xml.j2",
        {
            "trcode": trcode,
            "serial": serial,
            "date": f"{now:%Y%m%d}",
            "time": f"{now:%H%M%S}",
            "fields": [{"name": name, "value": value} for name, value in fields.items()],
        },
    ).encode(ENCODING)


def _last_six(account: str) -> int:
    digits = "".join(c for c in account if c in "0123456789")[-6:]
    return int(digits) if digits else 0


def _verify(content: bytes, message: PaymentMessage) -> None:
    body = read_message(content).body
    head = [
        body.findtext(name) for name in ("BATNO", "ACCNO", "CCY", "TOTNUM", "TOTAMT", "HASHTOT")
    ]
    rows = [
        tuple(item.findtext(name) for name in ("REFNO", "OPPACC", "OPPNAME", "AMT"))
        for item in body.iterfind("LIST/ITEM")
    ]
    expected_head = [
        message.message_id,
        message.account_number,
        message.currency,
        str(len(message.items)),
        format_major(message.total, message.currency),
        str(hash_total(message)),
    ]
    expected_rows = [
        (
            item.instruction_id,
            item.counterparty_account,
            item.counterparty_name,
            format_major(item.amount, message.currency),
        )
        for item in message.items
    ]
    if head != expected_head or rows != expected_rows:
        raise FormatError(
            "BATCH_DIFFERS",
            Text(
                "the rendered batch does not say what was asked for; correct the template",
                "生成的批量报文与要求的内容不一致;请更正模板",
            ),
        )

"""Writing pain.001 (payments) and pain.008 (collections): checked first, read back after."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import as_file, files

from lxml import etree

from engine.base.money import format_major
from engine.base.text import Text
from engine.formats.payment import (
    ItemFault,
    Limits,
    PaymentMessage,
    cut,
    faults,
    refuse_faults,
)
from engine.formats.reading import FormatError
from engine.formats.templates import Plain, Renderer

LIMITS = Limits(name=140, account=34, bank_code=35, remittance=140)
"""Lengths in characters, by the schemas."""

PAYMENTS = ("pain.001.001.03", "pain.001.001.09")
COLLECTIONS = ("pain.008.001.02",)


_PAY = (
    "//p:PmtInf/p:DbtrAcct/p:Id/p:Othr/p:Id",
    "//p:ReqdExctnDt/descendant-or-self::*[not(*)]",
    "//p:CdtTrfTxInf",
    "p:Amt/p:InstdAmt",
    "p:Cdtr/p:Nm",
    "p:CdtrAcct/p:Id/p:Othr/p:Id",
)
_COLLECT = (
    "//p:PmtInf/p:CdtrAcct/p:Id/p:Othr/p:Id",
    "//p:ReqdColltnDt",
    "//p:DrctDbtTxInf",
    "p:InstdAmt",
    "p:Dbtr/p:Nm",
    "p:DbtrAcct/p:Id/p:Othr/p:Id",
)
"""Own account, date, item; within the item amount, name and account of the other side."""


def pain_faults(message: PaymentMessage) -> tuple[ItemFault, ...]:
    """Why `message` cannot be written; empty when it can."""
    return faults(message, LIMITS)


def write_pain(message: PaymentMessage, renderer: Renderer, version: str) -> bytes:
    """`message` as UTF-8 bytes of `version` (pain.001.001.03, .09 or pain.008.001.02).

    Refuses bad content before rendering, then validates the bytes against the schema and
    reads them back: count, control sum, unique ids and every item must be the message's own
    (I20). FormatError PAIN_VERSION, PAIN_INVALID, PAIN_DIFFERS or the code of the first fault.
    """
    if version not in (PAYMENTS if message.direction == "pay" else COLLECTIONS):
        raise FormatError(
            "PAIN_VERSION",
            Text(
                f"{version} cannot carry direction {message.direction}; correct the bank profile",
                f"{version} 不能用于方向 {message.direction};请更正银行配置",
            ),
        )
    refuse_faults(message, LIMITS)
    text = renderer.render(f"iso20022/{version}.xml.j2", _values(message))
    content = text.encode("utf-8")
    _verify(content, message, version)
    return content


def _values(message: PaymentMessage) -> Mapping[str, Plain]:
    currency = message.currency
    return {
        "message_id": message.message_id,
        "created_at": message.created_at.isoformat(timespec="seconds"),
        "count": len(message.items),
        "total": format_major(message.total, currency),
        "currency": currency,
        "value_date": message.value_date.isoformat(),
        "account_number": message.account_number,
        "account_name": message.account_name,
        "account_bank_code": message.account_bank_code,
        "items": [
            {
                "instruction_id": item.instruction_id,
                "amount": format_major(item.amount, currency),
                "bank_code": item.counterparty_bank_code,
                "name": item.counterparty_name,
                "account": item.counterparty_account,
                "remittance": cut(item.remittance, LIMITS),
            }
            for item in message.items
        ],
    }


@cache
def _schema(version: str) -> etree.XMLSchema:
    with as_file(files("sepaxml") / "schemas" / f"{version}.xsd") as path:
        return etree.XMLSchema(etree.parse(str(path)))


def _verify(content: bytes, message: PaymentMessage, version: str) -> None:
    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    schema = _schema(version)
    if not schema.validate(root):
        problem = schema.error_log[0]  # type: ignore[index]
        raise FormatError(
            "PAIN_INVALID",
            Text(
                f"the rendered {version} breaks its schema in line {problem.line} "
                f"({problem.message}); correct the template",
                f"生成的 {version} 第 {problem.line} 行不符合模式({problem.message});请更正模板",
            ),
        )
    if _read_back(root, message.direction, version) != _expected(message):
        raise FormatError(
            "PAIN_DIFFERS",
            Text(
                f"the rendered {version} does not say what was asked for; correct the template",
                f"生成的 {version} 与要求的内容不一致;请更正模板",
            ),
        )


def _expected(message: PaymentMessage) -> list[list[str]]:
    """What `_read_back` must find."""
    total = format_major(message.total, message.currency)
    count = str(len(message.items))
    ids = [item.instruction_id for item in message.items]
    return [
        [message.message_id, message.message_id],
        [count, count],
        [total, total],
        [message.account_number],
        [message.value_date.isoformat()],
        ids,
        ids,
        [message.currency] * len(ids),
        [format_major(item.amount, message.currency) for item in message.items],
        [item.counterparty_name for item in message.items],
        [item.counterparty_account for item in message.items],
    ]


@cache
def _paths(direction: str, version: str) -> tuple[etree.XPath, ...]:
    own, date, item, amount, name, account = _PAY if direction == "pay" else _COLLECT
    return tuple(
        etree.XPath(
            path,
            namespaces={"p": f"urn:iso:std:iso:20022:tech:xsd:{version}"},
            smart_strings=False,
        )
        for path in (
            "//p:GrpHdr/p:MsgId/text() | //p:PmtInfId/text()",
            "//p:NbOfTxs/text()",
            "//p:CtrlSum/text()",
            f"{own}/text()",
            f"{date}/text()",
            f"{item}/p:PmtId/p:InstrId/text()",
            f"{item}/p:PmtId/p:EndToEndId/text()",
            f"{item}/{amount}/@Ccy",
            f"{item}/{amount}/text()",
            f"{item}/{name}/text()",
            f"{item}/{account}/text()",
        )
    )


def _read_back(root: etree._Element, direction: str, version: str) -> list[list[str]]:
    """What the bytes say, field by field in document order.

    The schema allows each field once per item, so lists of equal length belong together.
    """
    return [_strings(path(root)) for path in _paths(direction, version)]


def _strings(found: object) -> list[str]:
    return [str(one) for one in found] if isinstance(found, list) else []

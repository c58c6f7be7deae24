"""Writing pain.001 (payments) and pain.008 (collections): checked first, read back after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files

from lxml import etree

from engine.base.money import format_major, parse_major
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


@dataclass(frozen=True, slots=True)
class _Shape:
    """Where the read-back finds things below PmtInf."""

    item: str
    amount: str
    name: str
    account: str


_PAY = _Shape("CdtTrfTxInf", "{n}Amt/{n}InstdAmt", "{n}Cdtr/{n}Nm", "{n}CdtrAcct")
_COLLECT = _Shape("DrctDbtTxInf", "{n}InstdAmt", "{n}Dbtr/{n}Nm", "{n}DbtrAcct")


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
    shape = _PAY if message.direction == "pay" else _COLLECT
    if _read_back(root, shape, message.currency) != _expected(message):
        raise FormatError(
            "PAIN_DIFFERS",
            Text(
                f"the rendered {version} does not say what was asked for; correct the template",
                f"生成的 {version} 与要求的内容不一致;请更正模板",
            ),
        )


_Back = tuple[list[str | None], list[tuple[str | None, ...]]]


def _expected(message: PaymentMessage) -> _Back:
    total = format_major(message.total, message.currency)
    count = str(len(message.items))
    head: list[str | None] = [message.message_id, count, total, count, total]
    own: tuple[str | None, ...] = (message.account_number, message.value_date.isoformat())
    return head, [
        own,
        *(
            (
                item.instruction_id,
                item.instruction_id,
                message.currency,
                str(item.amount),
                item.counterparty_name,
                item.counterparty_account,
            )
            for item in message.items
        ),
    ]


def _read_back(root: etree._Element, shape: _Shape, currency: str) -> _Back:
    initiation = root[0]
    n = str(root.tag).removesuffix("Document")
    group, info = initiation[0], initiation.find(f"{n}PmtInf")
    if info is None:
        return [], []
    header = [group.findtext(f"{n}{name}") for name in ("MsgId", "NbOfTxs", "CtrlSum")]
    header += [info.findtext(f"{n}{name}") for name in ("NbOfTxs", "CtrlSum")]
    side = "Dbtr" if shape is _PAY else "Cdtr"
    date = info.find(f"{n}ReqdExctnDt" if shape is _PAY else f"{n}ReqdColltnDt")
    own = (
        info.findtext(f"{n}{side}Acct/{n}Id/{n}Othr/{n}Id"),
        None if date is None else "".join(str(part) for part in date.itertext()).strip(),
    )
    amount_at, name_at = shape.amount.format(n=n), shape.name.format(n=n)
    account_at = shape.account.format(n=n) + f"/{n}Id/{n}Othr/{n}Id"
    instruction_at, end_at = f"{n}PmtId/{n}InstrId", f"{n}PmtId/{n}EndToEndId"
    rows: list[tuple[str | None, ...]] = [own]
    for item in info.iterfind(f"{n}{shape.item}"):
        amount = item.find(amount_at)
        rows.append(
            (
                item.findtext(instruction_at),
                item.findtext(end_at),
                None if amount is None else amount.get("Ccy"),
                None if amount is None else str(parse_major(amount.text or "", currency)),
                item.findtext(name_at),
                item.findtext(account_at),
            )
        )
    return header, rows

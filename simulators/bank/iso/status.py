"""pain.002.001.03: what became of a message and of its items."""

from dataclasses import dataclass
from itertools import groupby
from typing import Final

from lxml import etree

from simulators.bank.clock import moment
from simulators.bank.iso.documents import document, to_bytes
from simulators.bank.orders import ItemStatus
from simulators.bank.refusals import refusal
from simulators.common.xml import add

_NAME: Final = "pain.002.001.03"


@dataclass(frozen=True)
class GroupAnswer:
    """The head of a status report; `code` and `text` give the reason of a refusal."""

    message_id: str
    original_id: str
    original_name: str
    created_at: int
    status: str
    code: str = ""
    text: str = ""


def item_status(item: ItemStatus) -> str:
    """ISO status of one item: PDNG while it waits for a later day."""
    match item.state:
        case "executed":
            return "ACSC"
        case "refused":
            return "RJCT"
    return "PDNG" if item.next_day else "ACSP"


def group_status(items: list[ItemStatus]) -> str:
    """ISO status of the message: PART as soon as some, but not all items are refused."""
    found = {item_status(item) for item in items}
    if len(found) == 1:
        return found.pop()
    if "RJCT" in found:
        return "PART"
    return "ACSP"


def status_report(answer: GroupAnswer, items: list[ItemStatus]) -> bytes:
    """The report with one TxInfAndSts per item; for a refused item also with the reason."""
    root = document(_NAME)
    report = add(root, "CstmrPmtStsRpt")
    header = add(report, "GrpHdr")
    add(header, "MsgId", answer.message_id)
    add(header, "CreDtTm", moment(answer.created_at).isoformat(timespec="seconds"))
    group = add(report, "OrgnlGrpInfAndSts")
    add(group, "OrgnlMsgId", answer.original_id or "NOTPROVIDED")
    add(group, "OrgnlMsgNmId", answer.original_name or "NOTPROVIDED")
    add(group, "GrpSts", answer.status)
    if answer.code:
        _reason(group, answer.code, answer.text)
    for information, members in groupby(items, key=lambda item: item.payment_info_id):
        holder = add(report, "OrgnlPmtInfAndSts")
        add(holder, "OrgnlPmtInfId", information)
        for item in members:
            transaction = add(holder, "TxInfAndSts")
            add(transaction, "OrgnlInstrId", item.instruction_id)
            add(transaction, "OrgnlEndToEndId", item.end_to_end_id)
            add(transaction, "TxSts", item_status(item))
            if item.code:
                _reason(transaction, item.code, refusal(item.code).text)
            if item.bank_reference:
                add(transaction, "AcctSvcrRef", item.bank_reference)
    return to_bytes(root)


def _reason(parent: etree._Element, code: str, text: str) -> None:
    information = add(parent, "StsRsnInf")
    add(add(information, "Rsn"), "Cd", code)
    add(information, "AddtlInf", text[:105])

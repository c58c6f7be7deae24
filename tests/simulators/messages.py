"""Messages as a customer writes them, made with lxml only and independent of the product."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from lxml import etree

OURS = "9010000000000001"


@dataclass(frozen=True)
class Line:
    """One payment or collection of a message."""

    instruction_id: str
    amount: str
    account: str = "6222020000000001"
    name: str = "张三"
    remittance: str = "D-0001 理赔款"


def parse(body: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return etree.fromstring(body, parser)


def element_texts(root: etree._Element, tag: str) -> list[str]:
    return [found.text or "" for found in root.iter(f"{{*}}{tag}")]


def _add(parent: etree._Element, path: str, text: str | None = None) -> etree._Element:
    """Append a chain of children; the last one gets the text."""
    for tag in path.split("/"):
        parent = etree.SubElement(parent, f"{{{etree.QName(parent).namespace}}}{tag}")
    parent.text = text
    return parent


def _total(lines: Sequence[Line]) -> str:
    return str(sum((Decimal(line.amount) for line in lines), Decimal(0)))


def pain001(
    message_id: str,
    lines: Sequence[Line],
    *,
    account: str = OURS,
    requested: str = "2026-11-23",
    count: int | None = None,
    control: str | None = None,
    currency: str = "CNY",
    version: str = "03",
) -> bytes:
    """A pain.001 of one PmtInf; `count` and `control` override the true totals."""
    root = parse(
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.{version}"/>'.encode()
    )
    body = _add(root, "CstmrCdtTrfInitn")
    _header(body, message_id, lines, count, control)
    information = _add(body, "PmtInf")
    _add(information, "PmtInfId", message_id)
    _add(information, "PmtMtd", "TRF")
    _add(information, "ReqdExctnDt" if version == "03" else "ReqdExctnDt/Dt", requested)
    _add(information, "Dbtr/Nm", "示例保险")
    _add(information, "DbtrAcct/Id/Othr/Id", account)
    _add(information, "DbtrAgt/FinInstnId/ClrSysMmbId/MmbId", "901000000001")
    for line in lines:
        transaction = _add(information, "CdtTrfTxInf")
        _ids(transaction, line)
        _add(transaction, "Amt/InstdAmt", line.amount).set("Ccy", currency)
        _add(transaction, "CdtrAgt/FinInstnId/ClrSysMmbId/MmbId", "902000000001")
        _add(transaction, "Cdtr/Nm", line.name)
        _add(transaction, "CdtrAcct/Id/Othr/Id", line.account)
        _add(transaction, "RmtInf/Ustrd", line.remittance)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def pain008(message_id: str, lines: Sequence[Line], *, account: str = OURS) -> bytes:
    """A pain.008.001.02 of one PmtInf."""
    root = parse(b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.008.001.02"/>')
    body = _add(root, "CstmrDrctDbtInitn")
    _header(body, message_id, lines, None, None)
    information = _add(body, "PmtInf")
    _add(information, "PmtInfId", message_id)
    _add(information, "PmtMtd", "DD")
    _add(information, "ReqdColltnDt", "2026-11-23")
    _add(information, "Cdtr/Nm", "示例保险")
    _add(information, "CdtrAcct/Id/Othr/Id", account)
    _add(information, "CdtrAgt/FinInstnId/ClrSysMmbId/MmbId", "901000000001")
    for line in lines:
        transaction = _add(information, "DrctDbtTxInf")
        _ids(transaction, line)
        _add(transaction, "InstdAmt", line.amount).set("Ccy", "CNY")
        _add(transaction, "DbtrAgt/FinInstnId/ClrSysMmbId/MmbId", "902000000001")
        _add(transaction, "Dbtr/Nm", line.name)
        _add(transaction, "DbtrAcct/Id/Othr/Id", line.account)
        _add(transaction, "RmtInf/Ustrd", line.remittance)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _header(
    body: etree._Element,
    message_id: str,
    lines: Sequence[Line],
    count: int | None,
    control: str | None,
) -> None:
    header = _add(body, "GrpHdr")
    _add(header, "MsgId", message_id)
    _add(header, "CreDtTm", "2026-11-23T09:00:00+08:00")
    _add(header, "NbOfTxs", str(len(lines) if count is None else count))
    _add(header, "CtrlSum", _total(lines) if control is None else control)
    _add(header, "InitgPty/Nm", "示例保险")


def _ids(transaction: etree._Element, line: Line) -> None:
    ids = _add(transaction, "PmtId")
    _add(ids, "InstrId", line.instruction_id)
    _add(ids, "EndToEndId", line.instruction_id)


def cms(code: str, body: str) -> bytes:
    """A request for bank_b's gateway; `body` is XML text."""
    return (
        '<?xml version="1.0" encoding="GB18030"?>'
        f"<CMS><HEAD><TRCODE>{code}</TRCODE><REQSN>R1</REQSN><TRDATE>20261123</TRDATE>"
        f"<TRTIME>090000</TRTIME></HEAD><BODY>{body}</BODY></CMS>"
    ).encode("gb18030")


def batch_body(
    batch: str,
    lines: Sequence[Line],
    *,
    account: str = OURS,
    total: str | None = None,
    hash_total: int | None = None,
) -> str:
    """BODY of PAYBAT or COLBAT; `total` and `hash_total` override the true ones."""
    items = "".join(
        f"<ITEM><SEQ>{number}</SEQ><REFNO>{line.instruction_id}</REFNO>"
        f"<OPPACC>{line.account}</OPPACC><OPPNAME>{line.name}</OPPNAME>"
        f"<OPPBANK>902000000001</OPPBANK><AMT>{line.amount}</AMT>"
        f"<USES>{line.remittance}</USES></ITEM>"
        for number, line in enumerate(lines, 1)
    )
    hashed = sum(int(line.account[-6:]) for line in lines) if hash_total is None else hash_total
    return (
        f"<BATNO>{batch}</BATNO><ACCNO>{account}</ACCNO><CCY>CNY</CCY>"
        f"<TOTNUM>{len(lines)}</TOTNUM><TOTAMT>{total or _total(lines)}</TOTAMT>"
        f"<HASHTOT>{hashed}</HASHTOT><LIST>{items}</LIST>"
    )

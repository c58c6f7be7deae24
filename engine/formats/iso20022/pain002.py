"""Reading pain.002: what a bank says about a message of ours and its items."""

from __future__ import annotations

import io
from dataclasses import dataclass
from enum import StrEnum

from lxml import etree

from engine.base.text import Text
from engine.formats.reading import FormatError, ReadFinding
from engine.formats.safe_xml import line_of, local, namespace, stream, text_of


class Reading(StrEnum):
    """What a status can mean at most, whatever a ruleset says of its reason."""

    PAID = "paid"
    PENDING = "pending"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


ISO_STATUS = {
    **dict.fromkeys(("RCVD", "ACTC", "ACCP", "ACSP", "ACWC", "PDNG"), Reading.PENDING),
    **dict.fromkeys(("ACSC", "ACCC"), Reading.PAID),
    "RJCT": Reading.REJECTED,
}
"""SEMANTICS §6; everything unlisted is unknown, PART is per item."""


@dataclass(frozen=True, slots=True)
class Status:
    """One status as the bank gave it: ISO code, reason code, additional text."""

    status: str | None
    reason: str | None
    text: str | None

    @property
    def reading(self) -> Reading:
        """What the status can mean at most."""
        return ISO_STATUS.get(self.status or "", Reading.UNKNOWN)


@dataclass(frozen=True, slots=True)
class TransactionStatus:
    """The status of one item. `instruction_id` is OrgnlInstrId, else OrgnlEndToEndId."""

    instruction_id: str
    status: Status
    bank_reference: str | None


@dataclass(frozen=True, slots=True)
class StatusReport:
    """A pain.002. `group` falls back to the payment information's status where there is none."""

    original_message_id: str | None
    group: Status
    transactions: tuple[TransactionStatus, ...]
    findings: tuple[ReadFinding, ...]


_GROUP, _INFO, _TX = "OrgnlGrpInfAndSts", "OrgnlPmtInfAndSts", "TxInfAndSts"
_REPORTS = ("CstmrPmtStsRpt", "pain.002.001.02")
_NOTHING = Status(None, None, None)


def read_pain002(content: bytes) -> StatusReport:
    """Read a pain.002 of any version.

    FormatError when the bytes are no well-formed pain.002 (XML_BROKEN, XML_DOCTYPE,
    NO_PAIN002); what is odd inside becomes findings.
    """
    message_id: str | None = None
    group = info = _NOTHING
    transactions: list[TransactionStatus] = []
    findings: list[ReadFinding] = []
    seen = False
    for element in stream(io.BytesIO(content), (*_REPORTS, _GROUP, _INFO, _TX)):
        seen = True
        name, n = local(element), namespace(element)
        if name == _GROUP:
            message_id = text_of(element, f"{n}OrgnlMsgId")
            group = _status(element, n, "GrpSts")
        elif name == _INFO:
            info = _status(element, n, "PmtInfSts")
        elif name == _TX:
            _transaction(element, n, transactions, findings)
        # Not `forget`: a status of the payment information stands before its items.
        element.clear()
    if not seen:
        raise FormatError(
            "NO_PAIN002",
            Text(
                "the answer is XML, but no pain.002; look at the bytes kept as evidence",
                "应答是 XML,但不是 pain.002;请查看留存的原始报文",
            ),
        )
    return StatusReport(
        message_id,
        group if group.status is not None else info,
        tuple(transactions),
        tuple(findings),
    )


def _transaction(
    element: etree._Element,
    n: str,
    transactions: list[TransactionStatus],
    findings: list[ReadFinding],
) -> None:
    own = text_of(element, f"{n}OrgnlInstrId") or text_of(element, f"{n}OrgnlEndToEndId")
    if own is None:
        line = line_of(element)
        findings.append(
            ReadFinding(
                "NO_REFERENCE",
                Text(
                    f"line {line}: a status without our reference; it was left out",
                    f"第 {line} 行:状态缺少我方编号;已忽略",
                ),
                line,
                fatal=True,
            )
        )
        return
    transactions.append(
        TransactionStatus(own, _status(element, n, "TxSts"), text_of(element, f"{n}AcctSvcrRef"))
    )


def _status(element: etree._Element, n: str, name: str) -> Status:
    reasons = element.findall(f"{n}StsRsnInf")
    code = words = None
    for reason in reasons:
        code = code or text_of(reason, f"{n}Rsn/{n}Cd") or text_of(reason, f"{n}Rsn/{n}Prtry")
        words = words or text_of(reason, f"{n}AddtlInf")
    return Status(text_of(element, f"{n}{name}"), code, words)

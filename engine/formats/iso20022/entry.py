"""One camt entry (Ntry) as a statement line."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from lxml import etree

from engine.base.text import Text
from engine.formats.iso20022.values import read_amount, read_date
from engine.formats.reading import ReadFinding
from engine.formats.safe_xml import line_of, text_of
from engine.formats.statement import Direction, StatementLine

_NOT_GIVEN = {"NOTPROVIDED", "NONREF", "NOTAVAILABLE"}
_REVERSAL = "REVERSAL"
"""Return reason of an entry that is marked as a reversal without a reason of its own."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line, or None with a fatal finding; `status` is BOOK, PDNG, INFO, FUTR or None."""

    line: StatementLine | None
    status: str | None
    source_line: int
    findings: tuple[ReadFinding, ...]


def read_entry(element: etree._Element, n: str, currency: str, date: dt.date) -> Entry:
    """Read an Ntry. `currency` and `date` are the statement's, for entries that lack them."""
    findings: list[ReadFinding] = []
    where = line_of(element)
    status = text_of(element, f"{n}Sts/{n}Cd") or text_of(element, f"{n}Sts")
    amount = element.find(f"{n}Amt")
    minor = None if amount is None else read_amount(amount, currency, findings)
    if amount is not None and currency and amount.get("Ccy", currency) != currency:
        findings.append(_unreadable(where, "CURRENCY_MISMATCH", "currency", "币种"))
        minor = None
    side = text_of(element, f"{n}CdtDbtInd")
    if side not in ("CRDT", "DBIT"):
        findings.append(_unreadable(where, "NO_DIRECTION", "debit or credit mark", "借贷标志"))
        minor = None
    if amount is None:
        findings.append(_unreadable(where, "NO_AMOUNT", "amount", "金额"))
    if minor is None or side is None:
        return Entry(None, status, where, tuple(findings))
    direction: Direction = "credit" if side == "CRDT" else "debit"
    booked = _date(element, f"{n}BookgDt", n)
    valued = _date(element, f"{n}ValDt", n)
    if booked is None:
        findings.append(
            ReadFinding(
                "NO_BOOKING_DATE",
                Text(
                    f"line {where}: no booking date; the {'value' if valued else 'statement'} "
                    "date was taken",
                    f"第 {where} 行:没有记账日期;已采用{'起息' if valued else '对账单'}日期",
                ),
                where,
            )
        )
        booked = valued or date
    if minor < 0:
        # Some banks write the sign beside the mark; the mark already tells the direction.
        findings.append(_unreadable(where, "NEGATIVE_AMOUNT", "positive amount", "正数金额"))
        return Entry(None, status, where, tuple(findings))
    details = element.findall(f"{n}NtryDtls/{n}TxDtls")
    one = details[0] if len(details) == 1 else None
    line = StatementLine(
        booking_date=booked,
        value_date=valued or booked,
        amount=minor,
        direction=direction,
        balance=None,
        bank_reference=_reference(element, n, one),
        our_reference=None if one is None else _ours(one, n),
        message_reference=_message(element, n, details),
        counterparty_name=None if one is None else _party(one, n, direction),
        counterparty_account=None if one is None else _party_account(one, n, direction),
        remittance=_remittance(element, n, details),
        return_reason=_return_reason(element, n, details),
    )
    return Entry(line, status, where, tuple(findings))


def _unreadable(line: int, code: str, what: str, what_zh: str) -> ReadFinding:
    return ReadFinding(
        code,
        Text(
            f"line {line}: the entry has no usable {what}; it was left out, so the sum will not "
            "fit; ask the bank",
            f"第 {line} 行:明细没有可用的{what_zh};已略过,余额将不符;请联系银行",
        ),
        line,
        fatal=True,
    )


def _date(element: etree._Element, path: str, n: str) -> dt.date | None:
    return read_date(text_of(element, f"{path}/{n}Dt") or text_of(element, f"{path}/{n}DtTm"))


def _given(text: str | None) -> str | None:
    return None if text in _NOT_GIVEN else text


def _reference(element: etree._Element, n: str, one: etree._Element | None) -> str | None:
    own = _given(text_of(element, f"{n}AcctSvcrRef"))
    if own is None and one is not None:
        own = _given(text_of(one, f"{n}Refs/{n}AcctSvcrRef"))
    return own


def _ours(one: etree._Element, n: str) -> str | None:
    return _given(text_of(one, f"{n}Refs/{n}EndToEndId")) or _given(
        text_of(one, f"{n}Refs/{n}InstrId")
    )


def _message(element: etree._Element, n: str, details: list[etree._Element]) -> str | None:
    batch = _given(text_of(element, f"{n}NtryDtls/{n}Btch/{n}MsgId")) or _given(
        text_of(element, f"{n}NtryDtls/{n}Btch/{n}PmtInfId")
    )
    if batch is not None:
        return batch
    named = {
        _given(text_of(one, f"{n}Refs/{n}MsgId")) or _given(text_of(one, f"{n}Refs/{n}PmtInfId"))
        for one in details
    }
    return named.pop() if len(named) == 1 else None


def _other_side(one: etree._Element, n: str, direction: Direction) -> str:
    """Creditor of a debit, debtor of a credit; a return keeps the roles of its original."""
    returned = one.find(f"{n}RtrInf") is not None
    return "Cdtr" if (direction == "debit") is not returned else "Dbtr"


def _party(one: etree._Element, n: str, direction: Direction) -> str | None:
    """The other side's name; `Pty` stands between since version 4."""
    role = _other_side(one, n, direction)
    base = f"{n}RltdPties/{n}{role}"
    return text_of(one, f"{base}/{n}Nm") or text_of(one, f"{base}/{n}Pty/{n}Nm")


def _party_account(one: etree._Element, n: str, direction: Direction) -> str | None:
    base = f"{n}RltdPties/{n}{_other_side(one, n, direction)}Acct/{n}Id"
    return text_of(one, f"{base}/{n}Othr/{n}Id") or text_of(one, f"{base}/{n}IBAN")


def _remittance(element: etree._Element, n: str, details: list[etree._Element]) -> str | None:
    texts: list[str] = []
    for one in details:
        texts += [part.text.strip() for part in one.iterfind(f"{n}RmtInf/{n}Ustrd") if part.text]
        structured = text_of(one, f"{n}RmtInf/{n}Strd/{n}CdtrRefInf/{n}Ref")
        if structured is not None:
            texts.append(structured)
        if not texts and (words := text_of(one, f"{n}AddtlTxInf")) is not None:
            texts.append(words)
    if not texts and (words := text_of(element, f"{n}AddtlNtryInf")) is not None:
        texts.append(words)
    return " ".join(texts) or None


def _return_reason(element: etree._Element, n: str, details: list[etree._Element]) -> str | None:
    for one in details:
        base = f"{n}RtrInf/{n}Rsn"
        code = text_of(one, f"{base}/{n}Cd") or text_of(one, f"{base}/{n}Prtry")
        if code is not None:
            return code
    if text_of(element, f"{n}RvslInd") == "true" or text_of(element, f"{n}RvslInd") == "1":
        return _REVERSAL
    return None

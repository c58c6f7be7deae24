"""One camt entry (Ntry) as a statement line."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from lxml import etree

from engine.base.text import Text
from engine.formats.iso20022.values import read_amount, read_date
from engine.formats.reading import ReadFinding
from engine.formats.safe_xml import Children, below, children, line_of, value
from engine.formats.statement import REVERSAL, Direction, StatementLine

_NOT_GIVEN = {"NOTPROVIDED", "NONREF", "NOTAVAILABLE"}


class Entry(NamedTuple):
    """Its lines, none with a fatal finding; `status` is BOOK, PDNG, INFO, FUTR or None.

    A batch booking is as many lines as it has transactions when each says its amount and
    together they are the entry's; otherwise it stays one line.
    """

    lines: tuple[StatementLine, ...]
    status: str | None
    source_line: int
    findings: tuple[ReadFinding, ...]


def read_entry(element: etree._Element, n: str, currency: str, date: dt.date) -> Entry:
    """Read an Ntry. `currency` and `date` are the statement's, for entries that lack them."""
    findings: list[ReadFinding] = []
    where = line_of(element)
    kids = children(element, n)
    status = value(kids, "Sts") or value(below(kids, n, "Sts"), "Cd")
    minor = _amount(kids.get("Amt"), currency, where, findings)
    side = value(kids, "CdtDbtInd")
    if side not in ("CRDT", "DBIT"):
        findings.append(_unreadable(where, "NO_DIRECTION", "debit or credit mark", "借贷标志"))
        minor = None
    if minor is None or side is None:
        return Entry((), status, where, tuple(findings))
    direction: Direction = "credit" if side == "CRDT" else "debit"
    valued = _date(kids.get("ValDt"))
    booked = _booked(_date(kids.get("BookgDt")), valued, date, where, findings)
    batch, parts = _details(kids.get("NtryDtls"), n)
    details = [children(part, n) for part in parts]
    frame = _Frame(kids, batch, booked, valued or booked, n)
    shares = _shares(details, n, currency, minor, direction) if len(details) > 1 else None
    if shares is None:
        lines = [_line(frame, minor, direction, details)]
    else:
        lines = [_line(frame, *share, [one]) for share, one in zip(shares, details, strict=True)]
    return Entry(tuple(lines), status, where, tuple(findings))


class _Frame(NamedTuple):
    """What the lines of an entry have in common."""

    kids: Children
    batch: etree._Element | None
    booked: dt.date
    valued: dt.date
    n: str


def _line(
    frame: _Frame, minor: int, direction: Direction, details: list[Children]
) -> StatementLine:
    kids, n = frame.kids, frame.n
    one = details[0] if len(details) == 1 else {}
    returned = "RtrInf" in one
    refs = below(one, n, "Refs")
    # Creditor of a debit, debtor of a credit; a return keeps the roles of its original.
    role = "Cdtr" if (direction == "debit") is not returned else "Dbtr"
    parties = below(one, n, "RltdPties")
    return StatementLine(
        booking_date=frame.booked,
        value_date=frame.valued,
        amount=minor,
        direction=direction,
        balance=None,
        bank_reference=_given(value(kids, "AcctSvcrRef")) or _given(value(refs, "AcctSvcrRef")),
        our_reference=_given(value(refs, "EndToEndId")) or _given(value(refs, "InstrId")),
        message_reference=_message(frame.batch, [refs] if one else _all_refs(details, n), n),
        counterparty_name=_name(parties, role, n),
        counterparty_account=_account(parties, role, n),
        remittance=_remittance(kids, details, n),
        return_reason=_return_reason(kids, details, n),
    )


def _shares(
    details: list[Children], n: str, currency: str, minor: int, direction: Direction
) -> list[tuple[int, Direction]] | None:
    """The amount of each transaction, None unless all are given and add up to the entry's."""
    shares: list[tuple[int, Direction]] = []
    for one in details:
        element = one.get("Amt")
        if element is None:
            element = below(one, n, "AmtDtls", "TxAmt").get("Amt")
        if element is None or element.get("Ccy", currency) != currency:
            return None
        share = read_amount(element, currency, [])
        if share is None or share < 0:
            return None
        side = value(one, "CdtDbtInd")
        way: Direction = "credit" if side == "CRDT" else "debit" if side == "DBIT" else direction
        shares.append((share, way))
    total = sum(share if way == direction else -share for share, way in shares)
    return shares if total == minor else None


def _amount(
    element: etree._Element | None, currency: str, where: int, findings: list[ReadFinding]
) -> int | None:
    if element is None:
        findings.append(_unreadable(where, "NO_AMOUNT", "amount", "金额"))
        return None
    minor = read_amount(element, currency, findings)
    if currency and element.get("Ccy", currency) != currency:
        findings.append(
            ReadFinding(
                "CURRENCY_MISMATCH",
                Text(
                    f"line {where}: the entry is in {element.get('Ccy')}, the account in "
                    f"{currency}; it was left out, so the sum will not fit; ask the bank",
                    f"第 {where} 行:明细币种为 {element.get('Ccy')},账户币种为 {currency};"
                    "已略过,余额将不符;请联系银行",
                ),
                where,
                fatal=True,
            )
        )
        return None
    if minor is not None and minor < 0:
        # Some banks write a sign beside the mark; which of the two counts, nobody can know.
        findings.append(_unreadable(where, "NEGATIVE_AMOUNT", "positive amount", "正数金额"))
        return None
    return minor


def _booked(
    booked: dt.date | None,
    valued: dt.date | None,
    date: dt.date,
    where: int,
    findings: list[ReadFinding],
) -> dt.date:
    if booked is not None:
        return booked
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
    return valued or date


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


def _details(
    element: etree._Element | None, n: str
) -> tuple[etree._Element | None, list[etree._Element]]:
    """Batch and transactions of the entry's details."""
    batch: etree._Element | None = None
    parts: list[etree._Element] = []
    while element is not None and element.tag == f"{n}NtryDtls":
        for child in element:
            if child.tag == f"{n}TxDtls":
                parts.append(child)
            elif child.tag == f"{n}Btch" and batch is None:
                batch = child
        element = element.getnext()
    return batch, parts


def _date(element: etree._Element | None) -> dt.date | None:
    """Of a choice of Dt and DtTm."""
    return None if element is None or not len(element) else read_date(element[0].text)


def _given(text: str | None) -> str | None:
    return None if text in _NOT_GIVEN else text


def _all_refs(details: list[Children], n: str) -> list[Children]:
    return [below(one, n, "Refs") for one in details]


def _message(batch: etree._Element | None, refs: list[Children], n: str) -> str | None:
    if batch is not None:
        named = _message_of(children(batch, n))
        if named is not None:
            return named
    found = {_message_of(one) for one in refs}
    return found.pop() if len(found) == 1 else None


def _message_of(kids: Children) -> str | None:
    return _given(value(kids, "MsgId")) or _given(value(kids, "PmtInfId"))


def _name(parties: Children, role: str, n: str) -> str | None:
    """`Pty` stands between since version 4."""
    party = below(parties, n, role)
    return (
        value(party, "Nm")
        or value(below(party, n, "Pty"), "Nm")
        or value(below(party, n, "Agt", "FinInstnId"), "Nm")
    )


def _account(parties: Children, role: str, n: str) -> str | None:
    ids = below(parties, n, f"{role}Acct", "Id")
    return (
        value(below(ids, n, "Othr"), "Id")
        or value(ids, "IBAN")
        or value(below(ids, n, "PrtryAcct"), "Id")
        or value(ids, "BBAN")
    )


def _remittance(kids: Children, details: list[Children], n: str) -> str | None:
    texts: list[str] = []
    for one in details:
        before = len(texts)
        info = one.get("RmtInf")
        for part in () if info is None else info:
            if part.tag == f"{n}Ustrd":
                texts.append((part.text or "").strip())
            elif part.tag == f"{n}Strd":
                reference = value(below(children(part, n), n, "CdtrRefInf"), "Ref")
                texts.append(reference or "")
        if len(texts) == before:
            texts.append(value(one, "AddtlTxInf") or "")
    given = [text for text in texts if text]
    return " ".join(given) or value(kids, "AddtlNtryInf")


def _return_reason(kids: Children, details: list[Children], n: str) -> str | None:
    for one in details:
        if "RtrInf" in one:
            reason = below(one, n, "RtrInf", "Rsn")
            code = value(reason, "Cd") or value(reason, "Prtry")
            if code is not None:
                return code
    return REVERSAL if value(kids, "RvslInd") in ("true", "1") else None

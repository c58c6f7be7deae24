"""Reading camt.052, camt.053 and camt.054 of any version as a stream, tolerant of banks."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from lxml import etree

from engine.base.text import Text
from engine.formats.iso20022.entry import Entry, read_entry
from engine.formats.iso20022.values import read_amount, read_date, read_instant
from engine.formats.reading import FormatError, ReadFinding
from engine.formats.safe_xml import (
    forget,
    line_of,
    local,
    namespace,
    stream,
    text_of,
)
from engine.formats.statement import BalanceReport, Statement, StatementLine

_CONTAINERS = ("Stmt", "Rpt", "Ntfctn")
_BOOKED = "BOOK"


@dataclass(frozen=True, slots=True)
class Head:
    """What a statement, report or notification says before its entries.

    `balances` maps ISO balance codes (OPBD, CLBD, ITBD, CLAV, ITAV …) to minor units; of
    several with one code the first in the account's currency counts.
    """

    account: str
    currency: str
    identification: str
    sequence: int | None
    created_at: dt.datetime | None
    date: dt.date
    balances: dict[str, int]


@dataclass(frozen=True, slots=True)
class End:
    """The statement whose head came before is complete."""


Part = Head | StatementLine | ReadFinding | End


@dataclass(frozen=True, slots=True)
class CamtFile:
    """All statements of a file and what was noticed."""

    statements: tuple[Statement, ...]
    balances: tuple[BalanceReport, ...]
    findings: tuple[ReadFinding, ...]


def read_camt(content: bytes) -> CamtFile:
    """All statements of `content`, complete ones only: what breaks off becomes a finding.

    A statement with an entry that cannot be read is delivered without it and with a fatal
    finding; its sum then does not fit and continuity quarantines it.
    """
    statements: list[Statement] = []
    balances: list[BalanceReport] = []
    findings: list[ReadFinding] = []
    head: Head | None = None
    lines: list[StatementLine] = []
    for part in iter_camt(io.BytesIO(content)):
        match part:
            case Head():
                head, lines = part, []
            case StatementLine():
                lines.append(part)
            case ReadFinding():
                findings.append(part)
            case End() if head is not None:
                statements.append(_statement(head, lines))
                if (report := _balance_report(head)) is not None:
                    balances.append(report)
                head = None
            case End():
                pass
    return CamtFile(tuple(statements), tuple(balances), tuple(findings))


def iter_camt(source: BinaryIO) -> Iterator[Part]:
    """Head, its lines, End, for each statement in turn, with findings between: never an
    exception for bad content, and memory for one entry only.
    """
    try:
        yield from _parts(source)
    except FormatError as error:
        yield ReadFinding(error.code, error.text, fatal=True)


def _parts(source: BinaryIO) -> Iterator[Part]:
    current: etree._Element | None = None
    head: Head | None = None
    any_seen = False
    for element in stream(source, (*_CONTAINERS, "Ntry")):
        entry = local(element) not in _CONTAINERS
        container = element.getparent() if entry else element
        if container is None or local(container) not in _CONTAINERS:
            continue
        n = namespace(container)
        if container is not current or head is None:
            # Everything but the entries comes before the first of them, by the schemas.
            findings: list[ReadFinding] = []
            current, any_seen = container, True
            head = _head(container, n, findings)
            yield from findings
            yield head
        if entry:
            yield from _line(read_entry(element, n, head.currency, head.date))
        else:
            yield End()
            current = head = None
        forget(element)
    if not any_seen:
        yield ReadFinding(
            "NO_CAMT",
            Text(
                "the XML has no statement, report or notification; is it a camt file?",
                "XML 中没有对账单、报告或通知;请确认是 camt 文件",
            ),
            fatal=True,
        )


def _line(entry: Entry) -> Iterator[Part]:
    yield from entry.findings
    if entry.line is None:
        return
    if entry.status not in (None, _BOOKED):
        yield ReadFinding(
            "NOT_BOOKED",
            Text(
                f"line {entry.source_line}: an entry with status {entry.status} is no booking "
                "yet and was left out",
                f"第 {entry.source_line} 行:状态 {entry.status} 尚未入账,已忽略",
            ),
            entry.source_line,
        )
        return
    yield entry.line


def _head(container: etree._Element, n: str, findings: list[ReadFinding]) -> Head:
    account = _account(container, n)
    if account is None:
        findings.append(
            ReadFinding(
                "NO_ACCOUNT",
                Text(
                    f"line {line_of(container)}: the statement names no account",
                    f"第 {line_of(container)} 行:对账单没有账号",
                ),
                line_of(container),
                fatal=True,
            )
        )
    currency = text_of(container, f"{n}Acct/{n}Ccy") or _any_currency(container, n)
    created = text_of(container, f"{n}CreDtTm")
    created_at = read_instant(created)
    sequence = text_of(container, f"{n}ElctrncSeqNb") or text_of(container, f"{n}LglSeqNb")
    end = text_of(container, f"{n}FrToDt/{n}ToDtTm") or text_of(container, f"{n}FrToDt/{n}ToDt")
    balances, closing_date = _balances(container, n, currency, findings)
    date = closing_date or read_date(end) or read_date(created)
    if date is None:
        findings.append(
            ReadFinding(
                "NO_DATE",
                Text(
                    f"line {line_of(container)}: the statement has no date",
                    f"第 {line_of(container)} 行:对账单没有日期",
                ),
                line_of(container),
                fatal=True,
            )
        )
    return Head(
        account or "",
        currency,
        text_of(container, f"{n}Id") or "",
        int(sequence) if sequence and sequence.isascii() and sequence.isdigit() else None,
        created_at,
        date or dt.date.min,
        balances,
    )


def _account(container: etree._Element, n: str) -> str | None:
    for path in ("Othr/{n}Id", "IBAN", "BBAN", "UPIC", "PrtryAcct/{n}Id"):
        found = text_of(container, f"{n}Acct/{n}Id/{n}" + path.format(n=n))
        if found is not None:
            return found
    return None


def _any_currency(container: etree._Element, n: str) -> str:
    for path in (f"{n}Bal/{n}Amt", f"{n}Ntry/{n}Amt"):
        amount = container.find(path)
        if amount is not None and amount.get("Ccy"):
            return str(amount.get("Ccy"))
    return ""


def _balances(
    container: etree._Element, n: str, currency: str, findings: list[ReadFinding]
) -> tuple[dict[str, int], dt.date | None]:
    balances: dict[str, int] = {}
    closing_date: dt.date | None = None
    for element in container.iterfind(f"{n}Bal"):
        code = text_of(element, f"{n}Tp/{n}CdOrPrtry/{n}Cd") or text_of(
            element, f"{n}Tp/{n}CdOrPrtry/{n}Prtry"
        )
        amount = element.find(f"{n}Amt")
        if code is None or amount is None or code in balances:
            continue
        if amount.get("Ccy", currency) != currency:
            continue
        minor = read_amount(amount, currency, findings)
        if minor is None:
            continue
        owed = text_of(element, f"{n}CdtDbtInd") == "DBIT"
        balances[code] = -minor if owed else minor
        if code == "CLBD":
            closing_date = read_date(
                text_of(element, f"{n}Dt/{n}Dt") or text_of(element, f"{n}Dt/{n}DtTm")
            )
    return balances, closing_date


def _statement(head: Head, lines: list[StatementLine]) -> Statement:
    return Statement(
        head.account,
        head.currency,
        head.identification,
        head.sequence,
        head.date,
        head.balances.get("OPBD", head.balances.get("PRCD")),
        head.balances.get("CLBD"),
        tuple(lines),
    )


def _balance_report(head: Head) -> BalanceReport | None:
    booked = head.balances.get("CLBD", head.balances.get("ITBD"))
    available = head.balances.get("CLAV", head.balances.get("ITAV"))
    if head.created_at is None or (booked is None and available is None):
        return None
    return BalanceReport(head.account, head.currency, head.created_at, booked, available)

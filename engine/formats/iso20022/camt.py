"""Reading camt.052, camt.053 and camt.054 of any version as a stream, tolerant of banks."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
from collections.abc import Iterator, Sequence
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
from engine.formats.statement import Balance, BalanceReport, Statement, StatementLine

_CONTAINERS = ("Stmt", "Rpt", "Ntfctn")
_BOOKED = "BOOK"
_OF_FILE = frozenset({"XML_BROKEN", "XML_DOCTYPE", "NO_CAMT"})
"""Findings that speak of the whole file."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a statement, report or notification says before its entries.

    `balances` has all of them, of any currency, in the order of the file.
    """

    account: str
    currency: str
    identification: str
    sequence: int | None
    created_at: dt.datetime | None
    date: dt.date
    balances: tuple[Balance, ...]

    def first(self, code: str) -> int | None:
        """Of several balances with one ISO code (OPBD, CLBD …) the first in the account's
        currency; None without one."""
        return next(iter(self._all(code)), None)

    @property
    def opening(self) -> int | None:
        """Where the entries begin: a page between others has two interim balances instead."""
        for code in ("OPBD", "PRCD"):
            if (found := self.first(code)) is not None:
                return found
        interim = self._all("ITBD")
        paged = len(interim) > 1 or (interim and self.first("CLBD") is not None)
        return interim[0] if paged else None

    @property
    def closing(self) -> int | None:
        """Where the entries lead to."""
        found = self.first("CLBD")
        interim = self._all("ITBD")
        if found is not None or not interim:
            return found
        begins = self.first("OPBD") if self.first("OPBD") is not None else self.first("PRCD")
        return interim[-1] if len(interim) > 1 and begins is None else None

    def _all(self, code: str) -> list[int]:
        return [
            one.amount
            for one in self.balances
            if one.kind == code and one.currency == self.currency
        ]


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
                of_file = part.code in _OF_FILE
                place = None if of_file else len(statements)
                findings.append(dataclasses.replace(part, statement=place))
            case End() if head is not None:
                statements.append(statement_of(head, lines))
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
    n = ""
    for element in stream(source, (*_CONTAINERS, "Ntry")):
        if head is not None and element.getparent() is current:
            # Nearly every element of a long file: another entry of the statement that is open.
            yield from _lines(read_entry(element, n, head.currency, head.date))
            forget(element)
            continue
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
            yield from _lines(read_entry(element, n, head.currency, head.date))
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


def _lines(entry: Entry) -> Iterator[Part]:
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
    yield from entry.findings
    yield from entry.lines


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
    """The currency of the booked balances, else of the entries, else of any balance."""
    balances = {
        _code(one, n): str(amount.get("Ccy") or "")
        for one in reversed(container.findall(f"{n}Bal"))
        if (amount := one.find(f"{n}Amt")) is not None
    }
    entry = container.find(f"{n}Ntry/{n}Amt")
    told = [balances.get(code, "") for code in ("OPBD", "CLBD", "PRCD", "ITBD")]
    told += ["" if entry is None else str(entry.get("Ccy") or ""), *balances.values()]
    return next((one for one in told if one), "")


def _code(balance: etree._Element, n: str) -> str | None:
    kind = f"{n}Tp/{n}CdOrPrtry/{n}"
    return text_of(balance, kind + "Cd") or text_of(balance, kind + "Prtry")


def _balances(
    container: etree._Element, n: str, currency: str, findings: list[ReadFinding]
) -> tuple[tuple[Balance, ...], dt.date | None]:
    balances: list[Balance] = []
    closing_date: dt.date | None = None
    for element in container.iterfind(f"{n}Bal"):
        code = _code(element, n)
        amount = element.find(f"{n}Amt")
        if code is None or amount is None:
            continue
        minor = read_amount(amount, currency, findings)
        if minor is None:
            continue
        owed = text_of(element, f"{n}CdtDbtInd") == "DBIT"
        money = str(amount.get("Ccy") or currency)
        day = read_date(text_of(element, f"{n}Dt/{n}Dt") or text_of(element, f"{n}Dt/{n}DtTm"))
        balances.append(Balance(code, -minor if owed else minor, money, day))
        if code == "CLBD" and closing_date is None:
            closing_date = day
        if money != currency and code in ("OPBD", "PRCD", "CLBD"):
            findings.append(
                ReadFinding(
                    "BALANCE_CURRENCY",
                    Text(
                        f"line {line_of(element)}: balance {code} is in {money}, the account in "
                        f"{currency}; it cannot prove the entries",
                        f"第 {line_of(element)} 行:余额 {code} 的币种为 {money},账户币种为 "
                        f"{currency};无法用来核对明细",
                    ),
                    line_of(element),
                )
            )
    return tuple(balances), closing_date


def statement_of(head: Head, lines: Sequence[StatementLine]) -> Statement:
    """The statement of a head and the lines read after it."""
    return Statement(
        head.account,
        head.currency,
        head.identification,
        head.sequence,
        head.date,
        head.opening,
        head.closing,
        tuple(lines),
        head.balances,
    )


def _balance_report(head: Head) -> BalanceReport | None:
    booked = _either(head.first("CLBD"), head.first("ITBD"))
    available = _either(head.first("CLAV"), head.first("ITAV"))
    if head.created_at is None or (booked is None and available is None):
        return None
    return BalanceReport(head.account, head.currency, head.created_at, booked, available)


def _either(one: int | None, other: int | None) -> int | None:
    return other if one is None else one

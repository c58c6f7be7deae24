"""Answers in GB18030 XML: batch status, balance, statements."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace

from lxml import etree

from engine.base.money import MoneyError, parse_major
from engine.base.text import Text
from engine.formats.reading import FormatError, ReadFinding
from engine.formats.safe_xml import line_of, parse_whole, text_of
from engine.formats.statement import BalanceReport, Direction, Statement, StatementLine

_DECLARATION = re.compile(rb"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"'][^>]*\?>")
_CHINA = dt.timezone(dt.timedelta(hours=8))
_GB = {"gb18030", "gbk", "gb2312", "cp936"}


@dataclass(frozen=True, slots=True)
class CnMessage:
    """HEAD and BODY of a message; `retcode` is None in requests."""

    trcode: str | None
    retcode: str | None
    retmsg: str | None
    body: etree._Element


@dataclass(frozen=True, slots=True)
class CnItem:
    """The bank's word about one item of a batch."""

    instruction_id: str
    status: str | None
    text: str | None
    bank_reference: str | None


@dataclass(frozen=True, slots=True)
class CnStatements:
    """Statements of one answer; `more` when the bank has further ones."""

    statements: tuple[Statement, ...]
    more: bool
    findings: tuple[ReadFinding, ...]


def read_message(content: bytes) -> CnMessage:
    """Head and body of an answer; FormatError when it is not one (CN_ENCODING, XML_BROKEN …).

    GBK and GB2312 are read as GB18030, which holds both; bytes that do not fit the declared
    encoding are refused, never replaced.
    """
    declared = _DECLARATION.match(content)
    name = declared[1].decode("ascii").lower() if declared else "utf-8"
    try:
        text = content[declared.end() if declared else 0 :].decode(
            "gb18030" if name in _GB else "utf-8"
        )
    except UnicodeDecodeError as error:
        raise FormatError(
            "CN_ENCODING",
            Text(
                f"byte {error.start} does not fit encoding {name}; look at the bytes kept",
                f"第 {error.start} 字节不符合编码 {name};请查看留存的原始报文",
            ),
        ) from error
    root = parse_whole(text.encode("utf-8"))
    body = root.find("BODY")
    if root.tag != "CMS" or root.find("HEAD") is None:
        raise FormatError(
            "NO_CMS",
            Text(
                "the answer is XML, but no CMS message; look at the bytes kept as evidence",
                "应答是 XML,但不是 CMS 报文;请查看留存的原始报文",
            ),
        )
    return CnMessage(
        text_of(root, "HEAD/TRCODE"),
        text_of(root, "HEAD/RETCODE"),
        text_of(root, "HEAD/RETMSG"),
        etree.Element("BODY") if body is None else body,
    )


def read_items(message: CnMessage) -> tuple[CnItem, ...]:
    """The items of a QRYBAT answer that name an instruction of ours."""
    items = []
    for element in message.body.iterfind("LIST/ITEM"):
        own = text_of(element, "REFNO")
        if own is not None:
            items.append(
                CnItem(
                    own,
                    text_of(element, "STAT"),
                    text_of(element, "STATMSG"),
                    text_of(element, "BANKSEQ"),
                )
            )
    return tuple(items)


def read_balance(message: CnMessage) -> BalanceReport:
    """The balance of a QRYBAL answer; FormatError CN_FIELD or MoneyError when it lacks one."""
    body = message.body
    currency = _required(body, "CCY")
    return BalanceReport(
        account=_required(body, "ACCNO"),
        currency=currency,
        as_of=_instant(body, "BALTIME"),
        booked=parse_major(_required(body, "BOOKBAL"), currency),
        available=parse_major(_required(body, "USEBAL"), currency),
    )


def read_statements(message: CnMessage) -> CnStatements:
    """The statements of a QRYSTM answer. A line that cannot be read becomes a fatal finding of
    its statement and is left out; a statement that cannot be read one of no statement.
    """
    account = text_of(message.body, "ACCNO") or ""
    statements: list[Statement] = []
    findings: list[ReadFinding] = []
    for element in message.body.iterfind("LIST/STM"):
        troubles: list[ReadFinding] = []
        try:
            statement = _statement(element, account, troubles)
        except (FormatError, MoneyError) as error:
            findings += [*troubles, _finding(element, error)]
        else:
            findings += [replace(one, statement=len(statements)) for one in troubles]
            statements.append(statement)
    more = text_of(message.body, "MORE") == "1"
    return CnStatements(tuple(statements), more, tuple(findings))


def _statement(element: etree._Element, account: str, findings: list[ReadFinding]) -> Statement:
    currency = _required(element, "CCY")
    sequence = _required(element, "SEQ")
    if not (sequence.isascii() and sequence.isdigit()):
        raise _bad("SEQ", sequence)
    lines: list[StatementLine] = []
    for row in element.iterfind("DETAIL/ROW"):
        try:
            lines.append(_line(row, currency))
        except (FormatError, MoneyError) as error:
            findings.append(_finding(row, error))
    return Statement(
        account=account,
        currency=currency,
        identification=f"{account}-{sequence}",
        sequence=int(sequence),
        date=_date(element, "STMDATE"),
        opening=parse_major(_required(element, "OPENBAL"), currency),
        closing=parse_major(_required(element, "CLOSEBAL"), currency),
        lines=tuple(lines),
    )


def _line(row: etree._Element, currency: str) -> StatementLine:
    mark = _required(row, "DCFLAG")
    if mark not in ("D", "C"):
        raise _bad("DCFLAG", mark)
    direction: Direction = "debit" if mark == "D" else "credit"
    amount = parse_major(_required(row, "AMT"), currency)
    if amount < 0:
        raise _bad("AMT", str(amount))
    balance = text_of(row, "BAL")
    reference = text_of(row, "REFNO")
    return StatementLine(
        booking_date=_date(row, "TXDATE"),
        value_date=_date(row, "VALDATE" if text_of(row, "VALDATE") else "TXDATE"),
        amount=amount,
        direction=direction,
        balance=None if balance is None else parse_major(balance, currency),
        bank_reference=text_of(row, "BANKSEQ"),
        # One field for both: the bank puts its batch number there when it books as one.
        our_reference=reference,
        message_reference=reference,
        counterparty_name=text_of(row, "OPPNAME"),
        counterparty_account=text_of(row, "OPPACC"),
        remittance=text_of(row, "SUMMARY"),
        return_reason=None,
    )


def _required(element: etree._Element, name: str) -> str:
    found = text_of(element, name)
    if found is None:
        raise _bad(name, "")
    return found


def _date(element: etree._Element, name: str) -> dt.date:
    return _parsed(element, name, "%Y%m%d").date()


def _instant(element: etree._Element, name: str) -> dt.datetime:
    return _parsed(element, name, "%Y%m%d%H%M%S")


def _parsed(element: etree._Element, name: str, pattern: str) -> dt.datetime:
    found = _required(element, name)
    try:
        return dt.datetime.strptime(found, pattern).replace(tzinfo=_CHINA)
    except ValueError:
        raise _bad(name, found) from None


def _bad(name: str, found: str) -> FormatError:
    return FormatError(
        "CN_FIELD",
        Text(
            f"{name} is {found!r}, which cannot be read; ask the bank",
            f"{name} 为 {found!r},无法识别;请联系银行",
        ),
    )


def _finding(element: etree._Element, error: FormatError | MoneyError) -> ReadFinding:
    line = line_of(element)
    return ReadFinding(
        error.code,
        Text(f"line {line}: {error.text.en}", f"第 {line} 行:{error.text.zh}"),
        line,
        fatal=True,
    )

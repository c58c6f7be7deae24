"""Reading MT940 statements and MT942 reports, tolerant of banks and exact about money.

Own code, where libraries refuse a whole file for one line: each statement stands for itself, and a
line that cannot be read is named with its place, so that continuity keeps its statement back.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from engine.base.text import Text
from engine.formats.reading import FormatError, ReadFinding
from engine.formats.statement import Direction, Statement, StatementLine
from engine.formats.swift.fields import (
    NO_REFERENCE,
    Balance,
    Details,
    FieldError,
    Tag,
    amount,
    balance,
    date,
    details,
    entry_date,
    tags_of,
)

MAX_BYTES = 256 * 1024 * 1024
_LINE = re.compile(
    r"(?P<valued>\d{6})(?P<entered>\d{4}|[ ]{4})?(?P<mark>R[CD]|E[CD]|[CD])"
    r"(?P<funds>[A-Z])?[ \n]?(?P<amount>[0-9][0-9.,]{0,24})"
    r"(?P<kind>[A-Z][A-Z0-9 ]{3})?(?P<rest>.*)",
    re.DOTALL,
)
_ACCOUNT_CURRENCY = re.compile(r"(.*?)[ /]?([A-Z]{3})?")
_TOTAL = re.compile(r"(\d{1,5})([A-Z]{3})([0-9.,]+)")
_CREDITS = frozenset({"C", "RD"})
_RETURNED = frozenset({"RTI"})
"""Type codes of returned items (SWIFT Standards MT, field 61 subfield 6)."""


@dataclass(frozen=True, slots=True)
class MtFile:
    """All statements of a file and what was noticed."""

    statements: tuple[Statement, ...]
    findings: tuple[ReadFinding, ...]


@dataclass(slots=True)
class _Message:
    """A message as its fields come in."""

    line: int
    reference: str = ""
    account: str = ""
    account_currency: str | None = None
    number: str = ""
    opening: Balance | None = None
    closing: Balance | None = None
    continues: bool = False
    """Its opening balance is that of a page before (60M)."""
    continued: bool = False
    """Its closing balance is that of a page (62M)."""
    currency: str | None = None
    at: dt.date | None = None
    lines: list[StatementLine] = field(default_factory=list)
    totals: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    """D and C of an MT942: count, sum, line of the field."""
    left_out: int = 0


def read_mt940(content: bytes) -> MtFile:
    """All statements of `content` (MT940 or MT942, one or many).

    Raises FormatError NO_MT940 when there is none, TOO_LARGE. A statement with a line that cannot
    be read comes without it and with a fatal finding: its sum then does not fit.
    """
    if len(content) > MAX_BYTES:
        raise FormatError(
            "TOO_LARGE",
            Text(f"more than {MAX_BYTES:,} bytes; split the file", "文件过大;请拆分"),
        )
    reader = _Reader()
    for tag in tags_of(_decoded(content)):
        reader.take(tag)
    reader.end()
    if not reader.messages:
        raise FormatError(
            "NO_MT940",
            Text(
                "no statement: a message has :20:, :25: and a balance or entries; it may be a part "
                "of a file only",
                "没有对账单:报文应含 :20:、:25: 以及余额或明细;可能只是文件片段",
            ),
        )
    return MtFile(tuple(_statements(reader.messages)), tuple(reader.findings))


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


class _Reader:
    def __init__(self) -> None:
        self.messages: list[_Message] = []
        self.findings: list[ReadFinding] = []
        self._open: _Message | None = None
        self._last_was_line = False

    def take(self, tag: Tag) -> None:
        """One field. Fields of no message are left out with a finding."""
        if tag.name == "20":
            self.end()
            self._open = _Message(tag.line, reference=tag.text.strip())
        elif tag.name == "-":
            self.end()
        elif self._open is None:
            if tag.name == "61":
                self._note(
                    "OUTSIDE",
                    tag.line,
                    "an entry stands outside of any message; it was left out, get the file again",
                    "明细不在任何报文之内;已略过,请重新获取文件",
                    fatal=True,
                )
        else:
            try:
                self._field(self._open, tag)
            except FieldError as error:
                self._unreadable(tag, error)
        if tag.name != "86":
            self._last_was_line = tag.name == "61" and self._open is not None

    def end(self) -> None:
        """A message is whole. One that names no account, or says nothing, is none."""
        made, self._open = self._open, None
        if made is None:
            return
        if made.account and (made.opening or made.closing or made.lines or made.totals):
            self._check_totals(made)
            self.messages.append(made)
        else:
            self._note(
                "NO_STATEMENT",
                made.line,
                f"the message {made.reference} names no account or has neither balance nor entry; "
                "it was left out",
                f"报文 {made.reference} 没有账户,或既无余额也无明细;已略过",
                fatal=False,
            )

    def _field(self, made: _Message, tag: Tag) -> None:
        match tag.name:
            case "25" | "25P":
                made.account, made.account_currency = _account(tag.text)
            case "28" | "28C":
                made.number = tag.text.strip()
            case "60F" | "60M":
                made.opening, made.continues = balance(tag.text), tag.name == "60M"
            case "62F" | "62M":
                made.closing, made.continued = balance(tag.text), tag.name == "62M"
            case "61":
                self._line(made, tag)
            case "86" if self._last_was_line and made.lines:
                made.lines[-1] = _with_details(made.lines[-1], details(tag.text))
            case "34F":
                made.currency = made.currency or tag.text[:3]
            case "13" | "13D":
                made.at = date(tag.text[:6])[0]
            case "90D" | "90C":
                found = _TOTAL.match(tag.text)
                if found is not None:
                    made.currency = made.currency or found[2]
                    total = amount(found[3], found[2])
                    made.totals[tag.name[2]] = int(found[1]), total, tag.line
            case _:
                pass

    def _line(self, made: _Message, tag: Tag) -> None:
        found = _LINE.match(tag.text)
        if found is None:
            raise FieldError(
                "LINE", f"{tag.text[:40]!r} is no booking", f"{tag.text[:40]!r} 不是明细"
            )
        mark = found["mark"]
        if mark in ("EC", "ED"):
            made.left_out += 1
            self._note(
                "NOT_BOOKED",
                tag.line,
                "an expected entry, not booked yet; it was left out",
                "预期入账,尚未记账;已略过",
                fatal=False,
            )
            return
        valued, moved = date(found["valued"])
        if moved:
            self._note(
                "DATE_MOVED",
                tag.line,
                f"there is no day {found['valued']}; the last of the month was taken",
                f"没有日期 {found['valued']};已取月末",
                fatal=False,
            )
        entered = (found["entered"] or "").strip()
        booked = entry_date(entered, valued) if entered else valued
        currency = _currency(made)
        if currency is None:
            raise FieldError(
                "NO_CURRENCY",
                "the message has no currency before its entries (60F, 34F)",
                "明细之前没有币种(60F、34F)",
            )
        customer, _, bank = found["rest"].partition("\n")[0].partition("//")
        extra = found["rest"].partition("\n")[2]
        direction: Direction = "credit" if mark in _CREDITS else "debit"
        kind = (found["kind"] or "")[1:].strip()
        made.lines.append(
            StatementLine(
                booking_date=booked,
                value_date=valued,
                amount=amount(found["amount"], currency),
                direction=direction,
                balance=None,
                bank_reference=_reference(bank),
                our_reference=_reference(customer),
                message_reference=None,
                counterparty_name=None,
                counterparty_account=None,
                remittance=" ".join(extra.split()) or None,
                return_reason=kind if kind in _RETURNED else None,
            )
        )

    def _check_totals(self, made: _Message) -> None:
        """Count and sum of debits and credits, where an MT942 gives them."""
        if made.left_out:
            return
        for mark, direction in (("D", "debit"), ("C", "credit")):
            if mark not in made.totals:
                continue
            count, total, line = made.totals[mark]
            here = [one.amount for one in made.lines if one.direction == direction]
            if (len(here), sum(here)) != (count, total):
                self._note(
                    "TOTALS",
                    line,
                    f"the message says {count} {direction}s of {total} (minor units), it has "
                    f"{len(here)} of {sum(here)}; entries are missing, get it again",
                    f"报文声明 {count} 笔 {direction} 共 {total}(最小货币单位),实有 {len(here)} 笔 "
                    f"{sum(here)};明细缺失,请重新获取",
                    fatal=True,
                )

    def _unreadable(self, tag: Tag, error: FieldError) -> None:
        self._note(
            error.code,
            tag.line,
            f"field :{tag.name}: cannot be read, {error.en}; it was left out, so the sum will not "
            "fit; ask the bank",
            f"字段 :{tag.name}: 无法读取,{error.zh};已略过,余额将不符;请联系银行",
            fatal=tag.name in ("61", "60F", "60M", "62F", "62M", "25"),
        )

    def _note(self, code: str, line: int, en: str, zh: str, *, fatal: bool) -> None:
        text = Text(f"line {line}: {en}", f"第 {line} 行:{zh}")
        self.findings.append(ReadFinding(code, text, line, fatal))


def _statements(messages: list[_Message]) -> list[Statement]:
    """A statement per message, pages of one statement joined."""
    made: list[Statement] = []
    before: _Message | None = None
    for one in messages:
        statement = _statement(one)
        page = (
            before is not None
            and before.continued
            and one.continues
            and before.account == one.account
            and _number(before) == _number(one)
        )
        if page:
            first = made.pop()
            statement = Statement(
                first.account,
                first.currency,
                first.identification,
                None,
                statement.date,
                first.opening,
                statement.closing,
                first.lines + statement.lines,
            )
        made.append(statement)
        before = one
    return made


def _statement(one: _Message) -> Statement:
    days = [line.booking_date for line in one.lines]
    closed = one.closing.date if one.closing else None
    opened = one.opening.date if one.opening else None
    return Statement(
        account=one.account,
        currency=_currency(one) or "",
        identification=one.number or one.reference,
        # Numbers begin anew every year and at some banks every day: the balances tell the order.
        sequence=None,
        date=closed or one.at or max(days, default=None) or opened or dt.date.min,
        opening=one.opening.amount if one.opening else None,
        closing=one.closing.amount if one.closing else None,
        lines=tuple(one.lines),
    )


def _currency(one: _Message) -> str | None:
    known = one.opening or one.closing
    return known.currency if known else one.currency or one.account_currency


def _number(one: _Message) -> str:
    return one.number.partition("/")[0]


def _account(text: str) -> tuple[str, str | None]:
    """Account and the currency some banks write behind it."""
    bare = text.split("\n")[0].strip()
    found = _ACCOUNT_CURRENCY.fullmatch(bare)
    if found is not None and found[2] and any(one.isdigit() for one in found[1][-3:]):
        return found[1], found[2]
    return bare, None


def _reference(text: str) -> str | None:
    bare = text.strip()
    return None if bare.upper() in NO_REFERENCE else bare


def _with_details(line: StatementLine, said: Details) -> StatementLine:
    remittance = " ".join(filter(None, (line.remittance, said.remittance))) or None
    return StatementLine(
        line.booking_date,
        line.value_date,
        line.amount,
        line.direction,
        line.balance,
        line.bank_reference,
        said.our_reference or line.our_reference,
        line.message_reference,
        said.name,
        said.account,
        remittance,
        line.return_reason or said.return_reason,
    )

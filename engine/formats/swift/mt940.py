"""Reading MT940 statements and MT942 reports, tolerant of banks and exact about money.

Own code, where libraries refuse a whole file for one line: each statement stands for itself, and a
line that cannot be read is named with its place, so that continuity keeps its statement back.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from dataclasses import dataclass, field

from engine.base.text import Text
from engine.formats.encodings import text_of_bytes
from engine.formats.reading import FormatError, ReadFinding
from engine.formats.statement import REVERSAL, Direction, Statement, StatementLine
from engine.formats.statement import Balance as KeptBalance
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
    numbered_lines,
    tags_of,
)

_LINE = re.compile(
    r"(?P<valued>\d{6})(?P<entered>\d{4}|[ ]{4})?(?P<mark>R[CD]|E[CD]|[CD])"
    r"(?P<funds>[A-Z])?[ \n]?(?P<amount>[0-9][0-9.,]{0,24})"
    r"(?P<kind>[A-Z][A-Z0-9 ]{3})?(?P<rest>.*)",
    re.DOTALL,
)
_ACCOUNT_CURRENCY = re.compile(r"(.*?)[ /]?([A-Z]{3})?")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
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
    balances: list[KeptBalance] = field(default_factory=list)


def read_mt940(content: bytes) -> MtFile:
    """All statements of `content` (MT940 or MT942, one or many).

    Raises FormatError NO_MT940 when there is none, and what text_of_bytes raises. A statement with
    a line that cannot be read comes without it and with a fatal finding: its sum then does not fit.
    """
    reader = _Reader()
    for tag in tags_of(text_of_bytes(content)):
        reader.take(tag)
    reader.end()
    if not reader.messages:
        raise FormatError(
            "NO_MT940",
            Text(
                f"no statement, only {reader.seen()}: a statement has an account (:25:) and "
                "balances (:60F:, :62F:) or entries; it is a part of a file, get all of it",
                f"没有对账单,只有 {reader.seen()}:对账单应含账户(:25:)以及余额(:60F:、:62F:)"
                "或明细;这只是文件片段,请获取完整文件",
            ),
        )
    statements, places = _statements(reader.messages)
    findings = [
        one
        if one.statement is None or one.statement >= len(places)
        else dataclasses.replace(one, statement=places[one.statement])
        for one in reader.findings
    ]
    return MtFile(tuple(statements), tuple(findings))


class _Reader:
    def __init__(self) -> None:
        self.messages: list[_Message] = []
        self.findings: list[ReadFinding] = []
        self._open: _Message | None = None
        self._last_was_line = False
        self._seen: dict[str, int] = {}

    def seen(self) -> str:
        """The fields that came in, for a file that holds no statement."""
        return ", ".join(f":{name}:" for name in self._seen) or "text"

    def take(self, tag: Tag) -> None:
        """One field. Fields of no message are left out with a finding."""
        if tag.name != "-":
            self._seen[tag.name] = self._seen.get(tag.name, 0) + 1
        if self._open is None and tag.name == "25":
            self._open = _Message(tag.line)
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
                    of_file=True,
                )
        else:
            try:
                self._field(self._open, tag)
            except FieldError as error:
                self._unreadable(tag, error)
        if tag.name not in ("86", "NS"):
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
                fatal=bool(made.lines or made.opening or made.closing),
                of_file=True,
            )

    def _field(self, made: _Message, tag: Tag) -> None:
        match tag.name:
            case "25" | "25P":
                if made.account:
                    raise FieldError(
                        "SECOND_ACCOUNT",
                        f"the message has an account already ({made.account})",
                        f"报文已有账户({made.account})",
                    )
                made.account, made.account_currency = _account(tag.text)
            case "28" | "28C":
                made.number = tag.text.strip()
            case "60F" | "60M" | "60" | "62F" | "62M" | "62" | "64" | "65":
                self._balance(made, tag)
            case "61":
                self._line(made, tag)
            case "86" if self._last_was_line and made.lines:
                made.lines[-1] = _with_details(made.lines[-1], details(tag.text))
            case "NS" if self._last_was_line and made.lines:
                made.lines[-1] = _with_details(made.lines[-1], numbered_lines(tag.text))
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

    def _balance(self, made: _Message, tag: Tag) -> None:
        found = balance(tag.text, _currency(made))
        if tag.name.startswith(("60", "62")):
            opens = tag.name.startswith("60")
            if (made.opening if opens else made.closing) is not None:
                raise FieldError(
                    "SECOND_BALANCE",
                    "the message has such a balance already; two statements may have run together",
                    "报文已有该余额;可能两份对账单混在一起",
                )
            if opens:
                made.opening, made.continues = found, tag.name == "60M"
            else:
                made.closing, made.continued = found, tag.name == "62M"
        made.balances.append(KeptBalance(tag.name, found.amount, found.currency, found.date))

    def _line(self, made: _Message, tag: Tag) -> None:
        found = _LINE.match(tag.text)
        unread = found is not None and not found["kind"] and found["rest"].partition("\n")[0]
        if found is None or (unread and unread.strip()):
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
        first, _, extra = found["rest"].partition("\n")
        party = _party(first, extra)
        direction: Direction = "credit" if mark in _CREDITS else "debit"
        kind = (found["kind"] or "")[1:].strip()
        made.lines.append(
            StatementLine(
                booking_date=booked,
                value_date=valued,
                amount=amount(found["amount"], currency),
                direction=direction,
                balance=None,
                bank_reference=party.bank_reference,
                our_reference=party.our_reference,
                message_reference=None,
                counterparty_name=party.name,
                counterparty_account=party.account,
                remittance=party.extra,
                return_reason=kind
                if kind in _RETURNED
                else REVERSAL
                if mark.startswith("R")
                else None,
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
            fatal=tag.name in ("61", "60F", "60M", "60", "62F", "62M", "62", "25", "25P"),
        )

    def _note(
        self, code: str, line: int, en: str, zh: str, *, fatal: bool, of_file: bool = False
    ) -> None:
        text = Text(f"line {line}: {en}", f"第 {line} 行:{zh}")
        place = None if of_file else len(self.messages)
        self.findings.append(ReadFinding(code, text, line, fatal, place))


def _statements(messages: list[_Message]) -> tuple[list[Statement], list[int]]:
    """A statement per message, pages of one statement joined; and the place of each message's."""
    made: list[Statement] = []
    places: list[int] = []
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
                first.balances + statement.balances,
            )
        made.append(statement)
        places.append(len(made) - 1)
        before = one
    return made, places


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
        balances=tuple(one.balances),
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


@dataclass(frozen=True, slots=True)
class _Party:
    """What stands behind the amount of a field 61."""

    our_reference: str | None
    bank_reference: str | None
    name: str | None
    account: str | None
    extra: str | None


def _party(first: str, extra: str) -> _Party:
    """References, and where banks put the party there: an account as reference with the name below
    it, a name behind blanks, an account below."""
    customer, _, bank = first.partition("//")
    own, _, name = customer.strip().partition("  ")
    account = own if _IBAN.fullmatch(own) else None
    words = " ".join(extra.split())
    if account is not None:
        own, name, words = "", words, ""
    elif _IBAN.fullmatch(words):
        account, words = words, ""
    return _Party(
        _reference(own),
        _reference(bank.partition("  ")[0]),
        name.strip() or None,
        account,
        words or None,
    )


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
        said.name or line.counterparty_name,
        said.account or line.counterparty_account,
        remittance,
        said.return_reason or line.return_reason,
    )

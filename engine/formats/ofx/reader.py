"""Reading OFX statements of banks and cards: 1.x (SGML, leaves without end tags), 2.x (XML)."""

from __future__ import annotations

import datetime as dt
import html
import re
from dataclasses import dataclass, field

from engine.base.money import MoneyError, decimals
from engine.base.text import Text
from engine.formats.amounts import minor_units
from engine.formats.encodings import text_of_bytes
from engine.formats.reading import FormatError, ReadFinding
from engine.formats.statement import Balance, Statement, StatementLine

_TAG = re.compile(r"<(/?)([A-Za-z0-9_.]{1,40})\s*(?:/?)>([^<]*)")
_STATEMENTS = frozenset({"STMTRS", "CCSTMTRS"})
_AMOUNT = re.compile(r"([+-]?)([0-9][0-9,. ]*|[.,][0-9]+)")


@dataclass(frozen=True, slots=True)
class OfxFile:
    """All statements of a file and what was noticed."""

    statements: tuple[Statement, ...]
    findings: tuple[ReadFinding, ...]


@dataclass(slots=True)
class _Open:
    line: int
    currency: str = ""
    account: str = ""
    start: dt.date | None = None
    closing: int | None = None
    closing_date: dt.date | None = None
    lines: list[StatementLine] = field(default_factory=list)


def read_ofx(content: bytes) -> OfxFile:
    """All bank and card statements of `content`.

    Raises FormatError DOCTYPE, NO_OFX (no OFX in it), INVESTMENT (holdings, no bookings of a bank
    account), NO_STATEMENT (with what the server said). A booking that cannot be read is a fatal
    finding, its statement comes without it.
    """
    text = text_of_bytes(content, max_line=None)
    if "<!DOCTYPE" in text.upper() or "<!ENTITY" in text.upper():
        raise FormatError(
            "DOCTYPE",
            Text("the file declares a DOCTYPE; it is refused", "文件含 DOCTYPE 声明;拒收"),
        )
    if "<OFX>" not in text.upper():
        raise FormatError("NO_OFX", Text("the file has no <OFX>", "文件中没有 <OFX>"))
    reader = _Reader(text)
    reader.read()
    if not reader.statements:
        raise _nothing(reader)
    findings = list(reader.findings)
    if "</OFX>" not in text.upper():
        findings.append(
            ReadFinding(
                "CUT_OFF",
                Text(
                    "the file does not end with </OFX>; it is cut off, get it again",
                    "文件没有以 </OFX> 结束;不完整,请重新获取",
                ),
                fatal=True,
            )
        )
    return OfxFile(tuple(reader.statements), tuple(findings))


def _nothing(reader: _Reader) -> FormatError:
    if reader.investment:
        return FormatError(
            "INVESTMENT",
            Text(
                "it is the statement of an investment account (INVSTMTRS), which has no balance of "
                "its cash to prove bookings by; ask for the statement of the bank account",
                "这是投资账户对账单(INVSTMTRS),没有可核对的现金余额;请获取银行账户对账单",
            ),
        )
    if reader.listed:
        return FormatError(
            "ACCOUNT_LIST",
            Text(
                "it is a list of accounts (ACCTINFORS), no statement of any of them",
                "这是账户清单(ACCTINFORS),不含对账单",
            ),
        )
    said = "; ".join(reader.messages) or "nothing"
    return FormatError(
        "NO_STATEMENT",
        Text(
            f"the file holds no statement; the server said: {said}",
            f"文件中没有对账单;服务器返回:{said}",
        ),
    )


class _Reader:
    """Walks over the tags: end tags of leaves may be missing, those of groups are there."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.statements: list[Statement] = []
        self.findings: list[ReadFinding] = []
        self.messages: list[str] = []
        self.investment = False
        self.listed = False
        self._status = ""
        self._open: _Open | None = None
        self._booking: dict[str, str] | None = None
        self._group = ""

    def read(self) -> None:
        start = self._text.upper().index("<OFX>")
        line = self._text.count("\n", 0, start) + 1
        at = start
        for found in _TAG.finditer(self._text, start):
            line += self._text.count("\n", at, found.start())
            at = found.start()
            end, name, value = bool(found[1]), found[2].upper(), found[3].strip()
            if end:
                self._ended(name, line)
            elif not value:
                self._begun(name, line)
            else:
                self._leaf(name, html.unescape(value), line)
        if self._booking is not None or self._open is not None:
            self._note("CUT_OFF", line, "the file ends within a statement", "文件在对账单中间结束")
            self._close(line)

    def _begun(self, name: str, line: int) -> None:
        if name in _STATEMENTS:
            self._open = _Open(line)
        elif name == "INVSTMTRS":
            self.investment = True
        elif name == "ACCTINFORS":
            self.listed = True
        elif name == "STMTTRN" and self._open is not None:
            self._booking = {}
        self._group = name

    def _ended(self, name: str, line: int) -> None:
        if name == "STMTTRN" and self._booking is not None:
            self._book(self._booking, line)
            self._booking = None
        elif name in _STATEMENTS:
            self._close(line)
        self._group = ""

    def _leaf(self, name: str, value: str, line: int) -> None:
        if name == "CODE" and self._group == "STATUS":
            self._status = value[:10]
            self.messages.append(f"status {self._status}")
        elif name == "MESSAGE" and self.messages:
            self.messages[-1] += " " + " ".join(value.split())[:200]
        if self._booking is not None:
            to = self._group in ("BANKACCTTO", "CCACCTTO")
            self._booking.setdefault(f"TO.{name}" if to else name, value)
            return
        made = self._open
        if made is None:
            return
        try:
            match name:
                case "CURDEF":
                    made.currency = value.upper()
                    decimals(made.currency)
                case "ACCTID" if not made.account:
                    made.account = value
                case "DTSTART":
                    made.start = _date(value)
                case "BALAMT" if self._group == "LEDGERBAL":
                    made.closing = _amount(value, made.currency)
                case "DTASOF" if self._group == "LEDGERBAL":
                    made.closing_date = _date(value)
                case _:
                    pass
        except (MoneyError, ValueError) as error:
            self._unreadable(name, error, line)

    def _book(self, said: dict[str, str], line: int) -> None:
        made = self._open
        if made is None:
            return
        try:
            posted = said.get("DTPOSTED") or said.get("DTUSER")
            if posted is None:
                raise ValueError("no day (DTPOSTED)")
            booked = _date(posted)
            valued = _date(said["DTAVAIL"]) if "DTAVAIL" in said else booked
            if "TRNAMT" not in said:
                raise ValueError("no amount (TRNAMT)")
            if not made.currency and "CURSYM" in said:
                # The statement names no currency, its bookings do: the first one's counts.
                made.currency = said["CURSYM"].upper()
            amount = _amount(said["TRNAMT"], made.currency)
            left = said.get("ACCTBAL")
            balance = _amount(left, made.currency) if left else None
        except (MoneyError, ValueError) as error:
            self._unreadable("STMTTRN", error, line)
            return
        made.lines.append(
            StatementLine(
                booking_date=booked,
                value_date=valued,
                amount=abs(amount),
                direction="debit" if amount < 0 else "credit",
                balance=balance,
                bank_reference=said.get("FITID"),
                our_reference=said.get("REFNUM") or said.get("CHECKNUM"),
                message_reference=None,
                counterparty_name=said.get("NAME") or said.get("PAYEEID"),
                counterparty_account=said.get("TO.ACCTID"),
                remittance=said.get("MEMO"),
                return_reason=None,
            )
        )

    def _close(self, line: int) -> None:
        made, self._open = self._open, None
        if made is None:
            return
        if not made.account:
            self._note("NO_ACCOUNT", line, "the statement names no account", "对账单没有账号")
        days = [one.booking_date for one in made.lines]
        day = made.closing_date or max(days, default=None) or made.start or dt.date.min
        self.statements.append(
            Statement(
                account=made.account,
                currency=made.currency,
                identification=f"{made.account}-{day:%Y%m%d}",
                sequence=None,
                date=day,
                opening=None,
                closing=made.closing,
                lines=tuple(made.lines),
                balances=()
                if made.closing is None
                else (Balance("LEDGERBAL", made.closing, made.currency, made.closing_date),),
            )
        )

    def _unreadable(self, name: str, error: MoneyError | ValueError, line: int) -> None:
        said = error.text if isinstance(error, MoneyError) else Text(str(error), str(error))
        self._note(
            "UNREADABLE",
            line,
            f"{name} cannot be read ({said.en}); it was left out, ask the bank",
            f"{name} 无法读取({said.zh});已略过,请联系银行",
        )

    def _note(self, code: str, line: int, en: str, zh: str) -> None:
        text = Text(f"line {line}: {en}", f"第 {line} 行:{zh}")
        place = len(self.statements)
        self.findings.append(ReadFinding(code, text, line, fatal=True, statement=place))


def _date(text: str) -> dt.date:
    """The day of `20261123`, `20261123120000.000[-5:EST]`."""
    day = text.strip()[:8]
    try:
        return dt.datetime.strptime(day, "%Y%m%d").date()  # noqa: DTZ007 - a day
    except ValueError:
        raise ValueError(f"{day!r} is no day YYYYMMDD") from None


def _amount(text: str, currency: str) -> int:
    """Minor units; the last comma or point is the decimal one, zeros beyond are left out."""
    bare = text.strip()
    found = _AMOUNT.fullmatch(bare)
    if found is None:
        raise ValueError(f"{bare[:30]!r} is no amount")
    digits = found[2].replace(" ", "")
    whole, _, fraction = digits.rpartition(",")
    if len(fraction) == 3 and "." not in digits and whole.strip("0"):
        # Only thousands can be meant where three decimals would be too many.
        digits += ".00"
    minor = minor_units(digits, currency)
    return -minor if found[1] == "-" else minor

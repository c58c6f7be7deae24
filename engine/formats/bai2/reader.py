"""Reading BAI2 cash management files (BAI version 2, 2005): balances, bookings, control totals."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.base.money import MAX_DIGITS, MoneyError, decimals
from engine.base.text import Text
from engine.formats.encodings import text_of_bytes
from engine.formats.reading import FormatError, ReadFinding
from engine.formats.statement import Balance, Direction, Statement, StatementLine

_NEXT = re.compile(r"/\s*(?=(?:01|02|03|16|49|88|98|99),)")
_CODE = re.compile(r"(01|02|03|16|49|88|98|99),")
_AMOUNT = re.compile(r"[+-]?[0-9]+")
OPENING, CLOSING = "010", "015"
"""Type codes of the opening and closing ledger balance."""

NON_MONETARY = "890"
_FUNDS = {"S": 3, "V": 2, "": 0, "0": 0, "1": 0, "2": 0, "Z": 0}
"""Cells behind a funds type; D has a count and so many pairs."""


@dataclass(frozen=True, slots=True)
class Bai2File:
    """All statements of a file and what was noticed."""

    statements: tuple[Statement, ...]
    findings: tuple[ReadFinding, ...]


@dataclass(slots=True)
class _Record:
    code: str
    content: str
    line: int
    text: list[str] = field(default_factory=list)
    """Continuations."""
    count: int = 1
    """Records it is made of."""


@dataclass(slots=True)
class _Sums:
    """What a trailer says of what it closes."""

    total: int = 0
    parts: int = 0
    records: int = 0
    said: int | None = None
    """Total by its trailer: what the level above adds up, so that a fault stays where it is."""

    def add(self, other: _Sums) -> None:
        self.total += other.total if other.said is None else other.said
        self.parts += 1
        self.records += other.records


@dataclass(slots=True)
class _Account:
    number: str
    currency: str
    date: dt.date
    line: int
    balances: dict[str, int] = field(default_factory=dict)
    lines: list[StatementLine] = field(default_factory=list)
    sums: _Sums = field(default_factory=_Sums)


def read_bai2(content: bytes) -> Bai2File:
    """All statements of `content`. Raises FormatError NO_BAI2 when it has no file header.

    An amount that cannot be read, or a control total that does not fit, is a fatal finding of its
    account, which then does not add up.
    """
    reader = _Reader()
    for record in _records(text_of_bytes(content)):
        reader.take(record)
    if not reader.begun:
        raise FormatError(
            "NO_BAI2",
            Text(
                "the file has no header (01); it is no BAI2 file",
                "文件没有首记录 01;不是 BAI2 文件",
            ),
        )
    reader.end()
    return Bai2File(tuple(reader.statements), tuple(reader.findings))


def _records(text: str) -> Iterator[_Record]:
    """Records with their continuations, however many stand in a line."""
    held: _Record | None = None
    for number, line in enumerate(text.replace("\r", "").split("\n"), 1):
        for piece in _NEXT.split(line.strip()):
            if not piece:
                continue
            found = _CODE.match(piece)
            if found is None or found[1] == "88":
                if held is not None:
                    held.text.append(piece[3:] if found else piece)
                    held.count += found is not None
                continue
            if held is not None:
                yield held
            held = _Record(found[1], piece[3:], number)
    if held is not None:
        yield held


class _Reader:
    def __init__(self) -> None:
        self.begun = False
        self.statements: list[Statement] = []
        self.findings: list[ReadFinding] = []
        self._group_currency = "USD"
        self._group_date: dt.date | None = None
        self._file_date: dt.date | None = None
        self._open: _Account | None = None
        self._group_sums = _Sums()
        self._file_sums = _Sums()
        self._ended = False

    def take(self, record: _Record) -> None:
        """One record with its continuations."""
        if record.code == "01":
            self.begun = True
            cells = _cells(record)
            self._file_date = _date(cells[2]) if len(cells) > 2 else None
        if not self.begun:
            return
        if self._open is not None and record.code in ("03", "16", "49"):
            self._open.sums.records += record.count
        try:
            match record.code:
                case "02":
                    self._group_sums = _Sums(records=record.count)
                    self._group(_cells(record))
                case "03":
                    self._unclosed()
                    self._account(record)
                case "16":
                    self._booking(record)
                case "49":
                    self._end_account(record)
                case "98":
                    self._group_sums.records += record.count
                    self._trailer(record, self._group_sums, "accounts", "账户")
                    self._file_sums.add(self._group_sums)
                case "99":
                    self._ended = True
                    # With its own header and trailer.
                    self._file_sums.records += 1 + record.count
                    self._trailer(record, self._file_sums, "groups", "组")
                case _:
                    pass
        except (MoneyError, ValueError) as error:
            said = error.text if isinstance(error, MoneyError) else Text(str(error), str(error))
            # An account that cannot be opened takes its bookings with it.
            lost = self._open is None
            self._note("RECORD", record.line, said.en, said.zh, of_file=lost)

    def end(self) -> None:
        """The file is over: what was not closed is kept, with a finding."""
        self._unclosed()
        if not self._ended:
            self._note(
                "NO_TRAILER",
                1,
                "the file has no trailer (99); it is cut off, get it again",
                "文件没有尾记录 99;不完整,请重新获取",
                of_file=True,
            )

    def _unclosed(self) -> None:
        if self._open is not None:
            self._note(
                "NO_TRAILER",
                self._open.line,
                "the account has no trailer (49); the file may be cut off, get it again",
                "账户没有尾记录 49;文件可能不完整,请重新获取",
            )
            self._close()

    def _group(self, cells: list[str]) -> None:
        self._group_date = _date(cells[3]) if len(cells) > 3 else None
        given = cells[5].strip() if len(cells) > 5 else ""
        self._group_currency = given or "USD"

    def _account(self, record: _Record) -> None:
        cells = _cells(record)
        currency = cells[1].strip() if len(cells) > 1 and cells[1].strip() else self._group_currency
        decimals(currency)
        day = self._group_date or self._file_date
        if day is None:
            raise ValueError("neither group (02) nor file (01) has a day YYMMDD")
        made = _Account(cells[0].strip(), currency, day, record.line)
        self._open = made
        made.sums.records = record.count
        place = 2
        while place < len(cells):
            code, amount, _, funds = (
                one.strip() for one in [*cells[place : place + 4], "", "", ""][:4]
            )
            if amount:
                value = _amount(amount, record.line)
                made.balances[code] = value
                made.sums.total += value
            place += 4 + _behind(funds, cells, place + 4)

    def _booking(self, record: _Record) -> None:
        if self._open is None:
            self._note(
                "OUTSIDE",
                record.line,
                "a booking outside of any account",
                "明细不属于任何账户",
                of_file=True,
            )
            return
        content = record.content
        text = list(record.text)
        while text and not _whole(content):
            content = f"{content.removesuffix('/')},{text.pop(0)}"
        cells = content.removesuffix("/").split(",")
        code = cells[0].strip()
        amount = _amount(cells[1] if len(cells) > 1 and cells[1].strip() else "0", record.line)
        funds = cells[2].strip() if len(cells) > 2 else ""
        behind = _behind(funds, cells, 3)
        valued = _date(cells[3]) if funds == "V" and len(cells) > 3 else None
        rest = cells[3 + behind :]
        self._open.sums.total += amount
        if code == NON_MONETARY:
            self._note(
                "NOT_BOOKED",
                record.line,
                "a record without money (890); it was left out",
                "非金额记录(890);已略过",
                fatal=False,
            )
            return
        direction = _direction(code, amount, record.line)
        named = {
            one[:4]: one[5:].strip() for one in (part.strip() for part in text) if one[4:5] == ":"
        }
        said = [
            ",".join(rest[2:]).strip(),
            *(one.strip().removesuffix("/").strip() for one in text),
        ]
        booked = self._open.date
        self._open.lines.append(
            StatementLine(
                booking_date=booked,
                value_date=valued or booked,
                amount=abs(amount),
                direction=direction,
                balance=None,
                bank_reference=_given(rest, 0),
                our_reference=_given(rest, 1) or named.get("EREF") or None,
                message_reference=None,
                counterparty_name=named.get("CRNM" if direction == "debit" else "DBNM") or None,
                counterparty_account=named.get("CACT" if direction == "debit" else "DACT") or None,
                remittance=" ".join(filter(None, said)) or None,
                return_reason=None,
            )
        )

    def _end_account(self, record: _Record) -> None:
        made = self._open
        if made is None:
            return
        # An account trailer has no count of parts between its total and its records.
        record.content = record.content.replace(",", ",,", 1)
        self._trailer(record, made.sums, "", "")
        said = _cells(record)[0].strip()
        made.sums.said = int(said) if _AMOUNT.fullmatch(said) else None
        self._group_sums.add(made.sums)
        self._close()

    def _trailer(self, record: _Record, here: _Sums, parts: str, parts_zh: str) -> None:
        """`parts` is empty for the trailer of an account, whose fault is that account's alone."""
        cells = _cells(record)
        for place, found, what, what_zh in (
            (0, here.total, "total", "合计"),
            (1, here.parts, parts, parts_zh),
            (2, here.records, "records", "记录数"),
        ):
            if len(cells) <= place or not cells[place].strip():
                continue
            said = _amount(cells[place], record.line)
            if said != found:
                self._note(
                    "TOTALS",
                    record.line,
                    f"{what} here: {found}, the trailer says {said}; get the file again",
                    f"实际{what_zh}为 {found},尾记录为 {said};请重新获取文件",
                    of_file=bool(parts),
                )

    def _close(self) -> None:
        made, self._open = self._open, None
        if made is None:
            return
        self.statements.append(
            Statement(
                account=made.number,
                currency=made.currency,
                identification=f"{made.number}-{made.date:%Y%m%d}",
                sequence=None,
                date=made.date,
                opening=made.balances.get(OPENING),
                closing=made.balances.get(CLOSING),
                lines=tuple(made.lines),
                balances=tuple(
                    Balance(kind, amount, made.currency, made.date)
                    for kind, amount in made.balances.items()
                ),
            )
        )

    def _note(
        self,
        code: str,
        line: int,
        en: str,
        zh: str,
        *,
        of_file: bool = False,
        fatal: bool = True,
    ) -> None:
        text = Text(f"line {line}: {en}", f"第 {line} 行:{zh}")
        place = None if of_file else len(self.statements)
        self.findings.append(ReadFinding(code, text, line, fatal, place))


def _cells(record: _Record) -> list[str]:
    """Cells of a record and its continuations, which go on where it stopped."""
    parts = [one.strip().removesuffix("/") for one in (record.content, *record.text)]
    return ",".join(parts).split(",")


def _whole(content: str) -> bool:
    """Whether everything before the text of a booking stands in `content`."""
    cells = content.removesuffix("/").split(",")
    if len(cells) < 3:
        return False
    return len(cells) >= 3 + _behind(cells[2].strip(), cells, 3) + 2 or content.endswith("/")


def _behind(funds: str, cells: list[str], place: int) -> int:
    """How many cells belong to a funds type."""
    if funds == "D":
        count = cells[place].strip() if place < len(cells) else ""
        return 1 + 2 * (int(count) if count.isdecimal() and len(count) < 4 else 0)
    return _FUNDS.get(funds, 0)


def _direction(code: str, amount: int, line: int) -> Direction:
    """Credits are 100 to 399, debits 400 to 699 (BAI2, Appendix A); a minus turns it round."""
    if not code.isdecimal() or not (100 <= int(code) <= 699 or 920 <= int(code) <= 999):
        raise ValueError(f"line {line}: type code {code!r} is neither credit nor debit")
    credit = int(code) < 400 or 920 <= int(code) <= 959
    return "credit" if credit == (amount >= 0) else "debit"


def _amount(text: str, line: int) -> int:
    bare = text.strip()
    if not _AMOUNT.fullmatch(bare) or len(bare) > MAX_DIGITS + 1:
        raise ValueError(f"line {line}: {bare[:30]!r} is no amount in minor units")
    return int(bare)


def _date(text: str) -> dt.date | None:
    try:
        return dt.datetime.strptime(text.strip(), "%y%m%d").date()  # noqa: DTZ007 - a day
    except ValueError:
        return None


def _given(cells: list[str], place: int) -> str | None:
    return cells[place].strip() or None if place < len(cells) else None

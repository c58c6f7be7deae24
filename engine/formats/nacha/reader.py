"""Reading NACHA files of ACH entries (Nacha Operating Rules, Appendix Three): control totals hold.

Each batch comes as a statement of the company that originated it: an entry that credits a receiver
is a debit of the company, an entry that debits one is a credit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.base.text import Text
from engine.formats.encodings import text_of_bytes
from engine.formats.reading import FormatError, ReadFinding
from engine.formats.statement import Statement, StatementLine

WIDTH = 94
_CLASSES = frozenset({"200", "220", "225", "280"})
"""Mixed, credits, debits, accounting advice."""
CURRENCY = "USD"
_CREDITS = frozenset("1234")
"""Second digit of the transaction code: 1 to 4 credit the receiver, 6 to 9 debit him."""


@dataclass(frozen=True, slots=True)
class NachaFile:
    """A statement per batch and what was noticed."""

    statements: tuple[Statement, ...]
    findings: tuple[ReadFinding, ...]


@dataclass(slots=True)
class _Sums:
    entries: int = 0
    hashed: int = 0
    debit: int = 0
    credit: int = 0

    def add(self, other: _Sums) -> None:
        self.entries += other.entries
        self.hashed += other.hashed
        self.debit += other.debit
        self.credit += other.credit


@dataclass(slots=True)
class _Batch:
    line: int
    company: str
    company_id: str
    sec: str
    description: str
    date: dt.date
    number: str
    service_class: str
    lines: list[StatementLine] = field(default_factory=list)
    sums: _Sums = field(default_factory=_Sums)
    announced: int | None = None
    """Line of an entry that says addenda follow, until one does."""
    read: bool = False
    """Whether the entry before could be read: what is added to it belongs to no other."""


def read_nacha(content: bytes) -> NachaFile:
    """All batches of `content`. Raises FormatError NO_NACHA without a file header.

    What cannot be read, and every control total that does not fit, is a fatal finding with its
    line: the file is not to be taken then.
    """
    lines = list(_lines(text_of_bytes(content, max_line=None)))
    if not lines or not lines[0][1].startswith("101"):
        raise FormatError(
            "NO_NACHA",
            Text("the file does not begin with a file header (101)", "文件不以文件头记录 101 开头"),
        )
    reader = _Reader()
    for number, text in lines:
        reader.take(number, text)
    reader.end(lines[-1][0])
    return NachaFile(tuple(reader.statements), tuple(reader.findings))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Records with the lines they stand in; files without line ends are cut by width."""
    lines = text.replace("\r", "").split("\n")
    if len(lines) == 1 and len(text) > WIDTH:
        lines = [text[start : start + WIDTH] for start in range(0, len(text), WIDTH)]
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, line


class _Reader:
    def __init__(self) -> None:
        self.statements: list[Statement] = []
        self.findings: list[ReadFinding] = []
        self._created = dt.date.min
        self._batch: _Batch | None = None
        self._file = _Sums()
        self._batches = 0
        self._closed = False

    def take(self, number: int, text: str) -> None:
        """One record."""
        if len(text.rstrip()) > WIDTH:
            self._note("LENGTH", number, f"the record has {len(text)} characters", "记录过长")
        record = text.ljust(WIDTH)
        if self._closed:
            if record.strip("9 "):
                self._note(
                    "AFTER_END",
                    number,
                    "a record after the file control",
                    "文件控制记录之后还有记录",
                    of_file=True,
                )
            return
        match record[0]:
            case "1":
                self._created = _date(record[23:29]) or self._created
            case "5":
                self._begin(number, record)
            case "6":
                self._entry(number, record)
            case "7":
                self._addenda(number, record)
            case "8":
                self._end_batch(number, record)
            case "9":
                self._end_file(number, record)
            case _:
                self._note("RECORD", number, f"type {record[0]!r} is no record", "未知记录类型")

    def end(self, number: int) -> None:
        """The file has to end with its control record."""
        if self._batch is not None:
            self._note(
                "NO_TRAILER", number, "a batch has no control record (8)", "批次没有控制记录 8"
            )
            self._close()
        if not self._closed:
            self._note(
                "NO_TRAILER",
                number,
                "the file has no control record (9); it is cut off, get it again",
                "文件没有控制记录 9;不完整,请重新获取",
                of_file=True,
            )

    def _begin(self, number: int, record: str) -> None:
        if self._batch is not None:
            self._note(
                "NO_TRAILER",
                number,
                "the batch before has no control record (8)",
                "前一批次没有控制记录 8",
            )
            self._close()
        if record[1:4] not in _CLASSES:
            self._note(
                "BATCH",
                number,
                f"service class {record[1:4]!r} is none of {', '.join(sorted(_CLASSES))}",
                f"服务类别 {record[1:4]!r} 无效",
                of_file=True,
            )
        sec = record[50:53]
        company = record[4:20].strip() if sec != "IAT" else record[4:40].strip()
        self._batch = _Batch(
            number,
            company,
            record[40:50].strip(),
            sec,
            record[53:63].strip(),
            _date(record[69:75]) or self._created,
            record[87:94].strip(),
            record[1:4],
        )
        self._batches += 1

    def _entry(self, number: int, record: str) -> None:
        batch = self._batch
        if batch is None:
            self._note(
                "OUTSIDE",
                number,
                "an entry outside of any batch",
                "明细不属于任何批次",
                of_file=True,
            )
            return
        batch.sums.entries += 1
        batch.read = False
        self._unfollowed(batch)
        mark = record[78]
        batch.announced = number if mark == "1" else None
        if mark not in "01 ":
            self._note(
                "ENTRY",
                number,
                f"addenda mark {mark!r} is neither 0 nor 1",
                f"附加记录标志 {mark!r} 既非 0 也非 1",
            )
        code, bank = record[1:3], record[3:11]
        money = record[27:39] if batch.sec == "ADV" else record[29:39]
        if not (code.isdecimal() and bank.strip().isdecimal() and money.isdecimal()):
            self._note(
                "ENTRY",
                number,
                f"transaction code {code!r}, bank {bank!r} or amount {money!r} is no number; the "
                "entry was left out",
                f"交易代码 {code!r}、行号 {bank!r} 或金额 {money!r} 不是数字;已略过",
            )
            return
        amount = int(money)
        batch.sums.hashed += int(bank)
        credit = code[1] in _CREDITS if batch.sec != "ADV" else int(code) % 2 == 1
        if credit:
            batch.sums.credit += amount
        else:
            batch.sums.debit += amount
        iat = batch.sec == "IAT"
        account = record[39:74] if iat else record[12:27] if batch.sec == "ADV" else record[12:29]
        batch.read = True
        batch.lines.append(
            StatementLine(
                booking_date=batch.date,
                value_date=batch.date,
                amount=amount,
                direction="debit" if credit else "credit",
                balance=None,
                bank_reference=record[79:94].strip() or None,
                our_reference=None if iat else record[39:54].strip() or None,
                message_reference=batch.number or None,
                counterparty_name=None if iat else record[54:76].strip() or None,
                counterparty_account=account.strip() or None,
                remittance=batch.description or None,
                return_reason=None,
            )
        )

    def _addenda(self, number: int, record: str) -> None:
        batch = self._batch
        if batch is None:
            self._note(
                "OUTSIDE",
                number,
                "an addenda outside of any batch",
                "附加记录不属于任何批次",
                of_file=True,
            )
            return
        batch.sums.entries += 1
        batch.announced = None
        if not batch.lines or not batch.read:
            return
        last = batch.lines[-1]
        kind, reason, said, name = record[1:3], last.return_reason, last.remittance, None
        if kind in ("98", "99"):
            reason = record[3:6].strip() or reason
        elif kind == "05":
            said = " ".join(filter(None, (said, record[3:83].strip())))
        elif kind == "10":
            name = record[24:59].strip() or None
        batch.lines[-1] = StatementLine(
            last.booking_date,
            last.value_date,
            last.amount,
            last.direction,
            last.balance,
            last.bank_reference,
            last.our_reference,
            last.message_reference,
            name or last.counterparty_name,
            last.counterparty_account,
            said,
            reason,
        )

    def _end_batch(self, number: int, record: str) -> None:
        batch = self._batch
        if batch is None:
            self._note(
                "OUTSIDE",
                number,
                "a batch control without a batch",
                "批次控制记录没有对应批次",
                of_file=True,
            )
            return
        self._unfollowed(batch)
        wide = 20 if batch.sec == "ADV" else 12
        for name, name_zh, said, here in (
            ("service class", "服务类别", record[1:4], batch.service_class),
            ("number", "批次号", record[87:94].strip(), batch.number),
        ):
            if said != here:
                self._note(
                    "BATCH",
                    number,
                    f"the batch has {name} {here}, its control record says {said or '-'}",
                    f"批次的{name_zh}为 {here},控制记录为 {said or '-'}",
                )
        self._verify(
            number, "the batch", "批次", record[4:10], record[10:20], record[20:], wide, batch.sums
        )
        self._file.add(batch.sums)
        self._close()

    def _unfollowed(self, batch: _Batch) -> None:
        line, batch.announced = batch.announced, None
        if line is not None:
            self._note(
                "ADDENDA",
                line,
                "the entry says addenda follow, none does; get the file again",
                "明细声明有附加记录,但没有;请重新获取文件",
            )

    def _end_file(self, number: int, record: str) -> None:
        self._closed = True
        if record[1:7].strip() and record[1:7].isdecimal() and int(record[1:7]) != self._batches:
            self._note(
                "TOTALS",
                number,
                f"the file control says {int(record[1:7])} batches, there are {self._batches}",
                f"文件控制记录为 {int(record[1:7])} 批,实有 {self._batches} 批",
                of_file=True,
            )
        wide = 20 if any(one.identification.startswith("ADV") for one in self.statements) else 12
        self._verify(
            number, "the file", "文件", record[13:21], record[21:31], record[31:], wide, self._file
        )

    def _verify(
        self,
        number: int,
        what: str,
        what_zh: str,
        count: str,
        hashed: str,
        money: str,
        wide: int,
        sums: _Sums,
    ) -> None:
        for name, name_zh, said, here in (
            ("entries", "明细数", count, sums.entries),
            ("entry hash", "行号校验和", hashed, sums.hashed % 10**10),
            ("debits", "借方合计", money[:wide], sums.debit),
            ("credits", "贷方合计", money[wide : 2 * wide], sums.credit),
        ):
            if not said.isdecimal() or int(said) != here:
                self._note(
                    "TOTALS",
                    number,
                    f"{what} has {name} {here}, its control record says {said.strip() or '-'}; "
                    "get the file again",
                    f"{what_zh}的{name_zh}为 {here},控制记录为 {said.strip() or '-'};"
                    "请重新获取文件",
                    of_file=what == "the file",
                )

    def _close(self) -> None:
        batch, self._batch = self._batch, None
        if batch is None:
            return
        self.statements.append(
            Statement(
                account=batch.company_id or batch.company,
                currency=CURRENCY,
                identification=f"{batch.sec}-{batch.number}",
                sequence=None,
                date=batch.date,
                opening=None,
                closing=None,
                lines=tuple(batch.lines),
            )
        )

    def _note(self, code: str, line: int, en: str, zh: str, *, of_file: bool = False) -> None:
        text = Text(f"line {line}: {en}", f"第 {line} 行:{zh}")
        place = None if of_file or self._batch is None else len(self.statements)
        self.findings.append(ReadFinding(code, text, line, fatal=True, statement=place))


def _date(text: str) -> dt.date | None:
    try:
        return dt.datetime.strptime(text, "%y%m%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None

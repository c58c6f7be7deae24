"""Statement files of known formats: one reader per module of this folder, found by itself."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from engine.base.text import Text
from engine.formats.layouts.cells import UNSEEN
from engine.formats.reading import FormatError, ReadFinding
from engine.formats.statement import Statement, StatementLine
from engine.formats.verdicts import Verdict, judged

HEAD = 4096
"""First bytes a format is recognised by."""
MAX_BYTES = 256 * 1024 * 1024
"""Bytes of a file that is read at once."""

_BLANK = re.compile(r"[\t\r\n]+")


@dataclass(frozen=True, slots=True)
class FileRead:
    """What is in a file. `findings` that are fatal mean that a statement is not whole, or, where
    they name none, that the file is not."""

    format: str
    statements: tuple[Statement, ...]
    findings: tuple[ReadFinding, ...] = ()
    chained: bool = True
    """Whether closing balances lead to the opening ones of the next statement of the account."""

    @property
    def whole(self) -> bool:
        """Whether nothing of the file was left behind."""
        return not any(one.fatal for one in self.findings)

    @property
    def refused(self) -> Text | None:
        """Why nothing of the file is to be taken; None when its statements stand for themselves."""
        return next(
            (one.text for one in self.findings if one.fatal and one.statement is None), None
        )

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """What the file proves of each statement, in their order."""
        return judged(self.statements, self.findings, chained=self.chained)


@dataclass(frozen=True, slots=True)
class Reader:
    """One format. `read` raises FormatError when the file cannot be taken at all."""

    name: str
    recognises: Callable[[bytes], bool]
    """By the first HEAD bytes."""
    read: Callable[[bytes], FileRead]


@cache
def readers() -> tuple[Reader, ...]:
    """Every reader of this folder, by name."""
    found = [
        importlib.import_module(f"{__name__}.{one.name}").READER
        for one in pkgutil.iter_modules(__path__)
    ]
    return tuple(sorted(found, key=lambda one: str(one.name)))


def reader_of(content: bytes) -> Reader | None:
    """The reader of a file, None when no known format begins like it: a layout reads it then."""
    head = content[:HEAD]
    return next((one for one in readers() if one.recognises(head)), None)


def read_file(content: bytes) -> FileRead:
    """Read a file of any known format.

    Raises FormatError EMPTY, TOO_LARGE, UNKNOWN_FORMAT and what readers raise. Characters that
    nobody sees (control, direction) are taken out of texts, with a finding.
    """
    refuse_empty(content)
    if len(content) > MAX_BYTES:
        raise too_large()
    reader = reader_of(content)
    if reader is None:
        known = ", ".join(one.name for one in readers())
        begins = " ".join(text_head(content[:200]).split())[:24]
        raise FormatError(
            "UNKNOWN_FORMAT",
            Text(
                f"the file begins with {begins!r} and is none of {known}; name the bank layout to "
                "read it with",
                f"文件以 {begins!r} 开头,不是 {known} 中的任何格式;请指定银行布局",
            ),
        )
    return _visible(reader.read(content))


def refuse_empty(content: bytes) -> None:
    """FormatError EMPTY for a file without anything in it."""
    if not content.strip():
        raise FormatError("EMPTY", Text("the file is empty; get it again", "文件为空;请重新获取"))


def too_large() -> FormatError:
    """A file of more than MAX_BYTES."""
    most = MAX_BYTES // (1024 * 1024)
    return FormatError(
        "TOO_LARGE",
        Text(f"the file has more than {most} MB; split it", f"文件超过 {most} MB;请拆分"),
    )


def text_head(head: bytes) -> str:
    """The beginning of a file as text, marks and blanks in front left out."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) // 2 * 2].decode("utf-16", "replace").lstrip()
    for codec, place in (("utf-16-le", 1), ("utf-16-be", 0)):
        if len(head) > 3 and head[place::2].count(0) * 10 > len(head[place::2]) * 7:
            return head[: len(head) // 2 * 2].decode(codec, "replace").lstrip()
    return head.removeprefix(b"\xef\xbb\xbf").decode("latin-1").lstrip()


def _visible(read: FileRead) -> FileRead:
    statements, findings = [], list(read.findings)
    for place, statement in enumerate(read.statements):
        lines = [_seen(line) for line in statement.lines]
        for number, (old, new) in enumerate(zip(statement.lines, lines, strict=True), 1):
            if new is not old:
                findings.append(_unseen(place, number))
        statements.append(
            dataclasses.replace(
                statement,
                account=UNSEEN.sub("", statement.account),
                identification=UNSEEN.sub("", statement.identification),
                lines=tuple(lines),
            )
        )
    return dataclasses.replace(read, statements=tuple(statements), findings=tuple(findings))


def _seen(line: StatementLine) -> StatementLine:
    """The line itself when there is nothing to take out."""
    texts = (
        line.bank_reference,
        line.our_reference,
        line.message_reference,
        line.counterparty_name,
        line.counterparty_account,
        line.remittance,
        line.return_reason,
    )
    if not any(text and UNSEEN.search(text) for text in texts):
        return line
    bank, our, message, name, account, remittance, reason = (_clean(text) for text in texts)
    return dataclasses.replace(
        line,
        bank_reference=bank,
        our_reference=our,
        message_reference=message,
        counterparty_name=name,
        counterparty_account=account,
        remittance=remittance,
        return_reason=reason,
    )


def _clean(text: str | None) -> str | None:
    return UNSEEN.sub("", _BLANK.sub(" ", text)).strip() or None if text else None


def _unseen(place: int, number: int) -> ReadFinding:
    return ReadFinding(
        "UNSEEN",
        Text(
            f"statement {place + 1}, line {number}: characters that nobody sees (control, "
            "direction) were taken out of its texts; look at the original before acting on a name",
            f"第 {place + 1} 份对账单第 {number} 条明细:已去除不可见字符(控制符、方向符);"
            "如需依据名称操作,请查看原件",
        ),
        statement=place,
    )

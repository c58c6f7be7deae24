"""A look into a bank file: what it holds and whether it adds up, in one row."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import dataclass

from engine.base.text import Lang, SluiceError, Text
from engine.formats.archives import is_archive, members_of
from engine.formats.iso20022.pain002 import read_pain002
from engine.formats.layouts import Layout, read_statement
from engine.formats.readers import (
    MAX_BYTES,
    read_file,
    reader_of,
    refuse_empty,
    text_head,
    too_large,
)
from engine.formats.reading import FormatError
from engine.formats.statement import Statement
from engine.formats.verdicts import Verdict, judged

_REPORT = ("pain.002", "CstmrPmtStsRpt")
_ORDER = ("pain.001", "pain.008", "CstmrCdtTrfInitn", "CstmrDrctDbtInitn")
"""What status reports and payment orders have in their first lines."""
_LEFT_OUT = "NOT_BOOKED"


@dataclass(frozen=True, slots=True)
class Look:
    """What is in a file. `balanced` counts statements that add up, `without_balances` those that
    have no two balances to prove it by, `kept_back` those that are not to be taken.

    `refused` says why the file, or the first of the statements kept back, is not taken; `reasons`
    has all of them, `notes` what was worked around.
    """

    file: str
    format: str
    statements: int
    lines: int
    balanced: int
    without_balances: int
    left_out: int
    refused: Text | None
    kept_back: int = 0
    reasons: tuple[Text, ...] = ()
    notes: tuple[Text, ...] = ()

    def line(self, lang: Lang) -> str:
        """One line for people."""
        en = f"{self.file}: {self.format}, {self.statements} statements, {self.lines} lines, "
        en += f"{self.balanced} balanced, {self.without_balances} without balances"
        zh = f"{self.file}：{self.format}，{self.statements} 份对账单，{self.lines} 条明细，"
        zh += f"{self.balanced} 份余额相符，{self.without_balances} 份没有余额"
        if self.left_out:
            en += f", {self.left_out} lines left out"
            zh += f"，略过 {self.left_out} 行"
        if self.kept_back:
            en += f", {self.kept_back} kept back"
            zh += f"，{self.kept_back} 份暂不接收"
        if self.refused is not None:
            en += f"; refused: {self.refused.en}"
            zh += f"；拒收：{self.refused.zh}"
        return Text(en, zh).say(lang)


def looked_into(
    name: str,
    content: bytes,
    layout: Layout | None,
    account: str | None,
    until: dt.date | None = None,
) -> tuple[Look, ...]:
    """Read a file by the format it has, or by a layout; a zip file gives a row for each member.
    `account` and `until` (the last day of a file whose days have no year) are for layouts.
    Never raises for what is in it."""
    try:
        if len(content) > MAX_BYTES:
            raise too_large()
        if not is_archive(content):
            return (_looked(name, content, layout, account, until),)
        members = members_of(content)
    except SluiceError as error:
        return (_refused(name, error),)
    return tuple(
        _looked(f"{name}/{one.name}", one.content, layout, account, until) for one in members
    )


def _looked(
    name: str,
    content: bytes,
    layout: Layout | None,
    account: str | None,
    until: dt.date | None,
) -> Look:
    try:
        refuse_empty(content)
        if layout is not None:
            try:
                read = read_statement(layout, io.BytesIO(content), account=account, until=until)
            except SluiceError:
                # Among files for the layout may be some of a known format.
                if reader_of(content) is None:
                    raise
            else:
                verdicts = judged(read.statements, (), chained=False)
                left_out = len(read.left_out)
                return _look(name, layout.name, read.statements, verdicts, left_out=left_out)
        if reader_of(content) is None:
            head = text_head(content[:4096])
            if any(one in head for one in _REPORT):
                return _status_report(name, content)
            if any(one in head for one in _ORDER):
                raise _order()
        found = read_file(content)
        return _look(
            name,
            found.format,
            found.statements,
            found.verdicts,
            left_out=sum(one.code == _LEFT_OUT for one in found.findings),
            refused=found.refused,
            notes=tuple(one.text for one in found.findings if not one.fatal),
        )
    except SluiceError as error:
        return _refused(name, error)


def _look(
    name: str,
    format_: str,
    statements: Sequence[Statement],
    verdicts: Sequence[Verdict],
    *,
    left_out: int,
    refused: Text | None = None,
    notes: tuple[Text, ...] = (),
) -> Look:
    reasons = [reason for one in verdicts for reason in one.reasons]
    if refused is not None:
        reasons.insert(0, refused)
    kept_back = sum(bool(one.reasons) for one in verdicts)
    return Look(
        name,
        format_,
        len(statements),
        sum(len(one.lines) for one in statements),
        sum(one.balanced is True for one in verdicts),
        sum(one.balanced is None for one in verdicts),
        left_out,
        reasons[0] if reasons else None,
        kept_back if refused is None else len(statements),
        tuple(reasons),
        notes,
    )


def _refused(name: str, error: SluiceError) -> Look:
    return Look(name, "-", 0, 0, 0, 0, 0, error.text, reasons=(error.text,))


def _order() -> FormatError:
    return FormatError(
        "PAYMENT_ORDER",
        Text(
            "the file is a payment order (pain.001 or pain.008), no statement",
            "文件是支付指令(pain.001 或 pain.008),不是对账单",
        ),
    )


def _status_report(name: str, content: bytes) -> Look:
    """pain.002 is what a bank says of a payment message; its lines are the items it speaks of."""
    report = read_pain002(content)
    said = [report.group, *(one.status for one in report.transactions)]
    told = ", ".join(" ".join(filter(None, (one.status, one.reason))) for one in said if one.status)
    of = report.original_message_id or "-"
    note = Text(f"on message {of}: {told or 'no status'}", f"针对报文 {of}:{told or '没有状态'}")
    return Look(name, "pain.002", 0, len(report.transactions), 0, 0, 0, None, notes=(note,))

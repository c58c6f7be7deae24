"""A look into a bank file: what it holds and whether it adds up, in one row."""

from __future__ import annotations

import io
from dataclasses import dataclass

from engine.base.text import Lang, SluiceError, Text
from engine.formats.iso20022.pain002 import read_pain002
from engine.formats.layouts import Layout, read_statement
from engine.formats.readers import read_file, reader_of, text_head
from engine.formats.reading import FormatError
from engine.formats.statement import Break, Statement, continuity

UNBALANCED = frozenset({Break.OPENING_MISSING, Break.CLOSING_MISSING})
"""A statement without balances cannot be said to add up or not."""

_PAIN = ("pain.002", "CstmrPmtStsRpt", "pain.0", "CstmrCdtTrfInitn", "CstmrDrctDbtInitn")
"""What status reports have in their first lines (the first two), and orders."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is in a file. `balanced` counts statements that add up, `without_balances` those that
    have none to add up to; `refused` says why the file, or a part of it, is not taken."""

    file: str
    format: str
    statements: int
    lines: int
    balanced: int
    without_balances: int
    left_out: int
    refused: Text | None

    def line(self, lang: Lang) -> str:
        """One line for people."""
        en = f"{self.file}: {self.format}, {self.statements} statements, {self.lines} lines, "
        en += f"{self.balanced} balanced, {self.without_balances} without balances"
        zh = f"{self.file}：{self.format}，{self.statements} 份对账单，{self.lines} 条明细，"
        zh += f"{self.balanced} 份余额相符，{self.without_balances} 份没有余额"
        if self.left_out:
            en += f", {self.left_out} lines left out"
            zh += f"，略过 {self.left_out} 行"
        if self.refused is not None:
            en += f"; refused: {self.refused.en}"
            zh += f"；拒收：{self.refused.zh}"
        return Text(en, zh).say(lang)


def looked_into(name: str, content: bytes, layout: Layout | None, account: str | None) -> Look:
    """Read a file by the format it has, or by a layout; never raises for what is in it."""
    try:
        if layout is not None:
            read = read_statement(layout, io.BytesIO(content), account=account)
            return _look(name, layout.name, read.statements, len(read.left_out), None)
        if reader_of(content) is None and any(one in text_head(content[:4096]) for one in _PAIN):
            return _status_report(name, content)
        found = read_file(content)
        fatal = next((one.text for one in found.findings if one.fatal), None)
        notes = sum(not one.fatal for one in found.findings)
        return _look(name, found.format, found.statements, notes, fatal)
    except SluiceError as error:
        return Look(name, "-", 0, 0, 0, 0, 0, error.text)


def _look(
    name: str,
    format_: str,
    statements: tuple[Statement, ...],
    left_out: int,
    refused: Text | None,
) -> Look:
    breaks = [{one.reason for one in continuity(made, None)} for made in statements]
    broken = next(
        (
            continuity(made, None)[0].text
            for made, found in zip(statements, breaks, strict=True)
            if found and not found <= UNBALANCED
        ),
        None,
    )
    return Look(
        name,
        format_,
        len(statements),
        sum(len(made.lines) for made in statements),
        sum(not found for found in breaks),
        sum(bool(found) and found <= UNBALANCED for found in breaks),
        left_out,
        refused or broken,
    )


def _status_report(name: str, content: bytes) -> Look:
    """pain.002 is what a bank says of a payment message; other pain messages are orders."""
    if not any(one in text_head(content[:4096]) for one in _PAIN[:2]):
        raise FormatError(
            "PAYMENT_ORDER",
            Text(
                "the file is a payment order (pain.001 or pain.008), no statement",
                "文件是支付指令(pain.001 或 pain.008),不是对账单",
            ),
        )
    report = read_pain002(content)
    return Look(name, "pain.002", 0, len(report.transactions), 0, 0, 0, None)

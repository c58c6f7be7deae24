"""Learning a layout: the steps one after the other, with everything a person has to look at."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.base.findings import Finding
from engine.base.money import format_major
from engine.base.text import Text
from engine.formats.layouts import (
    FileFault,
    FileRefused,
    check,
    load,
    read_return,
    read_statement,
)
from engine.formats.layouts.model import Form, Use
from engine.formats.learning import drafting
from engine.formats.learning.amounts import Rule, choose, proven_marks
from engine.formats.learning.columns import ColumnGuess, Table, find_table, guess
from engine.formats.learning.positions import guess_lines
from engine.formats.learning.roles import NAMES, ORDER_NAMES
from engine.formats.learning.round_trip import RoundTrip, round_trip
from engine.formats.learning.sniffing import Sniffed, sniff
from engine.formats.reading import FormatError
from engine.formats.statement import Statement

PREVIEW = 10
"""Rows shown beside their bytes."""

MOST_EXAMPLE = 200
"""Lines of a sample that is kept as an example."""


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A line of the sample as it stands, and what the draft reads in it."""

    line: int
    raw: str
    read: dict[str, str]


@dataclass(frozen=True, slots=True)
class Learned:
    """A draft layout and what speaks for it."""

    text: str
    """The layout as YAML."""
    use: Use
    form: Form
    encoding: str
    separator: str
    head_line: int
    """1-based line of the row of names, 0 when there is none."""
    columns: tuple[ColumnGuess, ...]
    rule: Rule | None
    findings: tuple[Finding, ...]
    """Of the draft itself: none when it can be used as it is."""
    faults: tuple[FileFault, ...]
    """What the draft cannot read of its own sample."""
    statements: tuple[Statement, ...]
    left_out: tuple[str, ...]
    rows: tuple[ShownRow, ...]
    round_trip: RoundTrip | None
    """Whether the draft writes the sample again; None where it cannot read it."""

    @property
    def lines(self) -> int:
        """Bookings (or items) the draft reads of the sample."""
        return sum(len(one.lines) for one in self.statements) or len(self.rows)

    @property
    def complete(self) -> bool:
        """Whether the draft reads the whole sample without a finding or fault."""
        return not self.findings and not self.faults


def learn(
    name: str,
    content: bytes,
    *,
    bank: str = "",
    org: str = "GROUP",
    until: dt.date | None = None,
) -> Learned:
    """Draft a layout from a sample. `name` becomes the layout's (small words with hyphens),
    `until` is the last day of the sample, where its days have no year and nothing else says it.

    Raises FormatError SAMPLE_EMPTY, SAMPLE_TOO_LARGE, NO_TABLE (no rows, no row of names).
    """
    sniffed = sniff(content)
    named = () if sniffed.form is Form.FIXED else sniffed.rows
    statement_table = find_table(named, NAMES)
    order_table = find_table(named, ORDER_NAMES)
    safe = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "learned"
    safe = safe if safe[0].isalpha() else f"bank-{safe}"
    if statement_table is None and order_table is None:
        nameless = _nameless(safe, bank or safe, org, sniffed, content)
        if nameless is not None:
            return nameless
        raise FormatError(
            "NO_TABLE",
            Text(
                "no row of names within 40 lines, and not every line has a day and an amount at "
                "the same place; write the columns into a layout by hand",
                "前 40 行内没有找到表头,且各行没有位置相同的日期和金额;请手工编写布局",
            ),
        )
    tried = []
    if statement_table is not None:
        columns, contents = guess(statement_table, sniffed.rows, statement=True)
        place = _places(columns)
        rows = _data(statement_table, sniffed)
        marks = proven_marks(rows, place)
        if marks is not None:
            columns[marks[0]] = replace(
                columns[marks[0]],
                role="mark",
                confidence=90,
                reason="each word goes with one direction of the balance",
            )
            place = _places(columns)
        rule = choose(rows, place, {} if marks is None else marks[1])
        if "booking_date" in place and rule is not None:
            dates = contents[place["booking_date"]].dates
            tried.append((statement_table, columns, rule, dates))
    if tried:
        table, columns, rule, dates = tried[0]
        text = drafting.statement(
            safe, bank or safe, org, sniffed, table, columns, rule, dates, _data(table, sniffed)
        )
        return _proven(text, Use.STATEMENT, sniffed, table, columns, rule, content, until)
    table, columns = _as_order(sniffed, order_table, statement_table)
    place = _places(columns)
    use = Use.PAYMENT_RETURN if "code" in place else Use.PAYMENT_ORDER
    text = drafting.order(safe, bank or safe, org, use, sniffed, columns, _data(table, sniffed))
    return _proven(text, use, sniffed, table, columns, None, content, until)


def _nameless(name: str, bank: str, org: str, sniffed: Sniffed, content: bytes) -> Learned | None:
    """A statement without a row of names: its lines are bookings, in a fixed file but for the
    first and the last. None when it is none."""
    found = guess_lines(sniffed)
    if found is None:
        return None
    columns = found.guess.columns
    names = tuple(one.name for one in columns)
    table = Table(-1, names, tuple(range(found.first, found.end)))
    text = drafting.nameless(name, bank, org, sniffed, found)
    cut_up = replace(sniffed, rows=found.rows)
    return _proven(text, Use.STATEMENT, cut_up, table, columns, found.guess.rule, content, None)


def _as_order(
    sniffed: Sniffed, order_table: Table | None, statement_table: Table | None
) -> tuple[Table, list[ColumnGuess]]:
    """The sample as a payment order or return file; FormatError NO_AMOUNT when it is neither."""
    if order_table is not None:
        columns, _ = guess(order_table, sniffed.rows, statement=False)
        roles = _places(columns)
        if "amount" in roles and "counterparty_account" in roles:
            return order_table, columns
    shown = order_table or statement_table
    assert shown is not None
    named = ", ".join(one.strip() for one in shown.names if one.strip())
    raise FormatError(
        "NO_AMOUNT",
        Text(
            f"line {shown.head + 1} names the columns {named}; no day with amounts, and no account "
            "with an amount, can be read below it: take a sample with real figures, or write the "
            "layout by hand",
            f"第 {shown.head + 1} 行的列名为 {named}；其下没有可识别的日期与金额，"
            "也没有账号与金额：请使用含真实数据的样例，或手工编写布局",
        ),
    )


def with_example(learned: Learned, sample: str) -> str:
    """The draft with its sample (a path beside the layout) as an example; without one where the
    draft does not read it or it has more than MOST_EXAMPLE lines."""
    lines = [line for one in learned.statements for line in one.lines]
    if not learned.complete or not 0 < len(lines) <= MOST_EXAMPLE:
        return learned.text
    account = learned.statements[0].account
    rows = ["booking_date | amount | balance"]
    for one in learned.statements:
        for line in one.lines:
            money = [
                "-" if minor is None else format_major(minor, one.currency)
                for minor in (line.signed, line.balance)
            ]
            rows.append(" | ".join((line.booking_date.isoformat(), *money)))
    table = "\n".join(f"      {row}" for row in rows)
    return (
        f"{learned.text}examples:\n  - name: the sample it was learned from\n"
        f'    sample: {sample}\n    account: "{account}"\n    rows: |\n{table}\n'
    )


def _places(columns: Sequence[ColumnGuess]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in columns:
        if one.role is not None:
            found.setdefault(one.role, one.number - 1)
    return found


def _data(table: Table, sniffed: Sniffed) -> list[Sequence[str]]:
    return [sniffed.rows[place] for place in table.rows]


def _proven(
    text: str,
    use: Use,
    sniffed: Sniffed,
    table: Table,
    columns: Sequence[ColumnGuess],
    rule: Rule | None,
    content: bytes,
    until: dt.date | None,
) -> Learned:
    """Read the sample with its own draft."""
    findings = tuple(check(text, "draft.yaml"))
    faults: tuple[FileFault, ...] = ()
    statements: tuple[Statement, ...] = ()
    left_out: tuple[str, ...] = ()
    rows: list[ShownRow] = []
    came_back = None
    if not findings:
        layout = load(text, "draft.yaml")
        try:
            if use is Use.STATEMENT:
                read = read_statement(layout, io.BytesIO(content), account="SAMPLE", until=until)
                statements = read.statements
                left_out = tuple(
                    f"{one.line}: {one.text.strip()} ({one.reason.en})" for one in read.left_out
                )
            elif use is Use.PAYMENT_RETURN:
                read_return(layout, io.BytesIO(content), "CNY")
            came_back = round_trip(layout, content, sniffed.encoding, columns)
        except FileRefused as error:
            faults = error.faults
    for place in table.rows[:PREVIEW]:
        cells = sniffed.rows[place]
        shown = {
            one.role: cells[one.number - 1].strip()
            for one in columns
            if one.role is not None and one.number <= len(cells)
        }
        rows.append(ShownRow(place + 1, sniffed.texts[place], shown))
    return Learned(
        text=text,
        use=use,
        form=sniffed.form,
        encoding=sniffed.encoding,
        separator=sniffed.separator,
        head_line=table.head + 1,
        columns=tuple(columns),
        rule=rule,
        findings=findings,
        faults=faults,
        statements=statements,
        left_out=left_out,
        rows=tuple(rows),
        round_trip=came_back,
    )

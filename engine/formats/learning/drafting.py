"""Writing what was learned as a layout."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from engine.formats.layouts.bookings import known_currency
from engine.formats.layouts.cell_reading import says_year
from engine.formats.layouts.model import Form, Use
from engine.formats.learning.amounts import Rule
from engine.formats.learning.columns import ColumnGuess, Table
from engine.formats.learning.positions import Nameless
from engine.formats.learning.roles import DEAD_STATES, NEUTRAL_WORDS, bare_cell
from engine.formats.learning.sniffing import Sniffed, codec_name

_TYPES = {
    "booking_date": "date",
    "value_date": "date",
    "credit": "yuan",
    "debit": "yuan",
    "amount": "yuan",
    "balance": "yuan",
    "row": "int",
}
_ACCOUNT = re.compile(
    r"(账\s*号|卡\s*号|账\s*户|account(?: number)?)\s*[:：]?\s*[\t,]*\s*\[?"
    r"(?:[^\W\d]{1,8}\s+)?([0-9*xX]{6,32})",
    re.IGNORECASE,
)
_CURRENCY = re.compile(r"(币\s*种|币\s*别|currency)\s*[:：]\s*\[?([^\W\d_]{2,6})", re.IGNORECASE)
_CODE = re.compile(r"([A-Z]{3})\s*(?=[-+\d])")
_UNTIL = re.compile(
    r"(账\s*单\s*日\s*期?|截\s*[止至]\s*日\s*期?|结\s*束\s*日\s*期|终\s*止\s*日\s*期|"
    r"statement date|closing date|end date|[\d日\]]\s*(?:至|到|--?|~|to))\s*[:：]?\s*[\t,]*\s*\[?"
    r"(\d{4}[-/.年]?\d{1,2}[-/.月]?\d{1,2}日?)",
    re.IGNORECASE,
)
"""The last day of a file: named, or behind another one."""
_KEPT = (
    *("booking_date", "value_date", "credit", "debit", "amount", "mark", "balance", "currency"),
    *("bank_reference", "our_reference", "counterparty_name", "counterparty_account"),
    *("counterparty_bank", "status", "account", "remittance"),
)
"""What a draft of a statement keeps; booking_time is read over."""


def statement(
    name: str,
    bank: str,
    org: str,
    sniffed: Sniffed,
    table: Table,
    columns: Sequence[ColumnGuess],
    rule: Rule,
    dates: Sequence[str],
    rows: Sequence[Sequence[str]],
) -> str:
    """The draft of a statement."""
    used = {
        "debit_credit": ("amount", "mark"),
        "signed": ("credit", "debit", "mark"),
        "mark": ("credit", "debit"),
    }[rule.rule]
    fields = [one for one in columns if one.role in _KEPT and one.role not in used]
    lines = _head(name, "statement", bank, org, sniffed)
    yearless = not all(map(says_year, dates))
    preamble, account_known = _preamble(sniffed, table, yearless)
    if preamble:
        lines.append(f"preamble: [{', '.join(_quoted(one) for one in preamble)}]")
    footer = _footers(sniffed, table, columns)
    if footer:
        lines.append(f"footer: [{', '.join(_quoted(one) for one in footer)}]")
    lines.append(f"dates: [{', '.join(_quoted(one) for one in dates[:2])}]")
    lines.append(_amount(rule))
    code = _currency_of(columns, rows)
    if code is not None:
        lines.append(f"currency: {code}")
    if rule.newest_first is not None:
        lines.append(_order_of(rule.newest_first))
    skip = _skips(columns, rows, rule)
    if skip:
        lines.append(f"skip: {{{', '.join(skip)}}}")
    if account_known:
        fields = [one for one in fields if one.role != "account"]
    return "\n".join([*lines, *_records(fields, ("booking_date",))]) + "\n"


def nameless(name: str, bank: str, org: str, sniffed: Sniffed, found: Nameless) -> str:
    """The draft of a statement without a row of names: its fields in their order. Of a fixed file
    the first and last line are read over where they are of another kind."""
    form = "fixed" if sniffed.form is Form.FIXED else "delimited"
    lines = _head(name, "statement", bank, org, sniffed, form=form)
    lines += [
        f"dates: [{', '.join(_quoted(one) for one in found.guess.dates[:2])}]",
        _amount(found.guess.rule),
    ]
    if found.guess.rule.newest_first is not None:
        lines.append(_order_of(found.guess.rule.newest_first))
    rows: list[tuple[str, ...]] = [("field", "type", "width", "check")]
    for place, one in enumerate(found.guess.columns):
        role = one.role or f"column_{one.number}"
        kind = _TYPES.get(role, "text") if one.role else "ignored"
        if kind == "yuan" and form == "fixed" and not any("." in cell for cell in one.samples):
            kind = "fen"
        width = str(found.widths[place]) if found.widths else "-"
        rows.append((role, kind, width, "required" if role == "booking_date" else "-"))
    if not found.widths:
        rows = [(*row[:2], row[3]) for row in rows]
    lines.append("records:")
    apart = (("header", 0, found.first > 0), ("trailer", -1, found.end < len(sniffed.texts)))
    for record, at, is_there in apart:
        if is_there:
            size = len(sniffed.texts[at].encode(codec_name(sniffed.encoding)))
            over = [("field", "type", "width"), ("filler", "ignored", str(size))]
            lines += [f"  {record}: |", *_table(over)]
    return "\n".join([*lines, "  detail: |", *_table(rows)]) + "\n"


def order(
    name: str,
    bank: str,
    org: str,
    use: Use,
    sniffed: Sniffed,
    columns: Sequence[ColumnGuess],
    rows: Sequence[Sequence[str]],
) -> str:
    """The draft of a payment order or return file. What a code means nobody can learn from a
    sample: all are unknown until a person says."""
    fields = [one for one in columns if one.role is not None]
    lines = _head(name, use.value, bank, org, sniffed)
    if use is Use.PAYMENT_RETURN:
        at = next(one.number - 1 for one in fields if one.role == "code")
        codes = dict.fromkeys(bare_cell(row[at]) for row in rows if at < len(row))
        said = [f"{_quoted(one)}: unknown" for one in codes if one][:40]
        lines.append(f"codes: {{{', '.join([*said, 'else: unknown'])}}}")
        fields = [one for one in fields if one.role != "remittance"]
    else:
        fields = [one for one in fields if one.role not in ("code", "text", "bank_reference")]
    return "\n".join([*lines, *_records(fields, ("amount",))]) + "\n"


def _order_of(newest_first: bool) -> str:
    return f"balance: {{order: {'newest_first' if newest_first else 'oldest_first'}}}"


def _head(
    name: str, use: str, bank: str, org: str, sniffed: Sniffed, form: str = "csv"
) -> list[str]:
    form = "workbook" if sniffed.form is Form.WORKBOOK else form
    # Statements come re-saved by people in the one encoding or the other; what is written has one.
    either = sniffed.encoding in ("utf-8", "utf-8-sig", "gb18030") and use != "payment_order"
    file = [f"form: {form}", f"encoding: {'auto' if either else sniffed.encoding}"]
    if form == "fixed":
        file[1] = f"encoding: {sniffed.encoding}"
        file.append(f"eol: {sniffed.line_end}")
    elif form != "workbook":
        file.append(
            f"separator: {'tab' if sniffed.separator == chr(9) else _quoted(sniffed.separator)}"
        )
        if sniffed.quoted != (form == "csv"):
            file.append(f"quote: {_quoted(chr(34)) if sniffed.quoted else 'none'}")
        file.append(f"eol: {sniffed.line_end}")
    return [
        "kind: bank_layout",
        f"name: {name}",
        f"title: {{en: {name}, zh: {name}}}",
        "version: 1",
        f"use: {use}",
        f"bank: {_quoted(bank)}",
        f"scope: {{org: {org}}}",
        "effective: {from: 2026-01-01}",
        f"file: {{{', '.join(file)}}}",
    ]


def _records(fields: Sequence[ColumnGuess], required: tuple[str, ...]) -> list[str]:
    rows: list[tuple[str, ...]] = [("field", "type", "column", "format", "check")]
    for one in fields:
        role = one.role or ""
        name = _cell(one.name)
        form = "noted" if one.noted else "-"
        rows.append(
            (role, _TYPES.get(role, "text"), name, form, "required" if role in required else "-")
        )
    if not any(one.noted for one in fields):
        rows = [(*row[:3], row[4]) for row in rows]
    return ["records:", "  detail: |", *_table(rows)]


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(_width(row[at]) for row in rows) for at in range(len(rows[0]))]
    return [
        "    "
        + " | ".join(
            cell + " " * (widths[at] - _width(cell)) for at, cell in enumerate(row)
        ).rstrip()
        for row in rows
    ]


def _amount(rule: Rule) -> str:
    said = [f"rule: {rule.rule}"]
    if rule.rule == "mark":
        for name, words in (("credit", rule.credit), ("debit", rule.debit)):
            said.append(f"{name}: [{', '.join(map(_quoted, words))}]")
    if rule.negative:
        said.append(f"negative: {rule.negative}")
    return f"amount: {{{', '.join(said)}}}"


def _currency_of(columns: Sequence[ColumnGuess], rows: Sequence[Sequence[str]]) -> str | None:
    """The currency in front of the amounts, where it is another than yuan."""
    at = {one.number - 1 for one in columns if one.role in ("amount", "debit", "credit")}
    codes = {
        found[1]
        for row in rows
        for place in at
        if place < len(row) and (found := _CODE.match(bare_cell(row[place])))
    }
    code = known_currency(codes.pop()) if len(codes) == 1 else None
    return None if code == "CNY" else code


def _preamble(sniffed: Sniffed, table: Table, yearless: bool) -> tuple[list[str], bool]:
    """Patterns that keep account, currency and, for days without a year, the last day of the
    lines above the names."""
    found: list[str] = []
    account_known = False
    for text in sniffed.texts[: table.head]:
        for name, pattern in (("account", _ACCOUNT), ("currency", _CURRENCY), ("until", _UNTIL)):
            said = pattern.search(text) if yearless or name != "until" else None
            if said is None or any(f"{{{name}}}" in one for one in found):
                continue
            if name == "currency" and known_currency(said[2]) is None:
                continue
            before = text[: said.start(2)].split("*")[-1].strip("\t ,")
            after = text[said.end(2) :].strip("\t ,")
            lead = re.sub(r"[\s{}*]", "", before)
            stop = re.sub(r"[\s{}*]", "", after)[:3]
            found.append(f"{lead}{{{name}}}{f'{stop}*' if stop else ''}")
            account_known = account_known or name == "account"
    return found, account_known


def _footers(sniffed: Sniffed, table: Table, columns: Sequence[ColumnGuess]) -> list[str]:
    """Beginnings of the lines below the names that hold no day where a day should be."""
    at = next(one.number - 1 for one in columns if one.role == "booking_date")
    found: list[str] = []
    for place in range(table.head + 1, len(sniffed.rows)):
        row, text = sniffed.rows[place], sniffed.texts[place]
        day = bare_cell(row[at]) if at < len(row) else ""
        if not text.strip(',\t |;"') or day[:1].isdigit():
            continue
        bare = re.sub(r"[\s{}*\"]", "", unicodedata.normalize("NFC", text))
        lead = re.match(r"[^0-9,\t|;:：]{2,12}", bare)
        if lead is None or f"{lead[0]}*" in found or len(found) >= 8:
            continue
        if re.sub(r"\s", "", text).startswith(lead[0]):
            found.append(f"{lead[0]}*")
    return found


def _skips(columns: Sequence[ColumnGuess], rows: Sequence[Sequence[str]], rule: Rule) -> list[str]:
    """Rows that move no money: marks that are neither in nor out, and dead states."""
    found = []
    for role, dead in (("mark", NEUTRAL_WORDS), ("status", frozenset(DEAD_STATES))):
        at = next((one.number - 1 for one in columns if one.role == role), None)
        if at is None or (role == "mark" and rule.rule != "mark"):
            continue
        words = {bare_cell(row[at]) for row in rows if at < len(row)} & dead - {""}
        if words:
            found.append(f"{role}: [{', '.join(_quoted(one) for one in sorted(words))}]")
    return found


def _cell(name: str) -> str:
    bare = name.strip()
    return f'"{bare}"' if any(one in bare for one in '|,，"') or bare == "-" else bare


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)

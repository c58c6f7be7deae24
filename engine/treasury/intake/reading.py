"""From the texts of one row (or one API message) to a typed draft, or to reasons why not.

Texts are normalised at this border: NFKC, trimmed, empty means missing. What cannot be typed is
said here; whether a typed document is right is the validation ruleset's question.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from engine.base.money import MoneyError, parse_major
from engine.base.text import Text, normalise
from engine.treasury.documents.create import DocumentDraft
from engine.treasury.documents.models import Document
from engine.treasury.intake.columns import (
    COLUMNS,
    DIRECTIONS,
    FALSE,
    TRUE,
    ColumnSpec,
    Form,
)
from engine.treasury.intake.reasons import Reason, unknown_organisation

CodeLists = Mapping[str, Mapping[str, Text]]
"""Column -> its values with labels, from the live vocabulary; a missing column takes any code."""


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it came. `trouble` are reasons found while reading the file, by column."""

    number: int
    texts: Mapping[str, str | None]
    trouble: tuple[Reason, ...] = ()


@dataclass(slots=True)
class TypedRow:
    """A row as far as it could be typed. None: missing, or untypable with a reason."""

    number: int
    texts: Mapping[str, str | None]
    source_system: str
    org_id: str | None = None
    values: dict[str, str | None] = field(default_factory=dict)
    amount: int | None = None
    due_date: dt.date | None = None
    payee_is_insured: bool | None = None
    reasons: list[Reason] = field(default_factory=list)

    @property
    def missing(self) -> list[ColumnSpec]:
        """Needed columns that have no value and no reason of their own yet."""
        told = {reason.column for reason in self.reasons}
        return [
            column
            for column in COLUMNS
            if column.needed and column.name not in told and self._value(column.name) is None
        ]

    def _value(self, name: str) -> object:
        if name == "organisation":
            return self.org_id
        return self.amount if name == "amount" else self.values.get(name)

    @property
    def direction(self) -> str | None:
        """pay or collect, when it is known."""
        return self.values.get("direction")

    def draft(self, today: dt.date) -> DocumentDraft:
        """The document; only when nothing is missing and nothing was untypable."""
        v = self.values
        if self.org_id is None or self.amount is None or self.missing or self.reasons:
            raise AssertionError(f"row {self.number} is not whole")
        return DocumentDraft(
            org_id=self.org_id,
            direction=v["direction"] or "",
            source_system=self.source_system,
            source_document_no=v["source_document_no"] or "",
            business_type=v["business_type"] or "",
            amount=self.amount,
            currency=v["currency"] or "",
            payment_method=v["payment_method"] or "",
            due_date=self.due_date or today,
            urgency=v["urgency"] or "normal",
            creditor_type=v["creditor_type"],
            counterparty_name=v["counterparty_name"],
            counterparty_account=v["counterparty_account"],
            counterparty_bank_code=v["counterparty_bank_code"],
            purpose=v["purpose"],
            business_reference=v["business_reference"],
            payee_is_insured=self.payee_is_insured,
        )


def row_of(document: Document) -> TypedRow:
    """A stored document as a row: one that waited for a ruleset is judged like a new one."""
    row = TypedRow(0, {}, document.source_system, org_id=document.org_id)
    for column in COLUMNS:
        if column.form in (Form.TEXT, Form.DIGITS, Form.CODE) and column.name != "organisation":
            row.values[column.name] = getattr(document, column.name)
    row.amount = document.amount
    row.due_date = document.due_date
    row.payee_is_insured = document.payee_is_insured
    return row


def read_row(raw: RawRow, lists: CodeLists, allowed_orgs: Collection[str], source: str) -> TypedRow:
    """Type one row. `source` is the technical user, or "file" / "page": then numbers count per
    organisation, since every branch numbers its own files."""
    row = TypedRow(raw.number, raw.texts, source, reasons=list(raw.trouble))
    told = {reason.column for reason in raw.trouble}
    for column in COLUMNS:
        text = None if column.name in told else _clean(column, raw.texts.get(column.name), row)
        if column.form is Form.AMOUNT:
            continue
        if column.form is Form.DATE:
            row.due_date = _date(column, text, row)
        elif column.form is Form.BOOL:
            row.payee_is_insured = _bool(column, text, row)
        elif column.form is Form.CODE:
            row.values[column.name] = _code(column, text, lists, row)
        else:
            row.values[column.name] = text
    _organisation(row, allowed_orgs)
    _amount(row, raw, told)
    if source in ("file", "page") and row.org_id is not None:
        row.source_system = f"{source}:{row.org_id}"
    return row


def _clean(column: ColumnSpec, raw: str | None, row: TypedRow) -> str | None:
    text = normalise(raw)
    if text is None:
        return None
    for char in text:
        category = unicodedata.category(char)
        if category in ("Cc", "Cf", "Cs", "Co"):
            row.reasons.append(
                Reason(
                    "CHARACTER",
                    column.name,
                    Text(
                        f"character U+{ord(char):04X} cannot be sent to a bank; write the "
                        "standard character",
                        f"字符 U+{ord(char):04X}(控制符、不可见字符或自造字)无法发送银行;"
                        "请改用标准字符",
                    ),
                )
            )
            return None
    if len(text) > column.max_length:
        row.reasons.append(
            Reason(
                "TEXT_LENGTH",
                column.name,
                Text(
                    f"{len(text)} characters; {column.max_length} are allowed, shorten it",
                    f"共 {len(text)} 个字符,最多 {column.max_length} 个;请缩短",
                ),
            )
        )
        return None
    return text


def _organisation(row: TypedRow, allowed: Collection[str]) -> None:
    code = row.values.pop("organisation", None)
    if code is None:
        return
    if code in allowed:
        row.org_id = code
    else:
        row.reasons.append(unknown_organisation(code))


def _amount(row: TypedRow, raw: RawRow, told: Collection[str | None]) -> None:
    text = normalise(raw.texts.get("amount"))
    currency = row.values.get("currency")
    if text is None or "amount" in told:
        return
    try:
        # Without a currency the amount is read as if it had two decimals: only to report the
        # missing currency and not the amount as well.
        row.amount = parse_major(text, currency or "CNY")
    except MoneyError as error:
        column = "currency" if error.code == "UNKNOWN_CURRENCY" else "amount"
        row.reasons.append(Reason(error.code, column, error.text))
        if column == "currency":
            row.values["currency"] = None


def _code(column: ColumnSpec, text: str | None, lists: CodeLists, row: TypedRow) -> str | None:
    values = DIRECTIONS if column.name == "direction" else lists.get(column.name)
    if text is None or values is None or text in values:
        return text
    for code, label in values.items():
        if text.casefold() in (code, label.en.casefold(), label.zh):
            return code
    row.reasons.append(
        Reason(
            "VALUE_UNKNOWN",
            column.name,
            Text(
                f"{text!r} is no {column.label.en}; use one of {', '.join(values)}",
                f"{text!r} 不是有效的{column.label.zh};"
                f"可用:{'、'.join(label.zh for label in values.values())}",
            ),
        )
    )
    return None


def _date(column: ColumnSpec, text: str | None, row: TypedRow) -> dt.date | None:
    if text is None:
        return None
    for form in ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d"):
        try:
            return dt.datetime.strptime(text, form).date()  # noqa: DTZ007  a date has no zone
        except ValueError:
            continue
    row.reasons.append(
        Reason(
            "DATE_UNREADABLE",
            column.name,
            Text(
                f"{text!r} is no date; write 2026-11-23",
                f"{text!r} 不是日期;请写成 2026-11-23",
            ),
        )
    )
    return None


def _bool(column: ColumnSpec, text: str | None, row: TypedRow) -> bool | None:
    if text is None:
        return None
    word = text.casefold()
    if word in TRUE or word in FALSE:
        return word in TRUE
    row.reasons.append(
        Reason(
            "YES_NO_UNREADABLE",
            column.name,
            Text(
                f"{text!r} is neither yes nor no; write true or false",
                f"{text!r} 既非是也非否;请填 是 或 否",
            ),
        )
    )
    return None

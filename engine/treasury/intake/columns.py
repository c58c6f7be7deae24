"""The columns of a document as people and systems send it: names, labels, forms.

One list makes the file's header, the template and the API's fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from engine.base.text import Text, normalise


class Form(StrEnum):
    """How a column's text is read."""

    TEXT = "text"
    DIGITS = "digits"
    """Identifiers that are no numbers: kept as text, never through a number."""
    CODE = "code"
    """One of the vocabulary's values, by code or by label."""
    AMOUNT = "amount"
    DATE = "date"
    BOOL = "bool"


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """One column. `max_length` in characters; `example` goes into the template."""

    name: str
    label: Text
    form: Form
    example: str
    needed: bool = False
    """A row without it cannot become a document."""
    max_length: int = 140


COLUMNS: tuple[ColumnSpec, ...] = (
    ColumnSpec("organisation", Text("organisation", "机构代码"), Form.TEXT, "BJ01", True, 20),
    ColumnSpec("direction", Text("direction", "收付方向"), Form.CODE, "pay", True, 20),
    ColumnSpec(
        "source_document_no",
        Text("source document no", "来源单号"),
        Form.DIGITS,
        "CL-0001",
        True,
        64,
    ),
    ColumnSpec("business_type", Text("business type", "业务类型"), Form.CODE, "claim", True, 40),
    ColumnSpec(
        "creditor_type", Text("creditor type", "收款人类型"), Form.CODE, "claimant", False, 40
    ),
    ColumnSpec(
        "counterparty_name", Text("counterparty name", "对方户名"), Form.TEXT, "王小二", False, 140
    ),
    ColumnSpec(
        "counterparty_account",
        Text("counterparty account", "对方账号"),
        Form.DIGITS,
        "6222021001",
        False,
        64,
    ),
    ColumnSpec(
        "counterparty_bank_code",
        Text("counterparty bank code", "对方联行号"),
        Form.DIGITS,
        "901100000011",
        False,
        34,
    ),
    ColumnSpec("amount", Text("amount", "金额"), Form.AMOUNT, "100.00", True, 40),
    ColumnSpec("currency", Text("currency", "币种"), Form.TEXT, "CNY", True, 3),
    ColumnSpec(
        "payment_method", Text("payment method", "支付方式"), Form.CODE, "transfer", True, 20
    ),
    ColumnSpec("urgency", Text("urgency", "加急"), Form.CODE, "normal", False, 20),
    ColumnSpec("due_date", Text("due date", "应付日期"), Form.DATE, "2026-11-23", False, 20),
    ColumnSpec("purpose", Text("purpose", "用途"), Form.TEXT, "理赔款", False, 140),
    ColumnSpec(
        "business_reference",
        Text("business reference", "业务号"),
        Form.DIGITS,
        "C2026001",
        False,
        64,
    ),
    ColumnSpec(
        "payee_is_insured",
        Text("payee is insured", "收款人为投保人或受益人"),
        Form.BOOL,
        "true",
        False,
        10,
    ),
)
"""All columns, in the template's order."""

BY_NAME: Mapping[str, ColumnSpec] = {column.name: column for column in COLUMNS}

DIRECTIONS: Mapping[str, Text] = {"pay": Text("pay", "付款"), "collect": Text("collect", "收款")}

SUBJECTS = {"pay": "payment", "collect": "collection"}
"""Direction of a document -> subject of the rulesets that decide it."""

TRUE = frozenset({"true", "yes", "y", "1", "是"})
FALSE = frozenset({"false", "no", "n", "0", "否"})


def _key(text: str) -> str:
    return (normalise(text) or "").strip("* ").replace("_", " ").casefold()


_HEADERS: Mapping[str, str] = {
    _key(written): column.name
    for column in COLUMNS
    for written in (column.name, column.label.en, column.label.zh)
}


def column_of(header: str) -> str | None:
    """The column a header names, in English or Chinese or both ("amount / 金额"); else None."""
    whole = _HEADERS.get(_key(header))
    if whole is not None:
        return whole
    parts = {_HEADERS.get(_key(part)) for part in header.replace("\n", "/").split("/")}
    found = {part for part in parts if part is not None}
    return found.pop() if len(found) == 1 else None


def known_headers() -> list[str]:
    """Every header that is understood, for "did you mean"."""
    return sorted(_HEADERS)

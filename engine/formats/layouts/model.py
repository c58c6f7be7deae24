"""What a layout says, as frozen data: the file, its records, their fields."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from engine.base.findings import Span
from engine.base.text import Text
from engine.formats.layouts.patterns import LinePattern

Value = str | int | dt.date | dt.time | None
"""One typed cell: money in minor units, empty cells None."""


class Use(StrEnum):
    """What a file of the layout is."""

    PAYMENT_ORDER = "payment_order"
    PAYMENT_RETURN = "payment_return"
    STATEMENT = "statement"


class Form(StrEnum):
    """How rows and cells are told apart."""

    DELIMITED = "delimited"
    FIXED = "fixed"
    CSV = "csv"
    WORKBOOK = "workbook"


class Type(StrEnum):
    """What a cell holds."""

    TEXT = "text"
    DIGITS = "digits"
    INT = "int"
    YUAN = "yuan"
    """Money in major units: 49999.99."""
    FEN = "fen"
    """Money in minor units: 4999999."""
    DATE = "date"
    TIME = "time"
    IGNORED = "ignored"
    """Written empty, read over."""


SERIAL = "serial"
"""Format of days that a workbook holds as the number of the day."""

MONEY = frozenset({Type.YUAN, Type.FEN})


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A figure over all details: computed on writing, verified on reading."""

    function: Literal["count", "sum", "hash"]
    """`hash` sums the digits of a field read as a number and keeps as many as the width holds."""
    of: str | None = None
    """The field that is summed."""


@dataclass(frozen=True, slots=True)
class ValueMap:
    """The bank's words for ours. `otherwise` is what any other word of the bank means; None
    refuses it."""

    name: str
    read: Mapping[str, str]
    write: Mapping[str, str]
    otherwise: str | None


@dataclass(frozen=True, slots=True)
class Checks:
    """What a cell must be besides its type. `least` and `most` in the type's own unit (money:
    minor units); both inclusive."""

    required: bool = False
    optional: bool = False
    """Its column may be missing in the row of names."""
    unique: bool = False
    cnaps: bool = False
    luhn: bool = False
    cut: bool = False
    """A text that is too long is cut at a whole character instead of refused."""
    least: int | None = None
    most: int | None = None
    one_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldDef:
    """One cell of a record."""

    name: str
    type: Type
    width: int | None
    """Most bytes in the file's encoding; in a fixed file exactly so many."""
    columns: tuple[str, ...]
    """Names in the header row, the first that is there counts (csv and workbook)."""
    constant: str | None
    aggregate: Aggregate | None
    values: ValueMap | None
    format: str | None
    """Date or time format; of money `plain`, `exact`, `loose`, or `noted` (loose, and a remark in
    brackets behind the amount is no part of it)."""
    align_right: bool
    pad: str
    checks: Checks
    span: Span


@dataclass(frozen=True, slots=True)
class RecordDef:
    """One kind of line: header, detail or trailer."""

    name: Literal["header", "detail", "trailer"]
    fields: tuple[FieldDef, ...]

    def field(self, name: str) -> FieldDef | None:
        """The field of this name."""
        return next((one for one in self.fields if one.name == name), None)


@dataclass(frozen=True, slots=True)
class FileDef:
    """The file as a whole."""

    form: Form
    encoding: str
    """A Python codec, or `auto`: byte order mark, else strict UTF-8, else GB18030."""
    separator: str
    trailing_separator: bool
    quote: str | None
    line_end: str
    max_rows: int | None
    """Details of one file; more are split over several."""
    empty_allowed: bool
    name: str
    """Pattern of the file's name."""
    sheet: str | None
    last_end: bool = True
    """Whether the last line has to end like the others, where nothing else shows that a file is
    cut off."""


@dataclass(frozen=True, slots=True)
class AmountRule:
    """How a statement says which way money went."""

    rule: Literal["debit_credit", "signed", "mark"]
    credit: frozenset[str] = frozenset()
    """Marks of money that came in."""
    debit: frozenset[str] = frozenset()
    negative: Literal["debit", "credit", "reverses", "agrees"] | None = None
    """What a minus says. Of `signed`: money that went out (debit), or came in (credit: liability
    cards). Beside a mark or in a column of debits: the booking is taken back and moves the other
    way (reverses), or the bank writes each debit so (agrees); None refuses it."""


@dataclass(frozen=True, slots=True)
class StatementDef:
    """What only statements have."""

    preamble: tuple[LinePattern, ...] = ()
    footer: tuple[LinePattern, ...] = ()
    amount: AmountRule | None = None
    newest_first: bool | None = None
    """None: found out by dates and the running balance."""
    skip: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Field -> values; rows with one of them are no bookings and are left out."""
    join: str = " "
    currency: str | None = None
    """Where the file does not say it."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A checked layout: nothing in it can be refused any more."""

    name: str
    title: Text
    version: int
    use: Use
    bank: str
    scope_org: str
    effective_from: dt.date
    effective_to: dt.date | None
    """Last day, None without end."""
    file: FileDef
    header: RecordDef | None
    detail: RecordDef
    trailer: RecordDef | None
    dates: tuple[str, ...]
    codes: ValueMap | None
    """Of return files: the bank's code -> paid, failed or unknown."""
    statement: StatementDef
    reply: str | None
    """Of payment orders: the name of the layout the bank answers with."""
    overrides: Mapping[str, Layout]
    """The same for one branch, with what it changes."""

    def for_org(self, org_path: tuple[str, ...]) -> Layout:
        """The layout as the nearest of the organisations (`org_path` from the root) has it."""
        for org in reversed(org_path):
            if org in self.overrides:
                return self.overrides[org]
        return self

    @property
    def aggregates(self) -> frozenset[Aggregate]:
        """What header and trailer say of all details."""
        return frozenset(
            one.aggregate
            for record in (self.header, self.trailer)
            if record is not None
            for one in record.fields
            if one.aggregate is not None
        )

    @property
    def records(self) -> tuple[RecordDef, ...]:
        """The records it has, in file order."""
        return tuple(one for one in (self.header, self.detail, self.trailer) if one is not None)

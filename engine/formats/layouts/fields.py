"""From the rows of a record table to field definitions, with findings for what cannot be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, cast

from engine.base.collector import Collector
from engine.base.findings import Span
from engine.base.money import MoneyError, parse_major
from engine.base.text import Text
from engine.formats.layouts.model import (
    MONEY,
    SERIAL,
    Aggregate,
    Checks,
    FieldDef,
    Form,
    RecordDef,
    Type,
    Use,
    ValueMap,
)
from engine.formats.layouts.tables import Cell, unquoted

HEAD = (
    "message_id",
    "account_number",
    "account_name",
    "account_bank_code",
    "currency",
    "value_date",
    "direction",
)
"""What header and trailer of a payment order may hold besides constants and aggregates."""

NAMES: Mapping[tuple[Use, str], tuple[str, ...]] = {
    (Use.PAYMENT_ORDER, "head"): HEAD,
    (Use.PAYMENT_ORDER, "detail"): (
        "row",
        "instruction_id",
        "counterparty_name",
        "counterparty_account",
        "counterparty_bank_code",
        "amount",
        "currency",
        "remittance",
    ),
    (Use.PAYMENT_RETURN, "head"): ("message_id", "account_number", "coverage", "value_date"),
    (Use.PAYMENT_RETURN, "detail"): (
        "row",
        "instruction_id",
        "counterparty_name",
        "counterparty_account",
        "amount",
        "code",
        "reason",
        "text",
        "bank_reference",
    ),
    (Use.STATEMENT, "head"): ("account", "currency", "date", "sequence", "opening", "closing"),
    (Use.STATEMENT, "detail"): (
        "booking_date",
        "booking_time",
        "value_date",
        "amount",
        "mark",
        "debit",
        "credit",
        "balance",
        "currency",
        "account",
        "bank_reference",
        "our_reference",
        "message_reference",
        "counterparty_name",
        "counterparty_account",
        "counterparty_bank",
        "remittance",
        "return_reason",
        "status",
    ),
}
"""Fields that carry something, by use and record (header and trailer are `head`)."""

_AGGREGATE = re.compile(r"=\s*(count|sum|hash)\(\s*([a-z_]*)\s*\)")
_BOUND = re.compile(r"(>=|<=|>|<)\s*(-?[0-9]+(?:\.[0-9]+)?)")
_TWICE = frozenset({"remittance"})
"""Fields several columns may feed: their texts are joined."""


class Fields:
    """Reads the tables of one layout."""

    def __init__(
        self, use: Use, form: Form, maps: Mapping[str, ValueMap], separator: str, out: Collector
    ) -> None:
        self._use = use
        self._form = form
        self._maps = maps
        self._separator = separator
        self._out = out

    def record(
        self, name: Literal["header", "detail", "trailer"], rows: list[dict[str, Cell]]
    ) -> RecordDef:
        """The record of a table; B013 to B020 for what is wrong in it."""
        made: list[FieldDef] = []
        for row in rows:
            one = self._field(name, row)
            if one is None:
                continue
            twice = one.name in {other.name for other in made}
            joined = name == "detail" and one.name in _TWICE
            if twice and one.type is not Type.IGNORED and not joined:
                self._add(
                    "B016", row["field"].span, f"{one.name} is there twice", f"{one.name} 重复"
                )
            made.append(one)
        return RecordDef(name, tuple(made))

    def _field(self, record: str, row: dict[str, Cell]) -> FieldDef | None:
        name, kind = row["field"], row["type"]
        if kind.text not in set(Type):
            said = ", ".join(Type)
            self._add("B013", kind.span, f"type {kind.text!r}; use {said}", f"类型可用：{said}")
            return None
        type_ = Type(kind.text)
        constant, aggregate, values = self._value(row.get("value"), type_)
        self._check_name(record, name, type_, constant, aggregate)
        columns = self._columns(row.get("column"), record)
        if self._form in (Form.CSV, Form.WORKBOOK) and record == "detail" and not columns:
            self._add(
                "B020",
                name.span,
                f"{name.text} has no column; name the head of its column",
                f"{name.text} 没有列名；请写明表头",
            )
        width = self._width(row.get("width"), name)
        align, pad = self._padding(row, type_)
        return FieldDef(
            name=name.text,
            type=type_,
            width=width,
            columns=columns,
            constant=constant,
            aggregate=aggregate,
            values=values,
            format=self._format(row.get("format"), type_),
            align_right=align,
            pad=pad,
            checks=self._checks(row.get("check"), type_),
            span=name.span,
        )

    def _check_name(
        self,
        record: str,
        name: Cell,
        type_: Type,
        constant: str | None,
        aggregate: Aggregate | None,
    ) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name.text):
            self._add(
                "B014",
                name.span,
                f"{name.text!r} is no field name; use small letters, digits and _",
                f"{name.text!r} 不是字段名；只用小写字母、数字和下划线",
            )
            return
        known = NAMES[self._use, "detail" if record == "detail" else "head"]
        free = constant is not None or aggregate is not None or type_ is Type.IGNORED
        if name.text not in known and not free:
            said = ", ".join(known)
            self._add(
                "B014",
                name.span,
                f"{name.text} carries nothing in the {record} of a {self._use.value}; use {said}, "
                "a constant, an aggregate or the type ignored",
                f"{self._use.value} 的 {record} 没有字段 {name.text}；可用：{said}、"
                "常量、合计或类型 ignored",
            )

    def _value(
        self, cell: Cell | None, type_: Type
    ) -> tuple[str | None, Aggregate | None, ValueMap | None]:
        if cell is None or not cell.given:
            return None, None, None
        constant = unquoted(cell.text)
        if constant is not None:
            if self._form is Form.DELIMITED and self._separator in constant:
                self._add(
                    "B017",
                    cell.span,
                    f"the constant has the separator {self._separator!r}; the line could not be "
                    "read back",
                    f"常量含有分隔符 {self._separator!r}，写出的行将无法读回",
                )
            return constant, None, None
        figure = _AGGREGATE.fullmatch(cell.text)
        if figure is not None:
            function, of = figure[1], figure[2] or None
            wanted = MONEY if function == "sum" else (Type.INT,)
            if (function == "count") != (of is None) or type_ not in (*wanted, Type.INT):
                self._add(
                    "B018",
                    cell.span,
                    "write `= count()` or `= hash(counterparty_account)` of type int, or "
                    "`= sum(amount)` of a money type",
                    "请写 `= count()`、`= hash(counterparty_account)`（类型 int）或 "
                    "`= sum(amount)`（金额类型）",
                )
                return None, None, None
            return None, Aggregate(cast(Literal["count", "sum", "hash"], function), of), None
        if cell.text.startswith("map "):
            name = cell.text[4:].strip()
            if name in self._maps:
                return None, None, self._maps[name]
            said = ", ".join(self._maps) or "-"
            self._add(
                "B019", cell.span, f"there is no map {name!r}; use {said}", f"没有映射 {name!r}"
            )
            return None, None, None
        self._add(
            "B018",
            cell.span,
            'a value is a "constant" in quotes, `= count()`, `= sum(amount)`, `= hash(field)` or '
            "`map name`",
            '取值可为加引号的 "常量"、`= count()`、`= sum(amount)`、`= hash(字段)` 或 `map 名称`',
        )
        return None, None, None

    def _columns(self, cell: Cell | None, record: str) -> tuple[str, ...]:
        if cell is None or not cell.given:
            return ()
        if self._form not in (Form.CSV, Form.WORKBOOK) or record != "detail":
            self._add(
                "B020",
                cell.span,
                "columns are bound by name only in the detail of csv and workbook files",
                "只有 csv 和 workbook 的明细按列名绑定",
            )
            return ()
        names = re.split(r"[,，](?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", cell.text)
        return tuple(unquoted(one.strip()) or one.strip() for one in names if one.strip())

    def _width(self, cell: Cell | None, name: Cell) -> int | None:
        if cell is not None and cell.given:
            if cell.text.isdecimal() and 0 < int(cell.text) <= 4000:
                return int(cell.text)
            self._add("B015", cell.span, "a width is 1 to 4000 bytes", "宽度为 1 至 4000 字节")
        elif self._form is Form.FIXED:
            self._add(
                "B015",
                name.span,
                f"{name.text} has no width; every field of a fixed file has one",
                f"{name.text} 没有宽度；定长文件的每个字段都要有",
            )
        return None

    def _padding(self, row: dict[str, Cell], type_: Type) -> tuple[bool, str]:
        number = type_ in (Type.INT, *MONEY)
        align, pad = row.get("align"), row.get("pad")
        right = number
        if align is not None and align.given:
            if align.text not in ("left", "right"):
                self._add("B015", align.span, "align is left or right", "align 为 left 或 right")
            right = align.text == "right"
        character = "0" if number and right else " "
        if pad is not None and pad.given:
            said = unquoted(pad.text)
            if said is None or len(said) != 1 or not said.isascii():
                self._add(
                    "B015",
                    pad.span,
                    'pad is one character in quotes: "0"',
                    "pad 为一个加引号的字符",
                )
            else:
                character = said
        return right, character

    def _format(self, cell: Cell | None, type_: Type) -> str | None:
        if cell is None or not cell.given:
            return None
        text = unquoted(cell.text) or cell.text
        if (type_ in (Type.DATE, Type.TIME) and "%" in text) or (
            type_ is Type.DATE and text == SERIAL
        ):
            return text
        if type_ in MONEY and text in ("plain", "exact", "loose", "noted"):
            return text
        self._add(
            "B015",
            cell.span,
            "the format of dates and times is like %Y%m%d, of money plain, exact, loose or noted",
            "日期、时间格式形如 %Y%m%d；金额格式为 plain、exact、loose 或 noted",
        )
        return None

    def _checks(self, cell: Cell | None, type_: Type) -> Checks:
        said: dict[str, bool | int | tuple[str, ...]] = {}
        if cell is None or not cell.given:
            return Checks()
        for part in (one.strip() for one in cell.text.split(",")):
            bound = _BOUND.fullmatch(part)
            if part in ("required", "optional", "unique", "cnaps", "luhn"):
                said[part] = True
            elif part in ("overflow cut", "overflow error"):
                said["cut"] = part.endswith("cut")
            elif part.startswith("one of "):
                said["one_of"] = tuple(re.findall(r'"([^"]*)"', part))
            elif bound is not None and type_ in (Type.INT, *MONEY):
                self._bound(said, bound, type_, cell.span)
            else:
                self._add(
                    "B021",
                    cell.span,
                    f"{part!r} is no check; use required, optional, unique, cnaps, luhn, overflow "
                    'cut, overflow error, one of "A" "B", > 0, <= 100',
                    f"{part!r} 不是检查；可用 required、optional、unique、cnaps、luhn、"
                    'overflow cut、overflow error、one of "A" "B"、> 0、<= 100',
                )
        return Checks(**said)  # type: ignore[arg-type]  # names and types as collected above

    def _bound(
        self,
        said: dict[str, bool | int | tuple[str, ...]],
        bound: re.Match[str],
        type_: Type,
        span: Span,
    ) -> None:
        try:
            value = parse_major(bound[2], "CNY") if type_ is Type.YUAN else int(bound[2])
        except (MoneyError, ValueError):
            self._add("B021", span, f"{bound[2]} is no bound here", f"{bound[2]} 不能作为界限")
            return
        if bound[1][0] == ">":
            said["least"] = value + (bound[1] == ">")
        else:
            said["most"] = value - (bound[1] == "<")

    def _add(self, code: str, span: Span, en: str, zh: str) -> None:
        self._out.add(code, span, Text(en, zh))

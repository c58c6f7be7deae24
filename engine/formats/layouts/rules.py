"""What the parts of a layout must be to each other."""

from __future__ import annotations

import datetime as dt
import re

from engine.base.collector import Collector
from engine.base.findings import Span
from engine.base.text import Text
from engine.base.yaml_marks import Mapping
from engine.formats.layouts.cell_reading import says_year
from engine.formats.layouts.fields import HEAD
from engine.formats.layouts.model import (
    MONEY,
    SERIAL,
    FieldDef,
    Form,
    Layout,
    RecordDef,
    Type,
    Use,
)

_DAY = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
NAME_PART = re.compile(r"\{([a-z_]+)(?::([^{}]+))?\}")
"""A part of a file's name: {message_id}, {value_date:%Y%m%d}, {part:2}."""
NAME_PARTS = (*HEAD, "created_at", "bank", "org", "part", "parts", "copy")
"""What the name of a file may ask for."""


def check_rules(layout: Layout, root: Mapping, out: Collector) -> None:
    """Findings B030 to B038 about records that cannot be told apart, written, read or verified."""
    checker = _Rules(layout, root, out)
    checker.needed()
    checker.told_apart()
    checker.aggregates()
    checker.dates()
    checker.widths()
    checker.use()
    checker.name()
    checker.written()


class _Rules:
    def __init__(self, layout: Layout, root: Mapping, out: Collector) -> None:
        self._layout = layout
        self._root = root
        self._out = out

    def needed(self) -> None:
        """Without these a file says nothing about a payment or a booking of ours."""
        use, detail = self._layout.use, self._layout.detail
        if use is Use.STATEMENT:
            self._one_of(detail, ("booking_date",))
        else:
            self._one_of(detail, ("amount",))
            self._one_of(detail, ("instruction_id", "row"))
            self._one_of(
                detail, ("code",) if use is Use.PAYMENT_RETURN else ("counterparty_account",)
            )

    def told_apart(self) -> None:
        """Header, detail and trailer: a constant at the same place, or their place in the file."""
        layout = self._layout
        if layout.file.form in (Form.CSV, Form.WORKBOOK):
            for record in (layout.header, layout.trailer):
                if record is not None:
                    self._add(
                        "B031",
                        self._span("records"),
                        f"a {layout.file.form.value} file has a row of names instead of a "
                        f"{record.name}; use preamble and footer",
                        f"{layout.file.form.value} 文件没有 {record.name} 记录；"
                        "请用 preamble 和 footer",
                    )

    def aggregates(self) -> None:
        """Sums are of a money field or a number of the detail."""
        for record in (self._layout.header, self._layout.trailer):
            for one in record.fields if record else ():
                if one.aggregate is None or one.aggregate.of is None:
                    continue
                summed = self._layout.detail.field(one.aggregate.of)
                hashed = one.aggregate.function == "hash"
                fit = (Type.DIGITS, Type.TEXT, Type.INT) if hashed else (*MONEY, Type.INT)
                if summed is None or summed.type not in fit:
                    said = f"{one.aggregate.function}({one.aggregate.of})"
                    self._add(
                        "B032",
                        one.span,
                        f"{said}: the detail has no such field; sums are of amounts and numbers, "
                        "hash totals of digits and texts",
                        f"{said}：明细中没有该字段；sum 用于金额和数字，hash 用于数字串和文本",
                    )
        for one in self._layout.detail.fields:
            if one.aggregate is not None:
                self._add(
                    "B032",
                    one.span,
                    "aggregates stand in header or trailer, not in the detail they are taken over",
                    "合计只能放在首行或尾行",
                )

    def dates(self) -> None:
        """Every date has a format: of its own or of the file."""
        for record in self._layout.records:
            for one in record.fields:
                if one.type is Type.DATE and one.format is None and not self._layout.dates:
                    self._add(
                        "B033",
                        one.span,
                        f"{one.name} has no format; add `dates: [...]` or a format like %Y%m%d",
                        f"{one.name} 没有日期格式；请加 `dates: [...]` 或格式 %Y%m%d",
                    )

                for form in (one.format,) if one.format else self._layout.dates:
                    if one.type is Type.DATE and not self._says_a_day(form, record):
                        self._add(
                            "B033",
                            one.span,
                            f"{form!r} does not say year, month and day of {one.name}; write it "
                            "like %Y%m%d (serial for day numbers in workbooks)",
                            f"{form!r} 不能完整表示 {one.name} 的年月日；请写成 %Y%m%d 的形式"
                            "（工作簿中的日期序号写 serial）",
                        )

    def _says_a_day(self, form: str, record: RecordDef) -> bool:
        if form == SERIAL:
            return self._layout.file.form is Form.WORKBOOK
        if not says_year(form):
            # The year of a booking follows from the end of its file.
            if self._layout.use is not Use.STATEMENT or record is not self._layout.detail:
                return False
            form = f"%Y {form}"
        try:
            said = dt.datetime.strptime(_DAY.strftime(form), form)  # noqa: DTZ007
            return said.date() == _DAY.date()
        except ValueError:
            return False

    def widths(self) -> None:
        """Constants fit their widths and the file's encoding."""
        encoding = self._layout.file.encoding
        codec = "gb18030" if encoding == "auto" else encoding
        for record in self._layout.records:
            for one in record.fields:
                if one.constant is None:
                    continue
                try:
                    size = len(one.constant.encode(codec))
                except UnicodeEncodeError:
                    self._add(
                        "B034",
                        one.span,
                        f"the constant of {one.name} cannot be written in {codec}",
                        f"{one.name} 的常量无法用 {codec} 编码",
                    )
                    continue
                if one.width is not None and size > one.width:
                    self._add(
                        "B034",
                        one.span,
                        f"the constant of {one.name} has {size} bytes, its width is {one.width}",
                        f"{one.name} 的常量为 {size} 字节，宽度为 {one.width}",
                    )

    def name(self) -> None:
        """The name of a file asks only for what there is."""
        pattern = self._layout.file.name
        wrong = [one[1] for one in NAME_PART.finditer(pattern) if one[1] not in NAME_PARTS]
        left = NAME_PART.sub("", pattern)
        if wrong or "{" in left or "}" in left or "/" in left or "\\" in left:
            said = ", ".join(NAME_PARTS)
            self._add(
                "B037",
                self._span("file"),
                f"the name of the file has {', '.join(wrong) or 'a stray brace or slash'}; parts "
                f"are {{name}} of {said}",
                f"文件名含 {'、'.join(wrong) or '多余的括号或斜杠'}；可用部分：{said}",
            )

    def written(self) -> None:
        """Files we write have one encoding."""
        layout = self._layout
        if layout.use is Use.PAYMENT_ORDER and layout.file.encoding == "auto":
            self._add(
                "B038",
                self._span("file"),
                "a file that is written has one encoding; `auto` is for files that are read",
                "写出的文件必须有确定的编码；auto 只用于读取",
            )
        if layout.use is Use.PAYMENT_ORDER and layout.file.form is Form.WORKBOOK:
            self._add(
                "B038",
                self._span("file"),
                "workbooks are read only; write the payments as csv",
                "workbook 只能读取；支付文件请用 csv",
            )

    def use(self) -> None:
        """Codes belong to return files, an amount rule to statements."""
        layout, rule = self._layout, self._layout.statement.amount
        if (layout.use is Use.PAYMENT_RETURN) != (layout.codes is not None):
            self._add(
                "B035",
                self._span("codes"),
                "a payment_return has `codes:` (and nothing else has): what the bank's codes mean",
                "payment_return 必须有 `codes:` 说明银行代码含义，其他用途不能有",
            )
        if layout.use is not Use.STATEMENT:
            if rule is not None:
                self._add(
                    "B035",
                    self._span("amount"),
                    "only statements have an amount rule",
                    "只有对账单有金额规则",
                )
            return
        if rule is None:
            self._add(
                "B036",
                self._span("amount"),
                "say which way money went: `amount: {rule: debit_credit}`, signed or mark",
                "请说明收支方向：`amount: {rule: debit_credit}`、signed 或 mark",
            )
            return
        wanted = {
            "debit_credit": ("debit", "credit"),
            "signed": ("amount",),
            "mark": ("amount", "mark"),
        }[rule.rule]
        for name in wanted:
            self._one_of(layout.detail, (name,))
        for name in layout.statement.skip:
            self._one_of(layout.detail, (name,))

    def _one_of(self, record: RecordDef, names: tuple[str, ...]) -> None:
        if not any(_carries(record.field(name)) for name in names):
            said = " or ".join(names)
            self._add(
                "B030",
                self._span("records"),
                f"the detail has no field {said}; a {self._layout.use.value} needs it",
                f"明细缺少字段 {said}；{self._layout.use.value} 需要它",
            )

    def _span(self, key: str) -> Span:
        node = self._root.get(key)
        if node is None:
            return self._root.span
        return node.span

    def _add(self, code: str, span: Span, en: str, zh: str) -> None:
        self._out.add(code, span, Text(en, zh))


def _carries(field: FieldDef | None) -> bool:
    return field is not None and field.type is not Type.IGNORED and field.constant is None

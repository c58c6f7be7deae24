"""From the text of a layout to a checked Layout; every mistake is a finding with its place."""

from __future__ import annotations

import codecs
import dataclasses
import datetime as dt
import re
from collections.abc import Mapping
from typing import Literal, cast

from engine.base.collector import Collector
from engine.base.findings import Finding, Severity, Span
from engine.base.text import SluiceError, Text
from engine.base.yaml_marks import Mapping as YamlMapping
from engine.base.yaml_marks import compose, lf
from engine.formats.layouts import patterns
from engine.formats.layouts.fields import Fields
from engine.formats.layouts.keys import Keys
from engine.formats.layouts.maps import codes as read_codes
from engine.formats.layouts.maps import maps as read_maps
from engine.formats.layouts.model import (
    AmountRule,
    FileDef,
    Form,
    Layout,
    RecordDef,
    StatementDef,
    Use,
    ValueMap,
)
from engine.formats.layouts.overriding import NOTHING, Branch, branches
from engine.formats.layouts.rules import check_rules
from engine.formats.layouts.tables import rows_of

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
ENCODINGS = (
    "auto",
    "gb18030",
    "gbk",
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "latin-1",
    "ascii",
    "big5",
    "cp1252",
)
_LINE_ENDS = {"crlf": "\r\n", "lf": "\n"}
_SEPARATORS = {"tab": "\t", "\\t": "\t"}


class LayoutRefused(SluiceError):
    """A layout that cannot be used, with every finding."""

    def __init__(self, findings: list[Finding]) -> None:
        first = next(one for one in findings if one.severity is Severity.ERROR)
        place = f"{first.file}:{first.span.line}:{first.span.column}: {first.code} "
        super().__init__("LAYOUT_INVALID", Text(place + first.message.en, place + first.message.zh))
        self.findings = tuple(findings)


def load(text: str, file: str) -> Layout:
    """The layout of a YAML text. Raises LayoutRefused with all findings when there is an error."""
    layout, findings = read(text, file)
    if layout is None:
        raise LayoutRefused(findings)
    return layout


def check(text: str, file: str) -> list[Finding]:
    """Everything that is wrong with a layout, by place; empty when nothing is."""
    return read(text, file)[1]


def read(text: str, file: str) -> tuple[Layout | None, list[Finding]]:
    """The layout and its findings; None when one of them is an error."""
    out = Collector(file)
    source = lf(text)
    root = compose(source, out)
    layout = None
    if root is not None:
        layout = _Loader(root, source.split("\n"), out).layout()
    return (None if out.failed else layout), out.sorted()


class _Loader:
    def __init__(
        self, root: YamlMapping, lines: list[str], out: Collector, branch: Branch = NOTHING
    ) -> None:
        self._root = root
        self._lines = lines
        self._out = out
        self._branch = branch

    def layout(self) -> Layout | None:
        keys = Keys(self._root, "", self._out)
        keys.choice("kind", ("bank_layout",))
        use = keys.choice("use", tuple(Use))
        file = self._file(keys)
        maps = read_maps(keys, self._out)
        codes = read_codes(keys, self._out)
        dates = tuple(one.value for one in keys.texts("dates"))
        statement = self._statement(keys)
        title = keys.mapping("title", required=True)
        shown = Text(
            title.text("en", required=True) if title else "",
            title.text("zh", required=True) if title else "",
        )
        name = self._name(keys)
        version = keys.typed("version", _version, "a whole number from 1", "从 1 起的整数")
        if keys.node_of("version") is None:
            keys.scalar("version", required=True)
        scope = keys.mapping("scope", required=True)
        effective = keys.mapping("effective", required=True)
        start = end = None
        if effective is not None:
            start = effective.typed("from", dt.date.fromisoformat, "a day like 2026-01-01", "日期")
            effective.scalar("from", required=True)
            end = effective.typed("to", dt.date.fromisoformat, "a day like 2026-12-31", "日期")
            if start is not None and end is not None and end < start:
                effective.wrong(effective.node.span, "effective.to", "from or later", "不早于 from")
        if use is None or file is None:
            keys.done()
            return None
        records = self._records(keys, Use(use), file, maps)
        made = Layout(
            name=name,
            title=shown,
            version=version or 1,
            use=Use(use),
            bank=keys.text("bank", required=True),
            scope_org=scope.text("org", required=True) if scope else "",
            effective_from=start or dt.date.min,
            effective_to=end,
            file=file,
            header=records.get("header"),
            detail=records.get("detail") or RecordDef("detail", ()),
            trailer=records.get("trailer"),
            dates=dates,
            codes=codes,
            statement=statement,
            reply=keys.text("reply") or None,
            overrides={},
        )
        for one in (title, scope, effective):
            if one is not None:
                one.done()
        check_rules(made, self._root, self._out)
        overrides = keys.mapping("overrides")
        keys.node_of("examples")
        keys.node_of("about")
        keys.done()
        if overrides is None or self._out.failed or self._branch is not NOTHING:
            return made
        return dataclasses.replace(made, overrides=self._branches(made, overrides))

    def _branches(self, made: Layout, overrides: Keys) -> dict[str, Layout]:
        """The layout of every branch that has something otherwise."""
        names = frozenset(one.name for record in made.records for one in record.fields)
        found: dict[str, Layout] = {}
        for org, branch in branches(overrides, names, self._out).items():
            loader = _Loader(self._root, self._lines, Collector(self._out.file), branch)
            layout = loader.layout()
            self._out.findings += [
                dataclasses.replace(
                    one,
                    message=Text(f"{org}: {one.message.en}", f"{org}：{one.message.zh}"),
                )
                for one in loader._out.findings
            ]
            if layout is not None:
                found[org] = layout
        return found

    def _name(self, keys: Keys) -> str:
        found = keys.scalar("name", required=True)
        if found is not None and not NAME.fullmatch(found.value):
            keys.wrong(found.span, "name", "words like bank-a-payment", "形如 bank-a-payment")
        return "" if found is None else found.value

    def _file(self, keys: Keys) -> FileDef | None:
        file = keys.mapping("file", required=True)
        if file is None:
            return None
        file = Keys(self._branch.file_of(file.node), "file.", self._out)
        form = file.choice("form", tuple(Form))
        encoding = file.choice("encoding", ENCODINGS)
        separator = file.text("separator", "," if form == Form.CSV else "|")
        separator = _SEPARATORS.get(separator, separator)
        quote = file.text("quote", '"' if form == Form.CSV else "none")
        eol = file.choice("eol", ("crlf", "lf"), "lf")
        empty = file.choice("empty", ("error", "allowed"), "error")
        last_end = file.choice("last_end", ("required", "optional"), "required")
        most = file.typed("max_rows", _version, "a whole number from 1", "从 1 起的整数")
        made = FileDef(
            form=Form(form or Form.DELIMITED),
            encoding=encoding or "utf-8",
            separator=separator,
            trailing_separator=file.flag("trailing_separator"),
            quote=None if quote == "none" else quote,
            line_end=_LINE_ENDS[eol or "lf"],
            max_rows=most,
            empty_allowed=empty == "allowed",
            name=file.text("name"),
            sheet=file.text("sheet") or None,
            last_end=last_end == "required",
        )
        self._marks(file, made)
        file.done()
        return made

    def _marks(self, file: Keys, made: FileDef) -> None:
        """Separator and quote: marks that are no part of texts and numbers."""
        longest = 3 if made.quote is None else 1
        for name, said, most in (("separator", made.separator, longest), ("quote", made.quote, 1)):
            if said is None:
                continue
            plain = any(one.isalnum() or one in "\r\n.-" for one in said)
            if plain or not 1 <= len(said) <= most or (name == "quote" and said == made.separator):
                node = file.node_of(name)
                self._add(
                    "B003",
                    file.node.span if node is None else node.span,
                    f"file.{name} must be 1 to {most} marks such as | or tab, no letters, digits, "
                    "dots or dashes, and not the other mark",
                    f"file.{name} 必须是 1 至 {most} 个符号（如 | 或 tab），不能是字母、数字、"
                    "点或连字符，且两者不同",
                )

    def _statement(self, keys: Keys) -> StatementDef:
        amount = keys.mapping("amount")
        balance = keys.mapping("balance")
        order = "auto"
        if balance is not None:
            order = balance.choice("order", ("auto", "newest_first", "oldest_first"), "auto") or ""
            balance.done()
        skip: dict[str, frozenset[str]] = {}
        skips = keys.mapping("skip")
        if skips is not None:
            for name, _ in list(skips.entries()):
                skip[name.value] = frozenset(one.value for one in skips.texts(name.value))
        return StatementDef(
            preamble=self._patterns(keys, "preamble"),
            footer=self._patterns(keys, "footer"),
            amount=None if amount is None else self._amount(amount),
            newest_first=None if order == "auto" else order == "newest_first",
            skip=skip,
            join=keys.text("join", " "),
            currency=keys.text("currency") or None,
        )

    def _amount(self, amount: Keys) -> AmountRule:
        rule = amount.choice("rule", ("debit_credit", "signed", "mark"))
        signed = rule == "signed"
        words = ("debit", "credit") if signed else ("reverses", "agrees")
        negative = amount.choice("negative", words, "debit" if signed else "")
        made = AmountRule(
            rule=cast(Literal["debit_credit", "signed", "mark"], rule or "signed"),
            credit=frozenset(one.value for one in amount.texts("credit")),
            debit=frozenset(one.value for one in amount.texts("debit")),
            negative=cast(Literal["debit", "credit", "reverses", "agrees"], negative) or None,
        )
        if rule == "mark" and (not made.credit or not made.debit or made.credit & made.debit):
            self._add(
                "B023",
                amount.node.span,
                "a mark needs `credit: [...]` and `debit: [...]` with different words",
                "mark 需要 `credit: [...]` 和 `debit: [...]`，且取值不同",
            )
        amount.done()
        return made

    def _patterns(self, keys: Keys, key: str) -> tuple[patterns.LinePattern, ...]:
        made = []
        for one in keys.texts(key):
            try:
                made.append(patterns.parse(one.value))
            except ValueError as error:
                self._add("B024", one.span, f"the pattern cannot be used: {error}", "模式无法使用")
        return tuple(made)

    def _records(
        self, keys: Keys, use: Use, file: FileDef, maps: Mapping[str, ValueMap]
    ) -> dict[str, RecordDef]:
        records = keys.mapping("records", required=True)
        made: dict[str, RecordDef] = {}
        if records is None:
            return made
        reader = Fields(use, file.form, maps, file.separator, self._out)
        for name in ("header", "detail", "trailer"):
            block = records.scalar(name, required=name == "detail")
            if block is None:
                continue
            if not block.literal:
                records.wrong(block.span, f"records.{name}", "a block: `|`", "文本块 `|`")
                continue
            rows = self._branch.rows_of(rows_of(block, self._lines, self._out))
            made[name] = reader.record(name, rows)
        records.done()
        return made

    def _add(self, code: str, span: Span, en: str, zh: str) -> None:
        self._out.add(code, span, Text(en, zh))


def _version(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) <= 10_000_000:
        raise ValueError
    return int(text)


def encodable(text: str, encoding: str) -> bool:
    """Whether `text` can be written in `encoding`."""
    try:
        codecs.encode(text, "gb18030" if encoding == "auto" else encoding)
    except UnicodeEncodeError:
        return False
    return True

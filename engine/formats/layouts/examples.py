"""Examples of a layout: rows in and bytes out, and sample files kept beside it.

An example proves what the layout says: a payment order is written and read back, a return file and
a statement are read, and what comes out is compared cell by cell.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Mapping, Sequence

from engine.base.collector import Collector
from engine.base.findings import Finding, Span
from engine.base.money import MoneyError, format_major, parse_major
from engine.base.text import SluiceError, Text
from engine.base.yaml_marks import Mapping as YamlMapping
from engine.base.yaml_marks import Scalar, compose, lf
from engine.base.yaml_marks import Sequence as YamlSequence
from engine.formats.layouts.keys import Keys
from engine.formats.layouts.loading import load
from engine.formats.layouts.model import MONEY, Layout, RecordDef, Type, Use, Value
from engine.formats.layouts.reading import FileReader
from engine.formats.layouts.returns import read_return
from engine.formats.layouts.statements import read_statement
from engine.formats.layouts.writing import write

Opener = Callable[[str], bytes]
"""Gives the bytes of a sample by the name the layout has for it; OSError when there is none."""

CURRENCY = "CNY"
"""Money of examples without a currency of their own."""


def run_examples(text: str, file: str, sample: Opener) -> tuple[int, list[Finding]]:
    """How many examples a good layout has, and a finding B040 for each that fails.

    Raises LayoutRefused for a layout that has errors.
    """
    layout = load(text, file)
    out = Collector(file)
    source = lf(text)
    root = compose(source, out)
    assert root is not None
    node = root.get("examples")
    if node is None:
        return 0, out.sorted()
    if not isinstance(node, YamlSequence):
        _add(out, node.span, "examples is a list", "examples 应为列表")
        return 0, out.sorted()
    for item in node.items:
        if isinstance(item, YamlMapping):
            _Example(layout, item, out, sample).run()
        else:
            _add(out, item.span, "an example is a mapping", "示例应为键值映射")
    return len(node.items), out.sorted()


class _Example:
    def __init__(self, layout: Layout, node: YamlMapping, out: Collector, sample: Opener) -> None:
        self._layout = layout
        self._node = node
        self._out = out
        self._sample = sample

    def run(self) -> None:
        keys = Keys(self._node, "examples.", self._out)
        head = keys.mapping("head")
        table = keys.scalar("rows")
        inline, kept = keys.scalar("file"), keys.scalar("sample")
        keys.text("name")
        account = keys.text("account") or None
        until = keys.typed("until", dt.date.fromisoformat, "a day like 2026-11-30", "日期")
        given = {key.value: value for key, value in head.entries()} if head else {}
        keys.done()
        content = self._content(inline, kept)
        if content is None or table is None:
            if table is None:
                _add(self._out, self._node.span, "the example has no rows", "示例缺少 rows")
            return
        names, rows = _table(table)
        try:
            if self._layout.use is Use.PAYMENT_ORDER:
                self._written(given, names, rows, content, table.span)
            self._read(names, rows, content, (account, until), table.span)
        except (SluiceError, ValueError) as error:
            said = error.text if isinstance(error, SluiceError) else Text(str(error), str(error))
            _add(
                self._out, self._node.span, f"the example fails: {said.en}", f"示例失败：{said.zh}"
            )

    def _content(self, inline: Scalar | None, kept: Scalar | None) -> bytes | None:
        if (inline is None) == (kept is None):
            _add(
                self._out,
                self._node.span,
                "an example has either `file: |` or `sample: name`",
                "示例应有 `file: |` 或 `sample: 文件名`",
            )
            return None
        if inline is not None:
            encoding = self._layout.file.encoding
            codec = "gb18030" if encoding == "auto" else encoding
            return inline.value.replace("\n", self._layout.file.line_end).encode(codec)
        assert kept is not None
        try:
            return self._sample(kept.value)
        except OSError as error:
            _add(
                self._out,
                kept.span,
                f"the sample {kept.value} cannot be opened: {error.strerror}",
                f"无法打开样例 {kept.value}",
            )
            return None

    def _written(
        self,
        head: Mapping[str, object],
        names: Sequence[str],
        rows: Sequence[Sequence[str]],
        content: bytes,
        span: Span,
    ) -> None:
        """The rows make these very bytes."""
        heads = [one for one in (self._layout.header, self._layout.trailer) if one is not None]
        values: dict[str, Value] = {}
        for name, node in head.items():
            assert isinstance(node, Scalar)
            values[name] = _typed(heads, name, node.value)
        typed = [
            [
                _typed([self._layout.detail], name, cell)
                for name, cell in zip(names, row, strict=True)
            ]
            for row in rows
        ]
        out = io.BytesIO()
        write(self._layout, values, names, typed, out, CURRENCY)
        if out.getvalue() != content:
            place = next(
                (
                    number
                    for number, (one, other) in enumerate(
                        zip(out.getvalue().split(b"\n"), content.split(b"\n"), strict=False), 1
                    )
                    if one != other
                ),
                min(out.getvalue().count(b"\n"), content.count(b"\n")) + 1,
            )
            _add(
                self._out,
                span,
                f"the rows make another file: line {place} differs",
                f"按这些行写出的文件不同：第 {place} 行",
            )

    def _read(
        self,
        names: Sequence[str],
        rows: Sequence[Sequence[str]],
        content: bytes,
        given: Given,
        span: Span,
    ) -> None:
        """The bytes make these very rows."""
        found = _rows_read(self._layout, content, names, given)
        wanted = [list(row) for row in rows]
        if found == wanted:
            return
        if len(found) != len(wanted):
            _add(
                self._out,
                span,
                f"the file has {len(found)} rows, the example {len(wanted)}",
                f"文件有 {len(found)} 行，示例有 {len(wanted)} 行",
            )
        for number, (one, other) in enumerate(zip(found, wanted, strict=False), 1):
            for name, cell, expected in zip(names, one, other, strict=True):
                if cell != expected:
                    _add(
                        self._out,
                        span,
                        f"row {number}, {name}: the file has {cell!r}, the example {expected!r}",
                        f"第 {number} 行 {name}：文件为 {cell!r}，示例为 {expected!r}",
                    )


Given = tuple[str | None, dt.date | None]
"""What an example says of a file besides its bytes: the account, and its last day."""


def _rows_read(
    layout: Layout, content: bytes, names: Sequence[str], given: Given
) -> list[list[str]]:
    """Rows of a file as texts, the way examples write them."""
    from_file: list[dict[str, object]] = []
    if layout.use is Use.STATEMENT:
        account, until = given
        read = read_statement(
            layout, io.BytesIO(content), account=account, currency=CURRENCY, until=until
        )
        for statement in read.statements:
            for line in statement.lines:
                cells = {name: getattr(line, name, None) for name in names}
                cells["amount"] = line.signed
                cells["currency"] = statement.currency
                cells["account"] = statement.account
                from_file.append(cells)
        money = {"amount", "balance"}
    elif layout.use is Use.PAYMENT_RETURN:
        back = read_return(layout, io.BytesIO(content), CURRENCY)
        from_file = [{name: getattr(item, name, None) for name in names} for item in back.items]
        money = {"amount"}
    else:
        for chunk in FileReader(layout, CURRENCY).chunks(io.BytesIO(content)):
            for place in range(len(chunk)):
                from_file.append(
                    {name: chunk.columns.get(name, [None] * len(chunk))[place] for name in names}
                )
        money = {one.name for one in layout.detail.fields if one.type in MONEY}
    return [[_shown(cells[name], name in money) for name in names] for cells in from_file]


def _shown(value: object, money: bool) -> str:
    if value is None:
        return "-"
    if money and isinstance(value, int):
        return format_major(value, CURRENCY)
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)


def _typed(records: Sequence[RecordDef], name: str, text: str) -> Value:
    """The value of a cell of an example: money in major units, days as 2026-12-01."""
    kind = next((found.type for one in records if (found := one.field(name))), Type.TEXT)
    if text == "-":
        return None
    if kind in MONEY:
        try:
            return parse_major(text, CURRENCY)
        except MoneyError as error:
            raise ValueError(error.text.en) from error
    if kind is Type.DATE:
        return dt.date.fromisoformat(text)
    if kind is Type.TIME:
        return dt.time.fromisoformat(text)
    return int(text) if kind is Type.INT else text


def _table(block: Scalar) -> tuple[list[str], list[list[str]]]:
    lines = [line for line in block.value.split("\n") if line.strip()]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    return (cells[0], cells[1:]) if cells else ([], [])


def _add(out: Collector, span: Span, en: str, zh: str) -> None:
    out.add("B040", span, Text(en, zh))

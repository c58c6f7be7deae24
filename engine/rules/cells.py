"""Input cells: S-FEEL unary tests, read by the type of their column."""

from __future__ import annotations

import re

from engine.base.collector import Problem
from engine.base.findings import Span
from engine.base.text import Text
from engine.rules.lexer import RawCell, closing_quote, unquote
from engine.rules.model import (
    ORDERED,
    AnyCell,
    Cell,
    Column,
    Compare,
    Literal,
    Not,
    NullCell,
    OneOf,
    Operand,
    Range,
    TextTest,
    Type,
)
from engine.rules.operands import literal, operand
from engine.rules.patterns import text_argument
from engine.rules.scope import Scope
from engine.rules.suggest import remedy as suggest

MAX_NESTING = 20
"""Most `not(` inside each other."""

_SPACE = re.compile(r"\s*")
_OPERATOR = re.compile(r"<=|>=|!=|<>|==|[<>=≥≤≠]")
_PLAIN_OPERATOR = {"≥": ">=", "≤": "<=", "≠": "!=", "<>": "!=", "==": "="}
_FUNCTION = re.compile(r"([A-Za-z_]\w*)\s*\(")
_ORDERED_CHUNK = re.compile(r"(?:(?!\.\.)[^,()\[\]<>=])+")
_TEXT_CHUNK = re.compile(r"[^,()]+")
_NULL = re.compile(r"null(?!\w)\s*(?=[,)]|$)")
_GROUPED = re.compile(r"(?<![\w.])\d{1,3}(?:,\d{3})+(?!\d)")
_FUNCTIONS = ("starts", "contains", "matches", "not")


def read_cell(cell: RawCell, line: int, column: Column, scope: Scope) -> Cell:
    """Read one cell. Raises Problem with an offset into the cell."""
    return _CellReader(cell, line, column, scope).read()


class _CellReader:
    def __init__(self, cell: RawCell, line: int, column: Column, scope: Scope) -> None:
        self.text = cell.shadow
        self.source = cell.source
        self.start = cell.column
        self.line = line
        self.column = column
        self.scope = scope
        self.at = 0
        self.depth = 0

    def read(self) -> Cell:
        if self.text == "-":
            return AnyCell()
        if not self.text:
            raise Problem(
                "R110",
                Text("this cell is empty", "单元格为空"),
                Text("write - for any value or null for none", "任意值请写 -，空值请写 null"),
            )
        if self.column.type in {Type.MONEY, Type.INT}:
            self._refuse_grouping()
        cell = self._tests()
        if self.at < len(self.text):
            rest = self.text[self.at :]
            raise self._wrong(
                self.at,
                len(rest),
                Text(f"{rest[:40]!r} is not expected here", f"此处不应有 {rest[:40]!r}"),
                Text("separate tests by commas", "多个条件请用逗号分隔"),
            )
        return cell

    def _refuse_grouping(self) -> None:
        found = _GROUPED.search(self.text)
        if found is not None:
            better = found[0].replace(",", "_")
            raise self._wrong(
                found.start(),
                len(found[0]),
                Text("a comma means 'or' here", "此处逗号表示“或”"),
                Text(
                    f"write {better}, or put a space after each comma",
                    f"请写 {better}，若为多个值请在逗号后加空格",
                ),
            )

    def _wrong(self, offset: int, width: int, text: Text, remedy: Text | None) -> Problem:
        return Problem("R110", text, remedy, offset, max(1, width))

    def _skip(self) -> None:
        found = _SPACE.match(self.text, self.at)
        self.at = self.at if found is None else found.end()

    def _take(self, expected: str) -> bool:
        self._skip()
        if self.text.startswith(expected, self.at):
            self.at += len(expected)
            self._skip()
            return True
        return False

    def _span(self, start: int, end: int) -> Span:
        return Span(self.line, self.start + start, max(1, end - start))

    def _tests(self) -> Cell:
        items = [self._test()]
        while self._take(","):
            items.append(self._test())
        return items[0] if len(items) == 1 else OneOf(tuple(items))

    def _word_null(self) -> bool:
        if _NULL.match(self.text, self.at):
            self.at += 4
            self._skip()
            return True
        return False

    def _test(self) -> Cell:
        self._skip()
        if self._word_null():
            return NullCell()
        operator = _OPERATOR.match(self.text, self.at)
        if operator is not None:
            return self._compare(operator[0])
        if self.text[self.at : self.at + 1] in {"[", "("}:
            return self._range()
        function = _FUNCTION.match(self.text, self.at)
        if function is not None:
            return self._function(function[1], function.end())
        return Compare("=", self._operand())

    def _compare(self, written: str) -> Cell:
        start = self.at
        op = _PLAIN_OPERATOR.get(written, written)
        self.at += len(written)
        self._skip()
        if op in {"=", "!="} and self._word_null():
            return NullCell() if op == "=" else Not(NullCell())
        if op not in {"=", "!="}:
            self._need_order(start, len(written), written)
        return Compare(op, self._operand())

    def _need_order(self, start: int, width: int, written: str) -> None:
        if self.column.type not in ORDERED:
            name = self.column.type.value
            raise Problem(
                "R113",
                Text(
                    f"{self.column.name} is a {name} and has no order for {written!r}",
                    f"{self.column.name} 是 {name} 类型，不能用 {written!r} 比较",
                ),
                Text("list the values: a, b, or not(a, b)", "请列出取值：a, b 或 not(a, b)"),
                start,
                width,
            )

    def _range(self) -> Range:
        start = self.at
        low_closed = self.text[self.at] == "["
        self._need_order(start, 1, self.text[self.at])
        self.at += 1
        low = self._operand()
        if not self._take(".."):
            raise self._wrong(
                start,
                self.at - start,
                Text("this range has no '..'", "区间缺少 '..'"),
                Text("write [low..high] or [low..high)", "请写 [低..高] 或 [低..高)"),
            )
        high = self._operand()
        self._skip()
        end = self.text[self.at : self.at + 1]
        if end not in {"]", ")"}:
            raise self._wrong(
                start,
                self.at - start,
                Text("this range is not closed", "区间未闭合"),
                Text("end it with ] or )", "请以 ] 或 ) 结束"),
            )
        self.at += 1
        self._skip()
        found = Range(low, low_closed, high, end == "]")
        self._refuse_reversed(found, start)
        return found

    def _refuse_reversed(self, found: Range, start: int) -> None:
        low, high = found.low, found.high
        if not (isinstance(low, Literal) and isinstance(high, Literal)):
            return
        both = found.low_closed and found.high_closed
        a, b = low.value, high.value
        # Both were read by the type of this ordered column, so they compare.
        if a > b or (a == b and not both):  # type: ignore[operator]
            raise Problem(
                "R116",
                Text("nothing lies in this range", "该区间内没有任何值"),
                Text(
                    f"write the lower end first: {high.written} is not above {low.written}",
                    f"请先写下限：{high.written} 不大于 {low.written}",
                ),
                start,
                self.at - start,
            )

    def _function(self, name: str, after: int) -> Cell:
        start = self.at
        if name == "not":
            self.depth += 1
            if self.depth > MAX_NESTING:
                raise Problem(
                    "R115",
                    Text("not(…) is nested too deep", "not(…) 嵌套过深"),
                    Text(f"{MAX_NESTING} levels are allowed", f"最多 {MAX_NESTING} 层"),
                    start,
                    4,
                )
            self.at = after
            inner = self._tests()
            self._close(start)
            self.depth -= 1
            return Not(inner)
        if name not in _FUNCTIONS:
            raise Problem(
                "R119",
                Text(f"unknown test {name!r}", f"未知条件函数 {name!r}"),
                suggest(name, _FUNCTIONS),
                start,
                len(name),
            )
        if self.column.type not in {Type.TEXT, Type.CODE}:
            raise Problem(
                "R119",
                Text(f"{name} needs a text column", f"{name} 只能用于文本列"),
                Text("use < > = or a range", "请用 < > = 或区间"),
                start,
                len(name),
            )
        self.at = after
        self._skip()
        return self._text_test(name, start)

    def _text_test(self, name: str, start: int) -> TextTest:
        opening = self.at
        close = (
            closing_quote(self.text, opening) if self.text[opening : opening + 1] == '"' else None
        )
        if close is None:
            raise self._wrong(
                opening,
                max(1, len(self.text) - opening),
                Text(f"{name} needs a quoted text", f"{name} 需要带引号的文本"),
                Text(f'write {name}("…")', f'请写 {name}("…")'),
            )
        argument = unquote(self.source[opening : close + 1])
        place = self._span(opening, close + 1)
        self.at = close + 1
        self._close(start)
        try:
            return TextTest(name, text_argument(name, argument), place)
        except Problem as problem:
            raise problem.at(opening, close + 1 - opening) from None

    def _close(self, start: int) -> None:
        if not self._take(")"):
            raise self._wrong(
                start,
                max(1, self.at - start),
                Text("a ) is missing", "缺少 )"),
                Text("close the bracket", "请补上右括号"),
            )

    def _operand(self) -> Operand:
        self._skip()
        start = self.at
        if self.text[start : start + 1] == '"':
            return self._quoted(start)
        ordered = self.column.type in ORDERED or self.column.type is Type.BOOL
        chunk = (_ORDERED_CHUNK if ordered else _TEXT_CHUNK).match(self.text, start)
        written = "" if chunk is None else chunk[0].rstrip()
        if not written:
            found = self.text[start : start + 1]
            raise self._wrong(
                start,
                1,
                Text("a value is missing here", "此处缺少值")
                if not found
                else Text(f"a value is missing before {found!r}", f"{found!r} 之前缺少值"),
                Text("write the value, or delete the operator", "请补上值或删除运算符"),
            )
        self.at = start + len(written)
        self._skip()
        span = self._span(start, start + len(written))
        try:
            return operand(
                written, self.source[start : start + len(written)], span, self.column, self.scope
            )
        except Problem as problem:
            width = problem.width or len(written)
            raise problem.at(start + problem.offset, width) from None

    def _quoted(self, start: int) -> Operand:
        close = closing_quote(self.text, start)
        if close is None:
            raise self._wrong(
                start,
                len(self.text) - start,
                Text("this quote is not closed", "引号未闭合"),
                Text('end the text with "', '请以 " 结束文本'),
            )
        written = self.source[start : close + 1]
        self.at = close + 1
        self._skip()
        try:
            place = self._span(start, close + 1)
            return literal(unquote(written), written, place, self.column, self.scope)
        except Problem as problem:
            raise problem.at(start, close + 1 - start) from None

"""Formulas as written: text to an untyped tree with places. Typing is in formulas.py."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.base.collector import Problem
from engine.base.text import Text
from engine.rules.lexer import closing_quote, shadow_of, unquote

MAX_DEPTH = 30
"""Most brackets, calls and operators inside each other."""
MAX_PARTS = 200
"""Most operands and operators of one formula."""


@dataclass(frozen=True, slots=True)
class RawText:
    """A quoted text."""

    value: str
    offset: int
    width: int


@dataclass(frozen=True, slots=True)
class RawNumber:
    """A number, date, time or duration as written; typed by where it stands."""

    written: str
    offset: int
    width: int


@dataclass(frozen=True, slots=True)
class RawName:
    """A column, `true`, `false`, `null`, or a bare code."""

    name: str
    offset: int
    width: int


@dataclass(frozen=True, slots=True)
class RawParam:
    """`$name`."""

    name: str
    offset: int
    width: int


@dataclass(frozen=True, slots=True)
class RawCall:
    """A function or an operator (unary minus is "neg")."""

    function: str
    arguments: tuple[Raw, ...]
    offset: int
    width: int


Raw = RawText | RawNumber | RawName | RawParam | RawCall

_TOKEN = re.compile(
    r"\s*(?:(?P<date>\d{4}-\d{2}-\d{2}(?!\w))"
    r"|(?P<time>\d{2}:\d{2}(?::\d{2})?(?!\w))"
    r"|(?P<number>\d[\d_]*(?:\.\d[\d_]*)?(?:万亿|min|[kmdh万亿%])?(?![\w.]))"
    r"|(?P<param>\$[A-Za-z_]\w*)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<op><=|>=|!=|==|<>|[-+*/(),<>=≥≤≠×÷]))"
)
_SAME = {"≥": ">=", "≤": "<=", "≠": "!=", "==": "=", "<>": "!=", "×": "*", "÷": "/"}
_COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">="})


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    offset: int
    width: int


def parse(source: str, *, offset: int = 0) -> Raw:
    """Parse a formula; `offset` is added to every place. Raises Problem R130 or R115."""
    return _Parser(source, offset).formula()


def _wrong(text: Text, remedy: Text, token: _Token) -> Problem:
    return Problem("R130", text, remedy, token.offset, max(1, token.width))


class _Parser:
    def __init__(self, source: str, offset: int) -> None:
        self.tokens = _tokens(source, offset)
        self.at = 0
        self.depth = 0

    def formula(self) -> Raw:
        raw = self._or()
        token = self._peek()
        if token.kind != "end":
            raise _wrong(
                Text(f"{token.text!r} is not expected here", f"此处不应有 {token.text!r}"),
                Text("put an operator between two values", "两个值之间需要运算符"),
                token,
            )
        return raw

    def _peek(self) -> _Token:
        return self.tokens[self.at]

    def _next(self) -> _Token:
        token = self.tokens[self.at]
        if token.kind != "end":
            self.at += 1
        return token

    def _is(self, *texts: str) -> bool:
        token = self._peek()
        return token.kind in {"op", "name"} and token.text in texts

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Problem(
                "R115",
                Text("this formula is nested too deep", "公式嵌套过深"),
                Text(f"{MAX_DEPTH} levels are allowed", f"最多 {MAX_DEPTH} 层"),
                self._peek().offset,
                1,
            )

    def _binary(self, operator: _Token, left: Raw, right: Raw) -> Raw:
        width = right.offset + right.width - left.offset
        return RawCall(operator.text, (left, right), left.offset, width)

    def _or(self) -> Raw:
        left = self._and()
        while self._is("or"):
            left = self._binary(self._next(), left, self._and())
        return left

    def _and(self) -> Raw:
        left = self._not()
        while self._is("and"):
            left = self._binary(self._next(), left, self._not())
        return left

    def _not(self) -> Raw:
        if not self._is("not"):
            return self._comparison()
        self._deeper()
        token = self._next()
        inner = self._not()
        self.depth -= 1
        width = inner.offset + inner.width - token.offset
        return RawCall("not", (inner,), token.offset, width)

    def _comparison(self) -> Raw:
        left = self._sum()
        if self._peek().kind == "op" and self._peek().text in _COMPARISONS:
            left = self._binary(self._next(), left, self._sum())
        return left

    def _sum(self) -> Raw:
        left = self._product()
        while self._is("+", "-"):
            left = self._binary(self._next(), left, self._product())
        return left

    def _product(self) -> Raw:
        left = self._unary()
        while self._is("*", "/"):
            left = self._binary(self._next(), left, self._unary())
        return left

    def _unary(self) -> Raw:
        if not self._is("-"):
            return self._primary()
        self._deeper()
        token = self._next()
        inner = self._unary()
        self.depth -= 1
        width = inner.offset + inner.width - token.offset
        if isinstance(inner, RawNumber):
            return RawNumber("-" + inner.written, token.offset, width)
        return RawCall("neg", (inner,), token.offset, width)

    def _primary(self) -> Raw:
        token = self._next()
        if token.kind in {"number", "date", "time"}:
            return RawNumber(token.text, token.offset, token.width)
        if token.kind == "text":
            return RawText(token.text, token.offset, token.width)
        if token.kind == "param":
            return RawParam(token.text[1:], token.offset, token.width)
        if token.kind == "name" and token.text not in {"and", "or"}:
            return self._call(token) if self._is("(") else self._name(token)
        if token.text == "(" and token.kind == "op":
            self._deeper()
            inner = self._or()
            self._close(token)
            self.depth -= 1
            return inner
        raise _wrong(
            Text("a value is missing here", "此处缺少值"),
            Text("write a number, a column or a $parameter", "请写数字、列名或 $参数"),
            token,
        )

    def _name(self, token: _Token) -> Raw:
        return RawName(token.text, token.offset, token.width)

    def _call(self, name: _Token) -> Raw:
        self._deeper()
        opening = self._next()
        arguments: list[Raw] = []
        if not self._is(")"):
            arguments.append(self._or())
            while self._is(","):
                self._next()
                arguments.append(self._or())
        end = self._close(opening)
        self.depth -= 1
        return RawCall(name.text, tuple(arguments), name.offset, end - name.offset)

    def _close(self, opening: _Token) -> int:
        token = self._next()
        if token.text != ")" or token.kind != "op":
            raise _wrong(
                Text("this bracket is not closed", "括号未闭合"),
                Text("add the missing )", "请补上 )"),
                opening,
            )
        return token.offset + token.width


def _tokens(source: str, offset: int) -> list[_Token]:
    shadow = shadow_of(source)
    tokens: list[_Token] = []
    at = 0
    end = len(shadow.rstrip())
    while at < end:
        found = _TOKEN.match(shadow, at)
        if found is None or found.lastgroup is None:
            at += len(shadow[at:]) - len(shadow[at:].lstrip())
            tokens.append(_text_token(source, shadow, at, offset))
            at = tokens[-1].offset + tokens[-1].width - offset
        else:
            start, stop = found.span(found.lastgroup)
            text = shadow[start:stop]
            tokens.append(
                _Token(found.lastgroup, _SAME.get(text, text), offset + start, stop - start)
            )
            at = stop
        if len(tokens) > MAX_PARTS:
            raise Problem(
                "R115",
                Text("this formula is too long", "公式过长"),
                Text(f"{MAX_PARTS} parts are allowed", f"最多 {MAX_PARTS} 个部分"),
                offset,
                end,
            )
    tokens.append(_Token("end", "", offset + end, 1))
    return tokens


def _text_token(source: str, shadow: str, at: int, offset: int) -> _Token:
    if shadow[at] != '"':
        rest = re.split(r"[\s(),]", source[at:], maxsplit=1)[0] or source[at]
        raise _wrong(
            Text(f"{rest[:40]!r} cannot be read", f"无法读取 {rest[:40]!r}"),
            Text(
                "formulas have numbers, columns, $parameters, + - * / and functions",
                "公式由数字、列名、$参数、+ - * / 和函数组成",
            ),
            _Token("bad", rest, offset + at, len(rest)),
        )
    close = closing_quote(shadow, at)
    if close is None:
        raise _wrong(
            Text("this quote is not closed", "引号未闭合"),
            Text('end the text with "', '请以 " 结束文本'),
            _Token("bad", "", offset + at, len(shadow) - at),
        )
    return _Token("text", unquote(source[at : close + 1]), offset + at, close + 1 - at)

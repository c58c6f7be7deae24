"""Output cells, and every other place that holds a typed constant: parameters, examples."""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.base.collector import Problem
from engine.base.findings import Span
from engine.base.text import Text, normalise
from engine.rules.formulas import Place, read_formula
from engine.rules.lexer import bare_or_quoted, quoted, shadow_of, split_quoted, unbar, unquote
from engine.rules.model import (
    Column,
    ColumnRef,
    FormulaOutput,
    Literal,
    NullOutput,
    Output,
    ParamRef,
    Template,
    Type,
    Value,
)
from engine.rules.scope import ParamUse, Scope
from engine.rules.values import check_listed, read_value, unreadable

_PARAM = re.compile(r"\$([A-Za-z_]\w*)")
_BRACE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_NAME = re.compile(r"[^\W\d]\w*")
_STRAY = re.compile(r"[<>=\[\]()\"|]")


def read_constant(
    source: str, type_: Type, values: Mapping[str, Text] | None, name: str, currency: str
) -> Value:
    """Read a constant of any type: `a > b` for chains, `a, b` for lists. Raises Problem."""
    if type_ in {Type.CHAIN, Type.LIST}:
        return _several(source, type_, values, name)
    if type_ is Type.TEXT:
        text = normalise(bare_or_quoted(source))
        if text is None:
            raise unreadable(source, type_)
        return text
    if type_ is Type.CODE:
        value = _code(source, type_)
        check_listed(value, values, name)
        return value
    return read_value(shadow_of(bare_or_quoted(source)), type_, currency)


def _code(source: str, type_: Type) -> str:
    stray = None if quoted(source) else _STRAY.search(shadow_of(source))
    if stray is not None and not (stray.start() == 0 and stray[0] == '"'):
        raise Problem(
            "R110",
            Text(f"{stray[0]!r} inside a value", f"值中含有 {stray[0]!r}"),
            Text('put the value in "quotes"', '请给该值加"引号"'),
        )
    return str(read_value(bare_or_quoted(source), type_, "CNY"))


def _several(
    source: str, type_: Type, values: Mapping[str, Text] | None, name: str
) -> tuple[str, ...]:
    separator = ">" if type_ is Type.CHAIN else ","
    found: list[str] = []
    for piece in split_quoted(source, separator):
        if not piece.source:
            raise unreadable(source, type_)
        try:
            value = _code(piece.source, Type.CODE)
            check_listed(value, values, name)
        except Problem as problem:
            raise problem.at(piece.column, len(piece.source)) from None
        found.append(value)
    return tuple(found)


def read_output(source: str, span: Span, column: Column, scope: Scope) -> Output:
    """Read one output cell whose text begins at `span`. Raises Problem with an offset."""
    shadow = shadow_of(source)
    if shadow in {"", "-", "null"}:
        return NullOutput()
    if shadow.startswith("=") and not shadow.startswith("=>"):
        place = Place(span.line, span.column, column.name)
        if column.type in {Type.CHAIN, Type.LIST}:
            raise unreadable(source, column.type)
        formula = read_formula(source[1:], 1, column.type, place, scope)
        return FormulaOutput(formula)
    param = _PARAM.fullmatch(shadow)
    if param is not None:
        use = ParamUse(column.type, column.values, column.name, span, soft=False)
        scope.use_param(param[1], use)
        return ParamRef(param[1], span)
    if column.type is Type.TEXT and ("{" in shadow or "}" in shadow):
        return _template(source, span, scope)
    if column.type is Type.TEXT:
        # For people to read, so it stays as written: NFKC would turn ， into a plain comma.
        return Literal(bare_or_quoted(source), source, span)
    value = read_constant(source, column.type, column.values, column.name, scope.currency)
    return Literal(value, source, span)


def _template(source: str, span: Span, scope: Scope) -> Output:
    inner, shift = (unquote(source), 1) if quoted(source) else (unbar(source), 0)
    parts: list[str | ColumnRef] = []
    text = ""
    at = 0
    for found in _BRACE.finditer(inner):
        text += inner[at : found.start()]
        at = found.end()
        if found[0] in {"{{", "}}"}:
            text += found[0][0]
            continue
        parts.append(text)
        text = ""
        parts.append(_reference(found, shift, span, scope))
    text += inner[at:]
    parts = [part for part in [*parts, text] if part != ""]
    if all(isinstance(part, str) for part in parts):
        return Literal("".join(str(part) for part in parts), source, span)
    return Template(tuple(parts))


def _reference(found: re.Match[str], shift: int, span: Span, scope: Scope) -> ColumnRef:
    offset, width = shift + found.start(), len(found[0])
    name = (found[1] or "").strip()
    if not _NAME.fullmatch(name):
        raise Problem(
            "R135",
            Text("this brace names no column", "花括号中不是列名"),
            Text("write {column}; write {{ for the brace itself", "请写 {列名}；花括号本身写作 {{"),
            offset,
            width,
        )
    place = Span(span.line, span.column + offset + 1, max(1, len(found[1] or "")))
    if scope.fact(name, place) is None:
        raise scope.unknown(name).at(offset + 1, len(found[1]))
    return ColumnRef(name, place)

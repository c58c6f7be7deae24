"""What a cell's value is compared with: a constant, a parameter, or another column."""

from __future__ import annotations

import re

from engine.base.collector import Problem
from engine.base.findings import Span
from engine.base.text import Text
from engine.rules.lexer import bare_or_quoted
from engine.rules.model import ORDERED, Column, ColumnRef, Literal, Operand, ParamRef, Type
from engine.rules.scope import ParamUse, Scope
from engine.rules.suggest import remedy as suggest
from engine.rules.values import check_listed, read_value, unreadable

_STRAY = re.compile(r"[\[\]<>=\"$]")
_PARAM = re.compile(r"\$([A-Za-z_]\w*)")
_NAME = re.compile(r"[A-Za-z_]\w*")


def operand(written: str, source: str, span: Span, column: Column, scope: Scope) -> Operand:
    """Read what stands unquoted in a cell of `column`. Raises Problem.

    `written` has the language's signs in half width; `source` is what the file says.
    """
    param = _PARAM.fullmatch(written)
    if param is not None:
        use = ParamUse(column.type, column.values, column.name, span, soft=False)
        scope.use_param(param[1], use)
        return ParamRef(param[1], span)
    if column.type in ORDERED:
        if _NAME.fullmatch(written):
            return _other(written, span, column, scope)
        return literal(written, written, span, column, scope)
    if written == "-":
        raise Problem(
            "R110",
            Text("- means any and stands alone", "- 表示任意，只能单独出现"),
            Text('write "-" for the text itself', '若指文本本身请写 "-"'),
        )
    stray = None if column.type is Type.BOOL else _STRAY.search(written)
    if stray is not None:
        raise Problem(
            "R110",
            Text(f"{stray[0]!r} inside a value", f"值中含有 {stray[0]!r}"),
            Text('put the value in "quotes"', '请给该值加"引号"'),
        )
    return literal(bare_or_quoted(source), written, span, column, scope)


def literal(text: str, written: str, span: Span, column: Column, scope: Scope) -> Literal:
    """Read a constant of the column's type. Raises Problem."""
    value = read_value(text, column.type, scope.currency)
    if isinstance(value, str):
        check_listed(value, column.values, column.name)
    return Literal(value, written, span)


def _other(name: str, span: Span, column: Column, scope: Scope) -> ColumnRef:
    type_ = scope.type_of(name)
    if type_ is None:
        problem = unreadable(name, column.type)
        near = suggest(name, scope.names())
        is_near = near is not None and near.en.startswith("did you mean")
        raise Problem(problem.code, problem.text, near if is_near else problem.remedy)
    if type_ is not column.type:
        raise Problem(
            "R121",
            Text(
                f"{name} is a {type_.value}, {column.name} a {column.type.value}",
                f"{name} 是 {type_.value}，{column.name} 是 {column.type.value}",
            ),
            Text("compare columns of one type", "只能比较同类型的列"),
        )
    scope.fact(name, span)
    return ColumnRef(name, span)

"""Small syntax trees, from which the generated functions are put together."""

from __future__ import annotations

import ast
from collections.abc import Sequence


def name(variable: str) -> ast.expr:
    """`variable`"""
    return ast.Name(variable, ast.Load())


def constant(value: str | int | bool | None) -> ast.expr:
    """A value that is written out."""
    return ast.Constant(value)


def call(function: ast.expr, *arguments: ast.expr) -> ast.expr:
    """`function(*arguments)`"""
    return ast.Call(function, list(arguments), [])


def method(owner: ast.expr, called: str, *arguments: ast.expr) -> ast.expr:
    """`owner.called(*arguments)`"""
    return call(ast.Attribute(owner, called, ast.Load()), *arguments)


def compare(left: ast.expr, op: ast.cmpop, right: ast.expr) -> ast.expr:
    """`left op right`"""
    return ast.Compare(left, [op], [right])


def is_null(value: ast.expr) -> ast.expr:
    """`value is None`"""
    return compare(value, ast.Is(), constant(None))


def has_value(value: ast.expr) -> ast.expr:
    """`value is not None`"""
    return compare(value, ast.IsNot(), constant(None))


def all_of(parts: Sequence[ast.expr]) -> ast.expr:
    """`a and b and …`, of at least one part."""
    return parts[0] if len(parts) == 1 else ast.BoolOp(ast.And(), list(parts))


def any_of(parts: Sequence[ast.expr]) -> ast.expr:
    """`a or b or …`, of at least one part."""
    return parts[0] if len(parts) == 1 else ast.BoolOp(ast.Or(), list(parts))


def negate(value: ast.expr) -> ast.expr:
    """`not value`"""
    return ast.UnaryOp(ast.Not(), value)


def assign(variable: str, value: ast.expr) -> ast.stmt:
    """`variable = value`"""
    return ast.Assign([ast.Name(variable, ast.Store())], value)


def narrow(variable: str, mask: ast.expr) -> ast.stmt:
    """`variable &= mask`"""
    return ast.AugAssign(ast.Name(variable, ast.Store()), ast.BitAnd(), mask)


def when(test: ast.expr, *body: ast.stmt) -> ast.If:
    """`if test: body`"""
    return ast.If(test, list(body), [])


def function(title: str, body: list[ast.stmt]) -> ast.stmt:
    """`def title(facts): body`"""
    # From a parsed shell, so that fields newer Pythons add to the node are there.
    shell = ast.parse("def shell(facts): pass").body[0]
    if not isinstance(shell, ast.FunctionDef):
        raise TypeError("a function is needed here")
    shell.name, shell.body = title, body
    return shell

"""A fact read into a local variable, checked, and looked up among the rows it satisfies."""

from __future__ import annotations

import ast
from bisect import bisect_right

from engine.rules.compile import tree
from engine.rules.compile.context import Context
from engine.rules.decide import fact_class
from engine.rules.masks import ColumnMasks, Listed, Stepped
from engine.rules.model import Column, Type


def read(context: Context, column: Column, variable: str) -> list[ast.stmt]:
    """Return the statements that read and check one fact.

    A value of the exact type, not below the minimum and among those listed, passes without a
    call; every other is asked of the check, which returns the value to go on with or refuses.
    """
    bind = context.names.bind
    check = bind(context.check(column))
    checked = tree.assign(variable, tree.call(check, tree.name(variable)))
    of_type = bind(fact_class(column.type))
    wrong = tree.compare(tree.call(bind(type), tree.name(variable)), ast.IsNot(), of_type)
    if column.type is Type.PERCENT:
        finite = tree.method(tree.name(variable), "is_finite")
        wrong = tree.any_of([wrong, tree.negate(finite)])
    found = tree.when(wrong, checked)
    if column.minimum is not None:
        least = context.value(column.minimum)
        found.orelse = [tree.when(tree.compare(tree.name(variable), ast.Lt(), least), checked)]
    elif column.values is not None and column.type is not Type.BOOL:
        listed = bind(frozenset(column.values))
        outside = tree.compare(tree.name(variable), ast.NotIn(), listed)
        found.orelse = [tree.when(outside, checked)]
    get = tree.call(tree.name("get"), tree.constant(column.name))
    return [tree.assign(variable, get), found]


def look_up(context: Context, column: Column, masks: ColumnMasks, variable: str) -> ast.stmt:
    """Return the statement that keeps the rows whose cell of `column` the fact satisfies."""
    bind = context.names.bind
    value = tree.name(variable)
    if isinstance(masks, Listed):
        table = {**masks.masks, None: masks.null}
        other = 0 if masks.other is None else masks.other
        found = tree.method(bind(table), "get", value, tree.constant(other))
    elif isinstance(masks, Stepped):
        steps: dict[Type, ast.expr] = {
            Type.DATE: tree.method(value, "toordinal"),
            Type.DURATION: ast.Attribute(value, "seconds", ast.Load()),
        }
        step = steps.get(column.type, value)
        at = tree.call(bind(bisect_right), bind(masks.cuts), step)
        found = ast.Subscript(bind(masks.masks), at, ast.Load())
    else:
        found = tree.call(bind(masks.mask), value)
    if not isinstance(masks, Listed) and (column.nullable or context.lenient):
        null = tree.is_null(tree.name(variable))
        found = ast.IfExp(null, tree.constant(masks.null), found)
    return tree.narrow("hits", found)

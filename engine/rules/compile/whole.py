"""The whole: the generated `decide`, and the Evaluator around it.

`decide` reads each fact once, checks its exact type, looks up the rows its value satisfies
(engine.rules.masks) and keeps the rows all columns agree on. Cells that need more than their own
column's value are asked only where their row is still standing.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import cast

from engine.rules.compile import tree
from engine.rules.compile.conditions import Conditions, Variables
from engine.rules.compile.context import Context
from engine.rules.compile.facts import look_up, read
from engine.rules.compile.formulas import Formulas
from engine.rules.compile.outputs import Outputs
from engine.rules.decide import Decision
from engine.rules.evaluator import Asked, Evaluator, Facts, Plan, Test
from engine.rules.masks import ColumnMasks, column_masks, is_regular, other_columns
from engine.rules.model import HitPolicy, Output, Ruleset, Value, WhenCell
from engine.rules.outputs import read_constant

_OTHERWISE = "otherwise"


def compile_ruleset(
    ruleset: Ruleset, params: Mapping[str, Value], *, lenient: bool = False
) -> Evaluator:
    """Compile `ruleset` under `params` (see branch_params). Callers cache by (hash, params).

    `lenient` is for examples: missing required facts are null, and outputs that cannot be
    computed for lack of them are left out of the outcome.
    """
    return _Whole(Context(ruleset, params, lenient=lenient)).evaluator()


class _Whole:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._names = context.names
        formulas = Formulas(context)
        self._conditions = Conditions(context, formulas)
        self._outputs = Outputs(context, formulas)

    def evaluator(self) -> Evaluator:
        context = self._context
        masks = [
            column_masks(column, [row.cells[at] for row in context.rows], context.params)
            for at, column in enumerate(context.inputs)
        ]
        plans, otherwise = self._plans()
        variables = self._variables()
        tests = self._irregular(variables)
        evaluator = Evaluator(
            context.ruleset,
            context.params,
            masks,
            plans,
            otherwise,
            self._ranks(),
            self._make_test,
            tuple(context.column(name) for name in variables),
            tuple(asked for asked, _ in tests),
            lenient=context.lenient,
        )
        self._names.run([self._decide(evaluator, masks, variables, tests)], context.tag)
        evaluator.decide = cast("Callable[[Facts], Decision]", self._names.space["decide"])
        return evaluator

    def _plans(self) -> tuple[list[Plan], Plan | None]:
        context = self._context
        given: dict[str, Sequence[Output]] = {
            f"row{at}": row.outputs for at, row in enumerate(context.rows)
        }
        otherwise = context.ruleset.otherwise
        if otherwise is None:
            return self._outputs.plans(given), None
        given[_OTHERWISE] = [otherwise[column.name] for column in context.outputs]
        *plans, other = self._outputs.plans(given)
        return plans, other

    def _ranks(self) -> dict[str, dict[Value | None, int]]:
        ruleset = self._context.ruleset
        columns = {column.name: column for column in self._context.outputs}
        ranks: dict[str, dict[Value | None, int]] = {}
        for name, written in (ruleset.priority or {}).items():
            type_ = columns[name].type
            ranks[name] = {
                read_constant(one, type_, None, name, ruleset.currency): rank
                for rank, one in enumerate(written)
            }
        return ranks

    # --- decide

    def _decide(
        self,
        evaluator: Evaluator,
        masks: Sequence[ColumnMasks],
        variables: Variables,
        tests: Sequence[tuple[Asked, ast.expr]],
    ) -> ast.stmt:
        context = self._context
        get = ast.Attribute(tree.name("facts"), "get", ast.Load())
        body: list[ast.stmt] = [tree.assign("get", get)]
        for name, variable in variables.items():
            body.extend(read(context, context.column(name), variable))
        everything = (1 << len(context.rows)) - 1
        body.append(tree.assign("hits", tree.constant(everything)))
        for column, mask in zip(context.inputs, masks, strict=True):
            if column.name in variables:
                body.append(look_up(context, column, mask, variables[column.name]))
        body.extend(_ask(asked, test, everything) for asked, test in tests)
        body.extend(self._policy(evaluator))
        return tree.function("decide", body)

    def _variables(self) -> Variables:
        """Facts the cells read, each with its local variable."""
        facts = self._context.ruleset.facts
        names = [column.name for column in self._context.inputs if column.name in facts]
        for row in self._context.rows:
            for cell in row.cells:
                if not is_regular(cell):
                    names.extend(other_columns(cell))
        return _numbered(names)

    def _irregular(self, variables: Variables) -> list[tuple[Asked, ast.expr]]:
        """Return the cells that tables cannot answer, each once however many rows say it."""
        inputs = self._context.inputs
        tests: dict[str, tuple[Asked, ast.expr]] = {}
        for at, row in enumerate(self._context.rows):
            for index, (column, cell) in enumerate(zip(inputs, row.cells, strict=True)):
                if is_regular(cell):
                    continue
                test = self._conditions.cell(cell, column, variables)
                key = ast.dump(test)
                if key in tests:
                    known = tests[key][0]
                    tests[key] = (replace(known, rows=known.rows | 1 << at), test)
                else:
                    own = [] if isinstance(cell, WhenCell) else [column.name]
                    reads = tuple(dict.fromkeys([*own, *other_columns(cell)]))
                    tests[key] = (Asked(1 << at, at, index, reads), test)
        return list(tests.values())

    def _policy(self, evaluator: Evaluator) -> list[ast.stmt]:
        bind = self._names.bind
        hits, facts = tree.name("hits"), tree.name("facts")
        nothing = ast.Return(tree.call(bind(evaluator.nothing), facts))
        empty = tree.when(tree.negate(hits), nothing)
        policy = self._context.ruleset.hit_policy
        if policy not in {HitPolicy.UNIQUE, HitPolicy.FIRST}:
            return [empty, ast.Return(tree.call(bind(evaluator.several), hits, facts))]
        body: list[ast.stmt] = [empty]
        if policy is HitPolicy.UNIQUE:
            less = ast.BinOp(hits, ast.Sub(), tree.constant(1))
            refusal = tree.call(bind(evaluator.double), hits)
            again = ast.BinOp(hits, ast.BitAnd(), less)
            body.append(tree.when(again, ast.Raise(refusal, None)))
            lowest: ast.expr = hits
        else:
            lowest = ast.BinOp(hits, ast.BitAnd(), ast.UnaryOp(ast.USub(), hits))
        row = ast.BinOp(tree.method(lowest, "bit_length"), ast.Sub(), tree.constant(1))
        body.append(tree.assign("row", row))
        ready = ast.Subscript(bind(evaluator.ready), tree.name("row"), ast.Load())
        if all(one is not None for one in evaluator.ready):
            return [*body, ast.Return(ready)]
        single = tree.call(bind(evaluator.single), tree.name("row"), facts)
        return [*body, ast.Return(tree.any_of([ready, single]))]

    def _make_test(self, row: int, column: int) -> Test:
        """Generate one cell as a function of facts, for explanations and analysis."""
        cell = self._context.rows[row].cells[column]
        own = self._context.inputs[column]
        variables = _numbered([own.name, *other_columns(cell)])
        body: list[ast.stmt] = [
            tree.assign(variable, tree.method(tree.name("facts"), "get", tree.constant(name)))
            for name, variable in variables.items()
        ]
        body.append(ast.Return(self._conditions.cell(cell, own, variables)))
        title = f"test{row}_{column}"
        self._names.run([tree.function(title, body)], self._context.tag)
        return cast("Test", self._names.space[title])


def _numbered(names: Iterable[str]) -> Variables:
    return {name: f"v{at}" for at, name in enumerate(dict.fromkeys(names))}


def _ask(asked: Asked, test: ast.expr, everything: int) -> ast.stmt:
    standing = ast.BinOp(tree.name("hits"), ast.BitAnd(), tree.constant(asked.rows))
    drop = tree.narrow("hits", tree.constant(everything ^ asked.rows))
    return tree.when(tree.all_of([standing, tree.negate(test)]), drop)

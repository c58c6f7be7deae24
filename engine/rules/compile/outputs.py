"""What a row gives: constants as they are, and a generated function for each other output."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from engine.rules import arithmetic
from engine.rules.compile import tree
from engine.rules.compile.context import Context
from engine.rules.compile.formulas import Formulas, column_of
from engine.rules.decide import check_fact
from engine.rules.evaluator import Compute, Facts, Plan
from engine.rules.model import (
    Call,
    Column,
    Formula,
    FormulaOutput,
    Literal,
    NullOutput,
    Output,
    ParamRef,
    Template,
    Type,
    Value,
)
from engine.rules.values import value_text

_FINISH: Mapping[Type, object] = {
    Type.MONEY: arithmetic.whole,
    Type.INT: arithmetic.whole,
    Type.PERCENT: arithmetic.exact_decimal,
    Type.DURATION: arithmetic.duration,
}
"""What makes a number a value of the output's type."""


class Outputs:
    """Makes the plans of one ruleset's rows."""

    def __init__(self, context: Context, formulas: Formulas) -> None:
        self._context = context
        self._formulas = formulas

    def plans(self, rows: Mapping[str, Sequence[Output]]) -> list[Plan]:
        """Return the plan of each row; its name begins the names of its functions."""
        made: list[ast.stmt] = []
        functions = [self._generate(outputs, owner, made) for owner, outputs in rows.items()]
        self._context.names.run(made, self._context.tag)
        return [
            self._plan(outputs, computed)
            for outputs, computed in zip(rows.values(), functions, strict=True)
        ]

    def _plan(self, outputs: Sequence[Output], functions: Mapping[str, str]) -> Plan:
        names = tuple(column.name for column in self._context.outputs)
        constants: dict[str, Value | None] = {}
        for name, output in zip(names, outputs, strict=True):
            if isinstance(output, Literal):
                constants[name] = output.value
            elif isinstance(output, ParamRef):
                constants[name] = self._context.params[output.name]
            elif isinstance(output, NullOutput):
                constants[name] = None
        computed = {
            column: cast("Compute", self._context.names.space[function])
            for column, function in functions.items()
        }
        return Plan(names, constants, computed)

    def _generate(
        self, outputs: Sequence[Output], owner: str, made: list[ast.stmt]
    ) -> dict[str, str]:
        """Add a function for each output that depends on facts; return their names."""
        found: dict[str, str] = {}
        for at, (column, output) in enumerate(zip(self._context.outputs, outputs, strict=True)):
            if isinstance(output, Template):
                value = self._template(output)
            elif isinstance(output, FormulaOutput):
                value = self._result(output.formula, column.type)
            else:
                continue
            found[column.name] = f"{owner}_{at}"
            made.append(tree.function(found[column.name], [ast.Return(value)]))
        return found

    # --- formulas

    def _result(self, formula: Formula, type_: Type) -> ast.expr:
        if type_ is Type.BOOL:
            return self._certain(formula)
        value = self._formulas.number(formula, None)
        if type_ not in _FINISH:
            return value
        return tree.call(self._context.names.bind(_FINISH[type_]), value)

    def _certain(self, formula: Formula) -> ast.expr:
        """Return a truth formula as an output: null operands refuse."""
        if not isinstance(formula, Call):
            return self._formulas.number(formula, None)
        function, arguments = formula.function, formula.arguments
        if function == "not":
            return tree.negate(self._certain(arguments[0]))
        if function in {"and", "or"}:
            parts = [self._certain(one) for one in arguments]
            return tree.all_of(parts) if function == "and" else tree.any_of(parts)
        if function == "is_null":
            column = tree.constant(column_of(arguments[0]))
            return tree.is_null(tree.method(tree.name("facts"), "get", column))
        return self._formulas.comparison(formula, None)

    # --- templates

    def _template(self, template: Template) -> ast.expr:
        parts: list[ast.expr] = []
        for part in template.parts:
            if isinstance(part, str):
                parts.append(tree.constant(part))
            else:
                writer = self._writer(self._context.column(part.name))
                parts.append(tree.call(self._context.names.bind(writer), tree.name("facts")))
        return tree.method(tree.constant(""), "join", ast.Tuple(parts, ast.Load()))

    def _writer(self, column: Column) -> Callable[[Facts], str]:
        # A template needs its required words even where examples do not.
        currency = self._context.ruleset.currency

        def write(facts: Facts) -> str:
            value: Any = check_fact(column, facts.get(column.name), currency, lenient=False)
            return "" if value is None else value_text(value, column.type, currency)

        return write

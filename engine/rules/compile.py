"""A ruleset and one set of parameters become one generated function: facts in, Decision out.

This is the one module that builds code, and it builds a syntax tree: names and values of a
ruleset enter as constants or as bound objects, never as source text.

The generated `decide` reads each fact once, checks its exact type, looks up the rows its value
satisfies (engine.rules.masks) and keeps the rows all columns agree on. Cells that need more than
their own column's value are asked only where their row is still standing.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, cast

from engine.rules import arithmetic
from engine.rules.cells import compiled_pattern
from engine.rules.decide import Decision, check_fact, fact_class, refuse
from engine.rules.evaluator import Asked, Compute, Evaluator, Facts, Plan, Test
from engine.rules.kind import FactValue
from engine.rules.masks import (
    ColumnMasks,
    Listed,
    Stepped,
    column_masks,
    is_regular,
    other_columns,
)
from engine.rules.model import (
    AnyCell,
    Call,
    Cell,
    Column,
    ColumnRef,
    Compare,
    Duration,
    Formula,
    FormulaOutput,
    HitPolicy,
    Literal,
    Not,
    NullCell,
    NullOutput,
    OneOf,
    Operand,
    Output,
    ParamRef,
    Ruleset,
    Template,
    TextTest,
    Type,
    Value,
    WhenCell,
)
from engine.rules.outputs import read_constant
from engine.rules.values import value_text

_COMPARE: Mapping[str, Callable[[], ast.cmpop]] = {
    "=": ast.Eq,
    "!=": ast.NotEq,
    "<": ast.Lt,
    "<=": ast.LtE,
    ">": ast.Gt,
    ">=": ast.GtE,
}
_ARITHMETIC: Mapping[str, Callable[[], ast.operator]] = {"+": ast.Add, "-": ast.Sub, "*": ast.Mult}
_ROUNDING = {
    "floor_to": arithmetic.floor_to,
    "ceil_to": arithmetic.ceil_to,
    "round_half_up": arithmetic.round_half_up,
}


def compile_ruleset(
    ruleset: Ruleset, params: Mapping[str, Value], *, lenient: bool = False
) -> Evaluator:
    """Compile `ruleset` under `params` (see branch_params). Callers cache by (hash, params).

    `lenient` is for examples: missing required facts are null, and outputs that cannot be
    computed for lack of them are left out of the outcome.
    """
    return _Compiler(ruleset, params, lenient).evaluator()


# --- small trees


def _name(name: str) -> ast.expr:
    return ast.Name(name, ast.Load())


def _constant(value: str | int | bool | None) -> ast.expr:
    return ast.Constant(value)


def _call(function: ast.expr, *arguments: ast.expr) -> ast.expr:
    return ast.Call(function, list(arguments), [])


def _method(owner: ast.expr, method: str, *arguments: ast.expr) -> ast.expr:
    return _call(ast.Attribute(owner, method, ast.Load()), *arguments)


def _compare(left: ast.expr, op: ast.cmpop, right: ast.expr) -> ast.expr:
    return ast.Compare(left, [op], [right])


def _is_null(value: ast.expr) -> ast.expr:
    return _compare(value, ast.Is(), _constant(None))


def _has_value(value: ast.expr) -> ast.expr:
    return _compare(value, ast.IsNot(), _constant(None))


def _all(parts: Sequence[ast.expr]) -> ast.expr:
    return parts[0] if len(parts) == 1 else ast.BoolOp(ast.And(), list(parts))


def _any(parts: Sequence[ast.expr]) -> ast.expr:
    return parts[0] if len(parts) == 1 else ast.BoolOp(ast.Or(), list(parts))


def _negate(value: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.Not(), value)


def _assign(name: str, value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Name(name, ast.Store())], value)


def _if(test: ast.expr, *body: ast.stmt) -> ast.If:
    return ast.If(test, list(body), [])


def _function(name: str, body: list[ast.stmt]) -> ast.stmt:
    # From a parsed shell, so that fields newer Pythons add to the node are there.
    shell = ast.parse("def shell(facts): pass").body[0]
    if not isinstance(shell, ast.FunctionDef):
        raise TypeError("a function is needed here")
    shell.name, shell.body = name, body
    return shell


def _ask(asked: Asked, test: ast.expr, everything: int) -> ast.stmt:
    standing = ast.BinOp(_name("hits"), ast.BitAnd(), _constant(asked.rows))
    rest = _constant(everything ^ asked.rows)
    drop = ast.AugAssign(ast.Name("hits", ast.Store()), ast.BitAnd(), rest)
    return _if(_all([standing, _negate(test)]), drop)


class _Names:
    """Objects the generated code may name; there are no builtins."""

    def __init__(self) -> None:
        self.space: dict[str, object] = {"__builtins__": {}}
        self._known: dict[int, str] = {}

    def bind(self, value: object) -> ast.expr:
        """Return the name under which generated code sees `value`."""
        known = self._known.get(id(value))
        if known is None:
            known = f"k{len(self.space)}"
            # The object stays in `space`, so its id stays its own.
            self.space[known] = value
            self._known[id(value)] = known
        return _name(known)

    def run(self, statements: list[ast.stmt], title: str) -> None:
        """Compile the statements; their functions land in `space`."""
        module = ast.Module(statements, [])
        code = compile(ast.fix_missing_locations(module), title, "exec")
        exec(code, self.space)  # noqa: S102 - built above from a syntax tree, not from text


# --- expressions


class _Reader:
    """How an expression reads a fact: as a local variable, with guards for null."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.variables = variables
        self.guards: list[ast.expr] = []
        self._kept = 0

    def value(self, column: str) -> ast.expr:
        variable = _name(self.variables[column])
        self.guards.append(_has_value(_name(self.variables[column])))
        return variable

    def raw(self, column: str) -> ast.expr:
        return _name(self.variables[column])

    def kept(self, value: ast.expr, op: ast.cmpop) -> ast.expr:
        """Require `value op 0`; return the variable that then holds the value.

        So a divisor is written once, however deep it stands in others.
        """
        variable = f"d{self._kept}"
        self._kept += 1
        held = ast.NamedExpr(ast.Name(variable, ast.Store()), value)
        self.guards.append(_compare(held, op, _constant(0)))
        return _name(variable)


class _Compiler:
    def __init__(self, ruleset: Ruleset, params: Mapping[str, Value], lenient: bool) -> None:
        self.ruleset = ruleset
        self.params = dict(params)
        self.lenient = lenient
        self.names = _Names()
        self.inputs = ruleset.table.inputs
        self.rows = ruleset.table.rows
        self.tag = f"<{ruleset.kind}/{ruleset.name} {ruleset.version}>"
        self.made: list[ast.stmt] = []

    # --- the whole

    def evaluator(self) -> Evaluator:
        masks = [
            column_masks(column, [row.cells[at] for row in self.rows], self.params)
            for at, column in enumerate(self.inputs)
        ]
        computed: list[dict[str, str]] = [
            self._computed(row.outputs, f"row{at}") for at, row in enumerate(self.rows)
        ]
        otherwise = self.ruleset.otherwise
        other_outputs = None if otherwise is None else [otherwise[c.name] for c in self._outputs]
        other = {} if other_outputs is None else self._computed(other_outputs, "otherwise")
        self.names.run(self.made, self.tag)
        plans = [
            self._plan(row.outputs, functions)
            for row, functions in zip(self.rows, computed, strict=True)
        ]
        variables = self._variables()
        tests = self._irregular(variables)
        evaluator = Evaluator(
            self.ruleset,
            self.params,
            masks,
            plans,
            None if other_outputs is None else self._plan(other_outputs, other),
            self._ranks(),
            self._make_test,
            tuple(self._column(name) for name in variables),
            tuple(asked for asked, _ in tests),
            lenient=self.lenient,
        )
        self.names.run([self._decide(evaluator, masks, variables, tests)], self.tag)
        evaluator.decide = cast("Callable[[Facts], Decision]", self.names.space["decide"])
        return evaluator

    @property
    def _outputs(self) -> tuple[Column, ...]:
        return self.ruleset.table.outputs

    def _ranks(self) -> dict[str, dict[Value | None, int]]:
        columns = {column.name: column for column in self._outputs}
        ranks: dict[str, dict[Value | None, int]] = {}
        for name, written in (self.ruleset.priority or {}).items():
            column = columns[name]
            ranks[name] = {
                read_constant(one, column.type, None, name, self.ruleset.currency): rank
                for rank, one in enumerate(written)
            }
        return ranks

    # --- decide

    def _decide(
        self,
        evaluator: Evaluator,
        masks: Sequence[ColumnMasks],
        variables: Mapping[str, str],
        tests: Sequence[tuple[Asked, ast.expr]],
    ) -> ast.stmt:
        body: list[ast.stmt] = [_assign("get", ast.Attribute(_name("facts"), "get", ast.Load()))]
        for read, variable in variables.items():
            body.extend(self._read(self._column(read), variable))
        everything = (1 << len(self.rows)) - 1
        body.append(_assign("hits", _constant(everything)))
        for column, mask in zip(self.inputs, masks, strict=True):
            if column.name in variables:
                body.extend(self._look_up(column, mask, variables[column.name]))
        body.extend(_ask(asked, test, everything) for asked, test in tests)
        body.extend(self._policy(evaluator))
        return _function("decide", body)

    def _column(self, name: str) -> Column:
        for column in self.inputs:
            if column.name == name:
                return column
        return self.ruleset.facts[name]

    def _variables(self) -> dict[str, str]:
        """Facts the cells read, each with its local variable."""
        names = [column.name for column in self.inputs if column.name in self.ruleset.facts]
        for row in self.rows:
            for cell in row.cells:
                if not is_regular(cell):
                    names.extend(other_columns(cell))
        return {name: f"v{at}" for at, name in enumerate(dict.fromkeys(names))}

    def _check(self, column: Column) -> Callable[[FactValue], FactValue]:
        currency, lenient = self.ruleset.currency, self.lenient

        def check(value: FactValue) -> FactValue:
            return check_fact(column, value, currency, lenient=lenient)

        return check

    def _read(self, column: Column, variable: str) -> list[ast.stmt]:
        value = _name(variable)
        checked = _assign(variable, _call(self.names.bind(self._check(column)), value))
        wrong = _compare(
            _call(self.names.bind(type), value),
            ast.IsNot(),
            self.names.bind(fact_class(column.type)),
        )
        if column.type is Type.PERCENT:
            wrong = _any([wrong, _negate(_method(_name(variable), "is_finite"))])
        found = _if(wrong, checked)
        if column.minimum is not None:
            least = self._value(column.minimum)
            below = _compare(_name(variable), ast.Lt(), least)
            found.orelse = [_if(below, _assign(variable, self._recheck(column, variable)))]
        elif column.values is not None and column.type is not Type.BOOL:
            listed = self.names.bind(frozenset(column.values))
            outside = _compare(_name(variable), ast.NotIn(), listed)
            found.orelse = [_if(outside, _assign(variable, self._recheck(column, variable)))]
        get = _call(_name("get"), _constant(column.name))
        return [_assign(variable, get), found]

    def _recheck(self, column: Column, variable: str) -> ast.expr:
        return _call(self.names.bind(self._check(column)), _name(variable))

    def _look_up(self, column: Column, masks: ColumnMasks, variable: str) -> list[ast.stmt]:
        value = _name(variable)
        if isinstance(masks, Listed):
            table = {**masks.masks, None: masks.null}
            other = 0 if masks.other is None else masks.other
            found = _method(self.names.bind(table), "get", value, _constant(other))
        elif isinstance(masks, Stepped):
            steps: dict[Type, ast.expr] = {
                Type.DATE: _method(value, "toordinal"),
                Type.DURATION: ast.Attribute(value, "seconds", ast.Load()),
            }
            at = _call(
                self.names.bind(bisect_right),
                self.names.bind(masks.cuts),
                steps.get(column.type, value),
            )
            found = ast.Subscript(self.names.bind(masks.masks), at, ast.Load())
        else:
            found = _call(self.names.bind(masks.mask), value)
        if not isinstance(masks, Listed) and (column.nullable or self.lenient):
            found = ast.IfExp(_is_null(_name(variable)), _constant(masks.null), found)
        return [ast.AugAssign(ast.Name("hits", ast.Store()), ast.BitAnd(), found)]

    def _irregular(self, variables: Mapping[str, str]) -> list[tuple[Asked, ast.expr]]:
        """Return the cells that tables cannot answer, each once however many rows say it."""
        tests: dict[str, tuple[Asked, ast.expr]] = {}
        for at, row in enumerate(self.rows):
            for index, (column, cell) in enumerate(zip(self.inputs, row.cells, strict=True)):
                if is_regular(cell):
                    continue
                test = self._cell(cell, column, variables)
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
        hits, facts = _name("hits"), _name("facts")
        nothing = ast.Return(_call(self.names.bind(evaluator.nothing), facts))
        empty = _if(_negate(hits), nothing)
        policy = self.ruleset.hit_policy
        if policy not in {HitPolicy.UNIQUE, HitPolicy.FIRST}:
            several = _call(self.names.bind(evaluator.several), hits, facts)
            return [empty, ast.Return(several)]
        body: list[ast.stmt] = [empty]
        if policy is HitPolicy.UNIQUE:
            less = ast.BinOp(hits, ast.Sub(), _constant(1))
            refusal = _call(self.names.bind(evaluator.double), hits)
            again = ast.BinOp(hits, ast.BitAnd(), less)
            body.append(_if(again, ast.Raise(refusal, None)))
            lowest: ast.expr = hits
        else:
            lowest = ast.BinOp(hits, ast.BitAnd(), ast.UnaryOp(ast.USub(), hits))
        row = ast.BinOp(_method(lowest, "bit_length"), ast.Sub(), _constant(1))
        body.append(_assign("row", row))
        ready = ast.Subscript(self.names.bind(evaluator.ready), _name("row"), ast.Load())
        single = _call(self.names.bind(evaluator.single), _name("row"), facts)
        if all(one is not None for one in evaluator.ready):
            return [*body, ast.Return(ready)]
        return [*body, ast.Return(_any([ready, single]))]

    def _make_test(self, row: int, column: int) -> Test:
        """Generate one cell as a function of facts, for explanations and analysis."""
        cell = self.rows[row].cells[column]
        variables = {
            name: f"v{at}"
            for at, name in enumerate(
                dict.fromkeys([self.inputs[column].name, *other_columns(cell)])
            )
        }
        body: list[ast.stmt] = [
            _assign(variable, _method(_name("facts"), "get", _constant(name)))
            for name, variable in variables.items()
        ]
        function = f"test{row}_{column}"
        body.append(ast.Return(self._cell(cell, self.inputs[column], variables)))
        self.names.run([_function(function, body)], self.tag)
        return cast("Test", self.names.space[function])

    # --- cells

    def _cell(self, cell: Cell, column: Column, variables: Mapping[str, str]) -> ast.expr:
        if isinstance(cell, AnyCell):
            return _constant(True)
        if isinstance(cell, WhenCell):
            return self._truth(cell.formula, variables, wanted=True)
        value = _name(variables[column.name])
        if isinstance(cell, NullCell):
            return _is_null(value)
        if isinstance(cell, OneOf):
            return _any([self._cell(item, column, variables) for item in cell.items])
        if isinstance(cell, Not):
            inner = self._cell(cell.item, column, variables)
            return _all([_has_value(value), _negate(inner)])
        reader = _Reader(variables)
        if isinstance(cell, TextTest):
            test = self._text_test(cell.function, reader.value(column.name), cell.argument)
            return _all([*reader.guards, test])
        left = self._ordered(reader.value(column.name), column.type)
        if isinstance(cell, Compare):
            right = self._operand(cell.operand, column, reader)
            return _all([*reader.guards, _compare(left, _COMPARE[cell.op](), right)])
        low = self._operand(cell.low, column, reader)
        high = self._operand(cell.high, column, reader)
        first = ast.LtE() if cell.low_closed else ast.Lt()
        second = ast.LtE() if cell.high_closed else ast.Lt()
        return _all([*reader.guards, ast.Compare(low, [first, second], [left, high])])

    def _operand(self, operand: Operand, column: Column, reader: _Reader) -> ast.expr:
        if isinstance(operand, ColumnRef):
            return self._ordered(reader.value(operand.name), column.type)
        value = operand.value if isinstance(operand, Literal) else self.params[operand.name]
        return self._value(value.seconds if isinstance(value, Duration) else value)

    @staticmethod
    def _ordered(value: ast.expr, type_: Type) -> ast.expr:
        if type_ is Type.DURATION:
            return ast.Attribute(value, "seconds", ast.Load())
        return value

    def _text_test(self, function: str, value: ast.expr, argument: str) -> ast.expr:
        if function == "starts":
            return _method(value, "startswith", _constant(argument))
        if function == "contains":
            return _compare(_constant(argument), ast.In(), value)
        pattern = self.names.bind(compiled_pattern(argument).fullmatch)
        return _has_value(_call(pattern, value))

    def _value(self, value: Value) -> ast.expr:
        if isinstance(value, str | int):
            return _constant(value)
        return self.names.bind(value)

    # --- conditions (`when`): a comparison with null, or that divides by zero or rounds to a unit
    # not above zero, is neither true nor false

    def _truth(self, formula: Formula, variables: Mapping[str, str], wanted: bool) -> ast.expr:
        """Return the test that `formula` is certainly `wanted` (true or false)."""
        if isinstance(formula, Literal):
            return _constant(formula.value is wanted)
        if isinstance(formula, ParamRef):
            return _constant(self.params[formula.name] is wanted)
        if isinstance(formula, ColumnRef):
            return _compare(_name(variables[formula.name]), ast.Is(), _constant(wanted))
        function, arguments = formula.function, formula.arguments
        if function == "not":
            return self._truth(arguments[0], variables, not wanted)
        if function in {"and", "or"}:
            parts = [self._truth(one, variables, wanted) for one in arguments]
            return _all(parts) if (function == "and") is wanted else _any(parts)
        reader = _Reader(variables)
        if function == "is_null":
            value = reader.raw(_column_of(arguments[0]))
            return _is_null(value) if wanted else _has_value(value)
        test = self._comparison(formula, reader)
        return _all([*reader.guards, test if wanted else _negate(test)])

    def _comparison(self, formula: Call, reader: _Reader) -> ast.expr:
        left, right = formula.arguments
        if formula.function in _COMPARE:
            op = _COMPARE[formula.function]()
            return _compare(self._number(left, reader), op, self._number(right, reader))
        argument = str(right.value) if isinstance(right, Literal) else ""
        return self._text_test(formula.function, reader.value(_column_of(left)), argument)

    # --- formulas: numbers are int or Fraction, durations their seconds

    def _number(self, formula: Formula, reader: _Reader | None) -> ast.expr:
        """Return a formula's value; without a reader facts are needed and null refuses."""
        if isinstance(formula, Literal):
            return self._exact(formula.value)
        if isinstance(formula, ParamRef):
            return self._exact(self.params[formula.name])
        if isinstance(formula, ColumnRef):
            column = self._column(formula.name)
            if reader is not None:
                return self._fact(reader.value(formula.name), column.type)
            needed = _call(self.names.bind(self._need(column)), _name("facts"))
            return self._fact(needed, column.type)
        arguments = [self._number(one, reader) for one in formula.arguments]
        function = formula.function
        if function == "neg":
            return ast.UnaryOp(ast.USub(), arguments[0])
        if function in _ARITHMETIC:
            return ast.BinOp(arguments[0], _ARITHMETIC[function](), arguments[1])
        if function == "/":
            if reader is not None:
                arguments[1] = reader.kept(arguments[1], ast.NotEq())
            return _call(self.names.bind(arithmetic.divide), *arguments)
        if function == "days_between":
            first, second = arguments
            return ast.Attribute(ast.BinOp(second, ast.Sub(), first), "days", ast.Load())
        if function in _ROUNDING and reader is not None:
            arguments[1] = reader.kept(arguments[1], ast.Gt())
        helper: object = {"min": min, "max": max, **_ROUNDING}[function]
        return _call(self.names.bind(helper), *arguments)

    def _exact(self, value: Value) -> ast.expr:
        if isinstance(value, Decimal):
            return self.names.bind(Fraction(value))
        return self._value(value.seconds if isinstance(value, Duration) else value)

    def _fact(self, value: ast.expr, type_: Type) -> ast.expr:
        if type_ is Type.PERCENT:
            return _call(self.names.bind(Fraction), value)
        return self._ordered(value, type_)

    def _need(self, column: Column) -> Callable[[Facts], FactValue]:
        check = self._check(column)

        def need(facts: Facts) -> FactValue:
            value = check(facts.get(column.name))
            if value is None:
                raise refuse(
                    "NULL_OPERAND",
                    f"a formula needs {column.name}, which is null; "
                    "guard the row with a condition on it",
                    f"公式需要 {column.name}，但其为空；请在该行加上条件",
                )
            return value

        return need

    # --- outputs

    def _plan(self, outputs: Sequence[Output], functions: Mapping[str, str]) -> Plan:
        names = tuple(column.name for column in self._outputs)
        constants: dict[str, Value | None] = {}
        for column, output in zip(self._outputs, outputs, strict=True):
            if isinstance(output, Literal):
                constants[column.name] = output.value
            elif isinstance(output, ParamRef):
                constants[column.name] = self.params[output.name]
            elif isinstance(output, NullOutput):
                constants[column.name] = None
        computed = {
            column: cast("Compute", self.names.space[function])
            for column, function in functions.items()
        }
        return Plan(names, constants, computed)

    def _computed(self, outputs: Sequence[Output], owner: str) -> dict[str, str]:
        """Generate a function for each output that depends on facts; return their names."""
        found: dict[str, str] = {}
        for at, (column, output) in enumerate(zip(self._outputs, outputs, strict=True)):
            if isinstance(output, Template):
                value = self._template(output)
            elif isinstance(output, FormulaOutput):
                value = self._result(output.formula, column.type)
            else:
                continue
            found[column.name] = f"{owner}_{at}"
            self.made.append(_function(found[column.name], [ast.Return(value)]))
        return found

    def _result(self, formula: Formula, type_: Type) -> ast.expr:
        if type_ is Type.BOOL:
            return self._certain(formula)
        value = self._number(formula, None)
        finish: Mapping[Type, object] = {
            Type.MONEY: arithmetic.whole,
            Type.INT: arithmetic.whole,
            Type.PERCENT: arithmetic.exact_decimal,
            Type.DURATION: arithmetic.duration,
        }
        return _call(self.names.bind(finish[type_]), value) if type_ in finish else value

    def _certain(self, formula: Formula) -> ast.expr:
        """Return a truth formula as an output: null operands refuse."""
        if not isinstance(formula, Call):
            return self._number(formula, None)
        function, arguments = formula.function, formula.arguments
        if function == "not":
            return _negate(self._certain(arguments[0]))
        if function in {"and", "or"}:
            parts = [self._certain(one) for one in arguments]
            return _all(parts) if function == "and" else _any(parts)
        if function == "is_null":
            column = _column_of(arguments[0])
            return _is_null(_method(_name("facts"), "get", _constant(column)))
        left, right = arguments
        if function in _COMPARE:
            op = _COMPARE[function]()
            return _compare(self._number(left, None), op, self._number(right, None))
        argument = str(right.value) if isinstance(right, Literal) else ""
        return self._text_test(function, self._number(left, None), argument)

    def _template(self, template: Template) -> ast.expr:
        parts: list[ast.expr] = []
        for part in template.parts:
            if isinstance(part, str):
                parts.append(_constant(part))
            else:
                writer = self._writer(self._column(part.name))
                parts.append(_call(self.names.bind(writer), _name("facts")))
        return _method(_constant(""), "join", ast.Tuple(parts, ast.Load()))

    def _writer(self, column: Column) -> Callable[[Facts], str]:
        # A template needs its required words even where examples do not.
        currency = self.ruleset.currency

        def write(facts: Facts) -> str:
            value: Any = check_fact(column, facts.get(column.name), currency, lenient=False)
            return "" if value is None else value_text(value, column.type, currency)

        return write


def _column_of(formula: Formula) -> str:
    if not isinstance(formula, ColumnRef):
        raise TypeError("a column is needed here")
    return formula.name

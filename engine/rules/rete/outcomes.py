"""Outputs and hit policies, written from the language's description: rows in, decision out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from engine.rules.decide import Decision, Outcome, check_fact, refuse
from engine.rules.kind import FactValue
from engine.rules.model import (
    Column,
    Duration,
    FormulaOutput,
    HitPolicy,
    Literal,
    NullOutput,
    Output,
    ParamRef,
    Ruleset,
    Template,
    Type,
    Value,
)
from engine.rules.outputs import read_constant
from engine.rules.rete.interpreter import Interpreter, NullOperand, Plain, ZeroDivisor
from engine.rules.rete.messages import Facts
from engine.rules.values import value_text


class Outcomes:
    """Makes decisions of rows that hit, under one set of parameters."""

    def __init__(self, ruleset: Ruleset, params: Mapping[str, Value]) -> None:
        self._ruleset = ruleset
        self._interpreter = Interpreter(params)
        self._columns = ruleset.facts
        self._outputs = {column.name: column for column in ruleset.table.outputs}
        self._order: Mapping[str, Mapping[Value | None, int]] = {
            name: {self._listed(name, one): place for place, one in enumerate(written)}
            for name, written in (ruleset.priority or {}).items()
        }

    def _listed(self, name: str, written: str) -> Value:
        type_ = self._outputs[name].type
        return read_constant(written, type_, None, name, self._ruleset.currency)

    def decision(self, rows: Sequence[int], facts: Facts) -> Decision:
        """Apply the hit policy to the rows that hit, in table order. Raises DecisionRefused."""
        if not rows:
            return self._nothing(facts)
        policy = self._ruleset.hit_policy
        if policy is HitPolicy.UNIQUE and len(rows) > 1:
            raise refuse(
                "DOUBLE_HIT",
                f"{len(rows)} rows match where one may; correct the table",
                f"{len(rows)} 行同时命中，但只允许一行；请修正规则表",
            )
        if policy is HitPolicy.FIRST:
            rows = rows[:1]
        table = self._ruleset.table
        found = [(row, self._outcome(table.rows[row].outputs, facts)) for row in rows]
        if policy is HitPolicy.ANY:
            if any(outcome != found[0][1] for _, outcome in found[1:]):
                raise refuse(
                    "OUTPUTS_DIFFER",
                    "rows with different outputs match; correct the table",
                    "输出不同的多行同时命中；请修正规则表",
                )
            return Decision(self._ids(rows), (found[0][1],))
        if policy in {HitPolicy.PRIORITY, HitPolicy.OUTPUT_ORDER}:
            found.sort(key=lambda one: self._places(one[1]))
        if policy is HitPolicy.PRIORITY:
            found = found[:1]
        return Decision(
            self._ids([row for row, _ in found]), tuple(outcome for _, outcome in found)
        )

    def _ids(self, rows: Sequence[int]) -> tuple[str, ...]:
        return tuple(self._ruleset.table.rows[row].id for row in rows)

    def _nothing(self, facts: Facts) -> Decision:
        otherwise = self._ruleset.otherwise
        if otherwise is None:
            return Decision((), ())
        outputs = [otherwise[column.name] for column in self._ruleset.table.outputs]
        return Decision((), (self._outcome(outputs, facts),))

    def _places(self, outcome: Outcome) -> list[int]:
        """Return where the outcome stands in each list of priorities; unlisted values last."""
        return [order.get(outcome[name], len(order)) for name, order in self._order.items()]

    # --- outputs

    def _outcome(self, outputs: Sequence[Output], facts: Facts) -> Outcome:
        columns = self._ruleset.table.outputs
        return {
            column.name: self._output(output, column, facts)
            for column, output in zip(columns, outputs, strict=True)
        }

    def _output(self, output: Output, column: Column, facts: Facts) -> Value | None:
        if isinstance(output, NullOutput):
            return None
        if isinstance(output, Literal | ParamRef):
            return self._interpreter.constant(output)
        if isinstance(output, Template):
            return "".join(
                part if isinstance(part, str) else self._written(part.name, facts)
                for part in output.parts
            )
        return self._calculated(output, column, facts)

    def _fact(self, name: str, facts: Facts) -> FactValue:
        column = self._columns[name]
        return check_fact(column, facts.get(name), self._ruleset.currency, lenient=False)

    def _written(self, name: str, facts: Facts) -> str:
        value = self._fact(name, facts)
        if value is None:
            return ""
        return value_text(value, self._columns[name].type, self._ruleset.currency)

    def _calculated(self, output: FormulaOutput, column: Column, facts: Facts) -> Value:
        def look(name: str) -> FactValue:
            return self._fact(name, facts)

        try:
            if column.type is Type.BOOL:
                return self._interpreter.certain(output.formula, look)
            return _value(self._interpreter.value(output.formula, look), column.type)
        except NullOperand:
            raise refuse(
                "NULL_OPERAND",
                f"the formula of {column.name} needs a fact that is null",
                f"{column.name} 的公式需要的事实为空",
            ) from None
        except ZeroDivisor:
            raise refuse(
                "ZERO_DIVISOR",
                f"the formula of {column.name} divides by zero, or rounds to no unit",
                f"{column.name} 的公式除数为零，或取整单位不大于零",
            ) from None


def _value(found: Plain, type_: Type) -> Value:
    """Return what was calculated as a value of the output's type."""
    if not isinstance(found, Fraction):
        return found
    if type_ is Type.PERCENT:
        return _decimal(found)
    if found.denominator != 1:
        raise AssertionError(f"{found} is not whole")
    if type_ is Type.DURATION:
        return _duration(found.numerator)
    return found.numerator


def _decimal(found: Fraction) -> Decimal:
    """Return a fraction with finite decimals exactly; the digits decide, not a context."""
    places = 0
    while found.denominator != 1:
        if places > found.denominator.bit_length():
            raise AssertionError(f"{found} has no finite decimals")
        found, places = found * 10, places + 1
    digits = tuple(int(one) for one in str(abs(found.numerator)))
    return Decimal((int(found < 0), digits, -places))


def _duration(seconds: int) -> Duration:
    minutes = abs(seconds) // 60
    days, minutes = divmod(minutes, 1440)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{n}{unit}" for n, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if n]
    return Duration(seconds, ("-" if seconds < 0 else "") + (" ".join(parts) or "0min"))

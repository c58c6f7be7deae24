"""Cells, values and outputs of one ruleset in words, in one language, with its labels."""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.base.text import Lang
from engine.rules.model import (
    Cell,
    Column,
    Compare,
    Duration,
    FormulaOutput,
    Literal,
    Not,
    NullCell,
    NullOutput,
    OneOf,
    Operand,
    Output,
    ParamRef,
    Range,
    Ruleset,
    Template,
    TextTest,
    Type,
    Value,
    WhenCell,
)
from engine.rules.roles import ROLES
from engine.rules.show import listed, show_duration, show_value
from engine.rules.wording import COMPARED, formula_text, range_text, text_test_text

_CODE = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")


class Speaker:
    """Says the parts of `ruleset` under `params` in `lang`."""

    def __init__(self, ruleset: Ruleset, params: Mapping[str, Value], lang: Lang) -> None:
        self._ruleset = ruleset
        self._params = params
        self.lang = lang

    def say(self, en: str, zh: str) -> str:
        """The one of the speaker's language."""
        return zh if self.lang == "zh" else en

    # --- conditions

    def condition(self, column: Column, cell: Cell) -> str:
        """A whole condition: "amount is at least 500,000 (large)"."""
        if isinstance(cell, WhenCell):
            return formula_text(cell.formula, self.operand, self.name, self.lang)
        label = column.label.say(self.lang)
        if column.type is Type.BOOL:
            label = self._quoted(label)
        verb = self._text_verb(cell)
        if verb is not None:
            return f"{label}{self.say(' ', '')}{verb}"
        said = self.test(column, cell)
        return f"{label}{said}" if self.lang == "zh" else f"{label} is {said}"

    def _text_verb(self, cell: Cell) -> str | None:
        """A text test said as a verb: 'starts with "62"', 'does not match the pattern "…"'."""
        if isinstance(cell, TextTest):
            return text_test_text(cell, self.lang)
        if isinstance(cell, Not) and isinstance(cell.item, TextTest):
            return text_test_text(cell.item, self.lang, negated=True)
        return None

    def test(self, column: Column, cell: Cell) -> str:
        """What stands after "is": "at least 500,000 (large)", "claimant or agent"."""
        match cell:
            case NullCell():
                return self.say("missing", "缺失")
            case Compare(op, operand):
                word = COMPARED[op].say(column.type, self.lang)
                space = " " if word and self.lang == "en" else ""
                return f"{word}{space}{self.operand(operand, column)}"
            case Range():
                low = self.operand(cell.low, column)
                high = self.operand(cell.high, column)
                return range_text(cell, low, high, self.lang)
            case TextTest():
                return self.say("one that ", "") + text_test_text(cell, self.lang)
            case OneOf(items):
                return self._one_of(column, items)
            case Not(item):
                return self._none_of(column, item)
            case _:
                return self.say("anything", "任意")

    def _one_of(self, column: Column, items: tuple[Cell, ...]) -> str:
        equal = [item for item in items if isinstance(item, Compare) and item.op == "="]
        others = [self.test(column, item) for item in items if item not in equal]
        values = [self.operand(item.operand, column) for item in equal]
        if self.lang == "zh":
            named = [f"为{either(values)}"] if values else []
            return "或".join([*others, *named])
        return listed([*others, *values], "or")

    def _none_of(self, column: Column, item: Cell) -> str:
        items = item.items if isinstance(item, OneOf) else (item,)
        if all(isinstance(one, Compare) and one.op == "=" for one in items):
            values = [
                self.operand(one.operand, column) for one in items if isinstance(one, Compare)
            ]
            if self.lang == "zh":
                return f"不为{either(values)}"
            return f"neither {listed(values, 'nor')}" if len(values) > 1 else f"not {values[0]}"
        if isinstance(item, TextTest):
            return self.say("one that ", "") + text_test_text(item, self.lang, negated=True)
        return self.say(f"not ({self.test(column, item)})", f"不满足（{self.test(column, item)}）")

    def operand(self, operand: Operand, column: Column | None) -> str:
        """A constant, a parameter with its name behind it, or another column's label."""
        if isinstance(operand, Literal):
            return self.value(operand.value, column) if column else self._written(operand)
        if isinstance(operand, ParamRef):
            value = self._params[operand.name]
            type_ = self._ruleset.param_types[operand.name]
            shown = self.value(value, column) if column else self.typed(value, type_)
            return self.say(f"{shown} ({operand.name})", f"{shown}（{operand.name}）")
        return self.name(operand.name)

    def _written(self, literal: Literal) -> str:
        value = literal.value
        return show_duration(value, self.lang) if isinstance(value, Duration) else literal.written

    def typed(self, value: Value, type_: Type) -> str:
        """A value of a type, where no column tells what its codes mean."""
        if isinstance(value, Duration):
            return show_duration(value, self.lang)
        return show_value(value, type_, self._ruleset.currency)

    def name(self, name: str) -> str:
        """The label of a fact."""
        column = self._ruleset.facts.get(name)
        return name.replace("_", " ") if column is None else column.label.say(self.lang)

    # --- values

    def fact(self, value: Value | None, column: Column) -> str:
        """A fact as people read it; null is "missing"."""
        return self.say("missing", "缺失") if value is None else self.value(value, column)

    def value(self, value: Value, column: Column) -> str:
        """A value of `column`, with the labels of its codes."""
        if isinstance(value, tuple):
            names = [self._code(one, column) for one in value]
            if column.type is Type.CHAIN:
                return self.say(", then ", " → ").join(names)
            return "、".join(names) if self.lang == "zh" else listed(names, "and")
        if isinstance(value, bool):
            return self.say("true" if value else "false", "是" if value else "否")
        if isinstance(value, str):
            return self._quoted(value) if column.type is Type.TEXT else self._code(value, column)
        return self.typed(value, column.type)

    def written(self, text: str, column: Column) -> str:
        """What a file says of a column, with the labels of its codes: "staff, supplier"."""
        if column.type is Type.BOOL and text in ("true", "false"):
            return self.given(text == "true", column)
        if column.type not in {Type.CODE, Type.CHAIN, Type.LIST}:
            return text
        return _CODE.sub(lambda found: self._code(found[0], column), text)

    def _quoted(self, text: str) -> str:
        return self.say(f'"{text}"', f"“{text}”")

    def _code(self, value: str, column: Column) -> str:
        if column.values is not None and value in column.values:
            return column.values[value].say(self.lang)
        if column.offers is not None and value in column.offers:
            return column.offers[value].say(self.lang)
        if value in ROLES and column.type in {Type.CHAIN, Type.LIST}:
            return ROLES[value].say(self.lang)
        if column.values is None and value in self._ruleset.facts:
            return self.name(value)  # an output that names a fact, such as the field at fault
        return value.replace("_", " ")

    def output(self, column: Column, output: Output) -> str | None:
        """An output cell; None where it gives nothing."""
        match output:
            case NullOutput():
                return None
            case Literal(value=bool(value)):
                return self.given(value, column)
            case Literal() | ParamRef():
                return self.operand(output, column)
            case Template():
                return self._template(output)
            case FormulaOutput(formula=formula):
                return formula_text(formula, self.operand, self.name, self.lang)

    def given(self, value: Value, column: Column) -> str:
        """An output's value."""
        if isinstance(value, bool):
            return self.say("yes" if value else "no", "是" if value else "否")
        return self.value(value, column)

    def _template(self, template: Template) -> str:
        """The text with … at its places, and what stands there."""
        text = "".join(part if isinstance(part, str) else "…" for part in template.parts)
        names = [self.name(part.name) for part in template.parts if not isinstance(part, str)]
        first, order = self._quoted(text), "依次为" if len(names) > 1 else "为"
        return self.say(
            f"{first} (… stands for {', then '.join(names)})",
            f"{first}（…{order}{'、'.join(names)}）",
        )


def either(values: list[str]) -> str:
    """甲、乙或丙."""
    return "或".join(values) if len(values) < 3 else "、".join(values[:-1]) + "或" + values[-1]

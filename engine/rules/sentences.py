"""Each row as a sentence, in English and Chinese, with the labels of the vocabulary."""

from __future__ import annotations

from collections.abc import Mapping

from engine.base.text import Lang, Text
from engine.rules.model import (
    AnyCell,
    Cell,
    Column,
    Compare,
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
    Range,
    Row,
    Ruleset,
    Template,
    TextTest,
    Type,
    Value,
    WhenCell,
)
from engine.rules.roles import ROLES
from engine.rules.show import listed, show_value
from engine.rules.wording import COMPARED, formula_text, range_text, text_test_text


def row_sentences(ruleset: Ruleset, params: Mapping[str, Value]) -> dict[str, Text]:
    """Row id -> its sentence under `params`, for every row of the table, in order."""
    english, chinese = _Speaker(ruleset, params, "en"), _Speaker(ruleset, params, "zh")
    return {row.id: Text(english.row(row), chinese.row(row)) for row in ruleset.table.rows}


class _Speaker:
    def __init__(self, ruleset: Ruleset, params: Mapping[str, Value], lang: Lang) -> None:
        self._ruleset = ruleset
        self._params = params
        self._lang = lang

    def _say(self, en: str, zh: str) -> str:
        return zh if self._lang == "zh" else en

    def row(self, row: Row) -> str:
        """ "A2. When amount is … and creditor type is …: approvers …, sla 8h." """
        table = self._ruleset.table
        tests = [
            self._condition(column, cell)
            for column, cell in zip(table.inputs, row.cells, strict=True)
            if not isinstance(cell, AnyCell)
        ]
        given = [
            f"{column.label.say(self._lang)} {said}"
            for column, output in zip(table.outputs, row.outputs, strict=True)
            if (said := self._output(column, output)) is not None
        ]
        outcome = self._say(", ", "，").join(given) or self._say("no outcome", "无输出")
        if tests:
            when = self._say(f"When {' and '.join(tests)}", f"当{'，且'.join(tests)}时")
        elif self._ruleset.hit_policy is HitPolicy.FIRST and row is not table.rows[0]:
            when = self._say("Otherwise", "其他情况")
        else:
            when = self._say("Always", "任何情况")
        return self._say(f"{row.id}. {when}: {outcome}.", f"{row.id}. {when}：{outcome}。")

    # --- conditions

    def _condition(self, column: Column, cell: Cell) -> str:
        if isinstance(cell, WhenCell):
            return formula_text(cell.formula, self._operand, self._name, self._lang)
        label = column.label.say(self._lang)
        if column.type is Type.BOOL and self._lang == "zh":
            label = f"“{label}”"
        if isinstance(cell, TextTest):
            return f"{label}{self._say(' ', '')}{text_test_text(cell, self._lang)}"
        said = self._test(column, cell)
        if self._lang == "zh":
            return f"{label}{said}"
        return f"{label} {said}" if said.startswith(_VERBS) else f"{label} is {said}"

    def _test(self, column: Column, cell: Cell) -> str:
        match cell:
            case NullCell():
                return self._say("missing", "缺失")
            case Compare(op, operand):
                word = COMPARED[op].say(column.type, self._lang)
                space = " " if word and self._lang == "en" else ""
                return f"{word}{space}{self._operand(operand, column)}"
            case Range():
                low = self._operand(cell.low, column)
                high = self._operand(cell.high, column)
                return range_text(cell, low, high, self._lang)
            case TextTest():
                return text_test_text(cell, self._lang)
            case OneOf(items):
                return self._one_of(column, items)
            case Not(item):
                return self._none_of(column, item)
            case _:
                return self._say("anything", "任意")

    def _one_of(self, column: Column, items: tuple[Cell, ...]) -> str:
        equal = [item for item in items if isinstance(item, Compare) and item.op == "="]
        others = [self._test(column, item) for item in items if item not in equal]
        values = [self._operand(item.operand, column) for item in equal]
        if self._lang == "zh":
            named = [f"为{_either(values)}"] if values else []
            return "或".join([*others, *named])
        return listed([*others, *values], "or")

    def _none_of(self, column: Column, item: Cell) -> str:
        items = item.items if isinstance(item, OneOf) else (item,)
        if all(isinstance(one, Compare) and one.op == "=" for one in items):
            values = [
                self._operand(one.operand, column) for one in items if isinstance(one, Compare)
            ]
            if self._lang == "zh":
                return f"不为{_either(values)}"
            return f"neither {listed(values, 'nor')}" if len(values) > 1 else f"not {values[0]}"
        return self._say(
            f"not ({self._test(column, item)})", f"不满足（{self._test(column, item)}）"
        )

    def _operand(self, operand: Operand, column: Column | None) -> str:
        if isinstance(operand, Literal):
            return self._value(operand.value, column) if column else operand.written
        if isinstance(operand, ParamRef):
            value = self._params[operand.name]
            type_ = self._ruleset.param_types[operand.name]
            shown = self._value(value, column) if column else self._shown(value, type_)
            return self._say(f"{shown} ({operand.name})", f"{shown}（{operand.name}）")
        return self._name(operand.name)

    def _shown(self, value: Value, type_: Type) -> str:
        return show_value(value, type_, self._ruleset.currency)

    def _name(self, name: str) -> str:
        column = self._ruleset.facts.get(name)
        return name.replace("_", " ") if column is None else column.label.say(self._lang)

    # --- values

    def _value(self, value: Value, column: Column) -> str:
        if isinstance(value, tuple):
            separator = " > " if column.type is Type.CHAIN else ", "
            return separator.join(self._code(one, column) for one in value)
        if isinstance(value, bool):
            return self._say("true" if value else "false", "是" if value else "否")
        if isinstance(value, str):
            if column.type is Type.TEXT:
                return self._say(f'"{value}"', f"“{value}”")
            return self._code(value, column)
        return self._shown(value, column.type)

    def _code(self, value: str, column: Column) -> str:
        if column.values is not None and value in column.values:
            return column.values[value].say(self._lang)
        if value in ROLES and column.type in {Type.CHAIN, Type.LIST}:
            return ROLES[value].say(self._lang)
        return value.replace("_", " ")

    def _output(self, column: Column, output: Output) -> str | None:
        match output:
            case NullOutput():
                return None
            case Literal() | ParamRef():
                return self._operand(output, column)
            case Template(parts=parts):
                text = "".join(
                    part if isinstance(part, str) else f"{{{self._name(part.name)}}}"
                    for part in parts
                )
                return self._say(f'"{text}"', f"“{text}”")
            case FormulaOutput(formula=formula):
                return "= " + formula_text(formula, self._operand, self._name, self._lang)


_VERBS = ("starts ", "contains ", "matches ")


def _either(values: list[str]) -> str:
    return "或".join(values) if len(values) < 3 else "、".join(values[:-1]) + "或" + values[-1]

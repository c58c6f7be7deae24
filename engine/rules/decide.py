"""Decisions: facts in, row ids and outcomes out; and their JSON forms of the command line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from engine.base.collector import Problem
from engine.base.text import SluiceError, Text, normalise
from engine.rules.kind import FactValue
from engine.rules.model import Column, Duration, HitPolicy, Ruleset, Type, Value
from engine.rules.values import NAMES, amount_text, decimal_text, read_value, value_text

Outcome = Mapping[str, Value | None]
"""One outcome: every output column of the table; read-only. Money in minor units."""


class Decision(NamedTuple):
    """Rows that hit, and their outcomes.

    Single policies give one outcome, or none when no row matched; `any` lists every row that
    hit with its one outcome; collect, "rule order" and "output order" give one outcome per row.
    `otherwise` gives rows=() and one outcome.
    """

    rows: tuple[str, ...]
    outcomes: tuple[Outcome, ...]


class DecisionRefused(SluiceError):
    """The facts cannot be decided: the matter waits, it never passes.

    Codes: FACT_MISSING, FACT_TYPE, FACT_FLOAT, FACT_NOT_LISTED, FACT_BELOW_MINIMUM,
    FACT_UNREADABLE, DOUBLE_HIT, OUTPUTS_DIFFER, NULL_OPERAND, ZERO_DIVISOR.
    """


def refuse(code: str, en: str, zh: str) -> DecisionRefused:
    """Return the refusal with this code and sentence."""
    return DecisionRefused(code, Text(en, zh))


_CLASSES: Mapping[Type, type] = {
    Type.MONEY: int,
    Type.INT: int,
    Type.PERCENT: Decimal,
    Type.CODE: str,
    Type.TEXT: str,
    Type.BOOL: bool,
    Type.DATE: dt.date,
    Type.TIME: dt.time,
    Type.DURATION: Duration,
}


def fact_class(type_: Type) -> type:
    """Return the Python class a fact of `type_` has."""
    return _CLASSES[type_]


def check_fact(column: Column, value: FactValue, currency: str, *, lenient: bool) -> FactValue:
    """Return `value` as a fact of `column`, or raise DecisionRefused.

    `lenient` lets a missing required fact pass as null (examples list only what rows need).
    """
    name = column.name
    if value is None:
        if column.nullable or lenient:
            return None
        raise refuse(
            "FACT_MISSING",
            f"the fact {name} ({column.label.en}) is missing; supply it",
            f"缺少事实 {name}（{column.label.zh}）；请补充",
        )
    if isinstance(value, float):
        raise refuse(
            "FACT_FLOAT",
            f"{name} is a floating-point number; write exact values as text",
            f"{name} 是浮点数；请以文本给出精确值",
        )
    wanted = _CLASSES[column.type]
    fits = isinstance(value, wanted) and not (wanted is int and isinstance(value, bool))
    # A datetime is a date to Python; as a business date it would hide its time of day.
    if not fits or isinstance(value, dt.datetime):
        kind = NAMES[column.type]
        raise refuse(
            "FACT_TYPE",
            f"{name} must be {kind.en}, not {type(value).__name__} {str(value)[:60]!r}",
            f"{name} 必须是{kind.zh}，而不是 {type(value).__name__} {str(value)[:60]!r}",
        )
    if isinstance(value, Decimal) and not value.is_finite():
        raise refuse("FACT_TYPE", f"{name} is not a number", f"{name} 不是数字")
    if isinstance(value, str):
        value = str(value)  # a StrEnum is the text it stands for
        if column.values is not None and value not in column.values:
            known = ", ".join(list(column.values)[:12])
            raise refuse(
                "FACT_NOT_LISTED",
                f"{value[:60]!r} is not a value of {name}; the vocabulary has {known}",
                f"{value[:60]!r} 不是 {name} 的取值；词汇表中有 {known}",
            )
    least = column.minimum
    if least is not None and value < least:  # type: ignore[operator]
        shown, floor = (value_text(v, column.type, currency) for v in (value, least))
        raise refuse(
            "FACT_BELOW_MINIMUM",
            f"{name} is {shown}, below its minimum {floor}; correct the fact",
            f"{name} 为 {shown}，低于最小值 {floor}；请更正",
        )
    return value


# --- JSON


def facts_from_json(ruleset: Ruleset, obj: object) -> dict[str, FactValue]:
    """Read one JSON object as the facts `ruleset` reads; other keys are left out.

    Amounts are decimal strings in major units ("49999.99") or whole numbers, percentages
    strings ("0.05", "5%"); dates, times and durations strings. A missing key is null. Texts are
    normalised. Raises DecisionRefused, always for a JSON float.
    """
    if not isinstance(obj, Mapping):
        raise refuse(
            "FACT_UNREADABLE",
            "facts are a JSON object of names and values; write one object per line",
            "事实应为 JSON 对象（名称与值）；每行一个对象",
        )
    return {
        name: _fact(column, obj[name], ruleset.currency)
        for name, column in ruleset.facts.items()
        if obj.get(name) is not None
    }


def _fact(column: Column, value: object, currency: str) -> FactValue:
    if isinstance(value, float):
        raise refuse(
            "FACT_FLOAT",
            f"{column.name} is a JSON number with decimals; write it as a string, "
            f'like "{"49999.99" if column.type is Type.MONEY else "0.05"}"',
            f"{column.name} 是带小数的 JSON 数字；请写成字符串，"
            f'如 "{"49999.99" if column.type is Type.MONEY else "0.05"}"',
        )
    if column.type is Type.BOOL and isinstance(value, bool):
        return value
    if column.type in {Type.MONEY, Type.INT, Type.PERCENT} and type(value) is int:
        value = str(value)
    if not isinstance(value, str):
        kind = NAMES[column.type]
        raise refuse(
            "FACT_TYPE",
            f"{column.name} must be {kind.en} written as a string, not {type(value).__name__}",
            f"{column.name} 应为以字符串书写的{kind.zh}，而不是 {type(value).__name__}",
        )
    text = normalise(value)
    if text is None:
        return None
    try:
        found = read_value(text, column.type, currency)
    except Problem as problem:
        remedy = problem.remedy or Text("correct it", "请更正")
        raise refuse(
            "FACT_UNREADABLE",
            f"{column.name}: {problem.text.en}; {remedy.en}",
            f"{column.name}：{problem.text.zh}；{remedy.zh}",
        ) from None
    return None if isinstance(found, tuple) else found


def _json(value: Value | None, type_: Type, currency: str) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, int):
        return amount_text(value, currency) if type_ is Type.MONEY else value
    if isinstance(value, Decimal):
        return decimal_text(value)
    return value_text(value, type_, currency)


def outcome_to_json(ruleset: Ruleset, decision: Decision) -> dict[str, object]:
    """Return {"rows": […], "outcome": …} as the command line writes it.

    Chains and lists are arrays, money a string with the currency's decimals, percentages
    fraction strings. Under collect, "rule order" and "output order" the outcome is a list; it is
    null when no row matched and there is no `otherwise`.
    """
    types = {column.name: column.type for column in ruleset.table.outputs}
    outcomes = [
        {name: _json(value, types[name], ruleset.currency) for name, value in outcome.items()}
        for outcome in decision.outcomes
    ]
    outcome: object = None
    if outcomes:
        outcome = outcomes[0] if HitPolicy(ruleset.hit_policy).single else outcomes
    return {"rows": list(decision.rows), "outcome": outcome}


def outcome_from_json(ruleset: Ruleset, obj: object) -> tuple[Outcome, ...]:
    """The typed outcomes that `outcome_to_json` wrote for a decision of `ruleset`.

    Raises Problem for a value that is none of its column.
    """
    columns = {column.name: column for column in ruleset.table.outputs}
    lines = obj if isinstance(obj, list) else [obj]
    return tuple(
        {
            name: _given(value, columns[name], ruleset.currency)
            for name, value in line.items()
            if name in columns
        }
        for line in lines
        if isinstance(line, Mapping)
    )


def _given(value: object, column: Column, currency: str) -> Value | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, list):
        return tuple(str(one) for one in value)
    if column.type is Type.TEXT:
        return str(value)  # as it was made, and not normalised
    return read_value(str(value), column.type, currency)

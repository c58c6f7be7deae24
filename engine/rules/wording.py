"""The words for comparisons, ranges, text tests and formulas, in English and Chinese."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.base.text import Lang, Text
from engine.rules.model import Call, Column, ColumnRef, Formula, Operand, Range, TextTest, Type


@dataclass(frozen=True, slots=True)
class Comparison:
    """How one comparison is said of amounts and numbers, and of dates and times."""

    number: Text
    moment: Text

    def say(self, type_: Type, lang: Lang) -> str:
        """The words for a column of `type_`."""
        moment = type_ in {Type.DATE, Type.TIME}
        return (self.moment if moment else self.number).say(lang)


def _both(en: str, zh: str) -> Comparison:
    return Comparison(Text(en, zh), Text(en, zh))


COMPARED = {
    "=": _both("", "为"),
    "!=": _both("not", "不为"),
    "<": Comparison(Text("below", "低于"), Text("before", "早于")),
    "<=": Comparison(Text("at most", "不超过"), Text("at the latest", "不晚于")),
    ">": Comparison(Text("above", "高于"), Text("after", "晚于")),
    ">=": Comparison(Text("at least", "不低于"), Text("at the earliest", "不早于")),
}
"""Operator -> its words, to stand before the value."""


REFUSED = {
    "=": _both("not", "不是"),
    "!=": _both("the one that is excluded:", "正是被排除的"),
    "<": Comparison(Text("not below", "不低于"), Text("not before", "不早于")),
    "<=": Comparison(Text("above", "高于"), Text("after", "晚于")),
    ">": Comparison(Text("not above", "不高于"), Text("not after", "不晚于")),
    ">=": Comparison(Text("below", "低于"), Text("before", "早于")),
}
"""Operator -> the words for a value that does not satisfy it."""


def range_text(cell: Range, low: str, high: str, lang: Lang) -> str:
    """ "from 50,000 to just under 500,000"."""
    if lang == "zh":
        start = f"从{low}起" if cell.low_closed else f"高于{low}"
        return f"{start}、不超过{high}" if cell.high_closed else f"{start}、不足{high}"
    start = f"from {low}" if cell.low_closed else f"above {low}"
    return f"{start} up to {high}" if cell.high_closed else f"{start} to just under {high}"


def text_test_text(test: TextTest, lang: Lang, *, negated: bool = False) -> str:
    """'starts with "62"', 'does not contain "x"'."""
    argument = test.argument
    en, more = {
        "starts": ("start", f'with "{argument}"'),
        "contains": ("contain", f'"{argument}"'),
        "matches": ("match", f'the pattern "{argument}"'),
    }[test.function]
    zh = {
        "starts": f"以“{argument}”开头",
        "contains": f"含有“{argument}”",
        "matches": f"符合正则“{argument}”",
    }[test.function]
    if negated:
        return Text(f"does not {en} {more}", f"不{zh}").say(lang)
    third = "es" if en.endswith("ch") else "s"
    return Text(f"{en}{third} {more}", zh).say(lang)


_INFIX = {
    "+": (4, Text("+", "+")),
    "-": (4, Text("-", "-")),
    "*": (5, Text("×", "×")),
    "/": (5, Text("÷", "÷")),
    "<": (3, Text("<", "<")),
    "<=": (3, Text("≤", "≤")),
    ">": (3, Text(">", ">")),
    ">=": (3, Text("≥", "≥")),
    "=": (3, Text("=", "=")),
    "!=": (3, Text("≠", "≠")),
    "and": (2, Text("and", "且")),
    "or": (1, Text("or", "或")),
}
"""Operator -> how tightly it binds, and its sign."""

_NAMES = {
    "min": Text("the smaller of", "较小者"),
    "max": Text("the larger of", "较大者"),
    "floor_to": Text("rounded down", "向下取整"),
    "ceil_to": Text("rounded up", "向上取整"),
    "round_half_up": Text("rounded", "四舍五入"),
    "days_between": Text("days between", "相隔天数"),
    "not": Text("not", "非"),
    "neg": Text("minus", "负"),
}


def formula_text(
    formula: Formula,
    operand: Callable[[Operand, Column | None], str],
    name: Callable[[str], str],
    lang: Lang,
    binds: int = 0,
) -> str:
    """A formula in infix form with labels: "amount + fee > 500,000 (large)"."""
    if isinstance(formula, ColumnRef):
        return name(formula.name)
    if not isinstance(formula, Call):
        return operand(formula, None)

    def part(one: Formula, strength: int = 0) -> str:
        return formula_text(one, operand, name, lang, strength)

    sign = _INFIX.get(formula.function)
    if sign is not None:
        strength, word = sign
        first, *rest = formula.arguments
        said = part(first, strength)
        for one in rest:
            said += f" {word.say(lang)} {part(one, strength + 1)}"
        return f"({said})" if strength < binds else said
    if formula.function == "is_null":
        missing = Text("is missing", "缺失").say(lang)
        return f"{part(formula.arguments[0])}{'' if lang == 'zh' else ' '}{missing}"
    called = _NAMES.get(formula.function, Text(formula.function, formula.function))
    return f"{called.say(lang)}({', '.join(part(one) for one in formula.arguments)})"

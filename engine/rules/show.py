"""Values as people read them in sentences and witnesses: 400,000 · 49,999.99 · 5% · 2026-12-01."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from engine.base.text import Lang
from engine.rules.model import Duration, Type, Value
from engine.rules.values import amount_text, decimal_text, value_text


def show_value(value: Value, type_: Type, currency: str) -> str:
    """Write `value` for people. Money in major units, grouped, whole amounts without decimals."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return _grouped(amount_text(value, currency) if type_ is Type.MONEY else str(value))
    if isinstance(value, Decimal):
        sign, digits, exponent = value.as_tuple()
        assert isinstance(exponent, int)
        return decimal_text(Decimal((sign, digits, exponent + 2))) + "%"
    return value_text(value, type_, currency)


_LENGTHS = {"d": ("day", "天"), "h": ("hour", "小时"), "min": ("minute", "分钟")}
_LENGTH = re.compile(r"([0-9]+) ?(d|h|min)")


def show_duration(value: Duration, lang: Lang) -> str:
    """A length of time in words: "1 day 4 hours", "30 分钟" without the space."""
    parts = [(int(number), *_LENGTHS[unit]) for number, unit in _LENGTH.findall(value.written)]
    sign = "-" if value.written.startswith("-") else ""
    if lang == "zh":
        return sign + "".join(f"{number}{zh}" for number, _, zh in parts)
    return sign + " ".join(f"{number} {en}{'' if number == 1 else 's'}" for number, en, _ in parts)


def _grouped(number: str) -> str:
    whole, _, fraction = number.partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    head = len(digits) % 3 or 3
    groups = [digits[:head], *(digits[at : at + 3] for at in range(head, len(digits), 3))]
    shown = sign + ",".join(groups)
    return shown if not fraction.strip("0") else f"{shown}.{fraction}"


def listed(names: Sequence[str], word: str) -> str:
    """ "A, B and C" with `word` before the last."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {word} {names[-1]}"

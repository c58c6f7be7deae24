"""Typed values from text and back: the number, date, time and duration forms of the language.

Money is an int of minor units, exact at any size; percent a Decimal fraction; no float anywhere.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal

from engine.base.collector import Problem
from engine.base.money import DECIMALS
from engine.base.text import Text, normalise
from engine.rules.model import Duration, Type, Value
from engine.rules.suggest import remedy as suggest

MAX_NUMBER = 400
"""Most characters of one number; exactness has no other limit."""

_NUMBER = re.compile(r"(-?)([0-9][0-9_]*)(?:\.([0-9][0-9_]*))?(万亿|[km万亿%])?")
_POWERS = {"k": 3, "m": 6, "万": 4, "亿": 8, "万亿": 12, "%": -2}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}(?::[0-9]{2})?")
_DURATION = re.compile(r"(?:[0-9]{1,9} ?(?:d|h|min)(?: +|$|(?=[0-9])))+")
_DURATION_PART = re.compile(r"([0-9]+) ?(d|h|min)")
_SECONDS = {"d": 86_400, "h": 3_600, "min": 60}

NAMES: Mapping[Type, Text] = {
    Type.MONEY: Text("an amount", "金额"),
    Type.INT: Text("a whole number", "整数"),
    Type.PERCENT: Text("a percentage", "百分比"),
    Type.CODE: Text("a code", "代码"),
    Type.TEXT: Text("a text", "文本"),
    Type.BOOL: Text("true or false", "true 或 false"),
    Type.DATE: Text("a date", "日期"),
    Type.TIME: Text("a time", "时间"),
    Type.DURATION: Text("a duration", "时长"),
    Type.CHAIN: Text("a chain", "链"),
    Type.LIST: Text("a list", "列表"),
}
"""How sentences speak of a type."""

_FORMS: Mapping[Type, Text] = {
    Type.MONEY: Text(
        "write it like 50_000, 1234.56, 50k, 1.5m, 5万 or 1.2亿",
        "请写成 50_000、1234.56、50k、1.5m、5万 或 1.2亿",
    ),
    Type.INT: Text("write digits like 500, 5k or 5万", "请写成 500、5k 或 5万"),
    Type.PERCENT: Text("write it like 5% or 0.05", "请写成 5% 或 0.05"),
    Type.CODE: Text("write one word", "请写一个词"),
    Type.TEXT: Text(
        'write the text, in "quotes" if it has separators', '请写文本，含分隔符时加"引号"'
    ),
    Type.BOOL: Text("write true or false", "请写 true 或 false"),
    Type.DATE: Text("write it like 2026-12-01", "请写成 2026-12-01"),
    Type.TIME: Text("write it like 16:30", "请写成 16:30"),
    Type.DURATION: Text("write it like 3d, 4h or 30min", "请写成 3d、4h 或 30min"),
    Type.CHAIN: Text("write it like a > b > c", "请写成 a > b > c"),
    Type.LIST: Text("write it like a, b, c", "请写成 a, b, c"),
}


def unreadable(text: str, type_: Type) -> Problem:
    """Return the problem "this is not an amount; write it like …"."""
    shown = text if len(text) <= 60 else text[:57] + "..."
    name = NAMES[type_]
    return Problem(
        "R111", Text(f"{shown!r} is not {name.en}", f"{shown!r} 不是{name.zh}"), _FORMS[type_]
    )


def places(currency: str) -> int:
    """Return the decimals of `currency` (callers have checked that it is known)."""
    return DECIMALS[currency]


def _scaled(text: str, type_: Type) -> tuple[int, int]:
    """Return (digits, exponent): the number is digits × 10**exponent, with the least digits."""
    found = _NUMBER.fullmatch(text) if len(text) <= MAX_NUMBER else None
    if found is None:
        raise unreadable(text, type_)
    sign, whole, fraction, unit = found[1], found[2], found[3] or "", found[4]
    whole, fraction = whole.replace("_", ""), fraction.replace("_", "")
    if len(whole) > 1 and whole[0] == "0":
        raise Problem(
            "R111",
            Text(f"{text!r} begins with 0", f"{text!r} 以 0 开头"),
            Text("numbers have no leading zeros", "数字不能有前导零"),
        )
    if unit == "%" and type_ is not Type.PERCENT:
        raise unreadable(text, type_)
    digits = int(whole + fraction)
    exponent = _POWERS.get(unit or "", 0) - len(fraction)
    while digits and digits % 10 == 0 and exponent < 0:
        digits, exponent = digits // 10, exponent + 1
    if digits == 0:
        exponent = 0
    return (-digits if sign else digits), exponent


def _whole(text: str, type_: Type) -> int:
    digits, exponent = _scaled(text, type_)
    if exponent < 0:
        raise unreadable(text, type_)
    return int(digits * 10**exponent)


def _money(text: str, currency: str) -> int:
    digits, exponent = _scaled(text, Type.MONEY)
    exponent += places(currency)
    if exponent < 0:
        raise Problem(
            "R114",
            Text(
                f"{text} has more decimals than {currency} has ({places(currency)})",
                f"{text} 的小数位超过 {currency} 允许的 {places(currency)} 位",
            ),
            Text("round it to the currency's smallest unit", "请舍入到该币种的最小单位"),
        )
    return int(digits * 10**exponent)


def _percent(text: str) -> Decimal:
    digits, exponent = _scaled(text, Type.PERCENT)
    return decimal_of(digits, exponent)


def decimal_of(digits: int, exponent: int) -> Decimal:
    """Return digits × 10**exponent exactly (no context rounding), without trailing zeros."""
    while digits and digits % 10 == 0 and exponent < 0:
        digits, exponent = digits // 10, exponent + 1
    if exponent > 0:
        digits, exponent = digits * 10**exponent, 0
    if digits == 0:
        exponent = 0
    return Decimal((int(digits < 0), tuple(int(d) for d in str(abs(digits))), exponent))


def _date(text: str) -> dt.date:
    if _DATE.fullmatch(text):
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            pass  # a date the calendar does not have, such as 2026-02-30
    raise unreadable(text, Type.DATE)


def _time(text: str) -> dt.time:
    if _TIME.fullmatch(text):
        try:
            return dt.time.fromisoformat(text)
        except ValueError:
            pass  # a time the clock does not have, such as 25:00
    raise unreadable(text, Type.TIME)


def _duration(text: str) -> Duration:
    if not _DURATION.fullmatch(text):
        raise unreadable(text, Type.DURATION)
    parts = _DURATION_PART.findall(text)
    return Duration(sum(int(n) * _SECONDS[unit] for n, unit in parts), text)


def _bool(text: str) -> bool:
    if text not in {"true", "false"}:
        raise unreadable(text, Type.BOOL)
    return text == "true"


def _text(text: str, type_: Type) -> str:
    value = normalise(text)
    if value is None:
        raise Problem(
            "R111",
            Text("an empty text never occurs", "空文本不会出现"),
            Text("facts have null instead: write null", "事实中以 null 表示：请写 null"),
        )
    if type_ is Type.CODE and "\n" in value:
        raise unreadable(text, type_)
    return value


def read_value(text: str, type_: Type, currency: str) -> Value:
    """Read one trimmed text as a value of `type_`; money in minor units of `currency`.

    Raises Problem. Chains and lists are read by engine.rules.outputs, which knows quoting.
    """
    if type_ is Type.MONEY:
        return _money(text, currency)
    if type_ is Type.INT:
        return _whole(text, Type.INT)
    if type_ is Type.PERCENT:
        return _percent(text)
    if type_ is Type.BOOL:
        return _bool(text)
    if type_ is Type.DATE:
        return _date(text)
    if type_ is Type.TIME:
        return _time(text)
    if type_ is Type.DURATION:
        return _duration(text)
    return _text(text, type_)


def check_listed(value: str, values: Mapping[str, Text] | None, name: str) -> None:
    """Raise Problem R112 when `value` stands outside the closed list of column `name`."""
    if values is not None and value not in values:
        raise Problem(
            "R112",
            Text(f"{value!r} is not a value of {name}", f"{value!r} 不是 {name} 的取值"),
            suggest(value, values),
        )


def amount_text(minor: int, currency: str) -> str:
    """Write minor units as a decimal string in major units, exact at any size."""
    decimals = places(currency)
    if decimals == 0:
        return str(minor)
    digits = str(abs(minor)).rjust(decimals + 1, "0")
    return f"{'-' if minor < 0 else ''}{digits[:-decimals]}.{digits[-decimals:]}"


def decimal_text(value: Decimal) -> str:
    """Write a Decimal without exponent and trailing zeros: Decimal("0.050") -> "0.05"."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def value_text(value: Value, type_: Type, currency: str) -> str:
    """Write a value so that read_value (or the output reader) reads the same value again."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return amount_text(value, currency) if type_ is Type.MONEY else str(value)
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, Duration):
        return value.written
    if isinstance(value, dt.time):
        return value.isoformat("seconds" if value.second else "minutes")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, tuple):
        return (" > " if type_ is Type.CHAIN else ", ").join(value)
    return value

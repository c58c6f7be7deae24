"""Facts and constants as the second engine holds them: text, true or false, whole numbers.

| type     | scalar                          | unit                                         |
|----------|---------------------------------|----------------------------------------------|
| money    | int                             | minor units                                  |
| int      | int                             | one                                          |
| percent  | int                             | a billionth; finer facts get no opinion      |
| date     | int                             | days since 0001-01-01 (day 1)                |
| time     | int                             | microseconds since midnight                  |
| duration | int                             | seconds                                      |
| code     | str                             | at most 4,096 characters                     |
| text     | str                             | at most 4,096 characters                     |
| bool     | bool                            |                                              |
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

from engine.rules.kind import FactValue
from engine.rules.model import Duration, Value
from engine.rules.rete.conditions import Scalar
from engine.rules.rete.refusals import no_opinion
from engine.rules.rete.spans import MOST

LONGEST = 4_096
"""Most characters of a text; the engine counts lengths in 16 bits."""
PARTS = 10**9
"""Parts of one in which percentages are counted."""


def position(value: Value) -> Fraction:
    """Return where an ordered value stands on the whole-number line; a Fraction if between two."""
    if isinstance(value, Decimal):
        return Fraction(value) * PARTS
    if isinstance(value, Duration):
        return Fraction(value.seconds)
    if isinstance(value, dt.date):
        return Fraction(value.toordinal())
    if isinstance(value, dt.time):
        seconds = (value.hour * 60 + value.minute) * 60 + value.second
        return Fraction(seconds * 1_000_000 + value.microsecond)
    if isinstance(value, int):
        return Fraction(value)
    raise TypeError(f"{value!r} has no order")


def can_hold(text: str) -> bool:
    """Whether the engine compares this text soundly."""
    if len(text) > LONGEST:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False  # half of a surrogate pair, which has no UTF-8
    return True


def scalar_of(name: str, value: FactValue) -> Scalar | None:
    """Return the fact `name` as a scalar. Raises NoSecondOpinion RETE_FACT outside the limits."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        if not can_hold(value):
            raise no_opinion(
                "RETE_FACT",
                f"the text {name} has {len(value):,} characters or cannot be written; "
                f"the second engine takes {LONGEST:,}",
                f"文本 {name} 有 {len(value):,} 个字符或无法书写；第二引擎最多接受 {LONGEST:,} 个",
            )
        return value
    if isinstance(value, dt.time) and value.tzinfo is not None:
        raise no_opinion("RETE_FACT", f"the time {name} has a time zone", f"时间 {name} 带有时区")
    at = position(value)
    if at.denominator != 1:
        raise no_opinion(
            "RETE_FACT",
            f"{name} has more than nine decimals, finer than the second engine counts",
            f"{name} 的小数超过九位，超出第二引擎的精度",
        )
    if abs(at) > MOST:
        raise no_opinion(
            "RETE_FACT",
            f"{name} is beyond ±(2^53 - 1), where the second engine compares wrongly",
            f"{name} 超出 ±(2^53 - 1)，第二引擎在此范围外比较不准确",
        )
    return at.numerator

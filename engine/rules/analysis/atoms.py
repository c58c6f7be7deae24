"""Atoms: the points and open intervals a column's cells cannot tell apart.

All literals of a column cut its values into atoms; every cell is true or false on a whole atom.
Two rows overlap when their atoms meet in every column; a gap is a choice of atoms no row has.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from engine.rules.model import Duration, Type, Value

_MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Point:
    """One value."""

    value: Value


@dataclass(frozen=True, slots=True)
class Open:
    """All values strictly between two points; None means without end."""

    low: Value | None
    high: Value | None


@dataclass(frozen=True, slots=True)
class TextClass:
    """Texts that every text test of the column treats alike; `sample` is one of them."""

    sample: str


@dataclass(frozen=True, slots=True)
class OtherValue:
    """Any value that no cell of the column names."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Null."""


Atom = Point | Open | TextClass | OtherValue | Missing


def _place(value: Value, type_: Type) -> Decimal:
    """A value as a number on the line its type has: whole steps for types with a smallest step."""
    if isinstance(value, Duration):
        return Decimal(value.seconds)
    if isinstance(value, dt.date):
        return Decimal(value.toordinal())
    if isinstance(value, dt.time):
        day = dt.timedelta(hours=value.hour, minutes=value.minute, seconds=value.second)
        return Decimal((day + dt.timedelta(microseconds=value.microsecond)) // _MICROSECOND)
    if isinstance(value, int | Decimal):
        return Decimal(value)
    raise TypeError(f"{type_} has no order")


def _value(place: Decimal, type_: Type) -> Value:
    if type_ is Type.DURATION:
        seconds = int(place)
        return Duration(seconds, f"{seconds}s")
    if type_ is Type.DATE:
        return dt.date.fromordinal(int(place))
    if type_ is Type.TIME:
        seconds, microsecond = divmod(int(place), 1_000_000)
        return dt.time(seconds // 3600, seconds // 60 % 60, seconds % 60, microsecond)
    return place if type_ is Type.PERCENT else int(place)


def _ends(type_: Type) -> tuple[Decimal | None, Decimal | None]:
    """The smallest and largest place a type has, where it has one."""
    if type_ is Type.DATE:
        return Decimal(dt.date.min.toordinal()), Decimal(dt.date.max.toordinal())
    if type_ is Type.TIME:
        return Decimal(0), _place(dt.time.max, type_)
    if type_ is Type.DURATION:
        return Decimal(0), None
    return None, None


def is_empty(atom: Open, type_: Type) -> bool:
    """Whether no value lies in the interval: there is no money between 49,999.99 and 50,000."""
    least, most = _ends(type_)
    low = _place(atom.low, type_) if atom.low is not None else None
    high = _place(atom.high, type_) if atom.high is not None else None
    if type_ is Type.PERCENT:
        return low is not None and high is not None and low >= high
    low = low if low is not None else (least - 1 if least is not None else None)
    high = high if high is not None else (most + 1 if most is not None else None)
    return low is not None and high is not None and high - low <= 1


_STEPS: dict[Type, tuple[int, ...]] = {
    Type.DATE: (1,),
    Type.TIME: (3_600_000_000, 900_000_000, 60_000_000, 1_000_000, 1),
    Type.DURATION: (86_400, 3_600, 60, 1),
}


def _steps(type_: Type, size: Decimal) -> Sequence[Decimal]:
    """Widths of round numbers to try, coarse first."""
    if type_ in _STEPS:
        return [Decimal(step) for step in _STEPS[type_]]
    least = -12 if type_ is Type.PERCENT else 0
    return [Decimal(1).scaleb(power) for power in range(max(size.adjusted(), 0), least - 1, -1)]


def inside(atom: Open, type_: Type) -> Value:
    """A natural value of a non-empty interval: the roundest number near its middle."""
    low = _place(atom.low, type_) if atom.low is not None else None
    high = _place(atom.high, type_) if atom.high is not None else None
    least, most = _ends(type_)
    if type_ is not Type.DATE:
        low = low if low is not None or least is None else least - 1
        high = high if high is not None or most is None else most + 1
    if low is not None and high is not None:
        return _value(_between(low, high, type_), type_)
    if low is not None:
        return _value((low // (step := _stride(low, type_)) + 1) * step, type_)
    if high is None:
        return _value(_ORIGIN.get(type_, Decimal(0)), type_)
    if high > 0 and type_ is not Type.DATE:
        half = high / 2
        step = Decimal(1).scaleb(half.adjusted() - 1)
        step = step if type_ is Type.PERCENT else max(step, Decimal(1))
        return _value(half // step * step, type_)
    return _value(high - _stride(high, type_), type_)


_ORIGIN = {Type.DATE: Decimal(dt.date(2026, 1, 1).toordinal()), Type.MONEY: Decimal(100)}
_STRIDES = {
    Type.DATE: Decimal(1),
    Type.DURATION: Decimal(86_400),
    Type.MONEY: Decimal(100),
    Type.INT: Decimal(1),
    Type.PERCENT: Decimal("0.01"),
}


def _stride(edge: Decimal, type_: Type) -> Decimal:
    """How far to step beyond a last point: by its own size, so that 500,000 gives 600,000."""
    if type_ in {Type.DATE, Type.DURATION}:
        return _STRIDES[type_]
    return max(Decimal(1).scaleb(edge.adjusted()), _STRIDES[type_]) if edge else _STRIDES[type_]


def _between(low: Decimal, high: Decimal, type_: Type) -> Decimal:
    middle = (low + high) / 2
    for step in _steps(type_, high - low):
        near = (middle / step).to_integral_value() * step
        for place in (near, near - step, near + step):
            if low < place < high:
                return place
    return middle

"""A catalogue of cells for every column: what is written, and what it means."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from engine.rules.model import Duration
from tests.differential.plain import PARAMS, Cell, Fact, Facts

BIG = 12_345_678_901_234_567_890
EDGE = 2**53
HOUR = 3_600


def hours(count: int) -> Duration:
    """A length of time."""
    return Duration(count * HOUR, f"{count}h")


CUTS: Mapping[str, Sequence[tuple[str, Any]]] = {
    "amount": [
        ("0", 0),
        ("0.01", 1),
        ("100", 10_000),
        ("5万", 5_000_000),
        ("-0.01", -1),
        ("90071992547409.91", EDGE - 1),
        ("123456789012345678.90", BIG),
        ("$low", PARAMS["low"][1]),
    ],
    "fee": [("0", 0), ("1", 100), ("$low", PARAMS["low"][1])],
    "days": [("0", 0), ("1", 1), ("7", 7), ("1k", 1_000)],
    "rate": [
        ("0%", Decimal(0)),
        ("5%", Decimal("0.05")),
        ("0.0500000001", Decimal("0.0500000001")),
        ("-0.5", Decimal("-0.5")),
        ("$share", PARAMS["share"][1]),
    ],
    "due": [("2026-02-28", dt.date(2026, 2, 28)), ("2026-03-01", dt.date(2026, 3, 1))],
    "booked": [("2026-02-28", dt.date(2026, 2, 28)), ("9999-12-31", dt.date.max)],
    "at": [("00:00", dt.time()), ("16:30", dt.time(16, 30)), ("23:59:59", dt.time(23, 59, 59))],
    "age": [("0h", hours(0)), ("1d 1h", hours(25)), ("$soon", PARAMS["soon"][1])],
    "repeats": [("0", 0), ("1", 1), ("3", 3)],
    "largest": [("100", 10_000), ("5万", 5_000_000)],
    "type": [("claim", "claim"), ("refund", "refund"), ("premium", "premium")],
    "bank": [("901", "901"), ("0102", "0102"), ("工行", "工行")],
    "payee": [
        ("张三", "张三"),
        ('"张"', "张"),
        ('"a, b"', "a, b"),
        ('"null"', "null"),
        ('"-"', "-"),
        (r'"say \"hi\""', 'say "hi"'),
        (r'"back\\slash"', "back\\slash"),
        ('"ＡＢ１２"', "AB12"),
        ('"x\\|y"', "x|y"),
    ],
    "urgent": [("true", True), ("false", False)],
}
"""Column -> constants as written, and their values."""

NULLABLE = frozenset({"fee", "payee", "booked", "largest"})
TEXTS = frozenset({"type", "bank", "payee", "urgent"})
SAME_TYPE = {
    "amount": ("fee", "largest"),
    "fee": ("amount",),
    "largest": ("amount", "fee"),
    "due": ("booked",),
    "booked": ("due",),
    "days": ("repeats",),
}
ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}

ANY = Cell("-", lambda facts: True)


def _null(column: str) -> Cell:
    return Cell("null", lambda facts: facts[column] is None)


def _compare(column: str, op: str, written: str, value: Any) -> Cell:
    def holds(facts: Facts) -> bool:
        return facts[column] is not None and ORDER[op](facts[column], value)

    return Cell(written if op == "=" else f"{op} {written}", holds)


def _other(column: str, op: str, other: str) -> Cell:
    def holds(facts: Facts) -> bool:
        a, b = facts[column], facts[other]
        return a is not None and b is not None and ORDER[op](a, b)

    return Cell(f"{op} {other}", holds)


def _range(column: str, low: tuple[str, Any], high: tuple[str, Any], ends: str) -> Cell:
    above, below = (">=" if ends[0] == "[" else ">"), ("<=" if ends[1] == "]" else "<")

    def holds(facts: Facts) -> bool:
        value = facts[column]
        return value is not None and ORDER[above](value, low[1]) and ORDER[below](value, high[1])

    return Cell(f"{ends[0]}{low[0]}..{high[0]}{ends[1]}", holds)


def _up_to(column: str, low: tuple[str, Any], other: str) -> Cell:
    def holds(facts: Facts) -> bool:
        value, limit = facts[column], facts[other]
        return value is not None and limit is not None and low[1] <= value <= limit  # type: ignore[operator]

    return Cell(f"[{low[0]}..{other}]", holds)


def _text(column: str, written: str, passes: Callable[[str], bool]) -> Cell:
    def holds(facts: Facts) -> bool:
        value = facts[column]
        return isinstance(value, str) and passes(value)

    return Cell(written, holds)


def _text_tests(column: str) -> list[Cell]:
    return [
        _text(column, 'starts("张")', lambda text: text.startswith("张")),
        _text(column, 'contains("1")', lambda text: "1" in text),
        _text(column, 'contains("三丰")', lambda text: "三丰" in text),
        _text(column, 'matches("[0-9]+")', lambda text: text.isascii() and text.isdigit()),
        _text(column, 'matches("a|a, b")', lambda text: text in {"a", "a, b"}),
    ]


def simple(column: str) -> list[Cell]:
    """Every cell of one test."""
    cuts = CUTS[column]
    ops = ("=", "!=") if column in TEXTS else tuple(ORDER)
    found = [_compare(column, op, written, value) for written, value in cuts for op in ops]
    if column in NULLABLE:
        found.append(_null(column))
    if column in {"payee", "bank"}:
        found += _text_tests(column)
    for other in SAME_TYPE.get(column, ()):
        found += [_other(column, op, other) for op in ORDER]
        found.append(_up_to(column, cuts[0], other))
    if column not in TEXTS:
        for low, high in pairwise(cuts):
            if low[1] > high[1]:
                low, high = high, low
            if "$" in low[0] + high[0] or low[1] < high[1]:
                found += [_range(column, low, high, ends) for ends in ("[]", "[)", "(]", "()")]
    return found


def one_of(*cells: Cell) -> Cell:
    """Any of some cells."""
    return Cell(
        ", ".join(cell.text for cell in cells), lambda facts: any(one.holds(facts) for one in cells)
    )


def negated(column: str, cell: Cell) -> Cell:
    """not(…): needs a value that does not satisfy the cell."""
    return Cell(
        f"not({cell.text})", lambda facts: facts[column] is not None and not cell.holds(facts)
    )


# --- `when`: true, false, or None where null, a zero divisor or no unit leaves it open


def _number(value: Any) -> Fraction | None:
    return None if value is None else Fraction(value)


def _both(a: Any, b: Any, test: Callable[[Any, Any], bool]) -> bool | None:
    return None if a is None or b is None else test(a, b)


def _ratio(facts: Facts) -> bool | None:
    a, b = _number(facts["amount"]), _number(facts["fee"])
    return None if a is None or b is None or b == 0 else a / b > 2


def _floor(facts: Facts) -> bool | None:
    a, b = _number(facts["amount"]), _number(facts["fee"])
    return None if a is None or b is None or b <= 0 else a // b * b > 100


def _nested(facts: Facts) -> bool | None:
    days, more = Fraction(facts["days"]), Fraction(facts["repeats"])  # type: ignore[arg-type]
    unit = days - more
    rounded = 0 if unit <= 0 else -(-days // unit) * unit
    return None if rounded == 0 else more / rounded > 1


def _days(facts: Facts) -> bool | None:
    a, b = facts["due"], facts["booked"]
    if not isinstance(a, dt.date) or not isinstance(b, dt.date):
        return None
    return (b - a).days >= 0


Truth = tuple[str, Callable[[Facts], bool | None]]

ATOMS: Sequence[Truth] = (
    ("amount > fee", lambda f: _both(f["amount"], f["fee"], ORDER[">"])),
    ("fee = null", lambda f: f["fee"] is None),
    ("booked != null", lambda f: f["booked"] is not None),
    ("amount / fee > 2", _ratio),
    ("floor_to(amount, fee) > 1", _floor),
    ("repeats / ceil_to(days, days - repeats) > 1", _nested),
    ("days_between(due, booked) >= 0", _days),
    ("type = claim", lambda f: f["type"] == "claim"),
    ('starts(payee, "张")', lambda f: _both(f["payee"], "张", lambda a, b: a[:1] == b)),
    ("urgent", lambda f: bool(f["urgent"])),
    ("floor_to(amount, 100) = amount", lambda f: Fraction(f["amount"]) % 10_000 == 0),  # type: ignore[arg-type]
    ("max(amount, fee) >= $low", lambda f: _both(f["fee"], f["amount"], _larger_is_low)),
    ("rate * days > 0.1", lambda f: Fraction(f["rate"]) * f["days"] > Fraction(1, 10)),  # type: ignore[arg-type, operator]
    ("age > 1d", lambda f: isinstance(f["age"], Duration) and f["age"].seconds > 86_400),
    ("at >= 16:30", lambda f: ORDER[">="](f["at"], dt.time(16, 30))),
)


def _larger_is_low(a: Any, b: Any) -> bool:
    return bool(max(a, b) >= PARAMS["low"][1])


def when(truth: Truth) -> Cell:
    """A condition as a cell: it must certainly hold."""
    return Cell(truth[0], lambda facts: truth[1](facts) is True)


def opposite(truth: Truth) -> Truth:
    """not …"""

    def of(facts: Facts) -> bool | None:
        found = truth[1](facts)
        return None if found is None else not found

    return f"not ({truth[0]})", of


def joined(word: str, a: Truth, b: Truth) -> Truth:
    """a and b, or a or b, of three values."""
    settles = word == "or"

    def of(facts: Facts) -> bool | None:
        found = [a[1](facts), b[1](facts)]
        if settles in found:
            return settles
        return None if None in found else not settles

    return f"({a[0]}) {word} ({b[0]})", of


# --- facts


def _step(column: str) -> Any:
    if column == "rate":
        return Decimal("0.0000000001")
    return dt.timedelta(days=1) if column in {"due", "booked"} else 1


def near(column: str) -> list[Fact]:
    """Values at the cut points, one step beside them, null where it may be, and odd ones."""
    found: list[Fact] = [None] if column in NULLABLE else []
    values = [value for _, value in CUTS[column]]
    if column in TEXTS:
        found += values
        odd = [
            "张三丰",
            "ＡＢ１２",
            "ab12",
            " ",
            "a",
            "62",
            "x" * 4_096,
            "x" * 4_097,
            "老张三丰1",
            "😀",
            "\n",
            "'",
        ]
        return found + (odd if column in {"payee", "bank"} else [])
    for value in values:
        found.append(value)
        if column in {"at", "age"}:
            continue
        for way in (-1, 1):
            try:
                found.append(value + way * _step(column))
            except OverflowError:
                continue  # beyond the last day of the calendar
    if column == "at":
        found += [dt.time(16, 29, 59), dt.time(16, 30, 1), dt.time(16, 30, 0, 1)]
    if column == "age":
        found += [Duration(25 * HOUR + 1, "x"), Duration(129_599, "x"), Duration(-1, "x")]
    if column == "amount":
        found += [EDGE, EDGE + 1, -EDGE, -BIG, BIG * 10**20]
    if column in {"fee", "days", "repeats"}:
        found = [one for one in found if not isinstance(one, int) or one >= 0]
    return found

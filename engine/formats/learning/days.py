"""How the days of a column are written: of all readings the one in which they follow each other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

DATE_FORMATS = (
    *("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%d/%m/%Y", "%m/%d/%Y"),
    *("%d.%m.%Y", "%d-%b-%Y", "%d %b %Y", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S"),
    *("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y%m%d %H:%M:%S", "%Y%m%d%H%M%S", "%d/%m/%Y %H:%M:%S"),
    *("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d-%H.%M.%S", "%d/%m/%y", "%y%m%d"),
)
YEARLESS = ("%m/%d", "%m-%d", "%m.%d", "%m月%d日", "%m%d", "%d/%m")
"""The same without a year: only what is named as a day is taken for one of these."""


@dataclass(frozen=True, slots=True)
class Days:
    """`formats` read every cell as the same day; none: the column has no days."""

    formats: tuple[str, ...]
    yearless: bool = False
    either_way: bool = False
    """Another reading is as good: day and month may be the other way round."""


def days_of(cells: Sequence[str]) -> Days:
    """The formats of a column's filled cells."""
    for forms, yearless in ((DATE_FORMATS, False), (YEARLESS, True)):
        readings: dict[tuple[dt.date, ...], list[str]] = {}
        for form in forms:
            found = _read(cells, form, yearless)
            if found is not None:
                readings.setdefault(found, []).append(form)
        if readings:
            best = max(readings, key=_ordered)
            doubt = sum(_ordered(one) == _ordered(best) for one in readings) > 1
            return Days(tuple(readings[best]), yearless, doubt)
    return Days(())


def _ordered(days: Sequence[dt.date]) -> bool:
    """Whether they stand from the oldest to the newest, or the other way."""
    up = all(one <= other for one, other in pairwise(days))
    return up or all(one >= other for one, other in pairwise(days))


def _read(cells: Sequence[str], form: str, yearless: bool) -> tuple[dt.date, ...] | None:
    days = []
    for text in cells:
        if len(text) < (3 if yearless else 6):
            return None
        try:
            if yearless:
                found = dt.datetime.strptime(f"2000 {text}", f"%Y {form}")  # noqa: DTZ007
            else:
                found = dt.datetime.strptime(text, form)  # noqa: DTZ007 - a day has no zone
        except ValueError:
            return None
        if not 1990 <= found.year <= 2090:
            return None
        days.append(found.date())
    return tuple(days)

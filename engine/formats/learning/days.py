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
    *("%Y年%m月%d日 %H:%M:%S", "%Y年%m月%d日 %H:%M", "%Y年%m月%d日%H:%M:%S", "%Y.%m.%d %H:%M:%S"),
    *("%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d-%H.%M.%S.%f", "%Y%m%d %H%M%S", "%Y-%m-%dT%H:%M:%S%z"),
    *("%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", "%b %d, %Y", "%d %B %Y", "%d-%b-%y"),
    *("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d-%H.%M.%S", "%d/%m/%y", "%y%m%d"),
)
YEARLESS = ("%m/%d", "%m-%d", "%m.%d", "%m月%d日", "%m%d", "%d/%m")
"""The same without a year: only what is named as a day is taken for one of these."""


_ENOUGH = 0.8
"""Share of the cells that have to be days."""


@dataclass(frozen=True, slots=True)
class Days:
    """`formats` read the cells as the same days; none: the column has no days."""

    formats: tuple[str, ...]
    yearless: bool = False
    either_way: bool = False
    """Another reading is as good: day and month may be the other way round."""


def days_of(cells: Sequence[str]) -> Days:
    """The formats of a column's filled cells, of which all but a few sums below are days."""
    for forms, yearless in ((DATE_FORMATS, False), (YEARLESS, True)):
        readings: dict[tuple[dt.date, ...], list[str]] = {}
        for form in forms:
            found = tuple(day for one in cells if (day := _day(one, form, yearless)) is not None)
            if found and len(found) >= _ENOUGH * len(cells):
                readings.setdefault(found, []).append(form)
        if readings:
            best = max(readings, key=_rank)
            doubt = sum(_rank(one) == _rank(best) for one in readings) > 1
            return Days(tuple(readings[best]), yearless, doubt)
    return Days(())


def _rank(days: Sequence[dt.date]) -> tuple[int, bool]:
    """How many there are, and whether they stand from the oldest to the newest or the other way."""
    up = all(one <= other for one, other in pairwise(days))
    return len(days), up or all(one >= other for one, other in pairwise(days))


def _day(text: str, form: str, yearless: bool) -> dt.date | None:
    if len(text) < (3 if yearless else 6):
        return None
    try:
        if yearless:
            found = dt.datetime.strptime(f"2000 {text}", f"%Y {form}")  # noqa: DTZ007
        else:
            found = dt.datetime.strptime(text, form)  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None
    return found.date() if 1990 <= found.year <= 2090 else None

"""Days that a bank writes without their year: the year follows from the day the file ends.

Such a day is read into the year PLACEHOLDER, which no booking has, until the whole file is known.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Mapping, Sequence

from engine.formats.layouts.bookings import Row, refused
from engine.formats.layouts.cell_reading import PLACEHOLDER

_UNTIL = re.compile(r"(\d{4})\D?(\d{1,2})\D?(\d{1,2})(?!\d)")


def with_years(
    rows: Sequence[Row], preamble: Mapping[str, str], until: dt.date | None
) -> list[Row]:
    """The rows with the latest year that lets no booking stand after the file's end.

    The end is what a pattern keeps as `{until}`, else `until`. A value day is the one nearest to
    its booking. Raises FileRefused YEAR_MISSING, DATE (29 February of a year without one).
    """
    return [_dated(one, preamble, until) for one in rows]


def _dated(row: Row, preamble: Mapping[str, str], until: dt.date | None) -> Row:
    booked, valued = row.booked.booking_date, row.booked.value_date
    if PLACEHOLDER not in (booked.year, valued.year):
        return row
    if booked.year == PLACEHOLDER:
        end = _end(row, preamble, until)
        year = end.year - ((booked.month, booked.day) > (end.month, end.day))
        booked = _in_year(row, booked, year)
    if valued.year == PLACEHOLDER:
        near = [
            day
            for year in (booked.year - 1, booked.year, booked.year + 1)
            if (day := _possible(valued, year)) is not None
        ]
        if not near:
            raise _no_day(row, valued)
        valued = min(near, key=lambda day: abs(day - booked))
    made = dataclasses.replace(row.booked, booking_date=booked, value_date=valued)
    return row._replace(booked=made)


def _end(row: Row, preamble: Mapping[str, str], until: dt.date | None) -> dt.date:
    kept = preamble.get("until")
    if kept is None and until is not None:
        return until
    found = _UNTIL.search(kept or "")
    try:
        if found is not None:
            return dt.date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        pass
    what = "nothing says when the file ends" if kept is None else f"{kept[:40]!r} is no day"
    raise refused(
        "YEAR_MISSING",
        row.number,
        row.line,
        "booking_date",
        f"the day has no year and {what}; name the last day of the file when reading it (--until), "
        'or keep it in the layout: preamble: ["...{until}..."]',
        "日期没有年份，且无法得知文件的截止日期；读取时请指定截止日期（--until），"
        '或在布局的 preamble 中用 "...{until}..." 保留该日期',
    )


def _in_year(row: Row, day: dt.date, year: int) -> dt.date:
    found = _possible(day, year)
    if found is None:
        raise _no_day(row, day)
    return found


def _possible(day: dt.date, year: int) -> dt.date | None:
    try:
        return day.replace(year=year)
    except ValueError:
        return None


def _no_day(row: Row, day: dt.date) -> Exception:
    return refused(
        "DATE",
        row.number,
        row.line,
        "booking_date",
        f"the year that follows from the end of the file has no {day:%m-%d}; check that day",
        f"按文件截止日期推算的年份没有 {day:%m-%d}；请核对截止日期",
    )

"""Which days banks work and until when: by the calendar rulesets, never by weekday alone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from engine.base.text import SluiceError, Text
from engine.rulebook import Pinned
from engine.rules.kinds import calendar
from engine.runtime.clock import BUSINESS_ZONE, business_date_of

CALENDAR_OF = {
    "CNY": "CN",
    "HKD": "HK",
    "USD": "US",
    "EUR": "EU",
    "GBP": "GB",
    "JPY": "JP",
    "KRW": "KR",
}
"""Currency -> calendar (subject of the kind calendar)."""

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LOOK_AHEAD = 60
"""Days within which there must be a business day."""


class CalendarError(SluiceError):
    """A calendar that cannot be used."""


@dataclass(frozen=True, slots=True)
class Closed:
    """Why no message may leave now."""

    code: str
    """HOLIDAY | AFTER_CUT_OFF"""
    text: Text


def day_of(
    pinned: Pinned, date: dt.date, org_path: tuple[str, ...], currency: str = "CNY"
) -> calendar.BusinessDay:
    """What the calendar of `currency` says of `date`. Raises NoLiveRuleset, CalendarError."""
    name = CALENDAR_OF.get(currency)
    if name is None:
        raise CalendarError(
            "NO_CALENDAR",
            Text(f"no calendar is known for {currency}", f"币种 {currency} 没有对应的营业日历"),
        )
    considered = pinned.consider(
        "calendar",
        name,
        calendar.Day(date, _WEEKDAYS[date.weekday()]),
        org_path=org_path,
        on=date,
    )
    for outcome in considered.outcomes:
        if isinstance(outcome, calendar.BusinessDay):
            return outcome
    raise CalendarError(
        "NO_CALENDAR",
        Text(
            f"the {name} calendar says nothing of {date}; add a row",
            f"{name} 营业日历没有 {date} 的规定;请补充",
        ),
    )


def closed(
    pinned: Pinned, now: dt.datetime, org_path: tuple[str, ...], currency: str = "CNY"
) -> Closed | None:
    """Why banks take no messages at `now`; None on a business day before the cut-off."""
    date = business_date_of(now)
    day = day_of(pinned, date, org_path, currency)
    if not day.business_day:
        return Closed(
            "HOLIDAY",
            Text(
                f"{date} is no business day; it leaves with the next business day's first slot",
                f"{date} 不是营业日;将随下一营业日首个时点发出",
            ),
        )
    if day.cut_off is not None and now.astimezone(BUSINESS_ZONE).time() >= day.cut_off:
        return Closed(
            "AFTER_CUT_OFF",
            Text(
                f"the cut-off {day.cut_off:%H:%M} has passed; it leaves with the next business "
                "day's first slot",
                f"已过当日截止时间 {day.cut_off:%H:%M};将随下一营业日首个时点发出",
            ),
        )
    return None


def next_slot(
    pinned: Pinned, time: dt.time, after: dt.datetime, org_path: tuple[str, ...]
) -> dt.datetime | None:
    """The first instant strictly after `after` that is `time` in Shanghai on a business day."""
    date = business_date_of(after)
    for ahead in range(LOOK_AHEAD):
        candidate = dt.datetime.combine(date + dt.timedelta(days=ahead), time, BUSINESS_ZONE)
        if candidate > after and day_of(pinned, candidate.date(), org_path).business_day:
            return candidate.astimezone(dt.UTC)
    return None

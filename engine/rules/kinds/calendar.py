"""Calendar: which days are business days."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from engine.base.text import Text
from engine.rules.kind import ANY_SUBJECT, Kind, OutputSpec, Starter
from engine.rules.model import HitPolicy, Type


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day and its weekday (mon ... sun)."""

    date: dt.date
    weekday: str


@dataclass(frozen=True, slots=True)
class BusinessDay:
    """Whether banks work, until when, and where a due date moves from a day they do not."""

    business_day: bool
    cut_off: dt.time | None = None
    roll: str | None = None


ROLLS = {
    "skip": Text("is skipped", "跳过"),
    "preceding": Text("goes to the business day before", "前一营业日"),
    "following": Text("goes to the business day after", "后一营业日"),
}

CALENDARS = ("CN", "HK", "US", "EU", "GB", "JP", "KR")
"""One subject per currency area whose banks we use."""

_STARTER = Starter(
    envelope=("hit_policy: first",),
    rules=(
        "id | date | weekday => business_day | cut_off | roll | basis",
        'D1 | 2027-01-01 | - => false | - | following | "New Year 元旦"',
        "D2 | - | sat, sun => false | - | following | -",
        "D3 | - | - => true | 17:00 | - | -",
    ),
    examples=(
        "date | weekday => id | business_day",
        "2027-01-01 | fri => D1 | false",
        "2027-01-02 | sat => D2 | false",
        "2027-01-04 | mon => D3 | true",
    ),
)

KIND = Kind(
    name="calendar",
    title=Text("Business days", "营业日历"),
    about=Text(
        "Decides whether a date is a business day, when the banks' cut-off is, and where a due "
        "date moves from a holiday. China works on some weekends and rests on some weekdays, so "
        "the days are data: one row per announced period.",
        "决定某日是否营业日、银行截止时间，以及到期日遇假日如何顺延。我国有调休上班的周末与放假的平日，"
        "因此日历即数据：每段公布的安排一行。",
    ),
    facts=dict.fromkeys(CALENDARS, Day),
    outputs={
        "business_day": OutputSpec(Type.BOOL, Text("business day", "营业日"), required=True),
        "cut_off": OutputSpec(Type.TIME, Text("cut-off", "截止时间")),
        "roll": OutputSpec(Type.CODE, Text("a due date that falls here", "到期日顺延"), ROLLS),
    },
    outcome=BusinessDay,
    hit_policies=frozenset({HitPolicy.FIRST, HitPolicy.UNIQUE}),
    starters={ANY_SUBJECT: _STARTER},
)

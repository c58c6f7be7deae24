"""When a schedule fires, in words people use."""

from __future__ import annotations

import re

from engine.base.text import Text
from engine.runtime.schedules import Schedule

_SLOT = re.compile(r"(\d\d:\d\d) on business days")
_STEP = re.compile(r"\*/(\d+) \* \* \* \*")
_MINUTE = re.compile(r"(\d+) \* \* \* \*")
_WHILE = re.compile(r"\* (\d+)-(\d+) \* \* \*")
_TIMES = re.compile(r"(\d+) (\d+(?:,\d+)*) \* \* (\*|mon-sun|mon-fri)")


def when(schedule: Schedule) -> Text:
    """The trigger in a phrase; one of another shape as it is written."""
    trigger = schedule.trigger
    if trigger == "* * * * *":
        return Text("every minute", "每分钟")
    if found := _SLOT.fullmatch(trigger):
        return Text(trigger, f"工作日 {found[1]}")
    if found := _STEP.fullmatch(trigger):
        return Text(f"every {found[1]} minutes", f"每 {found[1]} 分钟")
    if found := _MINUTE.fullmatch(trigger):
        return Text(f"hourly at minute {int(found[1])}", f"每小时第 {int(found[1])} 分")
    if found := _WHILE.fullmatch(trigger):
        first, last = int(found[1]), int(found[2])
        return Text(
            f"every minute from {first:02}:00 to {last:02}:59",
            f"{first:02}:00 至 {last:02}:59 每分钟",
        )
    if found := _TIMES.fullmatch(trigger):
        times = [f"{int(hour):02}:{int(found[1]):02}" for hour in found[2].split(",")]
        days = Text("Monday to Friday", "周一至周五") if found[3] == "mon-fri" else _DAILY
        return Text(f"{days.en} at {', '.join(times)}", f"{days.zh} {'、'.join(times)}")
    return Text(trigger, trigger)


_DAILY = Text("daily", "每日")

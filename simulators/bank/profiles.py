"""Which banks there are, and the options that make one behave differently."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import time
from typing import Final

from simulators.common.fields import Fields, Refused


@dataclass(frozen=True)
class Options:
    """How the bank behaves; times are on the bank's clock unless said otherwise."""

    processing_seconds: int = 20
    cut_off: time | None = None
    opens: time = time(8, 30)
    day_end: time | None = time(18)
    weekend_days: tuple[int, ...] = ()
    batch_booking: bool = False
    lose_reference_percent: int = 0
    auto_cut_seconds: int | None = None
    """Real seconds after a booking."""
    deduplicates: bool = True
    queryable: bool = True
    bounce_percent: int = 0
    """Share of executed payments that come back, by seed."""
    bounce_days: int = 2
    """Calendar days after which they do, at `opens`."""
    item_limit: int | None = None
    """Largest item in major units of its currency."""
    hang_seconds: int = 30
    """Real seconds a hanging call is kept open."""


@dataclass(frozen=True)
class Profile:
    """One bank: its dialect (a folder beside this file) and its own defaults."""

    name: str
    dialect: str
    letter: str
    options: Options


PROFILES: Final[Mapping[str, Profile]] = {
    "bank_a": Profile("bank_a", "iso20022", "A", Options()),
    "bank_b": Profile("bank_b", "cn_xml", "B", Options(deduplicates=False)),
    "bank_c": Profile("bank_c", "iso20022", "C", Options(deduplicates=False, queryable=False)),
}


def _time(given: Fields, name: str, default: time | None) -> time | None:
    text = given.text(name, default.isoformat("minutes") if default else "")
    if not text:
        return None
    try:
        return time.fromisoformat(text)
    except ValueError as error:
        raise Refused(f"options: {name} must be a time like 17:00") from error


def _percent(given: Fields, name: str, default: int) -> int:
    value = given.whole(name, default)
    if value > 100:
        raise Refused(f"options: {name} must be 0 to 100")
    return value


def _optional(given: Fields, name: str, default: int | None) -> int | None:
    return given.whole(name) if given.has(name) else default


def _weekdays(given: Fields, default: tuple[int, ...]) -> tuple[int, ...]:
    if not given.has("weekend_days"):
        return default
    days = tuple(day for day in given.objects("weekend_days") if isinstance(day, int))
    allowed = set(range(1, 8))
    if len(days) != len(given.objects("weekend_days")) or not set(days) < allowed:
        raise Refused("options: weekend_days must be ISO weekdays 1-7, not all of them")
    return days


def read_options(given: Fields, default: Options) -> Options:
    """The profile's options with the given ones in their place; raises Refused."""
    given.only([field.name for field in fields(Options)])
    return replace(
        default,
        processing_seconds=given.whole("processing_seconds", default.processing_seconds),
        cut_off=_time(given, "cut_off", default.cut_off),
        opens=_time(given, "opens", default.opens) or default.opens,
        day_end=_time(given, "day_end", default.day_end),
        weekend_days=_weekdays(given, default.weekend_days),
        batch_booking=given.flag("batch_booking", default.batch_booking),
        lose_reference_percent=_percent(
            given, "lose_reference_percent", default.lose_reference_percent
        ),
        auto_cut_seconds=_optional(given, "auto_cut_seconds", default.auto_cut_seconds),
        deduplicates=given.flag("deduplicates", default.deduplicates),
        queryable=given.flag("queryable", default.queryable),
        bounce_percent=_percent(given, "bounce_percent", default.bounce_percent),
        bounce_days=given.whole("bounce_days", default.bounce_days),
        item_limit=_optional(given, "item_limit", default.item_limit),
        hang_seconds=given.whole("hang_seconds", default.hang_seconds),
    )

"""Filters as people and programs write them, read into the filters of the capability modules."""

from __future__ import annotations

import datetime as dt

from engine.base.money import parse_major
from engine.base.text import SluiceError, Text, normalise
from engine.runtime.clock import BUSINESS_ZONE


class FilterError(SluiceError):
    """A filter that cannot be read."""


def text_of(raw: str | None) -> str | None:
    """Trimmed text; None for nothing."""
    return normalise(raw)


def amount_of(raw: str | None, currency: str = "CNY") -> int | None:
    """An amount in major units (thousands separators allowed) as minor units; MoneyError."""
    text = text_of(raw)
    return None if text is None else parse_major(text.replace(",", ""), currency)


def date_of(raw: str | None) -> dt.date | None:
    """A date written 2026-11-23; FilterError DATE_UNREADABLE."""
    text = text_of(raw)
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise FilterError(
            "DATE_UNREADABLE",
            Text(
                f"{text!r} is not a date; write it as 2026-11-23",
                f"{text!r} 不是日期;请写成 2026-11-23",
            ),
        ) from None


def instant_of(raw: str) -> dt.datetime:
    """An instant in UTC; without a zone it is Shanghai time. FilterError INSTANT_UNCLEAR."""
    try:
        found = dt.datetime.fromisoformat(raw.strip())
    except ValueError:
        raise unclear(raw) from None
    return (found if found.tzinfo else found.replace(tzinfo=BUSINESS_ZONE)).astimezone(dt.UTC)


def unclear(raw: str) -> FilterError:
    """The refusal of what is neither a date nor a time."""
    return FilterError(
        "INSTANT_UNCLEAR",
        Text(
            f"{raw!r} is no date or time; write 2026-12-01 or 2026-12-01T08:00",
            f"{raw!r} 不是日期或时间；请写成 2026-12-01 或 2026-12-01T08:00",
        ),
    )


def number_of(raw: str | None) -> int | None:
    """A whole number above zero; FilterError NUMBER_UNREADABLE."""
    text = text_of(raw)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise FilterError(
            "NUMBER_UNREADABLE",
            Text(f"{text!r} is not a number; write digits only", f"{text!r} 不是数字;请只写数字"),
        )
    return int(text)

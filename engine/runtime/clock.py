"""The business clock: injected everywhere, so a day can be played in seconds.

Instants are aware UTC datetimes; business dates are dates in Asia/Shanghai. Leases do not use
this clock but the database's, since two machines must agree on them.
"""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

BUSINESS_ZONE = ZoneInfo("Asia/Shanghai")
"""Zone of business dates."""


class Clock(Protocol):
    """Tells the time of business."""

    def now(self) -> datetime:
        """The instant, aware, UTC."""
        ...

    def business_date(self) -> date:
        """The date in Asia/Shanghai at this instant."""
        ...


def business_date_of(instant: datetime) -> date:
    """The date in Asia/Shanghai at `instant` (aware)."""
    return instant.astimezone(BUSINESS_ZONE).date()


class SystemClock:
    """The machine's clock, shifted by `offset`."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        self._offset = offset

    def now(self) -> datetime:
        """The instant, aware, UTC."""
        return datetime.now(UTC) + self._offset

    def business_date(self) -> date:
        """The date in Asia/Shanghai at this instant."""
        return business_date_of(self.now())


class ManualClock:
    """A clock that stands still until it is moved; for tests and the demo day."""

    def __init__(self, start: datetime) -> None:
        self._lock = threading.Lock()
        self._now = _utc(start)

    def now(self) -> datetime:
        """The instant, aware, UTC."""
        with self._lock:
            return self._now

    def business_date(self) -> date:
        """The date in Asia/Shanghai at this instant."""
        return business_date_of(self.now())

    def advance(self, by: timedelta) -> datetime:
        """Move forward by `by` (not backward: ValueError) and return the new instant."""
        if by < timedelta(0):
            raise ValueError("a clock only moves forward; use set() for a new beginning")
        with self._lock:
            self._now += by
            return self._now

    def set(self, instant: datetime) -> None:
        """Stand at `instant` (aware)."""
        with self._lock:
            self._now = _utc(instant)


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC)

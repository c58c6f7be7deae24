"""The bank's own business clock: real time with an offset, or standing still."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from datetime import time as time_of_day
from typing import Final

from simulators.common.fields import Refused
from simulators.common.store import Store

ZONE: Final = timezone(timedelta(hours=8))
"""Business time in China; the country has one zone and no summer time."""


def real_ms() -> int:
    """Milliseconds since 1970, real time."""
    return time.time_ns() // 1_000_000


def moment(instant: int) -> datetime:
    """The bank's local date and time of an instant in milliseconds."""
    return datetime.fromtimestamp(instant // 1000, UTC).astimezone(ZONE)


def at(day: date, clock_time: time_of_day) -> int:
    """The instant of a local date and time."""
    return int(datetime.combine(day, clock_time, ZONE).timestamp()) * 1000


def parse_instant(text: str) -> int:
    """Milliseconds of an ISO 8601 time with offset; raises Refused."""
    try:
        given = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused(f"now: {text!r} is not an ISO 8601 time") from error
    if given.tzinfo is None:
        raise Refused("now: the time needs an offset, for instance +08:00")
    return int(given.timestamp() * 1000)


class BankClock:
    """Kept in the store, so a restarted bank goes on from its own time."""

    def __init__(self, store: Store, real: Callable[[], int] = real_ms) -> None:
        self._store = store
        self._real = real
        self._offset = int(store.remembered("clock_offset") or "0")
        frozen = store.remembered("clock_frozen") or ""
        self._frozen_at = int(frozen) if frozen else None

    @property
    def frozen(self) -> bool:
        """Whether only an admin moves it."""
        return self._frozen_at is not None

    def real(self) -> int:
        """Real time in milliseconds."""
        return self._real()

    def now(self) -> int:
        """The bank's instant in milliseconds."""
        return self._real() + self._offset if self._frozen_at is None else self._frozen_at

    def set(self, now: int, frozen: bool) -> None:
        """Put the clock to an instant, standing or running from there."""
        self._offset = now - self._real()
        self._frozen_at = now if frozen else None
        self._store.remember("clock_offset", str(self._offset))
        self._store.remember("clock_frozen", str(now) if frozen else "")

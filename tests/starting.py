"""What every test starts from: the migrated database and the moment."""

from __future__ import annotations

from datetime import datetime

from engine.runtime.clock import BUSINESS_ZONE, ManualClock

TEMPLATE = "template_migrated"


def starting_clock() -> ManualClock:
    """A clock standing at 2026-11-23 09:00 in Shanghai, a Monday."""
    return ManualClock(datetime(2026, 11, 23, 9, 0, tzinfo=BUSINESS_ZONE))

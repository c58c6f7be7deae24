"""The business clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from engine.runtime.clock import ManualClock, SystemClock


def test_the_business_date_is_shanghais() -> None:
    clock = ManualClock(datetime(2026, 11, 23, 15, 59, tzinfo=UTC))
    assert clock.business_date() == date(2026, 11, 23)
    clock.advance(timedelta(minutes=1))
    assert clock.business_date() == date(2026, 11, 24)


def test_a_manual_clock_stands_still() -> None:
    clock = ManualClock(datetime(2026, 11, 23, 1, 0, tzinfo=UTC))
    assert clock.now() == clock.now() == datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def test_a_manual_clock_is_not_advanced_backward() -> None:
    with pytest.raises(ValueError, match="forward"):
        ManualClock(datetime(2026, 11, 23, tzinfo=UTC)).advance(timedelta(seconds=-1))


def test_an_instant_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        ManualClock(datetime(2026, 11, 23))  # noqa: DTZ001 - the mistake under test


def test_the_system_clock_may_be_shifted() -> None:
    shifted, plain = SystemClock(timedelta(days=1)).now(), SystemClock().now()
    assert timedelta(hours=23) < shifted - plain <= timedelta(days=1)
    assert shifted.tzinfo is UTC

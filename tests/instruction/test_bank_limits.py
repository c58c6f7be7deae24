"""What a bank can bear: so many messages at once over all processes, and a quiet period."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from engine.banks.contract import quiet_until
from engine.banks.profile import BankProfile, ProfileError, load_profile, parse_profile
from engine.formats.templates import SHIPPED
from engine.machines.instruction.send import BankBusy, prepare
from engine.runtime.clock import BUSINESS_ZONE
from tests.instruction.running import House
from tests.instruction.test_crashes import _claimed, _dies

NIGHT = (dt.time(23, 30), dt.time(0, 30))


class _With:
    """The house's connector with another profile."""

    def __init__(self, house: House, **changes: object) -> None:
        self._real = house.bank.connector
        self.profile: BankProfile = replace(self._real.profile, **changes)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)


def _bank(house: House, **changes: object) -> None:
    house.bank.connector = _With(house, **changes)  # type: ignore[assignment]


def test_a_bank_that_takes_one_message_at_a_time_gets_the_next_after_the_answer(
    at_a: House,
) -> None:
    _bank(at_a, max_in_flight=1)
    first = at_a.batch(1)
    context = _claimed(at_a)
    assert prepare(context, first, at_a.bank.connector, at_a.owner) is not None
    second = at_a.batch(2)
    at_a.worker.run_once()
    assert at_a.states(second) == {2: "READY"}
    _dies(at_a)
    at_a.work()
    assert at_a.states(first) == {1: "UNKNOWN"}
    at_a.later(dt.timedelta(seconds=6))
    assert at_a.states(second) == {2: "PROCESSING"}
    at_a.later(dt.timedelta(minutes=1))
    assert at_a.executed() == ["D20261123-000002-1"]


def test_two_at_once_and_the_third_waits(at_a: House) -> None:
    _bank(at_a, max_in_flight=2)
    for number in (1, 2):
        batch = at_a.batch(number)
        assert prepare(_claimed(at_a), batch, at_a.bank.connector, at_a.owner) is not None
    third = at_a.batch(3)
    with pytest.raises(BankBusy):
        prepare(_claimed(at_a), third, at_a.bank.connector, at_a.owner)
    assert at_a.states(third) == {3: "READY"}


def test_nothing_is_sent_and_nothing_asked_in_the_quiet_period(at_a: House) -> None:
    _bank(at_a, quiet=(dt.time(9), dt.time(9, 30)))
    batch = at_a.batch(1)
    at_a.work()
    assert at_a.states(batch) == {1: "READY"}
    at_a.later(dt.timedelta(minutes=30))
    assert at_a.states(batch) == {1: "PROCESSING"}
    _bank(at_a, quiet=(dt.time(9), dt.time(10)))
    at_a.later(dt.timedelta(minutes=5))
    assert at_a.scalar("SELECT count(*) FROM bank_message WHERE kind = 'query_answer'") == 0
    at_a.later(dt.timedelta(minutes=25))
    assert at_a.states(batch) == {1: "PAID"}


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-23T23:29", None),
        ("2026-11-23T23:30", "2026-11-24T00:30"),
        ("2026-11-24T00:29", "2026-11-24T00:30"),
        ("2026-11-24T00:30", None),
    ],
)
def test_a_quiet_period_over_midnight(now: str, until: str | None) -> None:
    profile = replace(load_profile("bank_a"), quiet=NIGHT)
    found = quiet_until(profile, dt.datetime.fromisoformat(now).replace(tzinfo=BUSINESS_ZONE))
    assert (None if found is None else f"{found:%Y-%m-%dT%H:%M}") == until


def test_both_are_read_from_the_profile() -> None:
    text = (SHIPPED / "bank_a" / "bank.yaml").read_text(encoding="utf-8")
    more = 'max_in_flight: 4\nquiet: {from: "23:30", to: "00:30"}\n'
    profile = parse_profile(text + more, "bank.yaml", "bank_a")
    assert (profile.max_in_flight, profile.quiet) == (4, NIGHT)
    with pytest.raises(ProfileError, match="quiet"):
        parse_profile(text + 'quiet: {from: "23:30", to: "23:30"}\n', "bank.yaml", "bank_a")

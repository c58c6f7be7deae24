"""A ruleset can make the machine more careful than the bank's status, never less."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from engine.banks.contract import finality
from engine.banks.profile import load_profile
from engine.base.text import SluiceError, Text
from engine.formats.iso20022.pain002 import Reading
from engine.machines.instruction.machine import InstructionMachine
from engine.machines.instruction.ports import BankAnswer, Handling, RuledStatus, Ruling
from engine.machines.instruction.reading import settle
from engine.machines.instruction.states import AttemptState
from engine.runtime.actions import Registry, Worker
from engine.runtime.clock import BUSINESS_ZONE, ManualClock
from tests.instruction.running import house

MINUTE = dt.timedelta(minutes=1)


def test_final_states_need_the_banks_status_and_the_ruleset_to_agree() -> None:
    for reading, ruled in itertools.product(Reading, RuledStatus):
        state = settle(reading, ruled)
        if state is AttemptState.FAILED:
            assert (reading, ruled) == (Reading.REJECTED, RuledStatus.FAILED)
        elif state is AttemptState.PAID:
            assert (reading, ruled) == (Reading.PAID, RuledStatus.PAID)
        elif reading is Reading.UNKNOWN or ruled is RuledStatus.UNKNOWN:
            assert state is AttemptState.UNKNOWN


def test_a_ruleset_that_calls_everything_failed_fails_nothing_that_is_under_way(
    engine: sa.Engine, tmp_path: Path, clock: ManualClock
) -> None:
    def gloomy(session: Session, answers: Sequence[BankAnswer]) -> list[Ruling]:
        return [Ruling(RuledStatus.FAILED, Handling.RETRY_INSIDE) for _ in answers]

    with house(engine, tmp_path, clock, processing_seconds=3600) as here:
        registry = Registry()
        InstructionMachine(lambda _: here.bank.connector, here.owner, gloomy).register(registry)
        worker = Worker(engine, clock, registry, "gloomy")
        batch = here.batch(1)
        worker.run_until_idle()
        here.bank.advance(MINUTE)
        worker.run_until_idle()
        assert here.states(batch) == {1: "UNKNOWN"}


class NoRuleset(SluiceError):
    """As the rulebook raises it."""


def test_a_missing_ruleset_lets_the_matter_wait_and_loses_nothing(
    engine: sa.Engine, tmp_path: Path, clock: ManualClock
) -> None:
    def undecided(session: Session, answers: Sequence[BankAnswer]) -> list[Ruling]:
        raise NoRuleset("NO_RULESET", Text("no live ruleset", "没有生效的规则集"))

    with house(engine, tmp_path, clock) as here:
        registry = Registry()
        InstructionMachine(lambda _: here.bank.connector, here.owner, undecided).register(registry)
        worker = Worker(engine, clock, registry, "undecided")
        batch = here.batch(1)
        worker.run_until_idle()
        here.bank.advance(MINUTE)
        worker.run_until_idle()
        assert here.states(batch) == {1: "PROCESSING"}
        here.later(dt.timedelta(hours=1))
        assert here.states(batch) == {1: "PAID"}
        assert here.executed() == ["D20261123-000001-1"]


@pytest.mark.parametrize(
    ("sent", "value_date", "hours", "expected"),
    [
        ("2026-11-23T09:00", "2026-11-23", 2, "2026-11-23T17:00"),
        ("2026-11-23T09:00", "2026-11-25", 24, "2026-11-25T17:00"),
        ("2026-11-23T16:00", "2026-11-23", 24, "2026-11-24T16:00"),
        ("2026-11-24T01:00", "2026-11-23", 1, "2026-11-24T17:00"),
    ],
)
def test_the_finality_horizon_is_the_later_of_hours_and_cut_off(
    sent: str, value_date: str, hours: int, expected: str
) -> None:
    profile = dataclasses.replace(load_profile("bank_a"), finality=dt.timedelta(hours=hours))
    found = finality(
        profile,
        dt.datetime.fromisoformat(sent).replace(tzinfo=BUSINESS_ZONE),
        dt.date.fromisoformat(value_date),
    )
    assert found == dt.datetime.fromisoformat(expected).replace(tzinfo=BUSINESS_ZONE)

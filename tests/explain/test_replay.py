"""Replay: nothing differs by the rules of then; by other rules the differences are named."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from typer.testing import Result

from api.cli import replay
from engine.rulebook import Rulebook, activate
from engine.rulebook.replay import AsOf, Selection, count, replay_all
from engine.runtime import db
from tests.explain.commands import data, run
from tests.pages.world import World
from tests.rulebook.support import (
    BJ,
    NOW,
    TODAY,
    approval_text,
    live,
    payment,
    published,
    words,
)
from tests.rulebook.test_decisions import MATTER

Sluice = Callable[..., Result]
LATER = NOW + dt.timedelta(days=1)


@pytest.fixture
def sluice(read_only: World, monkeypatch: pytest.MonkeyPatch) -> Sluice:
    def called(*arguments: str) -> Result:
        return run(read_only, monkeypatch, replay, "replay", *arguments)

    return called


def test_every_decision_of_a_played_day_comes_out_again(read_only: World, sluice: Sluice) -> None:
    number = int(read_only.one("SELECT count(*) FROM decision"))
    result = sluice("--all", "--format", "json")
    assert result.exit_code == 0, result.stdout[-2000:]
    found = data(result)
    assert (found["decisions"], found["differing"], found["differences"]) == (number, 0, [])


def test_decisions_are_chosen_by_document_kind_and_time(read_only: World, sluice: Sluice) -> None:
    number = read_only.one("SELECT document_no FROM document WHERE direction = 'pay' LIMIT 1")
    one = data(sluice(number, "--format", "json"))["decisions"]
    kind = data(sluice("--kind", "approval", "--format", "json"))["decisions"]
    assert one == 0 or isinstance(one, int)
    assert str(kind) == read_only.one("SELECT count(*) FROM decision WHERE kind = 'approval'")
    assert data(sluice("--since", "2999-01-01", "--format", "json"))["decisions"] == 0


def test_before_the_first_activation_nothing_could_be_decided(sluice: Sluice) -> None:
    result = sluice("--kind", "approval", "--known", "2001-01-01")
    assert result.exit_code == 1
    assert "cannot be decided: no live approval ruleset" in result.stdout
    last = result.stdout.splitlines()[-1]
    assert last.endswith("came out otherwise")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), "NOTHING_CHOSEN"),
        (("nothing",), "NOTHING_FOUND"),
        (("--all", "--on", "2026-13-01"), "BAD_DATE"),
        (("--all", "--known", "yesterday"), "BAD_DATE"),
        (("--since", "x"), "BAD_DATE"),
    ],
)
def test_a_choice_that_cannot_be_read_is_named(
    sluice: Sluice, arguments: tuple[str, ...], code: str
) -> None:
    result = sluice(*arguments)
    assert result.exit_code == 2
    assert f"error[{code}]" in result.stderr


# --- as of a date, as known at an instant


def _two_versions(engine: sa.Engine, number: int = 5) -> None:
    """Decisions of 200,000 by a version that lets 500,000 pass; then one of 100,000 is live."""
    with db.transaction(engine) as session:
        words(session)
        live(session, approval_text())
        pinned = Rulebook().at(session)
        for _ in range(number):
            pinned.decide(
                session,
                "approval",
                "payment",
                payment(20_000_000),
                org_path=BJ,
                on=TODAY,
                matter=MATTER,
                now=NOW,
            )
        text = approval_text(version=2, large="10万", effective="{from: 2026-12-01}")
        activate(
            session,
            [published(session, text).hash],
            activated_by="ana",
            approved_by="rex",
            reason="because",
            now=LATER,
        )


def _differing(engine: sa.Engine, known: dt.datetime, on: dt.date | None) -> list[tuple[str, ...]]:
    with db.transaction(engine) as session:
        as_of = AsOf(Rulebook().known_at(session, known), on)
        found = replay_all(session, Selection(), as_of, batch=2)
        return [one.rows_now for batch in found for one in batch.differences]


def test_the_date_chooses_the_rules_and_the_instant_what_was_known(engine: sa.Engine) -> None:
    _two_versions(engine)
    december = dt.date(2026, 12, 5)
    assert _differing(engine, LATER, None) == []
    assert _differing(engine, LATER, december) == [("A2",)] * 5
    assert _differing(engine, NOW, december) == []


def test_decisions_are_read_in_batches_and_each_once(engine: sa.Engine) -> None:
    _two_versions(engine)
    with db.transaction(engine) as session:
        sizes = [one.count for one in replay_all(session, Selection(), batch=2)]
        assert sizes == [2, 2, 1]
        assert count(session, Selection()) == 5
        assert count(session, Selection(orgs=frozenset({"SH"}))) == 0


def test_without_a_ruleset_then_the_decision_is_named_and_not_raised(engine: sa.Engine) -> None:
    _two_versions(engine, 1)
    with db.transaction(engine) as session:
        before = AsOf(Rulebook().known_at(session, NOW - dt.timedelta(days=9)), None)
        (batch,) = replay_all(session, Selection(), before)
    (one,) = batch.differences
    assert one.error is not None
    assert "no live approval ruleset" in one.error.en
    assert one.rows_now == ()

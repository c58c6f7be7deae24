"""Importing statements: once, whole, only where they continue what is known."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from engine.formats.statement import Statement, StatementLine
from engine.runtime import db
from engine.runtime.clock import ManualClock
from engine.treasury.statements import Imported, import_statement
from tests.payments.world import World, build, day

ACCOUNT = "6100000001"


@pytest.fixture
def world(engine: sa.Engine) -> World:
    with db.transaction(engine) as session:
        return build(session)


def line(signed: int, reference: str | None = None, *, on: int = 23) -> StatementLine:
    """A booking of `signed` minor units."""
    return StatementLine(
        booking_date=day(on),
        value_date=day(on),
        amount=abs(signed),
        direction="credit" if signed > 0 else "debit",
        balance=None,
        bank_reference=reference,
        our_reference=None,
        message_reference=None,
        counterparty_name="王伟",
        counterparty_account="6222",
        remittance="赔款",
        return_reason=None,
    )


def statement(
    opening: int, *lines: StatementLine, sequence: int | None = None, on: int = 23
) -> Statement:
    """A statement that is right in itself."""
    return Statement(
        account=ACCOUNT,
        currency="CNY",
        identification=f"S{sequence}",
        sequence=sequence,
        date=day(on),
        opening=opening,
        closing=opening + sum(one.signed for one in lines),
        lines=lines,
    )


def take(engine: sa.Engine, clock: ManualClock, world: World, one: Statement) -> Imported:
    """Import into the disbursement account."""
    with db.transaction(engine) as session:
        return import_statement(
            session, world.pay_account, one, source="manual", actor="accountant", now=clock.now()
        )


def _count(engine: sa.Engine, query: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(sa.text(query)).scalar_one())


def test_a_first_statement_is_taken_with_all_lines(
    engine: sa.Engine, clock: ManualClock, world: World
) -> None:
    found = take(engine, clock, world, statement(1_000, line(-300, "B1"), line(50, "B2")))
    assert (found.state, found.new_lines, found.known_lines) == ("accepted", 2, 0)


def test_the_account_gets_the_closing_balance(
    engine: sa.Engine, clock: ManualClock, world: World
) -> None:
    take(engine, clock, world, statement(1_000, line(-300, "B1")))
    assert _count(engine, "SELECT bank_booked FROM account_balance") == 700


def test_the_same_statement_twice_adds_nothing(
    engine: sa.Engine, clock: ManualClock, world: World
) -> None:
    one = statement(1_000, line(-300, "B1"), line(-300, "B2"))
    take(engine, clock, world, one)
    again = take(engine, clock, world, one)
    assert (again.state, again.new_lines, again.known_lines) == ("known", 0, 2)
    assert _count(engine, "SELECT count(*) FROM statement_line") == 2


@pytest.mark.parametrize("references", [("B1", "B2", "B3"), (None, None, None)])
def test_an_overlapping_statement_adds_only_new_lines(
    engine: sa.Engine, clock: ManualClock, world: World, references: tuple[str | None, ...]
) -> None:
    one, two, three = (
        line(-100 * n, reference) for n, reference in zip((1, 2, 3), references, strict=True)
    )
    take(engine, clock, world, statement(1_000, one, two))
    found = take(engine, clock, world, statement(900, two, three))
    assert (found.state, found.new_lines, found.known_lines) == ("accepted", 1, 1)


def test_truly_equal_lines_are_both_kept(
    engine: sa.Engine, clock: ManualClock, world: World
) -> None:
    found = take(engine, clock, world, statement(1_000, line(-100), line(-100)))
    assert found.new_lines == 2


def test_an_equal_line_in_the_next_statement_is_a_new_one(
    engine: sa.Engine, clock: ManualClock, world: World
) -> None:
    take(engine, clock, world, statement(1_000, line(-100)))
    found = take(engine, clock, world, statement(900, line(-100)))
    assert (found.state, found.new_lines) == ("accepted", 1)
    assert _count(engine, "SELECT max(occurrence) FROM statement_line") == 2


def test_a_line_without_money_is_kept_in_the_statement_and_books_nothing(
    engine: sa.Engine, clock: ManualClock, world: World
) -> None:
    note = replace(line(1), amount=0, remittance="账户说明")
    found = take(engine, clock, world, statement(0, line(100), note))
    assert (found.state, found.new_lines) == ("accepted", 1)
    with engine.connect() as connection:
        content = connection.execute(
            sa.text("SELECT content, line_count FROM statement WHERE id = :id"),
            {"id": found.statement_id},
        ).one()
    assert [one["amount"] for one in content.content["lines"]] == ["1.00", "0.00"]
    assert take(engine, clock, world, statement(0, line(100), note)).state == "known"


def test_a_statement_whose_sum_is_wrong_is_quarantined(
    engine: sa.Engine, clock: ManualClock, world: World
) -> None:
    wrong = replace(statement(1_000, line(-100, "B1")), closing=899)
    found = take(engine, clock, world, wrong)
    assert (found.state, [one.reason for one in found.reasons]) == ("quarantined", ["SUM_DIFFERS"])
    assert _count(engine, "SELECT count(*) FROM statement_line") == 0


def test_a_quarantined_statement_raises_one_alert(
    engine: sa.Engine, clock: ManualClock, world: World
) -> None:
    wrong = replace(statement(1_000, line(-100, "B1")), closing=899)
    take(engine, clock, world, wrong)
    take(engine, clock, world, wrong)
    assert _count(engine, "SELECT count(*) FROM alert WHERE code = 'STATEMENT_QUARANTINED'") == 1


def test_a_statement_after_a_gap_is_quarantined_and_taken_when_the_gap_is_filled(
    engine: sa.Engine, clock: ManualClock, world: World
) -> None:
    first = statement(1_000, line(-100, "B1"), sequence=1)
    second = statement(900, line(-200, "B2"), sequence=2)
    third = statement(700, line(-300, "B3"), sequence=3)
    take(engine, clock, world, first)
    assert take(engine, clock, world, third).state == "quarantined"
    assert take(engine, clock, world, second).state == "accepted"
    assert take(engine, clock, world, third).state == "accepted"


def test_an_opening_that_is_not_the_previous_closing_is_quarantined(
    engine: sa.Engine, clock: ManualClock, world: World
) -> None:
    take(engine, clock, world, statement(1_000, line(-100, "B1")))
    found = take(engine, clock, world, statement(850, line(-100, "B2")))
    assert [one.reason for one in found.reasons] == ["OPENING_DIFFERS"]


@pytest.mark.parametrize(
    "wrong",
    [
        replace(statement(1_000, line(-100, "B1")), account="6999"),
        replace(statement(1_000, line(-100, "B1")), currency="USD"),
        replace(statement(1_000, line(-100, "B1")), opening=None),
        replace(statement(1_000, line(-100, "B1")), closing=None),
    ],
)
def test_a_statement_of_another_account_or_without_balances_is_quarantined(
    engine: sa.Engine, clock: ManualClock, world: World, wrong: Statement
) -> None:
    assert take(engine, clock, world, wrong).state == "quarantined"


def test_an_empty_statement_moves_the_sequence_on(
    engine: sa.Engine, clock: ManualClock, world: World
) -> None:
    take(engine, clock, world, statement(1_000, line(-100, "B1"), sequence=1))
    assert take(engine, clock, world, statement(900, sequence=2)).state == "accepted"
    assert _count(engine, "SELECT max(statement_sequence) FROM bank_account") == 2


def test_statements_known_from_a_file_do_not_block_the_fetch(
    engine: sa.Engine, clock: ManualClock, world: World
) -> None:
    lines = [line(-100, "B1"), line(-200, "B2"), line(-300, "B3")]
    take(engine, clock, world, statement(1_000, *lines[:2]))
    for number, opening in ((1, 1_000), (2, 900)):
        one = statement(opening, lines[number - 1], sequence=number)
        assert take(engine, clock, world, one).state == "known"
    assert take(engine, clock, world, statement(700, lines[2], sequence=3)).state == "accepted"


def test_a_bank_may_number_anew_each_year(
    engine: sa.Engine, clock: ManualClock, world: World
) -> None:
    take(engine, clock, world, statement(1_000, line(-100, "B1"), sequence=250))
    found = take(engine, clock, world, statement(900, line(-100, "B2"), sequence=1))
    assert found.state == "accepted"


@pytest.mark.parametrize("table", ["statement", "statement_line"])
def test_statements_are_history(
    engine: sa.Engine, clock: ManualClock, world: World, table: str
) -> None:
    take(engine, clock, world, statement(1_000, line(-100, "B1")))
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE {table} SET currency = 'USD'"))


@pytest.fixture(scope="module")
def shared(module_engine: sa.Engine) -> sa.Engine:
    with db.transaction(module_engine) as session:
        build(session)
    return module_engine


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.integers(-300, 300).filter(bool), st.sampled_from([None, None, "A", "B", "C"])
        ),
        min_size=1,
        max_size=9,
    ),
    st.data(),
)
def test_windows_over_one_history_give_each_line_exactly_once(
    shared: sa.Engine, history: list[tuple[int, str | None]], data: st.DataObject
) -> None:
    """Any windows that leave no hole, repeats included: lines add up to the last closing."""
    lines = [
        line(signed, None if mark is None else f"{mark}{place}")
        for place, (signed, mark) in enumerate(history)
    ]
    openings = [0]
    for one in lines:
        openings.append(openings[-1] + one.signed)
    clock = ManualClock(dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC))
    with db.transaction(shared) as session:
        number = session.execute(
            sa.text(
                "INSERT INTO bank_account (org_id, legal_entity_id, bank_id, number, name, "
                "currency, nature, direct, cnaps, ledger_account) VALUES ('BJ', 'LE1', 'bank_a', "
                "(SELECT 'H' || count(*) FROM bank_account), 'x', 'CNY', 'basic', true, "
                "'901100000001', '100201') RETURNING id, number"
            )
        ).one()
    known = 0
    while known < len(lines):
        start = data.draw(st.integers(0, known))
        stop = data.draw(st.integers(known + 1, len(lines)))
        window = replace(statement(openings[start], *lines[start:stop]), account=str(number.number))
        with db.transaction(shared) as session:
            found = import_statement(
                session, number.id, window, source="file", actor="a", now=clock.now()
            )
        if found.state == "quarantined":
            # Lines without any number of the bank's may look alike; then only the part that
            # follows on is believed, never a guess.
            assert start < known
            continue_with = replace(
                statement(openings[known], *lines[known:stop]), account=str(number.number)
            )
            with db.transaction(shared) as session:
                import_statement(
                    session, number.id, continue_with, source="file", actor="a", now=clock.now()
                )
        known = stop
        with shared.connect() as connection:
            booked = connection.execute(
                sa.text(
                    "SELECT coalesce(sum(CASE direction WHEN 'credit' THEN amount "
                    "ELSE -amount END), 0), count(*) FROM statement_line WHERE account_id = :id"
                ),
                {"id": number.id},
            ).one()
        assert (int(booked[0]), booked[1]) == (openings[known], known)


def test_equal_lines_without_numbers_are_not_taken_for_known_ones(
    shared: sa.Engine,
) -> None:
    """Three payments of the same amount: a window with the last two is not a repetition."""
    clock = ManualClock(dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC))
    one = line(1, None)
    with db.transaction(shared) as session:
        account = session.execute(
            sa.text(
                "INSERT INTO bank_account (org_id, legal_entity_id, bank_id, number, name, "
                "currency, nature, direct, cnaps, ledger_account) VALUES ('BJ', 'LE1', 'bank_a', "
                "'EQUAL', 'x', 'CNY', 'basic', true, '901100000001', '100201') RETURNING id"
            )
        ).scalar_one()
        for opening, want in ((0, "accepted"), (1, "quarantined"), (0, "known")):
            window = replace(statement(opening, one, one), account="EQUAL")
            found = import_statement(
                session, account, window, source="file", actor="a", now=clock.now()
            )
            assert found.state == want

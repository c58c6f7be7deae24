"""Quarantined statements that will never fit are taken or refused by two persons, and once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from engine.base.text import SluiceError
from engine.runtime import db
from engine.runtime.clock import ManualClock
from engine.treasury.invariants.checking import check_invariants
from engine.treasury.statements import deciding, filing
from engine.treasury.statements.deciding import Decided, Waiting, Wanted
from tests.statements.test_filing import (
    ACCOUNT,
    CAMT,
    HEAD,
    LATER,
    MT940,
    ONE,
    camt_statement,
    count,
    house,
    states,
    take,
    value,
)

__all__ = ["house"]
NEXT = HEAD + "2026-11-22,6.00,,69.00,d\n"


def ask(
    engine: sa.Engine,
    clock: ManualClock,
    wanted: Wanted = "take",
    user: str = "accountant",
    why: str = "the bank has no other",
    statement: int | None = None,
) -> int:
    """Ask for the only statement that waits; its number."""
    with db.transaction(engine) as session:
        number = statement or deciding.waiting(session, "accountant")[0].statement.id or 0
        deciding.propose(session, user, number, wanted, why, clock.now())
    return number


def decide(
    engine: sa.Engine,
    clock: ManualClock,
    number: int,
    user: str = "auditor",
    *,
    approve: bool = True,
    why: str = "",
) -> Decided:
    with db.transaction(engine) as session:
        return deciding.decide(session, user, number, approve=approve, reason=why, now=clock.now())


def waiting(engine: sa.Engine, user: str = "accountant") -> list[Waiting]:
    with db.transaction(engine) as session:
        return deciding.waiting(session, user)


def code(act: Callable[[], object]) -> str:
    with pytest.raises(SluiceError) as caught:
        act()
    return caught.value.code


def sound(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        assert set(check_invariants(session).values()) == {"ok"}


@pytest.fixture
def gap(house: sa.Engine, clock: ManualClock) -> sa.Engine:
    """An account at 100.00, and a statement that opens with 70.00."""
    take(house, clock, ONE)
    take(house, clock, LATER)
    return house


def test_two_persons_take_it_as_it_is_and_its_difference_is_named(
    gap: sa.Engine, clock: ManualClock
) -> None:
    (one,) = waiting(gap)
    assert (one.difference, one.new_lines, one.asked) == (-3_000, 1, None)
    number = ask(gap, clock)
    assert waiting(gap)[0].asked is not None
    assert count(gap) == 1, "asking alone takes nothing"
    done = decide(gap, clock, number)
    assert (done.outcome, done.new_lines, done.difference) == ("taken", 1, -3_000)
    assert waiting(gap) == []
    assert value(gap, "SELECT difference FROM statement WHERE decision_id IS NOT NULL") == -3_000
    told = str(value(gap, "SELECT message_en FROM alert WHERE code = 'STATEMENT_TAKEN_AS_IS'"))
    assert "-30.00 CNY" in told
    assert "the bank has no other" in told
    assert value(gap, "SELECT count(*) FROM audit_entry WHERE action = 'statements.decide'") == 1
    sound(gap)


def test_what_follows_it_is_taken_and_the_same_again_adds_nothing(
    gap: sa.Engine, clock: ManualClock
) -> None:
    assert states(take(gap, clock, NEXT)) == [("quarantined", 0, 0)]
    first = next(
        one
        for one in waiting(gap)
        if one.statement.quarantine_code == "OPENING_DIFFERS" and one.statement.opening == 7_000
    )
    decide(gap, clock, ask(gap, clock, statement=first.statement.id))
    assert waiting(gap) == [], "the next one continues it now"
    assert count(gap) == 3
    for text in (ONE, LATER, NEXT):
        assert states(take(gap, clock, text)) == [("known", 0, 1)]
    both = LATER + "2026-11-22,6.00,,69.00,d\n"
    assert states(take(gap, clock, both)) == [("known", 0, 2)], "told before, after the difference"
    assert count(gap) == 3
    sound(gap)


def test_refused_for_good_it_is_never_taken_even_where_it_would_fit(
    gap: sa.Engine, clock: ManualClock
) -> None:
    assert decide(gap, clock, ask(gap, clock, "refuse")).outcome == "refused"
    assert waiting(gap) == []
    done = take(gap, clock, LATER)
    assert states(done) == [("refused", 0, 0)]
    assert "auditor" in done.results[0][1].reasons[0].text.en
    take(gap, clock, HEAD + "2026-11-20,30.00,,70.00,b\n")
    assert states(take(gap, clock, LATER)) == [("refused", 0, 0)]
    assert count(gap) == 2
    sound(gap)


def test_a_statement_with_an_unreadable_line_is_taken_without_it(
    gap: sa.Engine, clock: ManualClock
) -> None:
    decide(gap, clock, ask(gap, clock, "refuse"))
    bad = camt_statement("6100000002", "100.00 CRDT", "1O.00 CRDT", closing="110.00")
    assert states(take(gap, clock, CAMT % bad, account=None)) == [("quarantined", 0, 0)]
    number = ask(gap, clock)
    assert decide(gap, clock, number).difference == 1_000
    assert states(take(gap, clock, CAMT % bad, account=None)) == [("known", 0, 1)]
    sound(gap)


def test_lines_that_are_known_are_not_taken_twice(gap: sa.Engine, clock: ManualClock) -> None:
    decide(gap, clock, ask(gap, clock, "refuse"))
    overlapping = HEAD + "2026-11-20,,100.00,100.00,a\n2026-11-22,,9.00,109.00,z\n"
    shifted = overlapping.replace("100.00,100.00,a", "100.00,90.00,a").replace("109.00", "99.00")
    assert states(take(gap, clock, shifted)) == [("quarantined", 0, 0)]
    (one,) = waiting(gap)
    # Its running balance tells it from the line that is known: both say so by the difference.
    assert one.new_lines == 2
    assert one.difference == 9_900 - 10_000 - 10_900


def test_one_person_cannot_do_both_and_others_need_the_permission(
    gap: sa.Engine, clock: ManualClock
) -> None:
    number = waiting(gap)[0].statement.id or 0
    assert code(lambda: ask(gap, clock, user="cashier", statement=number)) == "NOT_PERMITTED"
    assert code(lambda: ask(gap, clock, user="sid", statement=number)) == "STATEMENT_UNKNOWN"
    assert code(lambda: ask(gap, clock, why=" ")) == "REASON_MISSING"
    assert code(lambda: decide(gap, clock, number)) == "NOTHING_ASKED"
    ask(gap, clock)
    assert code(lambda: ask(gap, clock, user="auditor")) == "DECISION_OPEN"
    assert code(lambda: decide(gap, clock, number, "accountant")) == "FOUR_EYES"
    assert code(lambda: decide(gap, clock, number, "cashier")) == "NOT_PERMITTED"
    assert code(lambda: decide(gap, clock, number, approve=False)) == "REASON_MISSING"
    assert decide(gap, clock, number, approve=False, why="ask the bank").outcome == "waiting"
    assert len(waiting(gap)) == 1
    ask(gap, clock)


def test_a_statement_overtaken_by_later_ones_can_only_be_refused(
    gap: sa.Engine, clock: ManualClock
) -> None:
    number = ask(gap, clock)
    take(gap, clock, HEAD + "2026-11-23,,1.00,101.00,e\n")
    assert code(lambda: decide(gap, clock, number)) == "CANNOT_TAKE"
    assert value(gap, "SELECT state FROM statement_decision") == "open"
    (one,) = waiting(gap)
    assert one.cannot is not None
    decide(gap, clock, number, approve=False, why="too late")
    assert code(lambda: ask(gap, clock)) == "CANNOT_TAKE"
    decide(gap, clock, ask(gap, clock, "refuse"))


def test_what_fitted_meanwhile_is_not_decided_any_more(gap: sa.Engine, clock: ManualClock) -> None:
    number = ask(gap, clock)
    take(gap, clock, HEAD + "2026-11-20,30.00,,70.00,b\n")
    assert code(lambda: decide(gap, clock, number)) == "STATEMENT_SETTLED"
    assert count(gap) == 3


def test_deciders_at_once_take_it_once(gap: sa.Engine, clock: ManualClock) -> None:
    number = ask(gap, clock)

    def act(_: int) -> str:
        try:
            return decide(gap, clock, number).outcome
        except SluiceError as error:
            return error.code

    with ThreadPoolExecutor(5) as pool:
        found = sorted(pool.map(act, range(5)))
    assert found == ["STATEMENT_SETTLED"] * 4 + ["taken"]
    assert count(gap) == 2


def test_a_second_account_is_not_touched(gap: sa.Engine, clock: ManualClock) -> None:
    take(gap, clock, MT940 % "6100000002", account=None)
    decide(gap, clock, ask(gap, clock))
    assert (
        value(
            gap,
            "SELECT sum(s.difference) FROM statement s JOIN bank_account a ON a.id = s.account_id "
            f"WHERE a.number <> '{ACCOUNT}'",
        )
        == 0
    )


_STATEMENT = (
    "INSERT INTO statement (org_id, account_id, statement_date, currency, opening, closing, "
    "line_count, new_lines, content_hash, source, state, content, imported_by, imported_at, "
    "difference, decision_id) SELECT org_id, account_id, statement_date, currency, 0, 0, 0, 0, "
    "'{hash}', source, 'accepted', content, 'x', imported_at, {difference}, {decision} "
    "FROM statement WHERE state = 'quarantined'"
)


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (_STATEMENT.format(hash="a", difference=5, decision="NULL"), "difference_is_decided"),
        (
            _STATEMENT.format(
                hash="a", difference=5, decision="(SELECT id FROM statement_decision)"
            ),
            "statement_taken_by_two",
        ),
        (
            "UPDATE statement_decision SET state = 'done', decided_by = proposed_by, "
            "decided_at = now()",
            "statement_decision_two_persons",
        ),
        ("UPDATE statement_decision SET wanted = 'refuse'", "append"),
        ("DELETE FROM statement_decision", "append"),
    ],
)
def test_the_database_holds_a_decision(
    gap: sa.Engine, clock: ManualClock, change: str, broken: str
) -> None:
    ask(gap, clock)
    with pytest.raises(sa.exc.DBAPIError) as caught, gap.begin() as connection:
        connection.execute(sa.text(change))
    assert broken in f"{db.constraint(caught.value)} {caught.value}"


def test_a_decision_is_history(gap: sa.Engine, clock: ManualClock) -> None:
    decide(gap, clock, ask(gap, clock))
    with pytest.raises(sa.exc.DBAPIError, match="it is history"), gap.begin() as connection:
        connection.execute(sa.text("UPDATE statement_decision SET state = 'open'"))


def test_trying_again_leaves_what_was_refused(gap: sa.Engine, clock: ManualClock) -> None:
    decide(gap, clock, ask(gap, clock, "refuse"))
    with db.transaction(gap) as session:
        account = session.execute(
            sa.text("SELECT id FROM bank_account WHERE number = :n"), {"n": ACCOUNT}
        ).scalar_one()
        assert filing.try_again(session, "accountant", account, clock.now()) == 0

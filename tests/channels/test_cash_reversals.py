"""Cash confirmed wrongly is taken back by two persons, exactly and once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from engine.base.text import SluiceError
from engine.runtime import db
from engine.runtime.clock import business_date_of
from engine.treasury import cash
from engine.treasury.intake.ending import void
from engine.treasury.invariants.checking import check_invariants
from tests.channels.test_cash import codes, confirm, make, open_desk, rows
from tests.payments.stage import Stage

NUMBER = "D20261123-000001"


@pytest.fixture
def confirmed(stage: Stage) -> int:
    """A document of 100.00 paid in cash from a desk with 500.00."""
    open_desk(stage, 50_000)
    (document,) = make(stage, 1)
    assert codes(confirm(stage, document)) == [None]
    return document


def propose(
    stage: Stage, user: str = "cashier", why: str = "wrong person", no: str = NUMBER
) -> int:
    """Propose to take a confirmation back."""
    with db.transaction(stage.engine) as session:
        return cash.propose(session, user, no, why, stage.clock.now())


def decide(
    stage: Stage, reversal: int, user: str = "accountant", *, approve: bool = True, why: str = ""
) -> str:
    """Decide a proposal."""
    with db.transaction(stage.engine) as session:
        return cash.decide(session, user, reversal, approve=approve, reason=why, clock=stage.clock)


def _code(act: Callable[[], object]) -> str:
    with pytest.raises(SluiceError) as caught:
        act()
    return caught.value.code


def _sound(stage: Stage) -> None:
    with db.transaction(stage.engine) as session:
        assert set(check_invariants(session).values()) == {"ok"}


def test_two_persons_take_a_confirmation_back_whole(stage: Stage, confirmed: int) -> None:
    reversal = propose(stage)
    assert stage.states([confirmed]) == ["CONFIRMED"], "a proposal alone changes nothing"
    assert decide(stage, reversal) == NUMBER
    assert stage.states([confirmed]) == ["UNPAID"]
    assert rows(stage) == [(1, -10_000, 40_000), (2, 10_000, 50_000)]
    assert stage.value("SELECT voucher_no IS NULL AND booking_date IS NULL FROM document") is True
    assert stage.column("SELECT sum(debit) - sum(credit) FROM voucher_line GROUP BY account") == [
        0,
        0,
    ]
    assert stage.value("SELECT count(*) FROM voucher WHERE reversal_of IS NOT NULL") == 1
    told = stage.column("SELECT body ->> 'status' FROM outbox_message ORDER BY id")
    assert told == ["CONFIRMED", "UNPAID"]
    _sound(stage)


def test_it_may_be_confirmed_anew_and_taken_back_anew(stage: Stage, confirmed: int) -> None:
    decide(stage, propose(stage))
    assert codes(confirm(stage, confirmed)) == [None]
    assert codes(confirm(stage, confirmed)) == ["NOT_UNPAID"]
    _sound(stage)
    decide(stage, propose(stage))
    assert [balance for _, _, balance in rows(stage)] == [40_000, 50_000, 40_000, 50_000]
    assert stage.value("SELECT count(*) FROM voucher") == 4
    _sound(stage)
    with db.transaction(stage.engine) as session:
        _, entries = cash.journal(session, "cashier", "BJ01", "CNY")
    assert [(one.reverses_no, one.reversed_by_no) for one in entries] == [
        (3, None),
        (None, 4),
        (1, None),
        (None, 2),
    ]
    assert len({one.voucher_no for one in entries} - {None}) == 4


def test_what_was_taken_back_may_become_void(stage: Stage, confirmed: int) -> None:
    decide(stage, propose(stage))
    with db.transaction(stage.engine) as session:
        void(session, "cashier", [confirmed], "not owed", stage.clock.now())
    assert stage.states([confirmed]) == ["VOID"]
    _sound(stage)


def test_one_person_cannot_do_both(stage: Stage, confirmed: int) -> None:
    reversal = propose(stage)
    with db.transaction(stage.engine) as session:
        # A grant that the product refuses: who pays out never reconciles.
        session.execute(
            sa.text(
                "INSERT INTO role_grant (user_id, role, org_id) VALUES "
                "('cashier', 'accountant', 'GROUP')"
            )
        )
    assert _code(lambda: decide(stage, reversal, "cashier")) == "FOUR_EYES"
    assert stage.states([confirmed]) == ["CONFIRMED"]
    with pytest.raises(sa.exc.IntegrityError) as caught, stage.engine.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE cash_reversal SET state = 'done', decided_by = proposed_by, "
                "decided_at = now()"
            )
        )
    assert db.constraint(caught.value) == "cash_reversal_two_persons"


def test_who_confirmed_does_not_decide_what_another_proposed(stage: Stage, confirmed: int) -> None:
    with db.transaction(stage.engine) as session:
        session.execute(
            sa.text(
                "INSERT INTO role_grant (user_id, role, org_id) VALUES "
                "('cashier', 'accountant', 'GROUP'), ('auditor', 'cashier', 'GROUP')"
            )
        )
    reversal = propose(stage, "auditor")
    assert _code(lambda: decide(stage, reversal, "cashier")) == "FOUR_EYES"
    assert rows(stage) == [(1, -10_000, 40_000)]


@pytest.mark.parametrize(
    ("user", "why", "no", "code"),
    [
        ("boss", "x", NUMBER, "NOT_PERMITTED"),
        ("cashier", " ", NUMBER, "REASON_MISSING"),
        ("cashier", "x", "D20261123-000002", "NOT_CONFIRMED"),
        ("cashier", "x", "D20261123-999999", "DOCUMENT_UNKNOWN"),
    ],
)
def test_a_proposal_needs_permission_reason_and_cash(
    stage: Stage, confirmed: int, user: str, why: str, no: str, code: str
) -> None:
    make(stage, 2)
    assert _code(lambda: propose(stage, user, why, no)) == code


def test_who_may_not_reconcile_decides_nothing(stage: Stage, confirmed: int) -> None:
    reversal = propose(stage)
    assert _code(lambda: decide(stage, reversal, "boss")) == "REVERSAL_UNKNOWN"


def test_a_refused_proposal_leaves_everything_and_may_be_made_again(
    stage: Stage, confirmed: int
) -> None:
    reversal = propose(stage)
    assert _code(lambda: propose(stage)) == "REVERSAL_OPEN"
    assert _code(lambda: decide(stage, reversal, approve=False)) == "REASON_MISSING"
    decide(stage, reversal, approve=False, why="it was paid")
    assert stage.states([confirmed]) == ["CONFIRMED"]
    assert _code(lambda: decide(stage, reversal)) == "REVERSAL_DECIDED"
    assert propose(stage) != reversal


def test_a_receipt_that_was_spent_cannot_go_back(stage: Stage) -> None:
    open_desk(stage, 0)
    (got,) = make(stage, 1, amount=700, direction="collect", business_type="premium")
    (paid,) = make(stage, 2, amount=600)
    confirm(stage, got, paid)
    reversal = propose(stage)
    assert _code(lambda: decide(stage, reversal)) == "CASH_SHORT"
    assert stage.states([got, paid]) == ["CONFIRMED", "CONFIRMED"]
    assert rows(stage)[-1] == (2, -600, 100)
    assert stage.value("SELECT state FROM cash_reversal") == "open"
    assert stage.value("SELECT count(*) FROM voucher") == 2


def test_deciders_at_once_take_it_back_once(stage: Stage, confirmed: int) -> None:
    reversal = propose(stage)

    def act(user: str) -> str:
        try:
            return decide(stage, reversal, user)
        except SluiceError as error:
            return error.code

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(act, ["accountant", "auditor"] * 3))
    assert sorted(found) == [NUMBER] + ["REVERSAL_DECIDED"] * 5
    assert len(rows(stage)) == 2
    _sound(stage)


@pytest.mark.parametrize("what", ["confirming", "taking back"])
def test_a_row_is_dated_when_its_turn_at_the_desk_has_come(
    stage: Stage, confirmed: int, what: str
) -> None:
    (second,) = make(stage, 2)
    reversal = propose(stage)

    def act() -> object:
        return confirm(stage, second) if what == "confirming" else decide(stage, reversal)

    with ThreadPoolExecutor(1) as pool:
        with stage.engine.begin() as other:
            other.execute(sa.text("SELECT 1 FROM cash_desk FOR UPDATE"))
            waiting = pool.submit(act)
            while not stage.value("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                assert not waiting.done(), waiting.result()
            later = stage.clock.advance(dt.timedelta(days=1))
        waiting.result(30)
    assert stage.value("SELECT at FROM cash_entry ORDER BY entry_no DESC LIMIT 1") == later
    days = stage.column("SELECT business_date FROM cash_entry ORDER BY entry_no")
    assert days == stage.column("SELECT voucher_date FROM voucher ORDER BY id")
    assert days[1] == business_date_of(later)


_AGAIN = (
    "INSERT INTO cash_entry (org_id, desk_id, entry_no, document_id, amount, balance, "
    "business_date, user_id, at, reverses) SELECT org_id, desk_id, 9, document_id, {amount}, 0, "
    "business_date, '{user}', at, {row} FROM cash_entry WHERE reverses IS NULL"
)


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (_AGAIN.format(amount="-amount", user="accountant", row="id"), "cash_entry_reversed_once"),
        (_AGAIN.format(amount="-amount", user="boss", row="id"), "cash_reversed_by_two"),
        (_AGAIN.format(amount="-amount - 1", user="accountant", row="id"), "is_its_document"),
        (
            _AGAIN.format(
                amount="amount",
                user="accountant",
                row="(SELECT u.id FROM cash_entry u WHERE u.reverses = cash_entry.id)",
            ),
            "cash_entry_reverses_its_own",
        ),
        ("UPDATE cash_reversal SET state = 'refused', decision_reason = 'x'", "cash_reversal_ends"),
        ("DELETE FROM cash_reversal", "append"),
    ],
)
def test_the_database_holds_a_reversal(
    stage: Stage, confirmed: int, change: str, broken: str
) -> None:
    decide(stage, propose(stage))
    with pytest.raises(sa.exc.DBAPIError) as caught, stage.engine.begin() as connection:
        connection.execute(sa.text(change))
    assert broken in f"{db.constraint(caught.value)} {caught.value}"


def test_a_confirmed_document_is_not_unpaid_without_its_cash(stage: Stage, confirmed: int) -> None:
    with pytest.raises(sa.exc.DBAPIError) as caught, stage.engine.begin() as connection:
        connection.execute(sa.text("UPDATE document SET state = 'UNPAID'"))
    assert "no cash of it went back" in str(caught.value)

"""Match groups in the database: sums, one live group each, numbers, retiring."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from engine.machines.matching import (
    GroupDraft,
    Matched,
    MatchError,
    Member,
    create_groups,
    is_match_number,
    members_of,
    retire,
)
from engine.machines.matching.numbers import match_number
from engine.runtime import db
from engine.runtime.clock import ManualClock

DAY = dt.date(2026, 11, 23)


def _draft(
    *documents: int, line: int = 1, amount: int | None = None, by: str = "matcher"
) -> GroupDraft:
    return GroupDraft(
        org_id="BJ",
        kind="arrival",
        account_id=1,
        currency="CNY",
        booking_date=DAY,
        items=tuple(Member("document", number, 100) for number in documents),
        line_ids=((line, 100 * len(documents) if amount is None else amount),),
        matched_by=by,
    )


def _write(engine: sa.Engine, clock: ManualClock, *drafts: GroupDraft) -> list[Matched]:
    with db.transaction(engine) as session:
        return create_groups(session, drafts, clock.now())


def _code(act: Callable[[], object]) -> str:
    with pytest.raises(MatchError) as caught:
        act()
    return caught.value.code


def test_groups_get_numbers_of_the_business_day_in_order(
    engine: sa.Engine, clock: ManualClock
) -> None:
    written = _write(engine, clock, _draft(1, line=1), _draft(2, 3, line=2))
    assert [group.match_no[:18] for group in written] == [
        "MN-20261123-000001",
        "MN-20261123-000002",
    ]
    assert all(is_match_number(group.match_no) for group in written)


def test_a_group_keeps_items_and_lines(engine: sa.Engine, clock: ManualClock) -> None:
    (group,) = _write(engine, clock, _draft(1, 2, line=9))
    with db.transaction(engine) as session:
        found = [(m.side, m.ref_id, m.amount) for m in members_of(session, group.group_id)]
    assert found == [("item", 1, 100), ("item", 2, 100), ("line", 9, 200)]


def test_unequal_sums_are_refused_in_words(engine: sa.Engine, clock: ManualClock) -> None:
    assert _code(lambda: _write(engine, clock, _draft(1, amount=99))) == "MATCH_SUMS_DIFFER"


def test_unequal_sums_are_refused_by_the_database(engine: sa.Engine, clock: ManualClock) -> None:
    (group,) = _write(engine, clock, _draft(1))
    with pytest.raises(IntegrityError) as caught, engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO match_item (org_id, group_id, side, kind, ref_id, amount) "
                "VALUES ('BJ', :group, 'item', 'document', 77, 1)"
            ),
            {"group": group.group_id},
        )
    assert db.constraint(caught.value) == "match_sums_equal"


def test_a_difference_needs_a_name(engine: sa.Engine, clock: ManualClock) -> None:
    draft = GroupDraft(
        org_id="BJ",
        kind="bounce",
        account_id=1,
        currency="CNY",
        booking_date=DAY,
        items=(Member("bounced_document", 1, 100),),
        line_ids=((1, 98),),
        matched_by="m",
        difference=2,
    )
    with pytest.raises(IntegrityError) as caught:
        _write(engine, clock, draft)
    assert db.constraint(caught.value) == "match_difference_is_named"


@pytest.mark.parametrize(("documents", "line"), [((1,), 2), ((2,), 1)])
def test_a_document_or_line_is_in_one_live_group_at_most(
    engine: sa.Engine, clock: ManualClock, documents: tuple[int, ...], line: int
) -> None:
    _write(engine, clock, _draft(1, line=1))
    act = lambda: _write(engine, clock, _draft(*documents, line=line))  # noqa: E731
    assert _code(act) == "ALREADY_MATCHED"


def test_a_retired_match_frees_its_members_and_keeps_its_number(
    engine: sa.Engine, clock: ManualClock
) -> None:
    (first,) = _write(engine, clock, _draft(1))
    with db.transaction(engine) as session:
        session.execute(
            sa.text(
                "INSERT INTO match_reversal (org_id, group_id, reason, evidence_name, evidence, "
                "sha256, proposed_by, proposed_at, state, decided_by, decided_at) VALUES ('BJ', "
                ":group, 'r', 'f', 'x', encode(sha256('x'), 'hex'), 'm', :now, 'done', 'other', "
                ":now)"
            ),
            {"group": first.group_id, "now": clock.now()},
        )
        retire(session, first.match_no, user="other", reason="wrong line", now=clock.now())
    (second,) = _write(engine, clock, _draft(1))
    assert second.match_no != first.match_no


@pytest.mark.parametrize(
    ("user", "reason", "code"),
    [("matcher", "wrong", "FOUR_EYES"), ("other", "  ", "REASON_MISSING")],
)
def test_retiring_needs_another_user_and_a_reason(
    engine: sa.Engine, clock: ManualClock, user: str, reason: str, code: str
) -> None:
    (group,) = _write(engine, clock, _draft(1))

    def act(session: Session) -> None:
        retire(session, group.match_no, user=user, reason=reason, now=clock.now())

    assert _code(lambda: db.run_in_transaction(engine, act)) == code


def test_no_arrival_is_retired_without_a_reversal_of_two_persons(
    engine: sa.Engine, clock: ManualClock
) -> None:
    (group,) = _write(engine, clock, _draft(1))
    with pytest.raises(IntegrityError) as caught, db.transaction(engine) as session:
        retire(session, group.match_no, user="other", reason="wrong line", now=clock.now())
    assert db.constraint(caught.value) == "match_retired_by_two"


def test_the_database_knows_the_four_eyes_of_retiring(
    engine: sa.Engine, clock: ManualClock
) -> None:
    _write(engine, clock, _draft(1))
    with pytest.raises(IntegrityError) as caught, engine.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE match_group SET state = 'retired', retired_by = matched_by, "
                "retired_at = now(), retire_reason = 'x'"
            )
        )
    assert db.constraint(caught.value) == "match_retired_by_another"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE match_group SET match_no = 'MN-20261123-999999-0'",
        "DELETE FROM match_group",
        "UPDATE match_item SET amount = 1",
        "DELETE FROM match_item",
    ],
)
def test_matches_are_history(engine: sa.Engine, clock: ManualClock, change: str) -> None:
    _write(engine, clock, _draft(1))
    with pytest.raises(IntegrityError) as caught, engine.begin() as connection:
        connection.execute(sa.text(change))
    assert db.constraint(caught.value) == "append_only"


def test_freeing_members_without_retiring_is_refused(engine: sa.Engine, clock: ManualClock) -> None:
    _write(engine, clock, _draft(1))
    with pytest.raises(IntegrityError) as caught, engine.begin() as connection:
        connection.execute(sa.text("UPDATE match_item SET live = false"))
    assert db.constraint(caught.value) == "match_sums_equal"


@given(st.integers(0, 999_999), st.integers(0, 5), st.integers(1, 9))
def test_one_wrong_digit_in_a_match_number_is_found(serial: int, place: int, by: int) -> None:
    number = match_number(DAY, serial)
    at = len("MN-20261123-") + place
    wrong = number[:at] + str((int(number[at]) + by) % 10) + number[at + 1 :]
    assert is_match_number(number)
    assert not is_match_number(wrong)

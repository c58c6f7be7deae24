"""Deciding while a role or a delegation is taken away: two connections, either order is whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from engine.runtime.db import transaction
from engine.treasury.approvals import desk
from engine.treasury.approvals.people import deactivate_user, revoke_role
from engine.treasury.delegations import course
from engine.treasury.delegations.giving import revoke
from engine.treasury.organisations.grants import grant
from tests.approval.support import NOW, open_steps, submitted
from tests.delegations.support import DAY, approve, given
from tests.treasury_intake.support import build_group

Act = Callable[[Session], object]
MANAGER = ("finance_manager",)


@pytest.fixture
def engine(engine: sa.Engine) -> Iterator[sa.Engine]:
    """A database of its own: here things are committed."""
    with transaction(engine) as session:
        build_group(session)
        grant(session, "auditor", "admin", "GROUP")
    yield engine
    engine.dispose()


def take_role(session: Session) -> None:
    """Of whom the step waits for."""
    revoke_role(session, "admin", "bj-reviewer", "reviewer", "BJ", NOW)


def take_principals_role(session: Session) -> None:
    """Of whom bj-reviewer stands in for."""
    revoke_role(session, "admin", "bj-manager", "finance_manager", "BJ", NOW)


def deactivate(session: Session) -> None:
    """Whom the step waits for."""
    deactivate_user(session, "admin", "bj-reviewer", "left", NOW)


def deactivate_principal(session: Session) -> None:
    """Whom bj-reviewer stands in for."""
    deactivate_user(session, "admin", "bj-manager", "left", NOW)


def take_delegation(session: Session) -> None:
    """By its principal."""
    one = session.execute(sa.text("SELECT max(id) FROM delegation")).scalar_one()
    revoke(session, "bj-manager", one, "", NOW)


CASES = {
    "role": (take_role, ("reviewer",)),
    "user": (deactivate, ("reviewer",)),
    "delegation": (take_delegation, MANAGER),
    "role of the principal": (take_principals_role, MANAGER),
    "principal": (deactivate_principal, MANAGER),
}


def _waits(engine: sa.Engine, other: Future[object]) -> None:
    """Until somebody waits for a lock."""
    with engine.connect() as connection:
        while not connection.execute(
            sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        ).scalar_one():
            assert not other.done(), other.result()
            connection.rollback()


def _in_order(engine: sa.Engine, first: Act, second: Act, between: Act | None = None) -> object:
    """`first` has acted and not committed when `second` comes; what the second one says."""

    def act() -> object:
        with transaction(engine) as session:
            return second(session)

    with ThreadPoolExecutor(1) as pool:
        with transaction(engine) as session:
            first(session)
            if between is not None:
                with transaction(engine) as meanwhile:
                    between(meanwhile)
            other: Future[object] = pool.submit(act)
            _waits(engine, other)
        return other.result(30)


def _verdicts(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        return int(
            connection.execute(sa.text("SELECT count(*) FROM approval_verdict")).scalar_one()
        )


@pytest.mark.parametrize("case", CASES)
def test_who_lost_his_right_first_decides_nothing(engine: sa.Engine, case: str) -> None:
    take, roles = CASES[case]
    with transaction(engine) as session:
        given(session)
        ids = submitted(session, roles=roles)
        before = open_steps(session, ids)
    found = _in_order(engine, take, lambda session: _decide(session, before))
    assert found in (["NOT_THE_APPROVER"], ["STEP_NOT_OPEN"])
    assert _verdicts(engine) == 0


@pytest.mark.parametrize("case", CASES)
def test_who_decided_first_has_decided(engine: sa.Engine, case: str) -> None:
    take, roles = CASES[case]
    with transaction(engine) as session:
        given(session)
        ids = submitted(session, roles=roles)
    _in_order(engine, lambda session: approve(session, "bj-reviewer", ids), take)
    assert _verdicts(engine) == 1
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT state FROM document")).scalars().all() == [
            "UNPAID"
        ]


@pytest.mark.parametrize("case", CASES)
def test_what_is_submitted_while_a_right_goes_is_not_decided_by_it(
    engine: sa.Engine, case: str
) -> None:
    """The one who takes it away has looked at what was open, and not at this."""
    take, roles = CASES[case]
    with transaction(engine) as session:
        given(session)
    made: list[int] = []
    found = _in_order(
        engine,
        take,
        lambda session: approve(session, "bj-reviewer", made),
        lambda session: made.extend(submitted(session, roles=roles)),
    )
    assert found == ["NOT_THE_APPROVER"]
    assert _verdicts(engine) == 0


def test_a_delegation_that_ended_by_date_decides_nothing(engine: sa.Engine) -> None:
    later = NOW + 10 * DAY
    with transaction(engine) as session:
        given(session)
        ids = submitted(session, roles=MANAGER)
    with transaction(engine) as session:
        course.settle(session, later)
        assert approve(session, "bj-reviewer", ids, later) == ["NOT_THE_APPROVER"]


def _decide(session: Session, steps: list[int]) -> list[str | None]:
    results = desk.decide(session, "bj-reviewer", steps, "approve", None, NOW)
    return [one.error.code if one.error else None for one in results]

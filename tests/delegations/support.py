"""A group in which people stand in for each other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlmodel import Session

from engine.treasury.approvals import desk
from engine.treasury.delegations.giving import Terms, give
from engine.treasury.delegations.models import Delegation
from tests.approval.support import NOW, open_steps

TODAY = NOW.astimezone(dt.timezone(dt.timedelta(hours=8))).date()
DAY = dt.timedelta(days=1)


def terms(
    principal: str = "bj-manager",
    delegate: str = "bj-reviewer",
    *,
    org_id: str = "BJ",
    first: int = 0,
    last: int = 9,
    roles: Sequence[str] | None = None,
    categories: Sequence[str] | None = None,
    caps: dict[str, int] | None = None,
    away: int | None = None,
) -> Terms:
    """A delegation for ten days from today; days are counted from today."""
    return Terms(
        principal,
        delegate,
        org_id,
        TODAY + first * DAY,
        TODAY + last * DAY,
        "年休假",
        roles,
        categories,
        caps,
        None if away is None else TODAY + away * DAY,
    )


def given(session: Session, wanted: Terms | None = None, by: str | None = None) -> Delegation:
    """A delegation given by its principal, or by somebody else."""
    wanted = wanted or terms()
    return give(session, by or wanted.principal, wanted, NOW)


def approve(
    session: Session, user: str, ids: Sequence[int], at: dt.datetime = NOW
) -> list[str | None]:
    """Error codes of approving the open steps of documents."""
    results = desk.decide(session, user, open_steps(session, ids), "approve", None, at)
    return [r.error.code if r.error else None for r in results]


def persons(session: Session, one: int) -> list[tuple[str, str | None]]:
    """Who decided the steps of a document's latest round, and in whose place."""
    steps = desk.rounds_of(session, one)[-1].steps
    return [(s.verdict.user_id, s.verdict.on_behalf_of) for s in steps if s.verdict is not None]

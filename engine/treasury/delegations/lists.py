"""Delegations one person may see, with what happened to them and what he may do about them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.runtime.clock import business_date_of
from engine.treasury.delegations.giving import MANAGES, READS
from engine.treasury.delegations.models import Delegation, DelegationEvent
from engine.treasury.delegations.standing import approving_roles, away
from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.organisations.models import UserAccount

State = Literal["waiting", "future", "in_force", "ended", "revoked"]
Side = Literal["given", "received", "others", "over"]
"""Of which list a delegation is for one person: whatever is over is of the last."""
SIDES: tuple[Side, ...] = ("given", "received", "others", "over")


@dataclass(frozen=True, slots=True)
class Listed:
    """A delegation as it stands today. `away`: the principal is away by it today."""

    terms: Delegation
    state: State
    side: Side
    away: bool
    events: tuple[DelegationEvent, ...]
    may_confirm: bool
    may_revoke: bool


def find(session: Session, user_id: str, now: dt.datetime) -> list[Listed]:
    """One's own, given or received, and those of organisations whose delegations one may read:
    the latest first."""
    today = business_date_of(now)
    reads = visible_orgs(session, user_id, READS)
    manages = visible_orgs(session, user_id, MANAGES)
    rows = session.exec(
        select(Delegation)
        .where(
            sa.or_(
                col(Delegation.principal) == user_id,
                col(Delegation.delegate) == user_id,
                col(Delegation.org_id).in_(reads),
            )
        )
        .order_by(col(Delegation.id).desc())
    ).all()
    happened: dict[int, list[DelegationEvent]] = {}
    for event in session.exec(
        select(DelegationEvent)
        .where(col(DelegationEvent.delegation_id).in_([one.id for one in rows]))
        .order_by(col(DelegationEvent.id))
    ):
        happened.setdefault(event.delegation_id, []).append(event)
    gone = away(session, today)
    return [
        _listed(one, happened.get(one.id or 0, ()), user_id, one.org_id in manages, gone, today)
        for one in rows
    ]


def is_away(session: Session, user_id: str, now: dt.datetime) -> bool:
    """Whether steps do not count on the user today."""
    return user_id in away(session, business_date_of(now))


def stand_in_candidates(session: Session, user_id: str) -> Sequence[UserAccount]:
    """Active people with an approving role: whom a form offers. Nobody for who cannot give any."""
    if not visible_orgs(session, user_id, READS):
        return ()
    return session.exec(
        select(UserAccount)
        .where(
            col(UserAccount.active),
            sa.text(
                "EXISTS (SELECT 1 FROM role_grant g WHERE g.user_id = user_account.id "
                "AND g.role = ANY(:approving))"
            ).bindparams(approving=approving_roles()),
        )
        .order_by(col(UserAccount.id))
    ).all()


def _listed(
    one: Delegation,
    events: Sequence[DelegationEvent],
    user_id: str,
    manages: bool,
    gone: frozenset[str],
    today: dt.date,
) -> Listed:
    kinds = {event.kind for event in events}
    state = _state(one, kinds, today)
    own = user_id == one.principal
    absent = one.away_until is not None and one.valid_from <= today <= one.away_until
    return Listed(
        one,
        state,
        _side(one, state, user_id),
        absent and one.principal in gone and "returned" not in kinds,
        tuple(events),
        may_confirm=state == "waiting"
        and (own or manages)
        and user_id not in (one.given_by, one.delegate),
        may_revoke=state in ("waiting", "future", "in_force") and (own or manages),
    )


def _side(one: Delegation, state: State, user_id: str) -> Side:
    if state in ("ended", "revoked"):
        return "over"
    if user_id == one.principal:
        return "given"
    return "received" if user_id == one.delegate else "others"


def _state(one: Delegation, kinds: set[str], today: dt.date) -> State:
    if "revoked" in kinds:
        return "revoked"
    if one.valid_until < today:
        return "ended"
    if one.given_by != one.principal and "confirmed" not in kinds:
        return "waiting"
    return "future" if today < one.valid_from else "in_force"

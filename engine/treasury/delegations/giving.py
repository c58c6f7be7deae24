"""Giving, confirming and ending delegations; each is a row with who and when, and audited."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.runtime import audit
from engine.runtime.clock import business_date_of
from engine.runtime.jsontypes import JsonValue
from engine.treasury.delegations import errors
from engine.treasury.delegations.course import look_again, settle, tell_ended
from engine.treasury.delegations.models import Delegation, DelegationEvent
from engine.treasury.delegations.standing import approving_roles
from engine.treasury.organisations import grants
from engine.treasury.organisations.grants import can, require
from engine.treasury.organisations.permissions import Permission
from engine.treasury.organisations.tree import organisation

GIVES: Permission = "delegations.give"
MANAGES: Permission = "delegations.manage"
READS: Permission = "delegations.read"
"""For oneself; for others, as an administrator; and seeing those of others."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What is given to whom: for `org_id` and everything below it, both dates included.

    `roles` and `categories` (business types): None is all. `caps`: most by currency, minor units;
    a currency without a figure is not covered, None is no cap. `away_until`: the principal is away
    from the first day to this one, and steps do not count on him.
    """

    principal: str
    delegate: str
    org_id: str
    valid_from: dt.date
    valid_until: dt.date
    reason: str
    roles: Collection[str] | None = None
    categories: Collection[str] | None = None
    caps: Mapping[str, int] | None = None
    away_until: dt.date | None = None


def give(session: Session, user_id: str, terms: Terms, now: dt.datetime) -> Delegation:
    """Let `delegate` approve in the place of `principal`.

    The principal gives it himself (delegations.give) and it stands; an administrator gives it for
    him (delegations.manage), then a second person confirms it. Raises NotPermitted,
    OrganisationError USER_UNKNOWN or ORGANISATION_UNKNOWN, DelegationError DELEGATION_TO_ONESELF,
    DELEGATION_DATES, DELEGATION_CAP, REASON_MISSING, NOTHING_TO_DELEGATE, DELEGATE_NO_APPROVER,
    FOUR_EYES_DELEGATION (an administrator for himself).
    """
    organisation(session, terms.org_id)
    for person in (terms.principal, terms.delegate):
        grants.user(session, person)
    require(session, user_id, GIVES if user_id == terms.principal else MANAGES, terms.org_id)
    _check(session, user_id, terms, now)
    made = Delegation(
        org_id=terms.org_id,
        principal=terms.principal,
        delegate=terms.delegate,
        roles=sorted(terms.roles) if terms.roles else None,
        categories=sorted(terms.categories) if terms.categories else None,
        caps=dict(terms.caps) if terms.caps else None,
        valid_from=terms.valid_from,
        valid_until=terms.valid_until,
        away_until=terms.away_until,
        given_by=user_id,
        given_at=now,
        reason=terms.reason.strip(),
    )
    session.add(made)
    session.flush()
    _record(session, user_id, "given", made, terms.reason.strip(), now)
    settle(session, now)
    return made


def confirm(session: Session, user_id: str, delegation_id: int, now: dt.datetime) -> None:
    """Confirm what an administrator gave: by the principal, or by another administrator.

    Raises NotPermitted, DelegationError DELEGATION_UNKNOWN, FOUR_EYES_DELEGATION, and
    DelegationConflict DELEGATION_NOT_WAITING or DELEGATION_OVER.
    """
    found, known = _locked(session, user_id, delegation_id)
    if user_id != found.principal:
        require(session, user_id, MANAGES, found.org_id)
    if "revoked" in known or found.valid_until < business_date_of(now):
        raise errors.over()
    if found.given_by == found.principal or "confirmed" in known:
        raise errors.nothing_to_confirm()
    if user_id in (found.given_by, found.delegate):
        raise errors.not_yours_to_confirm()
    _happened(session, found, "confirmed", user_id, now)
    _record(session, user_id, "confirmed", found, None, now)
    settle(session, now)


def revoke(
    session: Session, user_id: str, delegation_id: int, reason: str, now: dt.datetime
) -> None:
    """End a delegation at once, or refuse one that waits for confirmation.

    By the principal, who is then no longer away by it; or by an administrator with a reason.
    Raises NotPermitted, DelegationError DELEGATION_UNKNOWN, REASON_MISSING, and
    DelegationConflict DELEGATION_OVER.
    """
    found, known = _locked(session, user_id, delegation_id)
    reason = reason.strip()
    own = user_id == found.principal
    if not own:
        require(session, user_id, MANAGES, found.org_id)
        if not reason:
            raise errors.reason_missing()
    if "revoked" in known or found.valid_until < business_date_of(now):
        raise errors.over()
    tell_ended(session, found, business_date_of(now), now)
    _happened(session, found, "revoked", user_id, now, reason or None)
    if own and found.away_until is not None and "returned" not in known:
        _happened(session, found, "returned", user_id, now)
    _record(session, user_id, "revoked", found, reason or None, now)
    look_again(session, [found], now)


def come_back(session: Session, user_id: str, now: dt.datetime) -> None:
    """Say that one is no longer away; delegations that stand go on standing.

    Raises DelegationConflict NOT_AWAY.
    """
    today = business_date_of(now)
    rows = session.exec(
        select(Delegation)
        .where(Delegation.principal == user_id)
        .order_by(col(Delegation.id))
        .with_for_update()
    ).all()
    mine = [
        one
        for one in rows
        if one.away_until is not None
        and one.valid_from <= today <= one.away_until
        and "returned" not in _events(session, one)
    ]
    if not mine:
        raise errors.not_away()
    for one in mine:
        _happened(session, one, "returned", user_id, now)
        _record(session, user_id, "returned", one, None, now)
    look_again(session, mine, now)


def _check(session: Session, user_id: str, terms: Terms, now: dt.datetime) -> None:
    today = business_date_of(now)
    if terms.principal == terms.delegate:
        raise errors.to_oneself()
    if user_id == terms.delegate:
        raise errors.not_yours_to_confirm()
    until = terms.away_until or terms.valid_until
    if not today <= terms.valid_from <= terms.valid_until <= until:
        raise errors.dates(today)
    for currency, amount in (terms.caps or {}).items():
        if amount <= 0:
            raise errors.cap_not_positive(currency)
    if not terms.reason.strip():
        raise errors.reason_missing()
    wanted = set(terms.roles) if terms.roles else None
    own = _approves(session, terms.principal, terms.org_id)
    if not own or (wanted is not None and not wanted <= own):
        raise errors.nothing_to_give(terms.principal, terms.org_id)
    if not can(session, terms.delegate, "approvals.decide", terms.org_id):
        raise errors.cannot_stand_in(terms.delegate, terms.org_id)


def _approves(session: Session, user_id: str, org_id: str) -> frozenset[str]:
    """Approving roles the active user holds for the organisation by grants of his own."""
    rows = session.execute(
        sa.text("""
            SELECT g.role FROM role_grant g
            JOIN user_account u ON u.id = g.user_id AND u.active
            JOIN organisation o ON g.org_id = ANY(string_to_array(o.path, '/'))
            WHERE g.user_id = :user AND g.role = ANY(:approving) AND o.id = :org"""),
        {"user": user_id, "org": org_id, "approving": approving_roles()},
    )
    return frozenset(rows.scalars())


def _locked(
    session: Session, user_id: str, delegation_id: int
) -> tuple[Delegation, frozenset[str]]:
    """The delegation, locked, and the kinds of what happened to it."""
    found = session.exec(
        select(Delegation).where(Delegation.id == delegation_id).with_for_update()
    ).one_or_none()
    if found is None or not (
        user_id in (found.principal, found.delegate) or can(session, user_id, READS, found.org_id)
    ):
        raise errors.unknown(delegation_id)
    return found, _events(session, found)


def _events(session: Session, one: Delegation) -> frozenset[str]:
    rows = session.exec(select(DelegationEvent.kind).where(DelegationEvent.delegation_id == one.id))
    return frozenset(rows)


def _happened(
    session: Session,
    one: Delegation,
    kind: str,
    actor: str,
    now: dt.datetime,
    reason: str | None = None,
) -> None:
    """Write down what happened to a delegation; the database holds who may do it, and once."""
    session.add(
        DelegationEvent(
            org_id=one.org_id,
            delegation_id=one.id or 0,
            kind=kind,
            actor=actor,
            at=now,
            reason=reason,
        )
    )
    session.flush()


def _record(
    session: Session,
    user_id: str,
    what: str,
    one: Delegation,
    reason: str | None,
    now: dt.datetime,
) -> None:
    caps: dict[str, JsonValue] = dict(one.caps or {})
    after: dict[str, JsonValue] = {
        "principal": one.principal,
        "delegate": one.delegate,
        "valid_from": one.valid_from.isoformat(),
        "valid_until": one.valid_until.isoformat(),
        "away_until": one.away_until.isoformat() if one.away_until else None,
        "roles": None if one.roles is None else [*one.roles],
        "categories": None if one.categories is None else [*one.categories],
        "caps": caps or None,
    }
    audit.record(
        session,
        user_id,
        f"delegation.{what}",
        "delegation",
        str(one.id),
        one.org_id,
        None,
        after,
        reason,
        now,
    )

"""Who holds which role where, and therefore who may do what.

A grant holds for its organisation and everything below it. Roles whose duties exclude each other
are refused on one person, whatever the organisations. What a grant permits about rulesets depends
on their kind too and is asked in rule_grants.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, select

from engine.base.text import Text
from engine.rules.registry import all_kinds
from engine.treasury.organisations.errors import (
    NotPermitted,
    OrganisationError,
    held_for_all,
    kinds_empty,
    no_kinds,
    unknown_kind,
    unknown_user,
)
from engine.treasury.organisations.models import RoleGrant, UserAccount
from engine.treasury.organisations.permissions import (
    PERMISSIONS,
    ROLES,
    RULE_PERMISSIONS,
    Permission,
    conflict,
    roles_with,
    rules,
)
from engine.treasury.organisations.tree import organisation


def user(session: Session, user_id: str) -> UserAccount:
    """The user; OrganisationError USER_UNKNOWN when there is none."""
    found = session.get(UserAccount, user_id)
    if found is None:
        raise unknown_user(user_id)
    return found


def grant(
    session: Session,
    user_id: str,
    role: str,
    org_id: str,
    kinds: Collection[str] | None = None,
) -> RoleGrant:
    """Let `user_id` hold `role` for `org_id` and below; holding it already is fine.

    `kinds` limits what the role may do with rulesets to these kinds; None is every kind. A grant
    only adds: kinds come to those that are held already, and a role held for every kind stays so.

    In the running product use engine.treasury.approvals.people, which also asks for the
    permission, writes the audit log and lets blocked approvals go on.

    Raises OrganisationError ROLE_UNKNOWN, ROLE_CONFLICT (duties exclude each other),
    USER_UNKNOWN, ORGANISATION_UNKNOWN, KIND_UNKNOWN, KINDS_EMPTY, ROLE_WITHOUT_RULES.
    """
    if role not in PERMISSIONS:
        raise OrganisationError(
            "ROLE_UNKNOWN",
            Text(
                f"there is no role {role}; use one of {', '.join(PERMISSIONS)}",
                f"没有角色 {role};可用:{', '.join(PERMISSIONS)}",
            ),
        )
    organisation(session, org_id)
    wanted = _kinds(role, kinds)
    lock_person(session, user_id)
    for other in session.exec(select(RoleGrant).where(RoleGrant.user_id == user_id)).all():
        if (other.role, other.org_id) == (role, org_id):
            return _widened(session, other, wanted)
        why = conflict(role, other.role)
        if why is not None:
            raise OrganisationError(
                "ROLE_CONFLICT",
                Text(
                    f"{user_id} is {ROLES[other.role].en} and cannot become {ROLES[role].en}: "
                    f"{why.en}; give the role to another person, or end the other one first",
                    f"{user_id} 已是{ROLES[other.role].zh},不能再任{ROLES[role].zh}:{why.zh};"
                    "请改授他人,或先撤销原角色",
                ),
            )
    made = RoleGrant(user_id=user_id, role=role, org_id=org_id, kinds=wanted)
    session.add(made)
    session.flush()
    return made


def _kinds(role: str, kinds: Collection[str] | None) -> list[str] | None:
    if kinds is None:
        return None
    if not kinds:
        raise kinds_empty()
    for kind in kinds:
        if kind not in all_kinds():
            raise unknown_kind(kind, all_kinds())
    if not rules(role):
        raise no_kinds(ROLES[role])
    return sorted(set(kinds))


def _widened(session: Session, held: RoleGrant, wanted: list[str] | None) -> RoleGrant:
    """The grant with the kinds that are `wanted` besides those it has."""
    if held.kinds is not None:
        held.kinds = None if wanted is None else sorted({*held.kinds, *wanted})
        session.add(held)
        session.flush()
    return held


def orgs_of(session: Session, user_id: str) -> frozenset[str]:
    """Organisations in which a person has a role of his own."""
    query = select(RoleGrant.org_id).where(RoleGrant.user_id == user_id)
    return frozenset(session.exec(query))


def lock_person(session: Session, user_id: str) -> None:
    """Let changes to one person's grants see each other. OrganisationError USER_UNKNOWN."""
    locked = session.exec(
        select(UserAccount.id).where(UserAccount.id == user_id).with_for_update()
    ).first()
    if locked is None:
        raise unknown_user(user_id)


def held(session: Session, user_id: str, role: str, org_id: str) -> RoleGrant | None:
    """The grant by which the user holds `role` for exactly `org_id`."""
    query = select(RoleGrant).where(
        RoleGrant.user_id == user_id, RoleGrant.role == role, RoleGrant.org_id == org_id
    )
    return session.exec(query.execution_options(populate_existing=True)).first()


def revoke(
    session: Session,
    user_id: str,
    role: str,
    org_id: str,
    kinds: Collection[str] | None = None,
) -> bool:
    """Take a role away, or with `kinds` only what it may do with rulesets of these kinds; without
    any kind left the role is gone. False when nothing of it was held. See `grant` for the running
    product.

    Raises OrganisationError GRANT_UNLIMITED for some kinds of a role held for all of them,
    USER_UNKNOWN.
    """
    lock_person(session, user_id)
    found = held(session, user_id, role, org_id)
    if found is None:
        return False
    if kinds is not None:
        if found.kinds is None:
            raise held_for_all(user_id, ROLES[role])
        left = [one for one in found.kinds if one not in kinds]
        if left:
            changed = left != found.kinds
            found.kinds = left
            session.add(found)
            session.flush()
            return changed
    session.delete(found)
    session.flush()
    session.expire_all()
    return True


def can(session: Session, user_id: str, permission: Permission, org_id: str) -> bool:
    """Whether the user may do `permission` for the organisation, by a grant there or above."""
    session.flush()
    return bool(
        session.execute(
            sa.text("""
                SELECT EXISTS (
                  SELECT 1 FROM role_grant g
                  JOIN user_account u ON u.id = g.user_id AND u.active
                  JOIN organisation o ON o.id = :org
                  WHERE g.user_id = :user AND g.role = ANY(:roles)
                    AND g.org_id = ANY(string_to_array(o.path, '/')))"""),
            {"org": org_id, "user": user_id, "roles": _roles(permission)},
        ).scalar_one()
    )


def require(session: Session, user_id: str, permission: Permission, org_id: str) -> None:
    """Raise NotPermitted unless `can`."""
    if not can(session, user_id, permission, org_id):
        raise NotPermitted(user_id, permission, org_id)


def visible_orgs(session: Session, user_id: str, permission: Permission) -> frozenset[str]:
    """Organisations for which the user has `permission`; every list is limited to them."""
    session.flush()
    rows = session.execute(
        sa.text("""
            SELECT DISTINCT o.id FROM role_grant g
            JOIN user_account u ON u.id = g.user_id AND u.active
            JOIN organisation o ON g.org_id = ANY(string_to_array(o.path, '/'))
            WHERE g.user_id = :user AND g.role = ANY(:roles)"""),
        {"user": user_id, "roles": _roles(permission)},
    )
    return frozenset(rows.scalars())


def _roles(permission: str) -> list[str]:
    if permission in RULE_PERMISSIONS:
        raise ValueError(f"{permission} depends on the kind of ruleset: ask rule_grants")
    return roles_with(permission)


def permissions_of(session: Session, user_id: str) -> frozenset[str]:
    """Everything the user may do anywhere: what a page offers in its menu."""
    rows = session.exec(select(RoleGrant.role).where(RoleGrant.user_id == user_id))
    held: Iterable[frozenset[str]] = (PERMISSIONS.get(role, frozenset()) for role in rows)
    return frozenset().union(*held)


@dataclass(frozen=True, slots=True)
class Holders:
    """An organisation at which somebody holds a role, and who they are."""

    org_id: str
    users: tuple[str, ...]


def holders(session: Session, role: str, org_id: str) -> list[Holders]:
    """Active holders of `role` from `org_id` upwards, the nearest organisation first."""
    session.flush()
    rows = session.execute(
        sa.text("""
            SELECT above.id AS org_id, array_agg(u.id ORDER BY u.id) AS users
            FROM organisation o
            JOIN organisation above ON above.id = ANY(string_to_array(o.path, '/'))
            JOIN role_grant g ON g.org_id = above.id AND g.role = :role
            JOIN user_account u ON u.id = g.user_id AND u.active
            WHERE o.id = :org
            GROUP BY above.id, above.path ORDER BY length(above.path) DESC"""),
        {"org": org_id, "role": role},
    )
    return [Holders(str(row.org_id), tuple(row.users)) for row in rows]

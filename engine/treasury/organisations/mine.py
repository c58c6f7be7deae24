"""What one person may do, where, and for which kinds of rulesets: for himself to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, select

from engine.treasury.organisations.models import Organisation, RoleGrant, UserAccount
from engine.treasury.organisations.permissions import PERMISSIONS, RULE_PERMISSIONS


@dataclass(frozen=True, slots=True)
class Held:
    """A role, the organisation it is held for with everything below, and the kinds of rulesets it
    is limited to (None: every kind)."""

    role: str
    organisation: Organisation
    kinds: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Allowed:
    """A permission, an organisation it holds for with everything below, and for which kinds of
    rulesets: None is every kind, and where the permission is not about rulesets."""

    permission: str
    organisation: Organisation
    kinds: tuple[str, ...] | None

    @property
    def of_rules(self) -> bool:
        """Whether it is about rulesets."""
        return self.permission in RULE_PERMISSIONS


def held_by(session: Session, user_id: str) -> list[Held]:
    """The roles of an active user, the highest organisation first."""
    rows = session.exec(
        select(RoleGrant, Organisation)
        .join(Organisation, sa.text("organisation.id = role_grant.org_id"))
        .join(UserAccount, sa.text("user_account.id = role_grant.user_id AND user_account.active"))
        .where(RoleGrant.user_id == user_id)
        .order_by(sa.text("organisation.path"), sa.text("role_grant.role"))
    )
    return [
        Held(one.role, org, None if one.kinds is None else tuple(one.kinds)) for one, org in rows
    ]


def allowed(held: Sequence[Held]) -> list[Allowed]:
    """What roles together permit, by permission; what another grant gives already is left out."""
    every = sorted({one for role in held for one in PERMISSIONS[role.role]})
    found: list[Allowed] = []
    for permission in every:
        mine: list[Allowed] = []
        for one in (each for each in held if permission in PERMISSIONS[each.role]):
            kinds = one.kinds if permission in RULE_PERMISSIONS else None
            more = Allowed(permission, one.organisation, kinds)
            mine = [other for other in mine if not _within(other, more)]
            if not any(_within(more, other) for other in mine):
                mine.append(more)
        found += mine
    return found


def _within(one: Allowed, other: Allowed) -> bool:
    """Whether `other` permits all that `one` does."""
    below = other.organisation.id in one.organisation.path.split("/")
    kinds = other.kinds is None or (one.kinds is not None and {*one.kinds} <= {*other.kinds})
    return below and kinds

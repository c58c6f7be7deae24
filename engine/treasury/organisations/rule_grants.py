"""Who may see, edit, sign and activate which kinds of rulesets of which organisations.

A role may be granted for some kinds of rulesets alone. What it permits about rulesets therefore
depends on the kind as well as on the organisation, and nothing here answers without both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import Text
from engine.rules.registry import find_kind
from engine.treasury.organisations.errors import NotPermitted
from engine.treasury.organisations.permissions import RulePermission, roles_with


class Ruled(Protocol):
    """A stored version or a draft: of a kind, and of an organisation."""

    kind: str
    org_id: str


@dataclass(frozen=True, slots=True)
class RuleReach:
    """Where a user has one permission on rulesets.

    `every`: organisations for whose rulesets of every kind he has it, also of no kind that can be
    read yet; `only`: kind -> the organisations for whose rulesets of that kind he has it besides.
    """

    every: frozenset[str] = frozenset()
    only: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, kind: str) -> frozenset[str]:
        """The organisations for rulesets of `kind`."""
        return self.every | self.only.get(kind, frozenset())

    def has(self, org_id: str, kind: str) -> bool:
        """Whether rulesets of this organisation and kind are within it."""
        return org_id in self.every or org_id in self.only.get(kind, ())

    def covers(self, one: Ruled) -> bool:
        """Whether a version or a draft is within it."""
        return self.has(one.org_id, one.kind)

    @property
    def anywhere(self) -> frozenset[str]:
        """The organisations for rulesets of some kind at least."""
        return self.every.union(*self.only.values())

    def with_above(self, above: Mapping[str, Iterable[str]]) -> RuleReach:
        """The same with everything that stands above its organisations."""

        def widened(orgs: frozenset[str]) -> frozenset[str]:
            return orgs.union(*(above[one] for one in orgs))

        return RuleReach(
            widened(self.every), {kind: widened(orgs) for kind, orgs in self.only.items()}
        )


def rule_reach(session: Session, user_id: str, permission: RulePermission) -> RuleReach:
    """Where the user has `permission`, by grants there or above."""
    session.flush()
    rows = session.execute(
        sa.text("""
            SELECT DISTINCT o.id, g.kinds FROM role_grant g
            JOIN user_account u ON u.id = g.user_id AND u.active
            JOIN organisation o ON g.org_id = ANY(string_to_array(o.path, '/'))
            WHERE g.user_id = :user AND g.role = ANY(:roles)"""),
        {"user": user_id, "roles": roles_with(permission)},
    )
    every: set[str] = set()
    only: dict[str, set[str]] = {}
    for org_id, kinds in rows:
        if kinds is None:
            every.add(org_id)
        for kind in kinds or ():
            only.setdefault(kind, set()).add(org_id)
    return RuleReach(frozenset(every), {kind: frozenset(orgs) for kind, orgs in only.items()})


def require_rule(
    session: Session, user_id: str, permission: RulePermission, org_id: str, kind: str
) -> None:
    """Raise NotPermitted unless the user has `permission` for rulesets of this organisation and
    kind."""
    if not rule_reach(session, user_id, permission).has(org_id, kind):
        raise not_permitted(user_id, permission, org_id, kind)


def not_permitted(user_id: str, permission: RulePermission, org_id: str, kind: str) -> NotPermitted:
    """The refusal for rulesets of this organisation and kind."""
    known = find_kind(kind)
    title = Text(kind, kind) if known is None else known.title
    named = Text(f"rulesets of the kind {title.en} ({kind})", f"「{title.zh}」({kind})规则集")
    return NotPermitted(user_id, permission, org_id, named)


def require_every_kind(
    session: Session, user_id: str, permission: RulePermission, org_id: str
) -> None:
    """Raise NotPermitted unless the user has `permission` for rulesets of every kind there: what
    the vocabulary asks for, which all of them read."""
    if org_id not in rule_reach(session, user_id, permission).every:
        raise NotPermitted(
            user_id, permission, org_id, Text("rulesets of every kind", "所有种类的规则集")
        )


def require_some_kind(
    session: Session, user_id: str, permission: RulePermission, org_id: str
) -> None:
    """Raise NotPermitted unless the user has `permission` there for some kind: enough for a text
    that names no kind yet."""
    if org_id not in rule_reach(session, user_id, permission).anywhere:
        raise NotPermitted(user_id, permission, org_id)

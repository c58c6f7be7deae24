"""How far a user's right to look and to operate reaches.

What belongs to no organisation (schedules, actions of the system itself) belongs to the group.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from engine.rulebook.versions import ROOT
from engine.treasury.organisations.grants import can, require, visible_orgs
from engine.treasury.organisations.permissions import Permission
from engine.treasury.organisations.tree import organisations

READ: Permission = "operations.read"
RUN: Permission = "operations.run"


@dataclass(frozen=True, slots=True)
class Reach:
    """Organisations whose work a user sees, and whether he sees the system's own."""

    orgs: tuple[str, ...]
    group_wide: bool

    @property
    def values(self) -> dict[str, object]:
        """Parameters for `SEEN`."""
        return {"orgs": list(self.orgs), "wide": self.group_wide}


SEEN = "(a.org_id = ANY(:orgs) OR (a.org_id IS NULL AND :wide))"
"""SQL: whether the row `a` is within a reach."""


def reach(session: Session, user_id: str | None) -> Reach:
    """What the user may see; None is who holds the workspace itself and sees everything."""
    if user_id is None:
        return Reach(tuple(sorted(organisations(session))), group_wide=True)
    orgs = visible_orgs(session, user_id, READ)
    return Reach(tuple(sorted(orgs)), can(session, user_id, READ, ROOT))


def may_run(session: Session, user_id: str, org_id: str | None) -> None:
    """Raise NotPermitted unless he may operate for `org_id` (None: the whole system)."""
    require(session, user_id, RUN, org_id or ROOT)

"""Granting and taking away roles while approvals are running."""

from __future__ import annotations

import datetime as dt

from sqlmodel import Session

from engine.base.text import Text
from engine.runtime import audit
from engine.runtime.jsontypes import JsonValue
from engine.treasury.approvals.desk import reassess
from engine.treasury.organisations import grants
from engine.treasury.organisations.errors import OrganisationError


def grant_role(
    session: Session, actor: str, user_id: str, role: str, org_id: str, now: dt.datetime
) -> None:
    """Let `user_id` hold `role` for `org_id` and below; blocked approvals look again.

    Needs users.manage, and another person than `user_id`. Raises NotPermitted,
    OrganisationError SELF_GRANT, ROLE_UNKNOWN, ROLE_CONFLICT, USER_UNKNOWN.
    """
    _check(session, actor, user_id, org_id)
    grants.grant(session, user_id, role, org_id)
    _record(session, actor, "role.grant", user_id, role, org_id, now)
    reassess(session, now)


def revoke_role(
    session: Session, actor: str, user_id: str, role: str, org_id: str, now: dt.datetime
) -> None:
    """Take a role away; open steps go to the next holder, or are blocked with an alert.

    Needs users.manage. Raises as `grant_role`; a role that is not held is no error.
    """
    _check(session, actor, user_id, org_id)
    if grants.revoke(session, user_id, role, org_id):
        _record(session, actor, "role.revoke", user_id, role, org_id, now)
        reassess(session, now)


def _check(session: Session, actor: str, user_id: str, org_id: str) -> None:
    grants.require(session, actor, "users.manage", org_id)
    if actor == user_id:
        raise OrganisationError(
            "SELF_GRANT",
            Text(
                "nobody changes his own roles; ask another administrator",
                "不得修改自己的角色;请联系其他管理员",
            ),
        )


def _record(
    session: Session,
    actor: str,
    action: str,
    user_id: str,
    role: str,
    org_id: str,
    now: dt.datetime,
) -> None:
    held: dict[str, JsonValue] = {"role": role, "org_id": org_id}
    granted = action == "role.grant"
    audit.record(
        session,
        actor,
        action,
        "user_account",
        user_id,
        org_id,
        None if granted else held,
        held if granted else None,
        None,
        now,
    )

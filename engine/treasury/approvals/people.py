"""Granting and taking away roles, and deactivating people, while approvals are running."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from sqlmodel import Session

from engine.base.text import Text
from engine.runtime import audit
from engine.runtime.jsontypes import JsonValue
from engine.treasury.approvals.desk import reassess
from engine.treasury.organisations import grants, signin
from engine.treasury.organisations.errors import OrganisationError


def grant_role(
    session: Session,
    actor: str,
    user_id: str,
    role: str,
    org_id: str,
    now: dt.datetime,
    *,
    kinds: Collection[str] | None = None,
) -> None:
    """Let `user_id` hold `role` for `org_id` and below; blocked approvals look again.

    `kinds` limits what the role may do with rulesets to these kinds (see `grants.grant`).

    Needs users.manage, and another person than `user_id`. Raises NotPermitted,
    OrganisationError SELF_GRANT, ROLE_UNKNOWN, ROLE_CONFLICT, USER_UNKNOWN, KIND_UNKNOWN,
    KINDS_EMPTY, ROLE_WITHOUT_RULES.
    """
    _check(session, actor, user_id, org_id)
    before = _held(session, user_id, role, org_id)
    grants.grant(session, user_id, role, org_id, kinds)
    after = _held(session, user_id, role, org_id)
    _record(session, actor, "role.grant", user_id, org_id, before, after, now)
    reassess(session, now)


def revoke_role(
    session: Session,
    actor: str,
    user_id: str,
    role: str,
    org_id: str,
    now: dt.datetime,
    *,
    kinds: Collection[str] | None = None,
) -> None:
    """Take a role away, or with `kinds` only what it may do with rulesets of these kinds; open
    steps go to the next holder, or are blocked with an alert.

    Needs users.manage. Raises as `grant_role` and GRANT_UNLIMITED; a role that is not held is no
    error.
    """
    _check(session, actor, user_id, org_id)
    before = _held(session, user_id, role, org_id)
    if grants.revoke(session, user_id, role, org_id, kinds):
        after = _held(session, user_id, role, org_id)
        _record(session, actor, "role.revoke", user_id, org_id, before, after, now)
        reassess(session, now)


def deactivate_user(
    session: Session, actor: str, user_id: str, reason: str, now: dt.datetime
) -> None:
    """Lock a user out for good; open steps go to the next holder, or are blocked with an alert.

    Needs users.manage where the user belongs, and another person than `user_id`. Raises
    NotPermitted, OrganisationError SELF_GRANT, USER_UNKNOWN, REASON_MISSING.
    """
    found = grants.user(session, user_id)
    _check(session, actor, user_id, found.org_id)
    if not reason.strip():
        raise OrganisationError(
            "REASON_MISSING",
            Text("deactivating a user needs a reason; write why", "停用用户须填写原因"),
        )
    signin.deactivate(session, user_id)
    session.flush()
    audit.record(
        session,
        actor,
        "user.deactivate",
        "user_account",
        user_id,
        found.org_id,
        {"active": True},
        {"active": False},
        reason.strip(),
        now,
    )
    reassess(session, now)


Held = dict[str, JsonValue]
"""A grant as the audit log keeps it."""


def _held(session: Session, user_id: str, role: str, org_id: str) -> Held | None:
    found = grants.held(session, user_id, role, org_id)
    if found is None:
        return None
    limit: Held = {} if found.kinds is None else {"kinds": [*found.kinds]}
    return {"role": role, "org_id": org_id, **limit}


def _check(session: Session, actor: str, user_id: str, org_id: str) -> None:
    grants.require(session, actor, "users.manage", org_id)
    grants.lock_person(session, user_id)
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
    org_id: str,
    before: Held | None,
    after: Held | None,
    now: dt.datetime,
) -> None:
    audit.record(session, actor, action, "user_account", user_id, org_id, before, after, None, now)

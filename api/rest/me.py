"""GET /me/permissions: what the caller may do, where, and for which kinds of rulesets."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from api.access import NEEDS_ACCOUNT_NUMBERS
from api.identity import SignedIn
from api.services import services_of
from engine.runtime.db import transaction
from engine.treasury.organisations.mine import allowed, held_by

router = APIRouter(prefix="/api/v1", tags=["me"])
_KINDS = "kinds of rulesets it is limited to; null: every kind"


class RoleOut(BaseModel):
    """A role, held for an organisation and everything below it."""

    role: str
    organisation: str
    kinds: list[str] | None = Field(description=_KINDS)


class PermissionOut(BaseModel):
    """A permission, for an organisation and everything below it."""

    permission: str
    organisation: str
    kinds: list[str] | None = Field(description=_KINDS)


class Mine(BaseModel):
    """Who the caller is and what he may do; `account_numbers`: organisations (and what is below
    them) whose account numbers he sees in full."""

    user: str
    roles: list[RoleOut]
    permissions: list[PermissionOut]
    account_numbers: list[str]


@router.get("/me/permissions", summary="What the caller may do, where and for which kinds")
def mine(request: Request, caller: SignedIn) -> Mine:
    """Permissions another one includes are left out."""
    with transaction(services_of(request).engine) as session:
        held = held_by(session, caller.user_id)
    every = allowed(held)
    return Mine(
        user=caller.user_id,
        roles=[
            RoleOut(
                role=one.role,
                organisation=one.organisation.id,
                kinds=None if one.kinds is None else list(one.kinds),
            )
            for one in held
        ],
        permissions=[
            PermissionOut(
                permission=one.permission,
                organisation=one.organisation.id,
                kinds=None if one.kinds is None else list(one.kinds),
            )
            for one in every
        ],
        account_numbers=sorted(
            {one.organisation.id for one in every if one.permission in NEEDS_ACCOUNT_NUMBERS}
        ),
    )

"""Where alerts reach a person: set by user administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from api.identity import Caller, needs
from api.rest.queue import REFUSED
from api.services import services_of
from engine.base.masking import masked_address
from engine.runtime.db import transaction
from engine.treasury.organisations.addresses import set_addresses

router = APIRouter(prefix="/api/v1/users", tags=["users"])
Manages = Annotated[Caller, Depends(needs("users.manage"))]


class Addresses(BaseModel):
    """Both addresses; null is none."""

    email: str | None = Field(max_length=254)
    phone: str | None = Field(max_length=21)


class AddressesOut(BaseModel):
    """Both addresses as they are shown: masked."""

    user: str
    email: str | None
    phone: str | None


@router.put("/{user_id}/addresses", summary="Where alerts reach a person", responses=REFUSED)
def put(request: Request, caller: Manages, user_id: str, given: Addresses) -> AddressesOut:
    """Replaces both. Kept in the audit log, masked."""
    services = services_of(request)
    with transaction(services.engine) as session:
        found = set_addresses(
            session, caller.user_id, user_id, given.email, given.phone, services.clock.now()
        )
        return AddressesOut(
            user=user_id, email=masked_address(found.email), phone=masked_address(found.phone)
        )

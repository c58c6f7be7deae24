"""The banks over REST: profile, whether they can be reached, what came last."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from api.identity import Caller, needs
from api.services import services_of
from engine.runtime.db import transaction
from engine.treasury.operations.banks import BankRow, banks

router = APIRouter(prefix="/api/v1/banks", tags=["operations"])


class BankOut(BaseModel):
    """A bank. `configured`: endpoint and token are set; null where that cannot be known here."""

    id: str
    name_en: str
    name_zh: str
    connector: str
    configured: bool | None
    accounts: int
    balance_at: dt.datetime | None
    statement_at: dt.datetime | None
    statement_date: dt.date | None

    @classmethod
    def of(cls, one: BankRow) -> BankOut:
        """From a bank as an operator sees it."""
        return cls(
            id=one.profile.id,
            name_en=one.profile.name.en,
            name_zh=one.profile.name.zh,
            connector=one.profile.connector,
            configured=one.configured,
            accounts=one.accounts,
            balance_at=one.balance_at,
            statement_at=one.statement_at,
            statement_date=one.statement_date,
        )


@router.get("", summary="Banks: profile, endpoint, latest balance report and statement")
def listed(
    request: Request, caller: Annotated[Caller, Depends(needs("operations.read"))]
) -> list[BankOut]:
    """Accounts and times are of the organisations the caller may see."""
    services = services_of(request)
    with transaction(services.engine) as session:
        found = banks(session, caller.user_id, services.bank_configured)
    return [BankOut.of(one) for one in found]

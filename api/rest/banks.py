"""The banks over REST: profile, whether they can be reached, what came last, what is set."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from sqlmodel import Session

from api.identity import Caller, needs
from api.rest.queue import REFUSED
from api.services import services_of
from engine.banks.models import BankParameter
from engine.banks.parameters import ROOT, Setting
from engine.runtime.db import transaction
from engine.treasury.banks import BankView, Change, bank_view, changes, set_parameter
from engine.treasury.operations.banks import BankRow, banks
from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.organisations.tree import path_of

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


class SettingOut(BaseModel):
    """One word that stands. Empty channel: every channel; amounts in major units of `currency`."""

    organisation: str
    channel: str
    name: str
    currency: str
    value: str | None
    changed_by: str
    reason: str
    changed_at: dt.datetime

    @classmethod
    def of(cls, one: Setting | BankParameter) -> SettingOut:
        """From a setting, or from a change (value null: taken back)."""
        return cls(
            organisation=one.org_id,
            channel=one.channel,
            name=one.name,
            currency=one.currency,
            value=one.value,
            changed_by=one.changed_by,
            reason=one.reason,
            changed_at=one.changed_at,
        )


class ChannelOut(BaseModel):
    """A channel as the organisation meets it; `off` is the word that keeps it closed."""

    channel: str
    on: bool
    off: SettingOut | None
    cut_off: dt.time
    limits: list[SettingOut]


class BankSettingsOut(BaseModel):
    """A bank as one organisation meets it, and everything set that the caller may see."""

    id: str
    organisation: str
    max_in_flight: int | None
    quiet_from: dt.time | None
    quiet_to: dt.time | None
    channels: list[ChannelOut]
    settings: list[SettingOut]
    changes: list[SettingOut]

    @classmethod
    def of(cls, view: BankView, org_id: str, made: list[BankParameter]) -> BankSettingsOut:
        """From the bank as it stands and its changes, newest first."""
        quiet = view.profile.quiet or (None, None)
        return cls(
            id=view.profile.id,
            organisation=org_id,
            max_in_flight=view.profile.max_in_flight,
            quiet_from=quiet[0],
            quiet_to=quiet[1],
            channels=[
                ChannelOut(
                    channel=one.channel,
                    on=one.off is None,
                    off=None if one.off is None else SettingOut.of(one.off),
                    cut_off=one.cut_off,
                    limits=[SettingOut.of(limit) for limit in one.limits],
                )
                for one in view.channels
            ],
            settings=[SettingOut.of(one) for one in view.settings],
            changes=[SettingOut.of(one) for one in made],
        )


class SetParameter(BaseModel):
    """What to set, see `Change`. value null takes it back."""

    name: str = Field(max_length=40)
    value: str | None = Field(max_length=40)
    channel: str = Field("", max_length=40)
    organisation: str = Field(ROOT, max_length=40)
    currency: str = Field("", max_length=3)
    reason: str = Field(max_length=2000)


@router.get(
    "/{bank}", summary="A bank's parameters as an organisation meets them", responses=REFUSED
)
def shown(
    request: Request,
    caller: Annotated[Caller, Depends(needs("operations.read"))],
    bank: str,
    organisation: str = ROOT,
) -> BankSettingsOut:
    """Settings and changes are of the caller's organisations and of those above the one named."""
    with transaction(services_of(request).engine) as session:
        return settings_out(session, caller.user_id, bank, organisation)


@router.post("/{bank}/parameters", summary="Set a parameter of a bank", responses=REFUSED)
def put(
    request: Request,
    caller: Annotated[Caller, Depends(needs("banks.manage"))],
    bank: str,
    wanted: SetParameter,
) -> BankSettingsOut:
    """In force for every process with the answer; nothing that has left is touched."""
    services = services_of(request)
    change = Change(
        bank,
        wanted.name,
        wanted.value,
        wanted.reason,
        wanted.channel,
        wanted.organisation,
        wanted.currency,
    )
    with transaction(services.engine) as session:
        set_parameter(session, caller.user_id, change, services.clock.now())
        return settings_out(session, caller.user_id, bank, wanted.organisation)


def settings_out(session: Session, user_id: str, bank: str, organisation: str) -> BankSettingsOut:
    """The bank as the user sees it."""
    orgs = visible_orgs(session, user_id, "operations.read")
    view = bank_view(session, bank, organisation, orgs)
    made = changes(session, bank, {*orgs, *path_of(session, organisation)})
    return BankSettingsOut.of(view, organisation, made)

"""A bank's parameters as they stand for an organisation, and who changed them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import Session, col, select

from engine.banks.models import BankParameter
from engine.banks.parameters import BankSettings, Setting, look_up
from engine.banks.profile import BankProfile, load_profile
from engine.treasury.organisations.tree import path_of


@dataclass(frozen=True, slots=True)
class ChannelView:
    """A channel of a bank as an organisation meets it."""

    channel: str
    off: Setting | None
    """The word that keeps it closed."""
    cut_off: dt.time
    limits: tuple[Setting, ...]
    """All that a payment meets; every one holds."""


@dataclass(frozen=True, slots=True)
class BankView:
    """A bank with what stands now. `profile` has the group's word applied."""

    profile: BankProfile
    channels: tuple[ChannelView, ...]
    settings: tuple[Setting, ...]
    """Everything persons set and that stands, of every organisation that is shown."""


def bank_view(
    session: Session, bank_id: str, org_id: str, orgs: Collection[str] | None = None
) -> BankView:
    """The bank as `org_id` meets it; `settings` are of `orgs` and what is above `org_id`.

    Raises ProfileError PROFILE_MISSING, OrganisationError ORGANISATION_UNKNOWN.
    """
    profile = load_profile(bank_id)
    settings = look_up(session, bank_id)
    path = path_of(session, org_id)
    channels = tuple(_channel(profile, settings, path, one) for one in profile.channels)
    rows = tuple(
        one for one in settings.rows if orgs is None or one.org_id in path or one.org_id in orgs
    )
    return BankView(settings.applied_to(profile), channels, rows)


def _channel(
    profile: BankProfile, settings: BankSettings, path: tuple[str, ...], channel: str
) -> ChannelView:
    limits = tuple(
        one
        for one in settings.rows
        if one.name in ("max_payment", "max_day")
        and one.org_id in path
        and one.channel in ("", channel)
    )
    return ChannelView(
        channel,
        settings.off(path, channel),
        settings.cut_off(profile, path, channel),
        limits,
    )


def changes(
    session: Session, bank_id: str, orgs: Collection[str], limit: int = 50
) -> list[BankParameter]:
    """Who changed what of the bank for these organisations and why, newest first."""
    return list(
        session.exec(
            select(BankParameter)
            .where(BankParameter.bank_id == bank_id, col(BankParameter.org_id).in_(orgs))
            .order_by(col(BankParameter.id).desc())
            .limit(limit)
        )
    )

"""What persons set of a bank while the product runs, over what its profile says.

A setting holds for its organisation and everything below it, and for one channel or for all. The
group's own word replaces the profile's; a branch can only be stricter: a channel that is off
anywhere above is off, every limit on the way up holds, the earliest cut-off rules.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import sqlalchemy as sa
from sqlmodel import Session

from engine.banks.profile import BankProfile
from engine.base.money import parse_major

Name = Literal["channel", "cut_off", "max_payment", "max_day", "max_in_flight", "quiet"]
NAMES: tuple[Name, ...] = get_args(Name)
LIMITS: frozenset[str] = frozenset({"max_payment", "max_day"})
"""Have a currency; amounts are decimal text in it."""
WHOLE_BANK: frozenset[str] = frozenset({"max_in_flight", "quiet"})
"""Belong to the connection, and so to the whole group and to every channel."""
NEVER_QUIET = "none"

_CHANGES = 0x51_0039
_NEWEST = sa.text("""
SELECT * FROM (
  SELECT DISTINCT ON (org_id, channel, name, currency) * FROM bank_parameter
  WHERE bank_id = :bank ORDER BY org_id, channel, name, currency, id DESC) newest
WHERE value IS NOT NULL ORDER BY name, channel, currency, org_id
""")


@dataclass(frozen=True, slots=True)
class Setting:
    """One word that stands."""

    org_id: str
    channel: str
    name: Name
    currency: str
    value: str
    changed_by: str
    reason: str
    changed_at: dt.datetime

    def amount(self) -> int:
        """A limit in minor units of its currency."""
        return parse_major(self.value, self.currency)


@dataclass(frozen=True, slots=True)
class BankSettings:
    """Everything that stands for one bank."""

    rows: tuple[Setting, ...]

    def applied_to(self, profile: BankProfile) -> BankProfile:
        """The profile as the whole group uses it now."""
        changed = profile
        for row in self.rows:
            if row.channel or row.name not in (*WHOLE_BANK, "cut_off"):
                continue
            if row.name == "max_in_flight":
                changed = replace(changed, max_in_flight=int(row.value))
            elif row.name == "quiet":
                changed = replace(changed, quiet=parse_quiet(row.value))
        # An earlier cut-off never makes a bank's silence count earlier.
        latest = max(profile.cut_off, self._group_cut_off(profile, ""))
        return replace(changed, cut_off=latest)

    def off(self, org_path: Sequence[str], channel: str) -> Setting | None:
        """The word that keeps the channel closed for the organisation; None while it is open."""
        found = (one for one in self._within(org_path, channel, "channel") if one.value == "off")
        return next(found, None)

    def cut_off(self, profile: BankProfile, org_path: Sequence[str], channel: str) -> dt.time:
        """Until when the channel takes payments of the organisation, in the bank's zone."""
        below = [
            dt.time.fromisoformat(one.value)
            for one in self._within(org_path[1:], channel, "cut_off")
        ]
        return min([self._group_cut_off(profile, channel), *below])

    def limits(
        self, name: Name, org_path: Sequence[str], channel: str, currency: str
    ) -> tuple[Setting, ...]:
        """Every limit of this name that a payment of the organisation by the channel meets."""
        found = self._within(org_path, channel, name)
        return tuple(one for one in found if one.currency == currency)

    def _within(self, org_path: Sequence[str], channel: str, name: Name) -> list[Setting]:
        return [
            one
            for one in self.rows
            if one.name == name and one.org_id in org_path and one.channel in ("", channel)
        ]

    def _group_cut_off(self, profile: BankProfile, channel: str) -> dt.time:
        """The group's word for the channel, else for the bank, else the profile's."""
        said = {
            one.channel: one.value
            for one in self.rows
            if one.name == "cut_off" and one.org_id == ROOT
        }
        value = said.get(channel) or said.get("")
        return profile.cut_off if value is None else dt.time.fromisoformat(value)


ROOT = "GROUP"
"""The code of the group's root organisation."""


def settings_of(session: Session, bank_id: str) -> BankSettings:
    """What stands now; nobody changes it until the transaction ends."""
    session.connection().execute(
        sa.text("SELECT pg_advisory_xact_lock_shared(:lock, hashtext(:bank))"),
        {"lock": _CHANGES, "bank": bank_id},
    )
    return look_up(session, bank_id)


def look_up(session: Session, bank_id: str) -> BankSettings:
    """What stands now, for showing."""
    rows = session.connection().execute(_NEWEST, {"bank": bank_id})
    return BankSettings(
        tuple(
            Setting(
                row.org_id,
                row.channel,
                row.name,
                row.currency,
                row.value,
                row.changed_by,
                row.reason,
                row.changed_at,
            )
            for row in rows
        )
    )


def lock_changes(session: Session, bank_id: str) -> None:
    """Wait for everything that is leaving by the old word; what comes later sees the new one."""
    session.connection().execute(
        sa.text("SELECT pg_advisory_xact_lock(:lock, hashtext(:bank))"),
        {"lock": _CHANGES, "bank": bank_id},
    )


def parse_quiet(value: str) -> tuple[dt.time, dt.time] | None:
    """ "22:00-06:00" as from and to; "none" as no period. ValueError for anything else."""
    if value == NEVER_QUIET:
        return None
    begins, dash, ends = value.partition("-")
    found = dt.time.fromisoformat(begins), dt.time.fromisoformat(ends)
    if not dash or found[0] == found[1]:
        raise ValueError(value)
    return found
